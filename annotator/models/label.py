from __future__ import annotations

from django.conf import settings
from django.db import models

from annotator.enums import AnswerKind, LabelState, TeachingKind, TraceClock, TraceDevice
from annotator.models.clip import Clip
from annotator.models.queue import RankEntry
from annotator.models.study import Study


class LabelQuerySet(models.QuerySet["Label"]):
    def that_count(self) -> LabelQuerySet:
        """Answers that stand, about clips of the study's own work."""
        return self.filter(state=LabelState.CURRENT, gold="", clip__is_kept_apart=False, clip__superseded_at=None)

    def votes(self) -> LabelQuerySet:
        """What people said by themselves: of an answer corrected after a look at the model's opinion, the one before.

        Such a correction can't be withdrawn, so the answer before it never stands for somebody who took it back.
        """
        before = models.Q(state=LabelState.SUPERSEDED, superseded_by__seen_opinion_at__isnull=False)
        return self.filter(
            models.Q(state=LabelState.CURRENT) | before,
            seen_opinion_at=None,
            gold="",
            clip__is_kept_apart=False,
            clip__superseded_at=None,
        )


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
    #: by dimension, as `mlcore.types.DimensionKind` says, e.g. {"valence": 2, "emotion": {"joy": 3}}; of a trace
    #: {"sha256", "coverage", "n_events"} of its recording; {} without an answer
    values = models.JSONField(default=dict)
    #: 1 guess, 2 fairly sure, 3 sure
    confidence = models.PositiveSmallIntegerField(null=True, blank=True)
    comment = models.TextField(blank=True)
    seconds_spent = models.FloatField()
    #: null where the label came without a slot (late, slot refilled): an extra label
    slot_number = models.PositiveSmallIntegerField(null=True, blank=True)
    is_late = models.BooleanField(default=False)
    is_extra = models.BooleanField(default=False)
    #: an answer to a clip whose answer is known: kept apart from all that is counted, learned from and exported
    gold = models.CharField(max_length=8, choices=TeachingKind.choices, blank=True, default="")
    #: the annotator had seen the model's opinion of the clip, at this time, before they gave this answer
    seen_opinion_at = models.DateTimeField(null=True, blank=True)
    entry = models.ForeignKey(RankEntry, null=True, blank=True, on_delete=models.SET_NULL, related_name="labels")
    #: why it was served, copied so that it outlives the ranking: as in Lease
    served = models.JSONField(default=dict)
    created_at = models.DateTimeField(auto_now_add=True)

    objects = LabelQuerySet.as_manager()

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


class TraceRecording(models.Model):
    """What somebody did while a clip played, event by event as it came; append-only, as its label is."""

    label = models.ForeignKey(Label, on_delete=models.CASCADE, related_name="traces")
    #: key of the dimension
    dimension = models.CharField(max_length=40)
    #: the clock of the events' `video_s`: "video", or "session" where the clip has no video
    clock = models.CharField(max_length=8, choices=TraceClock.choices)
    #: wall clock of `wall_ms` 0, milliseconds since 1970
    began_ms = models.BigIntegerField()
    #: columns of equal length: video_s, wall_ms, value, and device, a letter an event (see `annotator.domain.traces`)
    events = models.JSONField()
    #: what was recorded again: events in the same columns, one item a time it was discarded
    superseded = models.JSONField(default=list)
    n_events = models.PositiveIntegerField()
    #: share of the clip that was seen while recording
    coverage = models.FloatField()
    #: of clock, began_ms, events and superseded; the label's value names it
    sha256 = models.CharField(max_length=64)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["label", "dimension"], name="one_trace_per_dimension"),
            models.CheckConstraint(
                condition=models.Q(coverage__gte=0) & models.Q(coverage__lte=1), name="trace_coverage_is_a_share"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.dimension} of label {self.label_id}"


class ReactionLag(models.Model):
    """How far an annotator's hand runs behind what they see, measured by following a known stimulus."""

    study = models.ForeignKey(Study, on_delete=models.CASCADE, related_name="reaction_lags")
    annotator = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="reaction_lags")
    device = models.CharField(max_length=8, choices=TraceDevice.choices)
    #: of the stimulus
    seed = models.PositiveIntegerField()
    #: columns as of a trace: stimulus_s, wall_ms, value, device
    events = models.JSONField()
    lag_ms = models.FloatField()
    #: of stimulus and hand at that lag
    correlation = models.FloatField()
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        indexes = [models.Index(fields=["study", "annotator", "-created_at"], name="lag_latest")]

    def __str__(self) -> str:
        return f"{self.lag_ms:.0f} ms by {self.device}"


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
