"""Marks as rows of an export: states, clocks, pseudonyms."""

from __future__ import annotations

from uuid import uuid4

import pytest
from pytest_django import DjangoAssertNumQueries

from annotator.domain import channel_marks, exporting_marks, interval_marks
from annotator.domain.interval_marks import Interval
from annotator.enums import IntervalKind, Role
from annotator.models import RecordingSession, Study, User
from tests.factories.people import make_member, make_user
from tests.factories.studies import make_study

pytestmark = pytest.mark.django_db
LIMITS_S = (0.0, 20.0)


@pytest.fixture
def study() -> Study:
    return make_study(n_subjects=1)


@pytest.fixture
def session(study: Study) -> RecordingSession:
    return study.sessions.select_related("study").get()


@pytest.fixture
def ann(study: Study) -> User:
    return make_member(study, "secret.ann@lab")


def mark(session: RecordingSession, actor: User, start_s: float, **more: object) -> Interval:
    made = Interval(uuid4(), IntervalKind.ARTEFACT, start_s, start_s + 0.5, **more)  # type: ignore[arg-type]  # by name
    interval_marks.mark_interval(session, made, actor=actor, limits_s=LIMITS_S)
    return made


def test_intervals_with_and_without_their_history(
    study: Study, session: RecordingSession, ann: User, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    stranger = make_user("super", is_superuser=True)
    first = mark(session, ann, 1.0, channel="Fp1", text="blink")
    second = mark(session, ann, 2.0, supersedes=first.uuid)
    third = mark(session, stranger, 3.0)
    interval_marks.withdraw_interval(session, third.uuid, actor=stranger)
    with django_assert_num_queries(2):
        (row,) = list(exporting_marks.interval_rows(study))
    assert {name: row[name] for name in row.keys() - {"created_at"}} == {
        "mark": str(second.uuid), "subject": "S01", "session": "S01-1", "session_deleted": False, "onset": 2.0,
        "duration": 0.5, "trial_type": "artefact", "video_onset": pytest.approx((2.0 - 0.25) / (1 + 1e-5)),
        "channel": "", "text": "", "state": "current", "supersedes": str(first.uuid), "by": "A01",
    }  # fmt: skip
    assert set(row) == {column.name for column in exporting_marks.INTERVAL_COLUMNS}
    rows = list(exporting_marks.interval_rows(study, with_history=True))
    assert [(one["mark"], one["state"], one["by"]) for one in rows] == [
        (str(first.uuid), "superseded", "A01"), (str(second.uuid), "current", "A01"), (str(third.uuid), "withdrawn", "")
    ]  # fmt: skip
    assert "secret" not in str(rows)


def test_every_word_on_a_channel_is_a_row(
    study: Study, session: RecordingSession, ann: User, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    boss = make_member(study, "secret.boss@lab", Role.ADMIN)
    channel_marks.mark_channel(session, "Fp1", is_bad=True, actor=ann, reason="loose")
    channel_marks.mark_channel(session, "Fp2", is_bad=True, actor=ann)
    channel_marks.mark_channel(session, "Fp1", is_bad=False, actor=boss)
    channel_marks.add_words(session, ["EXG1"], is_bad=True, actor=None)
    with django_assert_num_queries(2):
        rows = list(exporting_marks.channel_rows(study))
    assert [(row["channel"], row["is_bad"], row["reason"], row["is_last"], row["by"]) for row in rows] == [
        ("Fp1", True, "loose", False, "A01"), ("Fp2", True, "", True, "A01"), ("Fp1", False, "", True, "A02"),
        ("EXG1", True, "", True, ""),
    ]  # fmt: skip
    assert set(rows[0]) == {column.name for column in exporting_marks.CHANNEL_COLUMNS}
    assert "secret" not in str(rows)
