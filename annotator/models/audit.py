from __future__ import annotations

from django.conf import settings
from django.db import models

from annotator.models.study import Study


class AuditEvent(models.Model):
    """Who did what to which object, and when; rows are only ever added."""

    at = models.DateTimeField(auto_now_add=True)
    actor = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )
    study = models.ForeignKey(Study, null=True, blank=True, on_delete=models.CASCADE, related_name="audit")
    verb = models.CharField(max_length=40)
    object_kind = models.CharField(max_length=40)
    object_id = models.CharField(max_length=64)
    detail = models.JSONField(default=dict)

    class Meta:
        indexes = [models.Index(fields=["study", "-at"], name="audit_study_recent")]

    def __str__(self) -> str:
        return f"{self.verb} {self.object_kind} {self.object_id}"
