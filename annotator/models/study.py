from __future__ import annotations

import hashlib
import json

from django.conf import settings
from django.db import models

from annotator.enums import OpinionPolicy, Role, VoteModel
from mlcore.types import AcquisitionConfig, Dimension, StoppingConfig


class Study(models.Model):
    """Sessions, a label scheme, people and rounds that belong together."""

    slug = models.SlugField(unique=True, max_length=60)
    title = models.CharField(max_length=120)
    description = models.TextField(blank=True)
    is_simulated = models.BooleanField(default=False)
    #: list of Dimension.to_json()
    scheme = models.JSONField()
    window_s = models.FloatField(default=5.0)
    hop_s = models.FloatField(default=5.0)
    eeg_channels = models.JSONField(default=list)
    eeg_sfreq = models.FloatField(default=128.0)
    min_eeg_channels = models.PositiveSmallIntegerField(default=4)
    face_fps = models.FloatField(default=5.0)
    include_single_modality = models.BooleanField(default=True)
    overlap = models.PositiveSmallIntegerField(default=1)
    reserve = models.PositiveSmallIntegerField(default=2)
    lease_s = models.PositiveIntegerField(default=300)
    test_subject_share = models.FloatField(default=0.2)
    test_clips_per_subject = models.PositiveIntegerField(default=20)
    min_labels = models.PositiveIntegerField(default=12)
    seed = models.PositiveBigIntegerField()
    test_subjects_fixed_at = models.DateTimeField(null=True, blank=True)
    #: the fixed order of the test subjects' clips, served first
    test_ranking = models.ForeignKey(
        "annotator.Ranking", null=True, blank=True, on_delete=models.SET_NULL, related_name="+"
    )
    #: the ranking that the queue serves; swapped in one transaction
    active_ranking = models.ForeignKey(
        "annotator.Ranking", null=True, blank=True, on_delete=models.SET_NULL, related_name="+"
    )
    #: the short ranking that is served before it, made from the answers since
    head_ranking = models.ForeignKey(
        "annotator.Ranking", null=True, blank=True, on_delete=models.SET_NULL, related_name="+"
    )
    #: settings of mlcore.types.AcquisitionConfig that differ from its defaults
    acquisition = models.JSONField(default=dict, blank=True)
    vote_model = models.CharField(max_length=12, choices=VoteModel.choices, default=VoteModel.SHARES)
    #: values a second that a round makes of traces
    trace_sfreq = models.FloatField(default=4.0)
    #: whether a round moves each annotator's traces by their reaction lag
    applies_lag = models.BooleanField(default=False)
    #: minutes of annotation that the study may cost in all
    budget_minutes = models.PositiveIntegerField(null=True, blank=True)
    #: settings of mlcore.types.StoppingConfig that differ from its defaults
    stopping = models.JSONField(default=dict, blank=True)
    #: the round whose model serves (null before the first published round)
    promoted_round = models.ForeignKey(
        "annotator.Round", null=True, blank=True, on_delete=models.SET_NULL, related_name="+"
    )
    #: new annotators are led through the onboarding before the queue opens
    leads_newcomers = models.BooleanField(default=False)
    #: of the answers of an annotator, the share that is followed by a clip whose answer is known
    check_rate = models.FloatField(default=0.0)
    opinion = models.CharField(max_length=8, choices=OpinionPolicy.choices, default=OpinionPolicy.AFTER)
    created_by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+")
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        verbose_name_plural = "studies"
        constraints = [
            models.CheckConstraint(condition=models.Q(window_s__gt=0), name="study_window_positive"),
            models.CheckConstraint(condition=models.Q(hop_s__gt=0), name="study_hop_positive"),
            models.CheckConstraint(condition=models.Q(trace_sfreq__gt=0), name="study_trace_sfreq_positive"),
            models.CheckConstraint(condition=models.Q(overlap__gte=1), name="study_overlap_at_least_1"),
            models.CheckConstraint(condition=models.Q(reserve__gte=1), name="study_reserve_at_least_1"),
            models.CheckConstraint(
                condition=models.Q(check_rate__gte=0, check_rate__lte=1), name="study_check_rate_is_a_share"
            ),
        ]

    def __str__(self) -> str:
        return self.title

    @property
    def dimensions(self) -> tuple[Dimension, ...]:
        return tuple(Dimension.from_json(item) for item in self.scheme)

    @property
    def scheme_version(self) -> str:
        """The same as long as the same is asked, in whatever order."""
        asked = sorted(json.dumps(item, sort_keys=True) for item in self.scheme)
        return hashlib.sha256("\n".join(asked).encode()).hexdigest()[:16]

    @property
    def has_traces(self) -> bool:
        """Whether something is answered while the clip plays."""
        return any(dimension.kind.is_trace for dimension in self.dimensions)

    @property
    def acquisition_config(self) -> AcquisitionConfig:
        return AcquisitionConfig.from_json(self.acquisition)

    @property
    def stopping_config(self) -> StoppingConfig:
        return StoppingConfig.from_json(self.stopping)


class CurrentMemberships(models.Manager["Membership"]):
    """Who belongs to a study now."""

    def get_queryset(self) -> models.QuerySet[Membership]:
        return super().get_queryset().filter(ended_at__isnull=True)


class Membership(models.Model):
    study = models.ForeignKey(Study, on_delete=models.CASCADE, related_name="memberships")
    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="memberships")
    role = models.CharField(max_length=12, choices=Role.choices)
    #: what exports call this person, e.g. "A03"; never the user name
    pseudonym = models.CharField(max_length=40)
    created_at = models.DateTimeField(auto_now_add=True)
    #: set when the person leaves the study; the row stays, so that their labels keep their pseudonym
    ended_at = models.DateTimeField(null=True, blank=True)

    objects = CurrentMemberships()
    #: those who left included: whose pseudonym a label carries
    everyone = models.Manager["Membership"]()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["study", "user", "role"], name="membership_once_per_role"),
        ]

    def __str__(self) -> str:
        return f"{self.user} · {self.role}"
