from __future__ import annotations

from django.conf import settings
from django.db import models

from annotator.enums import LeaseOutcome, RankingPolicy, SensorVerdict, SkipReason, SlotState
from annotator.models.clip import Clip
from annotator.models.study import Study
from mlcore.types import Ask, Route, Term


class Ranking(models.Model):
    """An order in which clips are asked for; immutable once published."""

    study = models.ForeignKey(Study, on_delete=models.CASCADE, related_name="rankings")
    #: null: round 0 and the test ranking, which no model made
    round = models.OneToOneField(
        "annotator.Round", null=True, blank=True, on_delete=models.CASCADE, related_name="ranking"
    )
    #: a short ranking made between rounds from answers that came after `base`, served before it; null: a whole one
    base = models.ForeignKey("self", null=True, blank=True, on_delete=models.CASCADE, related_name="heads")
    policy = models.CharField(max_length=20, choices=RankingPolicy.choices)
    #: mlcore.types.AcquisitionConfig.to_json()
    config = models.JSONField(default=dict)
    #: current answers that it knows of
    n_labels = models.PositiveIntegerField(default=0)
    #: the study's answers as they stood when it was made, or when they were last found to change nothing in it:
    #: `annotator.domain.live.answers_version`; null: nobody looked yet
    answers_seen = models.PositiveIntegerField(null=True, blank=True)
    #: before the first round: which sessions, test subjects, verdicts and settings it is an order of, or was found to
    #: have no better order: `annotator.domain.cold_start.what_there_is`; empty: nobody looked yet
    pool_seen = models.CharField(max_length=64, blank=True)
    seed = models.PositiveBigIntegerField(null=True, blank=True)
    created_at = models.DateTimeField(auto_now_add=True)

    def __str__(self) -> str:
        return f"ranking {self.pk} ({self.policy})"


class RankEntry(models.Model):
    """A clip's place. A ranking may have a million: triggers take rows away with their clip or ranking (migration 0009)
    instead of a constraint that would look up, and lock, every clip while they are written."""

    ranking = models.ForeignKey(
        Ranking, on_delete=models.CASCADE, related_name="entries", db_constraint=False, db_index=False
    )
    clip = models.ForeignKey(
        Clip, on_delete=models.CASCADE, related_name="rank_entries", db_constraint=False, db_index=False
    )
    rank = models.PositiveIntegerField()
    #: what bought it this place: mlcore.types.Term, Route and Ask
    term = models.CharField(max_length=16, default=Term.POLICY.value)
    route = models.CharField(max_length=16, default=Route.MAIN.value)
    ask = models.CharField(max_length=4, default=Ask.BOTH.value)
    #: served, and some slot of the clip is open: what claiming walks along
    is_open = models.BooleanField(default=True)
    #: what ordered it, e.g. {"entropy": 0.97, "entropy_by_target": {...}, "vacuity": {...}, "disagreement": {...},
    #: "agreement": 0.8, "evidence": {"eeg": 3.1, "face": 5.6}}
    scores = models.JSONField(default=dict)

    class Meta:
        constraints = [
            # in this order each is an index that nothing else can stand in for: a claim walks open entries only,
            # and a clip's entries are found without a ranking; every further one costs a publication its time
            models.UniqueConstraint(fields=["ranking", "is_open", "rank"], name="rank_once"),
            models.UniqueConstraint(fields=["clip", "ranking"], name="ranked_clip_once"),
        ]
        indexes = [
            models.Index(
                fields=["ranking", "clip"], condition=models.Q(route=Route.QUALITY.value), name="rank_quality"
            ),
        ]

    def __str__(self) -> str:
        return f"#{self.rank}"


class Slot(models.Model):
    """Room for one annotator's answer on a clip; there are `overlap` of them."""

    clip = models.ForeignKey(Clip, on_delete=models.CASCADE, related_name="slots")
    study = models.ForeignKey(Study, on_delete=models.CASCADE, related_name="slots")
    number = models.PositiveSmallIntegerField()
    #: 0 for a first answer, 1.. for a deliberate repeat by the same person
    pass_number = models.PositiveSmallIntegerField(default=0)
    #: only this annotator may take it: a repeat of their own answer
    reserved_for = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.CASCADE, related_name="+"
    )
    state = models.CharField(max_length=6, choices=SlotState.choices, default=SlotState.OPEN)
    holder = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.SET_NULL, related_name="slots"
    )
    leased_at = models.DateTimeField(null=True, blank=True)
    expires_at = models.DateTimeField(null=True, blank=True)
    #: what bought this clip when it was leased: the ranking entry that served it (null: reached by address)
    entry = models.ForeignKey(RankEntry, null=True, blank=True, on_delete=models.SET_NULL, related_name="+")

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["clip", "number"], name="slot_number_once"),
            models.UniqueConstraint(
                fields=["clip", "holder"],
                condition=models.Q(state=SlotState.LEASED),
                name="one_lease_per_clip_and_annotator",
            ),
            models.CheckConstraint(
                name="lease_has_holder_and_expiry",
                condition=~models.Q(state=SlotState.LEASED)
                | models.Q(holder__isnull=False, expires_at__isnull=False, leased_at__isnull=False),
            ),
            models.CheckConstraint(
                name="open_slot_has_no_holder",
                condition=~models.Q(state=SlotState.OPEN) | models.Q(holder__isnull=True),
            ),
        ]
        indexes = [
            models.Index(fields=["clip"], condition=models.Q(state=SlotState.OPEN), name="slot_open_clip"),
            models.Index(
                fields=["study", "expires_at"], condition=models.Q(state=SlotState.LEASED), name="slot_lease_expiry"
            ),
            models.Index(fields=["holder"], condition=models.Q(state=SlotState.LEASED), name="slot_lease_holder"),
        ]

    def __str__(self) -> str:
        return f"slot {self.number} of clip {self.clip_id}"


class Lease(models.Model):
    """One serving of a clip to an annotator: kept after it ends, so that a late answer is known to be one."""

    clip = models.ForeignKey(Clip, on_delete=models.CASCADE, related_name="leases")
    annotator = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="leases")
    slot_number = models.PositiveSmallIntegerField()
    entry = models.ForeignKey(RankEntry, null=True, blank=True, on_delete=models.SET_NULL, related_name="leases")
    #: why it was served: {"policy", "round", "rank", "scores", "ranking", "term", "route", "ask"}; never a prediction
    served = models.JSONField(default=dict)
    leased_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True, blank=True)
    outcome = models.CharField(max_length=10, choices=LeaseOutcome.choices, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["clip", "annotator"],
                condition=models.Q(ended_at__isnull=True),
                name="one_running_lease_per_clip_and_annotator",
            ),
        ]
        indexes = [models.Index(fields=["annotator", "clip", "-leased_at"], name="lease_of_annotator")]

    def __str__(self) -> str:
        return f"lease of clip {self.clip_id}"


class ClipVerdict(models.Model):
    """What somebody said of a clip on the quality list; the last word counts, at the next ranking."""

    clip = models.ForeignKey(Clip, on_delete=models.CASCADE, related_name="verdicts")
    study = models.ForeignKey(Study, on_delete=models.CASCADE, related_name="verdicts")
    verdict = models.CharField(max_length=4, choices=SensorVerdict.choices)
    by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        indexes = [models.Index(fields=["study", "clip", "-created_at"], name="verdict_of_clip")]

    def __str__(self) -> str:
        return f"clip {self.clip_id}: {self.verdict}"


class Skip(models.Model):
    """An annotator passed over a clip: the queue does not offer it to them again."""

    clip = models.ForeignKey(Clip, on_delete=models.CASCADE, related_name="skips")
    annotator = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="skips")
    reason = models.CharField(max_length=14, choices=SkipReason.choices)
    comment = models.TextField(blank=True)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["clip", "annotator"], name="skip_once")]

    def __str__(self) -> str:
        return self.reason
