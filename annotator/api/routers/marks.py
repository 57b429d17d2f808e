"""What people mark on a session: bad channels and stretches of its timeline, by way of a clip or of the session.

Annotators reach the sessions of clips that were served to them, and of the timeline the clip and 10 s around it.
"""

from typing import Any
from uuid import UUID

from ninja import Router, Status

from annotator.api import schemas
from annotator.api.auth import ApiRequest
from annotator.api.guard import guarded
from annotator.domain import channel_marks, interval_marks, queueing
from annotator.domain.access import READING, ObjectKind, Verb, roles_of
from annotator.enums import Role
from annotator.exceptions import NotFound
from annotator.models import RecordingSession
from annotator.queries import marks, recordings, session_page, worklist
from mlcore.types import JsonObject

router = Router(tags=["marks"])


@router.get("/clips/{clip_id}/marks", response=schemas.MarksOut)
@guarded(ObjectKind.MARK, Verb.VIEW)
def marks_of_clip(request: ApiRequest, clip_id: int) -> JsonObject:
    """What is marked in the session of a clip."""
    return _marks(request, _session_of_clip(request, is_looked_at=True))


@router.get("/sessions/{session_id}/marks", url_name="session_marks", response=schemas.MarksOut)
@guarded(ObjectKind.SESSION, Verb.VIEW)
def marks_of_session(request: ApiRequest, session_id: int) -> JsonObject:
    return _marks(request, request.recording, is_session_page=True)


@router.get("/clips/{clip_id}/overview", response=schemas.OverviewOut)
@guarded(ObjectKind.MARK, Verb.VIEW)
def overview(request: ApiRequest, clip_id: int) -> JsonObject:
    """The session of a clip in one bar: its quality, clips and gaps."""
    session, sees_all = _session_of_clip(request, is_looked_at=True), _sees_all(request)
    clips = recordings.all_clips(session) if sees_all else session.clips.order_by("number", "pk")
    trials = session.trials.order_by("number")
    return session_page.overview_of(session, clips.filter(superseded_at=None), trials, sees_all=sees_all)


@router.post("/clips/{clip_id}/channel-marks", response=schemas.MarksOut)
@guarded(ObjectKind.MARK, Verb.EDIT)
def mark_channel(request: ApiRequest, clip_id: int, body: schemas.ChannelMarkIn) -> JsonObject:
    """Say that a channel is bad, or that it is not. Counts for what learns when the session is next derived."""
    return _mark_channel(request, _session_of_clip(request), body)


@router.post("/sessions/{session_id}/channel-marks", url_name="session_channel_marks", response=schemas.MarksOut)
@guarded(ObjectKind.SESSION, Verb.EDIT)
def mark_channel_of_session(request: ApiRequest, session_id: int, body: schemas.ChannelMarkIn) -> JsonObject:
    """The same, by way of the session."""
    return _mark_channel(request, request.recording, body, is_session_page=True)


@router.post("/clips/{clip_id}/interval-marks", response=schemas.MarksOut)
@guarded(ObjectKind.MARK, Verb.EDIT)
def mark_interval(request: ApiRequest, clip_id: int, body: schemas.IntervalMarkIn) -> JsonObject:
    """Mark a stretch, or correct a mark of one's own. Sending the same uuid again is harmless."""
    session = _session_of_clip(request)
    limits_s = session_page.bounds_of(session) if _sees_all(request) else worklist.context_of(request.clip)
    interval = interval_marks.Interval(**body.model_dump())
    interval_marks.mark_interval(session, interval, actor=request.user, limits_s=limits_s)
    return _marks(request, session)


@router.delete("/clips/{clip_id}/interval-marks/{mark}", response={204: None})
@guarded(ObjectKind.MARK, Verb.EDIT)
def withdraw_interval(request: ApiRequest, clip_id: int, mark: UUID) -> Status[Any]:
    """Take a mark back: one's own, or as an admin anybody's. It is kept as withdrawn."""
    interval_marks.withdraw_interval(_session_of_clip(request), mark, actor=request.user)
    return Status(204, None)


def _session_of_clip(request: ApiRequest, *, is_looked_at: bool = False) -> RecordingSession:
    """Of a clip that was served to them; to look at, of an example too."""
    may = queueing.may_watch if is_looked_at else queueing.was_served
    if not _sees_all(request) and not may(request.clip, request.user):
        raise NotFound
    session = request.clip.session
    session.study = request.study
    return session


def _sees_all(request: ApiRequest) -> bool:
    return bool(roles_of(request.user, request.study) & READING)


def _mark_channel(
    request: ApiRequest, session: RecordingSession, body: schemas.ChannelMarkIn, *, is_session_page: bool = False
) -> JsonObject:
    marked = channel_marks.mark_channel(
        session, body.channel, is_bad=body.is_bad, reason=body.reason.strip(), actor=request.user
    )
    return _marks(request, marked, is_session_page=is_session_page)


def _marks(request: ApiRequest, session: RecordingSession, *, is_session_page: bool = False) -> JsonObject:
    roles = roles_of(request.user, request.study)
    trials = session_page.trials_for_viewer(session.trials.order_by("number"))
    sees_all, is_admin = bool(roles & READING), Role.ADMIN in roles
    return {
        "bad_channels": marks.bad_channels_of(session, request.user, sees_all=sees_all, is_admin=is_admin),
        "waiting_channels": marks.waiting_channels(session),
        "intervals": marks.intervals_of(session, request.user, sees_all=sees_all),
        "trials": trials if is_session_page else session_page.without_stimuli(trials),
    }
