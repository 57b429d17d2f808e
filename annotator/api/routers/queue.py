"""The annotator's day: claim, look, answer, skip, undo."""

from typing import Any
from uuid import UUID

from django.db import transaction
from django.http import HttpResponse
from django.utils import timezone
from ninja import Router, Status

from annotator.api import present, schemas
from annotator.api.auth import ApiRequest
from annotator.api.guard import guarded
from annotator.domain import labelling, opinions, queueing
from annotator.domain.access import ObjectKind, Verb, is_only_annotator
from annotator.models import Label
from annotator.queries import worklist as queries
from mlcore.types import JsonObject

router = Router(tags=["queue"])


@router.post("/studies/{slug}/queue/claim", response=schemas.WorklistOut)
@guarded(ObjectKind.CLIP, Verb.LABEL)
def claim(request: ApiRequest, slug: str) -> HttpResponse:
    """Top up to the study's reserve; everything held, current clip first."""
    queueing.fill_up(request.study, request.user)
    return present.worklist(request.study, request.user)


@router.get("/clips/{clip_id}", response=schemas.TaskOut)
@guarded(ObjectKind.CLIP, Verb.VIEW)
def clip_detail(request: ApiRequest, clip_id: int) -> JsonObject:
    """One clip. An annotator who neither holds nor answered it is given it if it has room, else 404."""
    if is_only_annotator(request.user, request.study) and not _is_mine(request) and not _is_example(request):
        queueing.claim_clip(request.clip, request.user)
    return present.task(queries.task_of_clip(request.clip, request.user), request.user)


def _is_mine(request: ApiRequest) -> bool:
    """Held, or answered."""
    return request.clip.slots.filter(holder=request.user).exists() or _own_label(request) is not None


def _is_example(request: ApiRequest) -> bool:
    return request.clip.is_kept_apart and queueing.is_example(request.clip)


def _own_label(request: ApiRequest) -> Label | None:
    return request.clip.labels.filter(annotator=request.user, state="current").first()


@router.post("/clips/{clip_id}/submit", response=schemas.SubmittedOut)
@guarded(ObjectKind.CLIP, Verb.LABEL)
def submit(request: ApiRequest, clip_id: int, body: schemas.SubmissionIn) -> HttpResponse:
    """Store an answer and claim the next clip, together or not at all. Sending the same uuid again is harmless."""
    label = labelling.submit_and_claim(request.clip, request.user, _submission(body))
    stored = {"uuid": label.uuid, "is_late": label.is_late, "is_extra": label.is_extra}
    return present.worklist(
        request.study,
        request.user,
        label=stored,
        has_opinion=opinions.may_be_asked_for(request.clip),
        feedback=present.feedback(label),
    )


def _submission(body: schemas.SubmissionIn) -> labelling.Submission:
    return labelling.Submission(**dict(body))


@router.post("/clips/{clip_id}/skip", response=schemas.WorklistOut)
@guarded(ObjectKind.CLIP, Verb.LABEL)
def skip(request: ApiRequest, clip_id: int, body: schemas.SkipIn) -> HttpResponse:
    """Pass over a clip for good, and claim the next."""
    with transaction.atomic():
        queueing.skip(request.clip, request.user, body.reason, body.comment)
        queueing.fill_up(request.study, request.user)
    return present.worklist(request.study, request.user)


@router.post("/clips/{clip_id}/release", response={204: None})
@guarded(ObjectKind.CLIP, Verb.LABEL)
def release(request: ApiRequest, clip_id: int) -> Status[Any]:
    """Give a clip back to the queue."""
    queueing.release(request.clip, request.user)
    return Status(204, None)


@router.post("/clips/{clip_id}/heartbeat", response=schemas.HeartbeatOut)
@guarded(ObjectKind.CLIP, Verb.LABEL)
def heartbeat(request: ApiRequest, clip_id: int) -> JsonObject:
    """Keep what one holds for another lease. 409 where it went back to the queue."""
    expires_at = queueing.heartbeat(request.clip, request.user).expires_at
    assert expires_at is not None
    return {"expires_at": expires_at, "seconds_left": (expires_at - timezone.now()).total_seconds()}


@router.put("/clips/{clip_id}/draft", response={204: None})
@guarded(ObjectKind.CLIP, Verb.LABEL)
def draft(request: ApiRequest, clip_id: int, body: schemas.DraftIn) -> Status[Any]:
    """Keep an unfinished answer."""
    labelling.save_draft(request.clip, request.user, body.content)
    return Status(204, None)


@router.post("/labels/{uuid}/undo", response=schemas.WorklistOut)
@guarded(ObjectKind.LABEL, Verb.EDIT)
def undo(request: ApiRequest, uuid: UUID) -> HttpResponse:
    """Take back one's last answer; its clip comes first again, with the answer as its draft."""
    labelling.undo(uuid, request.user)
    return present.worklist(request.study, request.user)


@router.post("/labels/{uuid}/opinion", response=schemas.OpinionOut)
@guarded(ObjectKind.LABEL, Verb.EDIT)
def opinion(request: ApiRequest, uuid: UUID) -> opinions.Opinion:
    """What the model thinks of a clip that one has answered. That it was seen is kept; a correction says so."""
    return opinions.show(uuid, request.user)


@router.post("/labels/{uuid}/correct", response=schemas.OwnLabelOut)
@guarded(ObjectKind.LABEL, Verb.EDIT)
def correct(request: ApiRequest, uuid: UUID, body: schemas.SubmissionIn) -> Label:
    """A new answer in place of one's own; the old one is kept, superseded."""
    old = Label.objects.select_related("study", "clip__study").get(uuid=uuid)
    return labelling.correct(old, request.user, _submission(body))
