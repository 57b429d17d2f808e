from __future__ import annotations

from django.conf import settings
from django.db import models

from annotator.enums import AnswerKind, LabelState
from annotator.models.clip import Clip
from annotator.models.queue import RankEntry
from annotator.models.study import Study


class Label(models.Model):
    """One answer of one annotator; append-only: only `state` may change, guarded by a database trigger."""

    #: made by the client; submitting it twice stores it once
    uuid = models.UUIDField(unique=True)
    study = models.ForeignKey(Study, on_delete=models.CASCADE, related_name="labels")
    clip = models.ForeignKey(Clip, on_delete=models.CASCADE, related_name="labels")
    annotator = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="labels")
    #: 0 for a first answer, 1.. for deliberate repeats
    pass_number = models.PositiveSmallIntegerField(default=0)
    state = models.CharField(max_length=10, choices=LabelState.choices, default=LabelState.CURRENT)
    supersedes = models.OneToOneField(
        "self", null=True, blank=True, on_delete=models.SET_NULL, related_name="superseded_by"
    )
    answer = models.CharField(max_length=10, choices=AnswerKind.choices, default=AnswerKind.LABEL)
    #: {"valence": 2, "arousal": 0}: class index, or the level of an ordinal scale (1..levels); {} without an answer
    values = models.JSONField(default=dict)
    #: 1 guess, 2 fairly sure, 3 sure
    confidence = models.PositiveSmallIntegerField(null=True, blank=True)
    comment = models.TextField(blank=True)
    seconds_spent = models.FloatField()
    #: null where the label came without a slot (late, slot refilled): an extra label
    slot_number = models.PositiveSmallIntegerField(null=True, blank=True)
    is_late = models.BooleanField(default=False)
    is_extra = models.BooleanField(default=False)
    entry = models.ForeignKey(RankEntry, null=True, blank=True, on_delete=models.SET_NULL, related_name="labels")
    #: why it was served, copied so that it outlives the ranking: as in Lease
    served = models.JSONField(default=dict)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["clip", "annotator", "pass_number"],
                condition=models.Q(state=LabelState.CURRENT),
                name="one_current_label_per_pass",
            ),
            models.CheckConstraint(condition=models.Q(seconds_spent__gte=0), name="label_seconds_not_negative"),
        ]
        indexes = [
            models.Index(fields=["study", "state"], name="label_study_state"),
            models.Index(
                fields=["annotator", "study", "-created_at"],
                condition=models.Q(state=LabelState.CURRENT),
                name="label_annotator_recent",
            ),
        ]

    def __str__(self) -> str:
        return str(self.uuid)


class LabelWithdrawal(models.Model):
    """An undo: the label stays, marked withdrawn, and this row says when and by whom."""

    label = models.OneToOneField(Label, on_delete=models.CASCADE, related_name="withdrawal")
    by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    created_at = models.DateTimeField(auto_now_add=True)

    def __str__(self) -> str:
        return f"withdrawal of {self.label_id}"


class Draft(models.Model):
    """An unfinished answer, kept over a reload; deleted by the submit."""

    clip = models.ForeignKey(Clip, on_delete=models.CASCADE, related_name="+")
    annotator = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+")
    content = models.JSONField(default=dict)
    updated_at = models.DateTimeField(auto_now=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["clip", "annotator"], name="draft_once")]

    def __str__(self) -> str:
        return f"draft for clip {self.clip_id}"
