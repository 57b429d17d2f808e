"""Rounds and exports."""

from pathlib import Path
from typing import Any

from django.conf import settings
from django.http import FileResponse
from django.utils.translation import gettext
from ninja import Router, Status

from annotator.api import present, schemas
from annotator.api.auth import ApiRequest
from annotator.api.guard import guarded
from annotator.domain import exporting, rounds
from annotator.domain.access import ObjectKind, Verb
from annotator.enums import JobState
from annotator.exceptions import Conflict, NotFound
from annotator.models import Round
from annotator.queries import learning

router = Router()


@router.get("/studies/{slug}/rounds", response=list[schemas.RoundOut], tags=["rounds"])
@guarded(ObjectKind.ROUND, Verb.LIST)
def list_rounds(request: ApiRequest, slug: str) -> list[dict[str, Any]]:
    """Newest first."""
    return [present.round_fields(row, request.study) for row in learning.rounds_newest_first(request.study)]


@router.post("/studies/{slug}/rounds", response={202: schemas.RoundDetailOut}, tags=["rounds"])
@guarded(ObjectKind.ROUND, Verb.LAUNCH)
def launch_round(request: ApiRequest, slug: str, body: schemas.RoundIn | None = None) -> Status[Any]:
    """Freeze the labels and train; 422 with the reason where there are too few."""
    config = body.config if body is not None else None
    row = rounds.launch_round(request.study, actor=request.user, config=config)
    return Status(202, present.round_fields(row, request.study))


@router.get("/studies/{slug}/rounds/{number}", response=schemas.RoundDetailOut, tags=["rounds"])
@guarded(ObjectKind.ROUND, Verb.VIEW)
def round_detail(request: ApiRequest, slug: str, number: int) -> dict[str, Any]:
    return present.round_fields(_round(request, number), request.study)


@router.post("/studies/{slug}/rounds/{number}/cancel", response=schemas.RoundDetailOut, tags=["rounds"])
@guarded(ObjectKind.ROUND, Verb.CANCEL)
def cancel_round(request: ApiRequest, slug: str, number: int) -> dict[str, Any]:
    """Stop a round; the ranking that serves goes on serving."""
    rounds.cancel_round(_round(request, number), actor=request.user)
    return present.round_fields(_round(request, number), request.study)


@router.post("/studies/{slug}/rounds/{number}/promote", response=schemas.RoundDetailOut, tags=["rounds"])
@guarded(ObjectKind.ROUND, Verb.PROMOTE)
def promote_round(request: ApiRequest, slug: str, number: int) -> dict[str, Any]:
    """Let a published round's model and ranking serve."""
    rounds.promote(_round(request, number), actor=request.user)
    request.study.refresh_from_db()
    return present.round_fields(_round(request, number), request.study)


def _round(request: ApiRequest, number: int) -> Round:
    found = request.study.rounds.select_related("job").filter(number=number).first()
    if found is None:
        raise NotFound(gettext("This study has no round {number}.").format(number=number))
    return found


@router.get("/studies/{slug}/exports", response=list[schemas.ExportOut], tags=["exports"])
@guarded(ObjectKind.EXPORT, Verb.LIST)
def list_exports(request: ApiRequest, slug: str) -> list[schemas.ExportOut]:
    """Newest first."""
    rows = request.study.exports.select_related("job").order_by("-created_at", "-pk")
    return [present.export(row) for row in rows]


@router.post("/studies/{slug}/exports", response={202: schemas.ExportOut}, tags=["exports"])
@guarded(ObjectKind.EXPORT, Verb.CREATE)
def create_export(request: ApiRequest, slug: str, body: schemas.ExportIn) -> Status[Any]:
    """Start an export; it can be downloaded when its job has succeeded."""
    row = exporting.request_export(
        request.study, actor=request.user, format=body.format, with_history=body.with_history
    )
    return Status(202, present.export(row))


@router.get("/studies/{slug}/exports/{export_id}/file", tags=["exports"])
@guarded(ObjectKind.EXPORT, Verb.DOWNLOAD)
def download_export(request: ApiRequest, slug: str, export_id: int) -> FileResponse:
    """The file itself."""
    row = request.study.exports.select_related("job").filter(pk=export_id).first()
    if row is None:
        raise NotFound(gettext("This study has no such export."))
    if row.job.state != JobState.SUCCEEDED:
        raise Conflict(gettext("This export is not ready."), "not_ready")
    path = Path(settings.EXPORT_ROOT) / row.path
    if not path.is_file():
        raise NotFound(gettext("This export has no file here: it was written elsewhere, or removed."), "file_missing")
    return FileResponse(path.open("rb"), as_attachment=True, filename=path.name)
