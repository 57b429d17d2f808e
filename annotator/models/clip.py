from __future__ import annotations

from django.db import models

from annotator.models.session import RecordingSession, Subject, Trial
from annotator.models.study import Study


class Clip(models.Model):
    """A fixed window of a session: what is labelled."""

    study = models.ForeignKey(Study, on_delete=models.CASCADE, related_name="clips")
    subject = models.ForeignKey(Subject, on_delete=models.CASCADE, related_name="clips")
    session = models.ForeignKey(RecordingSession, on_delete=models.CASCADE, related_name="clips")
    trial = models.ForeignKey(Trial, on_delete=models.CASCADE, related_name="clips")
    number = models.PositiveIntegerField()
    #: session clock
    start_s = models.FloatField()
    stop_s = models.FloatField()
    #: a modality is present when it covers at least 80 % of the clip
    has_eeg = models.BooleanField()
    has_face = models.BooleanField()
    eeg_quality = models.FloatField(null=True, blank=True)
    face_quality = models.FloatField(null=True, blank=True)
    #: severity 0..1 of each fault found, by mlcore's QualityFault
    eeg_faults = models.JSONField(default=dict)
    face_faults = models.JSONField(default=dict)
    #: where the face is throughout: x, y, width, height as shares of the frame (null: none found, or imported before)
    face_place = models.JSONField(null=True, blank=True)
    #: row of this clip in its session's shard
    shard_row = models.PositiveIntegerField()
    #: null = the study's
    overlap = models.PositiveSmallIntegerField(null=True, blank=True)
    #: set when a later import of the session has no such clip: kept with its labels, never served or learned from
    superseded_at = models.DateTimeField(null=True, blank=True)
    #: its answer is known, and shown or checked: never served from a ranking, learned from or counted
    is_kept_apart = models.BooleanField(default=False)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["session", "number"],
                condition=models.Q(superseded_at__isnull=True),
                name="current_clip_number_once",
            ),
            models.CheckConstraint(condition=models.Q(stop_s__gt=models.F("start_s")), name="clip_has_length"),
        ]
        indexes = [
            models.Index(fields=["study", "subject"], name="clip_study_subject"),
            models.Index(fields=["study"], condition=models.Q(superseded_at__isnull=False), name="clip_superseded"),
        ]

    def __str__(self) -> str:
        return f"clip {self.pk}"
