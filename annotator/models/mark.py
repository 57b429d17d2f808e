from __future__ import annotations

from django.conf import settings
from django.db import models
from django.utils import timezone

from annotator.enums import IntervalKind
from annotator.models.session import RecordingSession
from annotator.models.study import Study


class ChannelMark(models.Model):
    """Somebody's word on a channel of a session; rows are only added, the last word on a channel counts.

    What counts stands in `RecordingSession.bad_channels` too, for whatever derives from the session.
    """

    study = models.ForeignKey(Study, on_delete=models.CASCADE, related_name="channel_marks")
    session = models.ForeignKey(RecordingSession, on_delete=models.CASCADE, related_name="channel_marks")
    #: its name in the file
    channel = models.CharField(max_length=80)
    is_bad = models.BooleanField()
    reason = models.CharField(max_length=500, blank=True)
    #: null: by the command line, or before names were kept
    by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.PROTECT, related_name="+")
    created_at = models.DateTimeField(default=timezone.now)

    class Meta:
        indexes = [models.Index(fields=["session", "channel", "-created_at", "-id"], name="channel_mark_last")]

    def __str__(self) -> str:
        return f"{self.channel} {'bad' if self.is_bad else 'good'}"


class IntervalMark(models.Model):
    """A stretch of a session that somebody marked; rows are only added.

    A correction is a row that supersedes, a withdrawal one that does so and says nothing more. What no row supersedes
    and is no withdrawal counts.
    """

    #: made by the client; sending it twice stores it once
    uuid = models.UUIDField(unique=True)
    study = models.ForeignKey(Study, on_delete=models.CASCADE, related_name="interval_marks")
    session = models.ForeignKey(RecordingSession, on_delete=models.CASCADE, related_name="interval_marks")
    supersedes = models.OneToOneField(
        "self", null=True, blank=True, on_delete=models.CASCADE, related_name="superseded_by"
    )
    is_withdrawal = models.BooleanField(default=False)
    kind = models.CharField(max_length=10, choices=IntervalKind.choices)
    #: session clock
    start_s = models.FloatField()
    stop_s = models.FloatField()
    #: its name in the file; empty: all of them
    channel = models.CharField(max_length=80, blank=True)
    text = models.CharField(max_length=500, blank=True)
    by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="interval_marks")
    created_at = models.DateTimeField(default=timezone.now)

    class Meta:
        constraints = [
            models.CheckConstraint(condition=models.Q(stop_s__gt=models.F("start_s")), name="interval_has_length"),
        ]
        indexes = [models.Index(fields=["session", "start_s"], name="interval_session_start")]

    def __str__(self) -> str:
        return f"{self.kind} {self.start_s:g}–{self.stop_s:g} s"
