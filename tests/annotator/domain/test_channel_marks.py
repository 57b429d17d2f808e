"""What people say of channels: who may, what counts, what is kept, and what reaches the next derivation."""

from __future__ import annotations

import pytest
from django.db import IntegrityError, transaction

from annotator.domain import channel_marks, clocks, importing
from annotator.enums import DerivedKind, Role, SessionStatus
from annotator.exceptions import Conflict, DomainError, NotAllowed
from annotator.models import AuditEvent, ChannelMark, Derived, RecordingSession, User
from annotator.queries import marks
from mlcore.types import RecordingSpec
from tests.factories.people import make_member
from tests.factories.sessions import fill_session
from tests.factories.studies import make_study

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("broker")]


@pytest.fixture
def session() -> RecordingSession:
    return fill_session(make_study(n_subjects=1).sessions.get())


@pytest.fixture
def ann(session: RecordingSession) -> User:
    return make_member(session.study, "ann")


@pytest.fixture
def admin(session: RecordingSession) -> User:
    return make_member(session.study, "boss", Role.ADMIN)


def mark(session: RecordingSession, channel: str, actor: User, *, is_bad: bool = True, reason: str = "") -> None:
    channel_marks.mark_channel(session, channel, is_bad=is_bad, actor=actor, reason=reason)
    session.refresh_from_db()


def words(session: RecordingSession) -> list[tuple[str, bool, str, str]]:
    rows = session.channel_marks.order_by("pk").values_list("channel", "is_bad", "reason", "by__username")
    return list(rows)


def test_every_word_is_kept_and_the_last_one_counts(session: RecordingSession, ann: User) -> None:
    mark(session, "Cz", ann)
    mark(session, "Fp1", ann, reason="loose")
    mark(session, "Cz", ann, reason="sweat")
    mark(session, "Fp1", ann, is_bad=False)
    assert words(session) == [
        ("Cz", True, "", "ann"), ("Fp1", True, "loose", "ann"), ("Cz", True, "sweat", "ann"), ("Fp1", False, "", "ann")
    ]  # fmt: skip
    assert session.bad_channels == ["Cz"]
    events = AuditEvent.objects.filter(verb="mark_channel", actor=ann).order_by("pk").values_list("detail", flat=True)
    assert list(events)[-1] == {"channel": "Fp1", "is_bad": False, "reason": ""}
    assert [(word.channel, word.reason) for word in marks.standing_words(session)] == [("Cz", "sweat")]


def test_saying_the_same_again_changes_nothing(session: RecordingSession, ann: User) -> None:
    mark(session, "Cz", ann, is_bad=False)  # nobody said that it was bad
    for _ in range(2):
        mark(session, "Cz", ann)
    for _ in range(2):
        mark(session, "Cz", ann, is_bad=False)
    assert words(session) == [("Cz", True, "", "ann"), ("Cz", False, "", "ann")]


def test_another_annotators_word_is_an_admins_to_overrule(session: RecordingSession, ann: User, admin: User) -> None:
    other = make_member(session.study, "other")
    mark(session, "Cz", ann)
    for is_bad in (True, False):
        with pytest.raises(NotAllowed, match="an admin can take it back"):
            mark(session, "Cz", other, is_bad=is_bad)
    mark(session, "Cz", admin, is_bad=False)
    mark(session, "Cz", other)  # what was taken back is anybody's to mark
    assert [word[3] for word in words(session)] == ["ann", "boss", "other"]


def test_what_can_not_be_marked_is_one_sentence(session: RecordingSession, ann: User) -> None:
    with pytest.raises(DomainError, match="This session has no channel Xx"):
        mark(session, "Xx", ann)
    RecordingSession.objects.update(status=SessionStatus.DELETED)
    with pytest.raises(Conflict, match="The session is deleted: nothing was marked"):
        mark(session, "Cz", ann)
    assert words(session) == []


def test_a_mark_goes_into_the_next_derivation_and_starts_none(session: RecordingSession, ann: User) -> None:
    session.spec = RecordingSpec("S01", "1", "manifest", "s01.edf", None, bad_channels=("Fp2",)).to_json()
    session.save()
    mark(session, "Cz", ann)
    assert session.jobs.count() == 0
    job = importing.request_rebuild(session, actor=None)
    assert importing.spec_of(job).bad_channels == ("Fp2", "Cz")


def test_until_then_it_waits(session: RecordingSession, ann: User) -> None:
    assert marks.waiting_channels(session) == []  # nothing is learnt of a session without a shard
    session.spec = {"bad_channels": ["Fp2"]}
    session.save()
    meta = {"bad_channels": ["Fp1", "Fp2"]}
    Derived.objects.create(session=session, kind=DerivedKind.SHARD, version=1, path="x", meta=meta)
    mark(session, "Cz", ann)
    assert marks.waiting_channels(session) == ["Fp1", "Cz"]  # one taken back since, one marked


def test_the_session_pages_form_writes_words_too(session: RecordingSession, ann: User, admin: User) -> None:
    mark(session, "Cz", ann)
    clocks.set_bad_channels(session, ["Fp1", "Cz"], actor=admin)
    clocks.set_bad_channels(session, ["Fp1"], actor=admin)
    assert words(session) == [("Cz", True, "", "ann"), ("Fp1", True, "", "boss"), ("Cz", False, "", "boss")]


def test_a_word_can_not_be_changed(session: RecordingSession, ann: User) -> None:
    mark(session, "Cz", ann)
    with pytest.raises(IntegrityError, match="append-only"), transaction.atomic():
        ChannelMark.objects.update(is_bad=False)
    session.delete()  # goes with its session
    assert not ChannelMark.objects.exists()


def test_who_says_that_a_channel_is_bad() -> None:
    said = marks.bad_sources(by_hand=["Cz"], in_files=["Fp1", "Cz"], faults={"Cz": ["flat"], "Pz": ["noisy"], "Oz": []})
    assert said == {"Cz": ["hand", "files", "measured"], "Fp1": ["files"], "Pz": ["measured"]}
