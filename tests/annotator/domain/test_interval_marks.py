"""Stretches of a session that people mark: what is taken, what is refused, what is kept."""

from __future__ import annotations

from dataclasses import replace
from math import inf, nan
from uuid import uuid4

import pytest
from django.db import IntegrityError, transaction

from annotator.domain import interval_marks
from annotator.domain.interval_marks import Interval
from annotator.enums import IntervalKind, Role, SessionStatus
from annotator.exceptions import Conflict, DomainError, NotAllowed, NotFound
from annotator.models import AuditEvent, IntervalMark, RecordingSession, User
from annotator.queries import marks
from tests.factories.people import make_member
from tests.factories.sessions import fill_session
from tests.factories.studies import make_study

pytestmark = pytest.mark.django_db
LIMITS_S = (0.0, 20.0)


@pytest.fixture
def session() -> RecordingSession:
    return fill_session(make_study(n_subjects=1).sessions.get())


@pytest.fixture
def ann(session: RecordingSession) -> User:
    return make_member(session.study, "ann")


def interval(start_s: float = 3.0, stop_s: float = 4.5, **more: object) -> Interval:
    return replace(Interval(uuid4(), IntervalKind.ARTEFACT, start_s, stop_s), **more)  # type: ignore[arg-type]  # by name


def mark(session: RecordingSession, actor: User, wanted: Interval) -> IntervalMark:
    return interval_marks.mark_interval(session, wanted, actor=actor, limits_s=LIMITS_S)


def seen_by(session: RecordingSession, reader: User, *, sees_all: bool) -> list[tuple[str, float, float, str]]:
    found = marks.intervals_of(session, reader, sees_all=sees_all)
    return [(one.kind, one.start_s, one.stop_s, one.by) for one in found]


def test_a_correction_supersedes_and_a_withdrawal_ends(session: RecordingSession, ann: User) -> None:
    first = mark(session, ann, interval(channel="Fp1", text="blink"))
    second = mark(session, ann, interval(3.1, 4.0, kind=IntervalKind.EVENT, supersedes=first.uuid))
    assert seen_by(session, ann, sees_all=False) == [("event", 3.1, 4.0, "ann")]
    for _ in range(2):  # twice is harmless
        interval_marks.withdraw_interval(session, second.uuid, actor=ann)
    assert seen_by(session, ann, sees_all=True) == []
    rows = IntervalMark.objects.order_by("pk").values_list("supersedes", "is_withdrawal", "kind", "channel", "text")
    assert list(rows) == [
        (None, False, "artefact", "Fp1", "blink"),
        (first.pk, False, "event", "", ""),
        (second.pk, True, "event", "", ""),
    ]  # fmt: skip
    verbs = AuditEvent.objects.filter(object_kind="intervalmark", actor=ann).order_by("pk")
    assert list(verbs.values_list("verb", flat=True)) == ["mark_interval", "mark_interval", "withdraw_interval"]


def test_the_same_uuid_twice_is_one_mark(session: RecordingSession, ann: User) -> None:
    wanted = interval()
    assert mark(session, ann, wanted) == mark(session, ann, wanted)
    assert IntervalMark.objects.count() == 1
    other = make_member(session.study, "other")
    with pytest.raises(Conflict, match="Another mark has this uuid"):
        mark(session, other, wanted)


def test_a_mark_that_was_changed_elsewhere_is_not_changed_again(session: RecordingSession, ann: User) -> None:
    first = mark(session, ann, interval())
    mark(session, ann, interval(5.0, 6.0, supersedes=first.uuid))
    with pytest.raises(Conflict, match="changed or taken back meanwhile"):
        mark(session, ann, interval(7.0, 8.0, supersedes=first.uuid))
    with pytest.raises(Conflict, match="changed or taken back meanwhile"):
        interval_marks.withdraw_interval(session, first.uuid, actor=ann)
    assert seen_by(session, ann, sees_all=False) == [("artefact", 5.0, 6.0, "ann")]


def test_each_has_their_own_and_an_admin_may_take_any_back(session: RecordingSession, ann: User) -> None:
    other, admin = make_member(session.study, "other"), make_member(session.study, "boss", Role.ADMIN)
    made = mark(session, ann, interval())
    mark(session, other, interval(1.0, 2.0))
    assert seen_by(session, ann, sees_all=False) == [("artefact", 3.0, 4.5, "ann")]
    assert len(seen_by(session, admin, sees_all=True)) == 2
    for somebody in (other, admin):
        with pytest.raises(NotAllowed, match="Only who made a mark can correct it"):
            mark(session, somebody, interval(supersedes=made.uuid))
    with pytest.raises(NotAllowed, match="or an admin"):
        interval_marks.withdraw_interval(session, made.uuid, actor=other)
    interval_marks.withdraw_interval(session, made.uuid, actor=admin)
    assert seen_by(session, ann, sees_all=False) == []


@pytest.mark.parametrize(
    ("start_s", "stop_s", "why"),
    [
        (4.0, 4.0, "begin before it ends"),
        (5.0, 4.0, "begin before it ends"),
        (nan, 4.0, "begin before it ends"),
        (1.0, inf, "begin before it ends"),
        (-0.5, 4.0, r"Only 0.00 s to 20.00 s can be marked here"),
        (4.0, 20.5, r"Only 0.00 s to 20.00 s can be marked here"),
    ],
)
def test_what_is_no_stretch_is_refused(
    session: RecordingSession, ann: User, start_s: float, stop_s: float, why: str
) -> None:
    with pytest.raises(DomainError, match=why):
        mark(session, ann, interval(start_s, stop_s))
    assert not IntervalMark.objects.exists()


def test_what_is_not_there_is_refused(session: RecordingSession, ann: User) -> None:
    with pytest.raises(DomainError, match="no channel Xx"):
        mark(session, ann, interval(channel="Xx"))
    with pytest.raises(NotFound, match="no such mark"):
        interval_marks.withdraw_interval(session, uuid4(), actor=ann)
    RecordingSession.objects.update(status=SessionStatus.DELETED)
    with pytest.raises(Conflict, match="The session is deleted"):
        mark(session, ann, interval())


def test_a_row_can_not_be_changed(session: RecordingSession, ann: User) -> None:
    first = mark(session, ann, interval())
    mark(session, ann, interval(supersedes=first.uuid))
    with pytest.raises(IntegrityError, match="append-only"), transaction.atomic():
        IntervalMark.objects.update(stop_s=9.0)
    session.delete()  # goes with its session
    assert not IntervalMark.objects.exists()
