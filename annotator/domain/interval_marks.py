"""Stretches of a session that people mark: rows are only added, a correction supersedes, a withdrawal says so."""

from __future__ import annotations

import math
from dataclasses import dataclass
from uuid import UUID, uuid4

from django.db import transaction
from django.db.models import QuerySet
from django.utils.translation import gettext

from annotator.domain import audit
from annotator.domain.access import ObjectKind, Verb, may
from annotator.enums import IntervalKind, SessionStatus
from annotator.exceptions import Conflict, DomainError, NotAllowed, NotFound
from annotator.models import IntervalMark, RecordingSession, User

#: what is seen on the screen is rounded
SLACK_S = 0.01


@dataclass(frozen=True, slots=True)
class Interval:
    """What somebody marks; times on the session's clock."""

    uuid: UUID
    kind: IntervalKind
    start_s: float
    stop_s: float
    #: its name in the file; empty: all channels
    channel: str = ""
    text: str = ""
    #: the mark of one's own that this one stands in place of
    supersedes: UUID | None = None


def current_marks(session: RecordingSession) -> QuerySet[IntervalMark]:
    """What counts: neither superseded nor withdrawn, in the order of time."""
    marks = session.interval_marks.filter(superseded_by=None, is_withdrawal=False)
    return marks.select_related("by").order_by("start_s", "stop_s", "pk")


@transaction.atomic
def mark_interval(
    session: RecordingSession, interval: Interval, *, actor: User, limits_s: tuple[float, float]
) -> IntervalMark:
    """Store a mark, or a correction of one's own. Sending the same uuid again is harmless."""
    held = _hold(session)
    known = IntervalMark.objects.filter(uuid=interval.uuid).first()
    if known is not None:
        if (known.session_id, known.by_id) != (session.pk, actor.pk):
            raise Conflict(gettext("Another mark has this uuid: make a new one."), "uuid_taken")
        return known
    _check(held, interval, limits_s)
    before = None if interval.supersedes is None else _current(held, interval.supersedes)
    if before is not None and before.by_id != actor.pk:
        raise NotAllowed(gettext("Only who made a mark can correct it."), "anothers_mark")
    made = IntervalMark.objects.create(
        uuid=interval.uuid,
        study_id=session.study_id,
        session=held,
        supersedes=before,
        kind=interval.kind,
        start_s=interval.start_s,
        stop_s=interval.stop_s,
        channel=interval.channel,
        text=interval.text,
        by=actor,
    )
    audit.record(actor, session.study, "mark_interval", made, _detail(made, before))
    return made


@transaction.atomic
def withdraw_interval(session: RecordingSession, uuid: UUID, *, actor: User) -> None:
    """Take a mark back: one's own, or as an admin anybody's. Doing so twice is harmless."""
    held = _hold(session)
    if held.interval_marks.filter(supersedes__uuid=uuid, is_withdrawal=True).exists():
        return
    mark = _current(held, uuid)
    if mark.by_id != actor.pk and not may(actor, Verb.EDIT, ObjectKind.SESSION, session.study):
        raise NotAllowed(gettext("Only who made a mark, or an admin, can take it back."), "anothers_mark")
    made = IntervalMark.objects.create(
        uuid=uuid4(),
        study_id=session.study_id,
        session=held,
        supersedes=mark,
        is_withdrawal=True,
        kind=mark.kind,
        start_s=mark.start_s,
        stop_s=mark.stop_s,
        channel=mark.channel,
        by=actor,
    )
    audit.record(actor, session.study, "withdraw_interval", made, _detail(made, mark))


def _hold(session: RecordingSession) -> RecordingSession:
    """One writer of a session's marks at a time."""
    held = RecordingSession.objects.select_for_update(of=("self",)).get(pk=session.pk)
    if held.status != SessionStatus.READY:
        raise Conflict(
            gettext("The session is {status}: nothing was marked.").format(status=held.get_status_display().lower()),
            "not_ready",
        )
    return held


def _current(session: RecordingSession, uuid: UUID) -> IntervalMark:
    mark = session.interval_marks.filter(uuid=uuid, is_withdrawal=False).first()
    if mark is None:
        raise NotFound(gettext("There is no such mark in this session."), "no_such_mark")
    if IntervalMark.objects.filter(supersedes=mark).exists():
        raise Conflict(gettext("This mark was changed or taken back meanwhile: look again."), "mark_changed")
    return mark


def _check(session: RecordingSession, interval: Interval, limits_s: tuple[float, float]) -> None:
    first_s, last_s = limits_s
    if not (math.isfinite(interval.start_s) and math.isfinite(interval.stop_s) and interval.start_s < interval.stop_s):
        raise DomainError(gettext("An interval must begin before it ends."), "bad_interval")
    if interval.start_s < first_s - SLACK_S or interval.stop_s > last_s + SLACK_S:
        raise DomainError(
            gettext("Only {first_s} s to {last_s} s can be marked here.").format(
                first_s=f"{first_s:.2f}", last_s=f"{last_s:.2f}"
            ),
            "bad_interval",
        )
    if interval.channel and interval.channel not in session.eeg_info.get("channels", ()):
        raise DomainError(
            gettext("This session has no channel {channel}.").format(channel=interval.channel), "no_such_channel"
        )


def _detail(made: IntervalMark, before: IntervalMark | None) -> dict[str, object]:
    return {
        "session": made.session_id,
        "kind": made.kind,
        "start_s": made.start_s,
        "stop_s": made.stop_s,
        "supersedes": None if before is None else str(before.uuid),
    }
