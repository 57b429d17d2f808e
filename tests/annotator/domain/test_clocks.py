"""Points and channels set by hand: what is taken, what is refused, what is recorded and rebuilt."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import pytest
from django.utils import timezone
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from annotator.domain import clocks
from annotator.enums import JobKind, JobQueue, JobState, SessionStatus
from annotator.exceptions import Conflict, DomainError
from annotator.models import AuditEvent, Job, RecordingSession, User
from mlcore.errors import SyncError
from mlcore.sync import hand_clock
from tests.factories.people import make_user
from tests.factories.sessions import EEG_INFO, VIDEO_INFO, fill_session
from tests.factories.studies import make_study

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("broker")]
POINTS = [(15.0, 15.6), (2.0, 2.6)]


@pytest.fixture
def actor() -> User:
    return make_user("boss")


@pytest.fixture
def session() -> RecordingSession:
    return fill_session(make_study(n_subjects=1).sessions.get())


def rebuilds(session: RecordingSession) -> list[str]:
    return list(session.jobs.filter(kind=JobKind.IMPORT_SESSION).values_list("state", flat=True))


def events(session: RecordingSession) -> list[tuple[str, Any]]:
    found = AuditEvent.objects.filter(object_kind="recordingsession", object_id=str(session.pk)).order_by("pk")
    return list(found.values_list("verb", "detail"))


def test_points_are_kept_in_the_order_of_the_video_and_the_session_is_rebuilt(
    session: RecordingSession, actor: User
) -> None:
    job = clocks.set_sync_points(session, POINTS, actor=actor)
    session.refresh_from_db()
    assert session.sync_points == [[2.0, 2.6], [15.0, 15.6]]
    assert (job.session, job.kind, job.created_by) == (session, JobKind.IMPORT_SESSION, actor)
    assert rebuilds(session) == [JobState.QUEUED]
    assert events(session)[0] == (
        "set_sync_points",
        {"before": {"sync_points": []}, "after": {"sync_points": [[2.0, 2.6], [15.0, 15.6]]}},
    )


@pytest.mark.parametrize(
    ("points", "sentence"),
    [
        ([], "Set 1 to 50 points; 0 were given."),
        ([(float(i) / 4, float(i) / 4) for i in range(51)], "Set 1 to 50 points; 51 were given."),
        ([(0.0, 0.5), (15.0, 16.0)], r"contradict each other: they ask for clocks that drift by \+3.3 %"),
        ([(0.0, 4.0), (5.0, 7.0)], "contradict each other by 2.0 s: one of them names another moment"),
        ([(40.0, 5.0)], "A point at 40 s lies outside the video."),
        ([(4.0, 50.0)], "A point at 50 s lies outside the EEG."),
        ([(-3.0, 5.0)], "A point at -3 s lies outside the video."),
        ([(math.nan, 5.0)], "A point at nan s lies outside the video."),
        ([(math.inf, 5.0)], "A point at inf s lies outside the video."),
    ],
)
def test_points_that_can_not_be_right_are_refused_in_a_sentence(
    session: RecordingSession, actor: User, points: list[clocks.Point], sentence: str
) -> None:
    with pytest.raises(DomainError, match=sentence):
        clocks.set_sync_points(session, points, actor=actor)
    session.refresh_from_db()
    assert (session.sync_points, rebuilds(session), events(session)) == ([], [], [])


def test_one_stream_has_no_clocks_to_relate(session: RecordingSession, actor: User) -> None:
    session.has_video = False
    session.save()
    with pytest.raises(DomainError, match="one stream only"):
        clocks.set_sync_points(session, POINTS, actor=actor)


@hypothesis_settings(deadline=None, max_examples=300, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    points=st.lists(
        st.tuples(st.floats(0.0, 100.0), st.floats(-1.5, 1.5), st.floats(-0.02, 0.02)).map(
            lambda one: (one[0], one[0] * (1 + one[2]) + one[1] + 10.0)
        ),
        min_size=1,
        max_size=4,
    ),
    drift=st.sampled_from([0.0, 5e-5, -2e-3]),
)
def test_it_refuses_what_the_library_would_refuse_and_nothing_else(points: list[clocks.Point], drift: float) -> None:
    session = RecordingSession(
        has_eeg=True,
        has_video=True,
        video_drift=drift,
        eeg_info={**EEG_INFO, "seconds": 200.0},
        video_info={**VIDEO_INFO, "seconds": 200.0},
    )
    assert is_taken(lambda: clocks.check_points(session, points)) == is_taken(lambda: hand_clock(points, drift=drift))


def is_taken(act: Any) -> bool:
    try:
        act()
    except (DomainError, SyncError):
        return False
    return True


def test_clearing_goes_back_to_what_the_files_say(session: RecordingSession, actor: User) -> None:
    with pytest.raises(DomainError, match="No points are set"):
        clocks.clear_sync_points(session, actor=actor)
    session.sync_points = [[2.0, 2.6]]
    session.save()
    clocks.clear_sync_points(session, actor=actor)
    session.refresh_from_db()
    assert session.sync_points == []
    assert rebuilds(session) == [JobState.QUEUED]
    assert events(session)[0][0] == "clear_sync_points"


def test_bad_channels_are_kept_in_the_order_of_the_file(session: RecordingSession, actor: User) -> None:
    clocks.set_bad_channels(session, ["Cz", "Fp1", "Cz"], actor=actor)
    session.refresh_from_db()
    assert session.bad_channels == ["Fp1", "Cz"]
    assert events(session)[0] == (
        "set_bad_channels",
        {"before": {"bad_channels": []}, "after": {"bad_channels": ["Fp1", "Cz"]}},
    )
    clocks.set_bad_channels(session, [], actor=actor)
    session.refresh_from_db()
    assert session.bad_channels == []
    assert sorted(rebuilds(session)) == [JobState.CANCELLED, JobState.QUEUED]  # the earlier one would bring old news


def test_a_channel_that_is_not_there_is_refused(session: RecordingSession, actor: User) -> None:
    with pytest.raises(DomainError, match="has no channel Pz, Xx"):
        clocks.set_bad_channels(session, ["Xx", "Fp1", "Pz"], actor=actor)
    session.refresh_from_db()
    assert (session.bad_channels, rebuilds(session)) == ([], [])


@pytest.mark.parametrize("status", [status for status in SessionStatus if status != SessionStatus.READY])
def test_only_a_session_that_is_ready_is_set_right(
    session: RecordingSession, actor: User, status: SessionStatus
) -> None:
    session.status = status
    session.save()
    changes: tuple[Callable[[], object], ...] = (
        lambda: clocks.set_sync_points(session, POINTS, actor=actor),
        lambda: clocks.clear_sync_points(session, actor=actor),
        lambda: clocks.set_bad_channels(session, ["Cz"], actor=actor),
    )
    for change in changes:
        with pytest.raises(Conflict, match="nothing was changed"):
            change()
    assert rebuilds(session) == []


def test_an_import_that_runs_is_waited_for(session: RecordingSession, actor: User) -> None:
    common: dict[str, Any] = {"study": session.study, "queue": JobQueue.IO, "state": JobState.RUNNING}
    parent = Job.objects.create(kind=JobKind.IMPORT, **common)
    child = Job.objects.create(
        kind=JobKind.IMPORT_SESSION, session=session, parent=parent, heartbeat_at=timezone.now(), **common
    )
    with pytest.raises(Conflict, match="is being imported"):
        clocks.set_sync_points(session, POINTS, actor=actor)
    child.state = JobState.SUCCEEDED
    child.save()
    clocks.set_sync_points(session, POINTS, actor=actor)
