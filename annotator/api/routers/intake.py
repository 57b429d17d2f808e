"""Recordings come in and go: imports, and the deletion of sessions."""

from typing import Any

from ninja import Router, Status

from annotator.api import present, schemas
from annotator.api.auth import ApiRequest
from annotator.api.guard import guarded
from annotator.domain import deletion, importing, sources
from annotator.domain.access import ObjectKind, Verb
from annotator.enums import JobKind
from annotator.exceptions import NotFound
from annotator.models import RecordingSession

router = Router(tags=["recordings"])


@router.post("/studies/{slug}/imports", response={202: schemas.JobOut})
@guarded(ObjectKind.SESSION, Verb.IMPORT)
def import_sessions(request: ApiRequest, slug: str, body: schemas.ImportIn) -> Status[Any]:
    """Import a folder, a manifest or an S3 prefix that the server may read; the job says how far it is."""
    source = sources.on_the_server(body.source)
    job = importing.request_import(request.study, actor=request.user, source=source, layout=body.layout)
    return Status(202, present.job(job))


@router.get("/studies/{slug}/imports", response=list[schemas.JobOut])
@guarded(ObjectKind.SESSION, Verb.LIST)
def list_imports(request: ApiRequest, slug: str) -> list[schemas.JobOut]:
    """Imports, newest first."""
    return [present.job(row) for row in request.study.jobs.filter(kind=JobKind.IMPORT).order_by("-pk")]


@router.get("/studies/{slug}/sessions/{session_id}/deletion", response=schemas.DeletionOut)
@guarded(ObjectKind.SESSION, Verb.DELETE)
def preview_deletion(request: ApiRequest, slug: str, session_id: int) -> deletion.Deletion:
    """What would go and what would stay."""
    return deletion.preview(_session(request, session_id))


@router.post("/studies/{slug}/sessions/{session_id}/deletion", response=schemas.DeletionOut)
@guarded(ObjectKind.SESSION, Verb.DELETE)
def delete_session(request: ApiRequest, slug: str, session_id: int) -> deletion.Deletion:
    """Delete a session and everything derived from it; answers stay, as those of a deleted recording."""
    return deletion.delete_session(_session(request, session_id), actor=request.user)


def _session(request: ApiRequest, session_id: int) -> RecordingSession:
    session = request.study.sessions.select_related("subject", "study").filter(pk=session_id).first()
    if session is None:
        raise NotFound
    return session
