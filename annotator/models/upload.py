from __future__ import annotations

import uuid
from pathlib import Path

from django.conf import settings
from django.db import models

from annotator.enums import UploadState
from annotator.models.job import Job
from annotator.models.study import Study


class Upload(models.Model):
    """Files that come in together and become one import."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    study = models.ForeignKey(Study, on_delete=models.CASCADE, related_name="uploads")
    created_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="uploads")
    state = models.CharField(max_length=8, choices=UploadState.choices, default=UploadState.OPEN)
    job = models.OneToOneField(Job, null=True, blank=True, on_delete=models.SET_NULL, related_name="upload")
    created_at = models.DateTimeField(auto_now_add=True)
    #: when a byte last came in; one that was left alone for long is thrown away
    touched_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        indexes = [models.Index(fields=["study", "created_by", "state"], name="upload_of_user")]

    def __str__(self) -> str:
        return f"upload {self.pk.hex[:8]}"

    @property
    def folder(self) -> Path:
        return Path(settings.UPLOAD_ROOT) / self.pk.hex


class UploadFile(models.Model):
    """One file of an upload. `offset_bytes` of it are safe on the disk; whatever lies behind them is not counted."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    upload = models.ForeignKey(Upload, on_delete=models.CASCADE, related_name="files")
    #: below the folder that was chosen, with forward slashes; never leaves it
    path = models.CharField(max_length=500)
    size_bytes = models.PositiveBigIntegerField()
    offset_bytes = models.PositiveBigIntegerField(default=0)
    #: as the browser gave it: with path and size it tells the same file when it is chosen again
    modified_ms = models.BigIntegerField(default=0)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["upload", "path"], name="upload_path_once"),
            models.CheckConstraint(
                condition=models.Q(offset_bytes__lte=models.F("size_bytes")), name="upload_offset_within_size"
            ),
        ]

    def __str__(self) -> str:
        return self.path

    @property
    def part(self) -> Path:
        """Where its bytes lie while it comes in: under a name of ours."""
        return self.upload.folder / "parts" / self.pk.hex

    @property
    def is_complete(self) -> bool:
        return self.offset_bytes == self.size_bytes
