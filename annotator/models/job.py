from __future__ import annotations

from django.conf import settings
from django.db import models

from annotator.enums import ExportFormat, JobKind, JobQueue, JobState
from annotator.models.round import Round
from annotator.models.session import RecordingSession
from annotator.models.study import Study


class Job(models.Model):
    """Long work as a row: who asked, how far it is, what became of it. The broker only carries its id."""

    kind = models.CharField(max_length=16, choices=JobKind.choices)
    queue = models.CharField(max_length=6, choices=JobQueue.choices)
    state = models.CharField(max_length=10, choices=JobState.choices, default=JobState.QUEUED)
    study = models.ForeignKey(Study, on_delete=models.CASCADE, related_name="jobs")
    parent = models.ForeignKey("self", null=True, blank=True, on_delete=models.CASCADE, related_name="children")
    #: null for an import of a session that has been deleted since
    session = models.ForeignKey(RecordingSession, null=True, blank=True, on_delete=models.SET_NULL, related_name="jobs")
    round = models.OneToOneField(Round, null=True, blank=True, on_delete=models.CASCADE, related_name="job")
    payload = models.JSONField(default=dict)
    result = models.JSONField(default=dict)
    #: fencing token: raised at every take-over; a write that names an older one changes nothing
    token = models.PositiveIntegerField(default=0)
    attempts = models.PositiveSmallIntegerField(default=0)
    #: attempts since it last got further: a job that only kills its workers is given up, a long one is not
    fruitless_attempts = models.PositiveSmallIntegerField(default=0)
    worker = models.CharField(max_length=120, blank=True)
    sent_at = models.DateTimeField(null=True, blank=True)
    heartbeat_at = models.DateTimeField(null=True, blank=True)
    cancel_requested_at = models.DateTimeField(null=True, blank=True)
    #: 0..1
    progress = models.FloatField(default=0.0)
    #: what it is doing now, for people
    activity = models.CharField(max_length=200, blank=True)
    seconds_left = models.FloatField(null=True, blank=True)
    reason = models.TextField(blank=True)
    traceback = models.TextField(blank=True)
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.SET_NULL, related_name="+"
    )
    created_at = models.DateTimeField(auto_now_add=True)
    started_at = models.DateTimeField(null=True, blank=True)
    finished_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        indexes = [
            models.Index(
                fields=["state", "heartbeat_at"],
                condition=models.Q(state__in=[JobState.QUEUED, JobState.RUNNING]),
                name="job_unfinished",
            ),
            models.Index(fields=["study", "kind", "-created_at"], name="job_study_kind"),
        ]

    def __str__(self) -> str:
        return f"{self.kind} job {self.pk}"


class Export(models.Model):
    study = models.ForeignKey(Study, on_delete=models.CASCADE, related_name="exports")
    job = models.OneToOneField(Job, on_delete=models.CASCADE, related_name="export")
    format = models.CharField(max_length=8, choices=ExportFormat.choices)
    #: relative to settings.EXPORT_ROOT, or absolute for a command-line export
    path = models.CharField(max_length=500, blank=True)
    sha256 = models.CharField(max_length=64, blank=True)
    rows = models.PositiveIntegerField(null=True, blank=True)
    created_by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+")
    created_at = models.DateTimeField(auto_now_add=True)

    def __str__(self) -> str:
        return f"export {self.pk}"
