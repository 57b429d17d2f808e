"""What is said of a session: gaps, problems in plain words, and the strip of the list."""

from __future__ import annotations

from typing import Any

import pytest
from pytest_django import DjangoAssertNumQueries

from annotator.enums import SessionStatus
from annotator.models import Clip, RecordingSession
from annotator.queries import recordings, session_page
from annotator.queries.recordings import Bar
from annotator.queries.session_page import Gap
from mlcore.types import Modality
from tests.factories.sessions import EEG_INFO, fill_session, grade
from tests.factories.studies import add_session, make_study

pytestmark = pytest.mark.django_db


@pytest.fixture
def session() -> RecordingSession:
    return fill_session(make_study(n_subjects=1, n_clips=4).sessions.get())


def clips_of(session: RecordingSession) -> list[Clip]:
    return recordings.clips_by_currency(session)[0]


def test_a_stream_is_missing_where_it_is_not_recorded(session: RecordingSession) -> None:
    assert session_page.bounds_of(session) == (0.0, 20.0)
    assert session_page.gaps_of(session) == [Gap(Modality.FACE, 0.0, 0.5), Gap(Modality.FACE, 19.5, 20.0)]


def test_a_video_that_begins_before_the_eeg_widens_the_session(session: RecordingSession) -> None:
    session.video_offset_s, session.video_drift = -2.0, 0.125
    assert session_page.bounds_of(session) == (-2.0, 20.0)
    assert session_page.gaps_of(session) == [
        Gap(Modality.EEG, -2.0, 0.0),
        Gap(Modality.FACE, 19.375, 20.0),
    ]


def test_gaps_that_are_how_streams_end_are_not_told(session: RecordingSession) -> None:
    session.video_offset_s = 0.2
    session.video_info = {**session.video_info, "seconds": 19.75}
    assert session_page.gaps_of(session) == []


def test_one_stream_has_no_gaps(session: RecordingSession) -> None:
    session.has_eeg = False
    assert session_page.gaps_of(session) == [Gap(Modality.FACE, 0.0, 0.5), Gap(Modality.FACE, 19.5, 20.0)]
    session.has_eeg, session.has_video = True, False
    assert session_page.gaps_of(session) == []


def test_channels_say_what_was_measured_and_what_was_marked(session: RecordingSession) -> None:
    session.channel_faults, session.bad_channels = {"Fp1": ["flat", "bridged"]}, ["Cz"]
    session.spec = {"bad_channels": ["Fp2"]}
    found = session_page.channels_of(session)
    assert [(one.name, one.faults, one.is_bad, one.is_bad_in_files) for one in found] == [
        ("Fp1", ("flat", "bridged"), False, False),
        ("Fp2", (), False, True),
        ("Cz", (), True, False),
    ]
    assert session_page.figure_of(session, [], [])["bad_channels"] == ["Fp1", "Fp2", "Cz"]


@pytest.mark.parametrize(
    ("fields", "problem"),
    [
        ({"sync_residual_ms": None}, "Nothing measured how well the clocks fit: set two points by hand to be sure."),
        ({"sync_residual_ms": 82.4}, "The clocks fit to ±82 ms only: face and EEG may be frames apart."),
        (
            {"sync_method": "blinks", "sync_confidence": 0.41},
            "The clocks were related by blinks with a confidence of only 0.41: set two points by hand.",
        ),
        ({"eeg_info": {**EEG_INFO, "seconds": 14.0}}, "There is no EEG from 14.0 s to 20.0 s."),
        (
            {"channel_faults": {"Fp1": ["flat"], "Cz": ["noisy", "bridged"]}},
            "2 channels measured as bad: Fp1 (flat), Cz (noisy, bridged).",
        ),
        ({"warnings": ["The markers stop early."]}, "The markers stop early."),
    ],
)
def test_each_problem_is_one_sentence(session: RecordingSession, fields: dict[str, Any], problem: str) -> None:
    assert session_page.problems_of(session, clips_of(session)) == []
    for name, value in fields.items():
        setattr(session, name, value)
    assert session_page.problems_of(session, clips_of(session)) == [problem]


def test_points_by_hand_answer_what_nothing_measured(session: RecordingSession) -> None:
    session.sync_residual_ms, session.sync_points = None, [[2.0, 2.5]]
    assert session_page.problems_of(session, []) == []


def test_poor_clips_are_counted_with_what_lowers_them(session: RecordingSession) -> None:
    first, second, third, _ = clips_of(session)
    grade(first, eeg_quality=0.2, eeg_faults={"line noise": 0.8, "muscle": 0.1})
    grade(second, eeg_quality=0.4, eeg_faults={"line noise": 0.5}, face_quality=0.1, face_faults={"no face": 1.0})
    grade(third, eeg_quality=0.9, eeg_faults={"muscle": 0.1}, face_quality=1.0)
    assert session_page.problems_of(session, clips_of(session)) == [
        "2 of 4 clips have poor EEG: line noise in 2, muscle in 1.",
        "1 of 4 clips has poor face video: no face in 1.",
    ]


@pytest.mark.parametrize("status", [status for status in SessionStatus if status != SessionStatus.READY])
def test_what_is_not_ready_has_no_problems_yet(session: RecordingSession, status: SessionStatus) -> None:
    session.status, session.warnings = status, ["Told when it is ready."]
    assert session_page.problems_of(session, []) == []


def test_superseded_clips_are_apart_and_not_counted(session: RecordingSession) -> None:
    gone = clips_of(session)[1]
    grade(gone, superseded_at=session.created_at, eeg_quality=0.0)
    current, superseded = recordings.clips_by_currency(session)
    assert [clip.number for clip in current] == [0, 2, 3]
    assert superseded == [gone]
    listed = recordings.sessions_with_counts(session.study).get()
    assert (listed.n_clips, listed.mean_eeg_quality) == (3, None)  # type: ignore[attr-defined]  # annotated
    assert [bar.start for bar in recordings.quality_strips(session.study)[session.pk]] == [0.0, 0.5, 0.75]


def test_a_strip_has_a_bar_for_every_clip_while_they_are_few(session: RecordingSession) -> None:
    for clip, quality in zip(clips_of(session), (1.0, 0.25, None, 0.5), strict=True):
        grade(clip, eeg_quality=quality, face_quality=1.0)
    assert recordings.quality_strips(session.study)[session.pk] == [
        Bar(0.0, 0.25, 1.0, 1.0),
        Bar(0.25, 0.5, 0.25, 1.0),
        Bar(0.5, 0.75, None, 1.0),
        Bar(0.75, 1.0, 0.5, 1.0),
    ]


def test_a_strip_of_many_clips_has_few_bars_that_hide_no_bad_clip(
    session: RecordingSession, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    long = add_session(session.subject, "long", n_clips=1000)
    long.clips.update(eeg_quality=1.0)
    grade(long.clips.get(number=512), eeg_quality=0.1)
    with django_assert_num_queries(1):
        strip = recordings.quality_strips(session.study)[long.pk]
    assert len(strip) == recordings.N_BARS
    assert [bar.eeg for bar in strip].count(1.0) == recordings.N_BARS - 1
    assert [bar.start <= 512.5 / 1000 <= bar.stop for bar in strip if bar.eeg == 0.1] == [True]


def test_a_session_of_no_length_has_no_strip(session: RecordingSession) -> None:
    session.duration_s = 0.0
    session.save()
    assert recordings.quality_strips(session.study) == {}
