"""The record of who did what: one row an action, in the caller's transaction."""

from __future__ import annotations

from django.db.models import Model

from annotator.models import AuditEvent, Study, User
from mlcore.types import JsonObject


def record(
    actor: User | None, study: Study | None, verb: str, obj: Model, detail: JsonObject | None = None
) -> AuditEvent:
    return AuditEvent.objects.create(
        actor=actor,
        study=study,
        verb=verb,
        object_kind=obj._meta.model_name or "",
        object_id=str(obj.pk),
        detail=detail or {},
    )
