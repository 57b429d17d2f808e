from __future__ import annotations

from django.conf import settings
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models

from annotator.enums import TeachingKind
from annotator.models.clip import Clip
from annotator.models.label import Label
from annotator.models.study import Study


class Onboarding(models.Model):
    """What a newcomer is led through before the queue opens; `Study.leads_newcomers` switches it on."""

    study = models.OneToOneField(Study, on_delete=models.CASCADE, related_name="onboarding")
    #: Markdown; HTML in it is shown as text
    instructions = models.TextField(blank=True)
    #: of the practice clips, the share that must be answered as accepted
    pass_share = models.FloatField(default=0.8, validators=[MinValueValidator(0.0), MaxValueValidator(1.0)])
    #: how often somebody is told how they did on one practice clip: 1 = the first time only, 0 = never
    feedback_times = models.PositiveSmallIntegerField(default=1, validators=[MaxValueValidator(20)])
    #: how many practice clips and checks the lab means to choose, once recordings are in; 0: it has not said
    practice_planned = models.PositiveSmallIntegerField(default=0, validators=[MaxValueValidator(100)])
    checks_planned = models.PositiveSmallIntegerField(default=0, validators=[MaxValueValidator(1000)])
    #: whom to talk to after not passing; empty: the study's admins are named
    contact = models.CharField(max_length=200, blank=True)

    def __str__(self) -> str:
        return f"onboarding of {self.study}"


class TeachingClip(models.Model):
    """A clip with a known answer: an example, a practice clip, or a check that is mixed into the queue."""

    study = models.ForeignKey(Study, on_delete=models.CASCADE, related_name="teaching_clips")
    clip = models.OneToOneField(Clip, on_delete=models.CASCADE, related_name="teaching")
    kind = models.CharField(max_length=8, choices=TeachingKind.choices)
    #: by dimension {"any_of": [0, 1]} or {"from": 3, "to": 5}; what is left out is not judged
    accepted = models.JSONField(default=dict)
    #: answers without values that count as right too, or alone where `accepted` is empty: "cant_tell", "bad_signal"
    accepted_answers = models.JSONField(default=list)
    #: what the model of a round made of the clip, by the round's id ("0": before the first): {"scores", "ask"}, as an
    #: entry of its ranking would say it
    told = models.JSONField(default=dict)
    #: why, in a sentence: beside an example, after a practice answer
    explanation = models.CharField(max_length=500, blank=True)
    #: taken out after somebody met it: shown no more, and the clip stays out of the queue
    retired_at = models.DateTimeField(null=True, blank=True)
    created_by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+")
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        indexes = [models.Index(fields=["study", "kind"], name="teaching_of_study")]

    def __str__(self) -> str:
        return f"{self.get_kind_display()}: clip {self.clip_id}"


class Newcomer(models.Model):
    """How far somebody is in a study's onboarding."""

    study = models.ForeignKey(Study, on_delete=models.CASCADE, related_name="newcomers")
    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+")
    read_at = models.DateTimeField(null=True, blank=True)
    examples_seen_at = models.DateTimeField(null=True, blank=True)
    #: 0 for the first time through the practice clips
    attempt = models.PositiveSmallIntegerField(default=0)
    passed_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["study", "user"], name="newcomer_once")]

    def __str__(self) -> str:
        return f"{self.user} in {self.study}"


class SeenOpinion(models.Model):
    """An annotator looked at what the model thinks, after they had given this answer; rows are only ever added."""

    label = models.OneToOneField(Label, on_delete=models.CASCADE, related_name="seen_opinion")
    created_at = models.DateTimeField(auto_now_add=True)

    def __str__(self) -> str:
        return f"opinion seen after {self.label_id}"
