from __future__ import annotations

from django.conf import settings
from django.contrib.postgres.indexes import BrinIndex
from django.db import models

from annotator.enums import RoundState
from annotator.models.clip import Clip
from annotator.models.label import Label
from annotator.models.study import Study


class Round(models.Model):
    """One retraining: frozen labels in, a model and a ranking out, published in one transaction."""

    study = models.ForeignKey(Study, on_delete=models.CASCADE, related_name="rounds")
    number = models.PositiveIntegerField()
    state = models.CharField(max_length=10, choices=RoundState.choices, default=RoundState.QUEUED)
    parent = models.ForeignKey("self", null=True, blank=True, on_delete=models.SET_NULL, related_name="+")
    seed = models.PositiveBigIntegerField()
    config = models.JSONField(default=dict)
    #: how it read answers that are neither class nor level: rate of traces, lags, thresholds; worker/reading.py
    reading = models.JSONField(default=dict)
    code_version = models.CharField(max_length=80)
    #: SHA-256 over the frozen labels (uuid, values) and the clip list
    data_hash = models.CharField(max_length=64)
    n_labels = models.PositiveIntegerField()
    n_clips = models.PositiveIntegerField()
    #: what mlcore.evaluate measured on the test subjects
    metrics = models.JSONField(default=dict)
    #: per epoch: {"stage", "epoch", "loss", "validation_loss"}; the stages of the second network are "teacher 2", …
    history = models.JSONField(default=list)
    #: whether another round is worth it, and why: mlcore.acquire.advice
    advice = models.JSONField(default=dict)
    #: each annotator's reliability as the votes show it, by user id
    reliability = models.JSONField(default=dict)
    #: relative to settings.MODEL_ROOT; safetensors + json
    model_path = models.CharField(max_length=255, blank=True)
    model_sha256 = models.CharField(max_length=64, blank=True)
    error = models.TextField(blank=True)
    created_by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+")
    created_at = models.DateTimeField(auto_now_add=True)
    started_at = models.DateTimeField(null=True, blank=True)
    finished_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["study", "number"], name="round_number_once"),
            models.UniqueConstraint(
                fields=["study"],
                condition=models.Q(state__in=[RoundState.QUEUED, RoundState.RUNNING]),
                name="one_live_round_per_study",
            ),
        ]

    def __str__(self) -> str:
        return f"round {self.number}"


class RoundLabel(models.Model):
    """The frozen labelled set of a round: a withdrawal after it changes nothing here."""

    round = models.ForeignKey(Round, on_delete=models.CASCADE, related_name="frozen_labels")
    label = models.ForeignKey(Label, on_delete=models.PROTECT, related_name="rounds")

    class Meta:
        constraints = [models.UniqueConstraint(fields=["round", "label"], name="frozen_label_once")]

    def __str__(self) -> str:
        return f"{self.round_id}: {self.label_id}"


class Prediction(models.Model):
    """The model's opinion of a clip; hidden from annotators until they have answered."""

    # as many rows as clips: triggers instead of constraints, as for RankEntry
    round = models.ForeignKey(
        Round, on_delete=models.CASCADE, related_name="predictions", db_constraint=False, db_index=False
    )
    clip = models.ForeignKey(
        Clip, on_delete=models.CASCADE, related_name="predictions", db_constraint=False, db_index=False
    )
    #: {"valence": [p0, p1, p2], …}
    probabilities = models.JSONField()
    #: {"valence": [alpha0, …], …}
    alpha = models.JSONField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["clip", "round"], name="prediction_once")]
        # a round's rows lie together, as they were written at once
        indexes = [BrinIndex(fields=["round"], name="prediction_round")]

    def __str__(self) -> str:
        return f"prediction for clip {self.clip_id}"
