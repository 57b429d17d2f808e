"""Recorded traces beside labels: what is refused, what is kept, and how much of the clip was seen."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from typing import Any

import pytest
from django.db import IntegrityError, connection, transaction

from annotator.domain import labelling, queueing, traces
from annotator.enums import AnswerKind, LabelState, TraceClock, TraceDevice
from annotator.exceptions import DomainError
from annotator.models import Clip, Draft, Label, Study, TraceRecording, User
from mlcore.types import TRACE_VALENCE, UNBOUNDED_AROUSAL, JsonObject
from tests.factories.people import make_member
from tests.factories.studies import make_study
from tests.factories.traces import events, recording

pytestmark = pytest.mark.django_db


@pytest.fixture
def study() -> Study:
    return make_study(dimensions=(TRACE_VALENCE, UNBOUNDED_AROUSAL))


@pytest.fixture
def ann(study: Study) -> User:
    return make_member(study, "ann")


@pytest.fixture
def clip(study: Study, ann: User) -> Clip:
    return queueing.claim(study, ann)[0].clip


def submission(clip: Clip, **values: Any) -> labelling.Submission:
    whole = {"valence": recording(clip), "arousal": recording(clip, values=(0, 1, 2, 1, 3))}
    return labelling.Submission(uuid.uuid4(), AnswerKind.LABEL, whole | values)


def test_a_trace_is_kept_event_by_event_beside_its_label(clip: Clip, ann: User) -> None:
    again = events(clip, values=(0.1, 0.2))
    given = recording(clip, values=(0.0, 0.5, -0.25, 1.0), device="wkmt") | {"superseded": [again]}
    label = labelling.submit(clip, ann, submission(clip, valence=given))
    stored = TraceRecording.objects.get(label=label, dimension="valence")
    assert (stored.events, stored.superseded, stored.began_ms) == (given["events"], [again], given["began_ms"])
    assert (stored.clock, stored.n_events, stored.coverage) == ("video", 6, 1.0)
    label.refresh_from_db()
    assert label.values["valence"] == {"sha256": stored.sha256, "coverage": 1.0, "n_events": 6}
    assert set(label.values) == {"valence", "arousal"}


def test_sending_it_again_stores_it_once_and_another_under_its_uuid_is_refused(clip: Clip, ann: User) -> None:
    answer = submission(clip)
    first = labelling.submit(clip, ann, answer)
    assert labelling.submit(clip, ann, answer).pk == first.pk
    assert TraceRecording.objects.count() == 2
    other = submission(clip, valence=recording(clip, values=(1.0,)))
    with pytest.raises(DomainError, match="already sent under this uuid"):
        labelling.submit(clip, ann, labelling.Submission(answer.uuid, AnswerKind.LABEL, other.values))


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        (lambda one: 3, "a recording was expected"),
        (lambda one: one | {"clock": "session"}, "times on the video clock were expected"),
        (lambda one: one | {"began_ms": 1.5}, "began_ms should be milliseconds since 1970"),
        (lambda one: one | {"superseded": 1}, "superseded should be a list"),
        (lambda one: one | {"events": {"value": []}}, "events come as the columns video_s, wall_ms, value and device"),
        (lambda one: _with(one, value=[0.0]), "the columns of its events differ in length"),
        (lambda one: _with(one, device="bxe"), "there is no device 'x'"),
        (lambda one: _with(one, device="bee"), "an event lies outside what was recorded"),
        (lambda one: _with(one, device="mme"), "an event lies outside what was recorded"),
        (lambda one: _with(one, device="bmm"), "the recording has not ended"),
        (lambda one: _with(one, value=[0, 1.01, 0]), "a value lies outside -1..1"),
        (lambda one: _with(one, value=[0, float("nan"), 0]), "value has a number that is not finite"),
        (lambda one: _with(one, value=[0, True, 0]), "value should be a list of numbers"),
        (lambda one: _with(one, wall_ms=[0, 9, 8]), "wall_ms runs backwards"),
        (lambda one: _with(one, video_s=[0.3, 0.2, 4]), "video_s runs backwards"),
        (lambda one: _with(one, video_s=[-1, 0.2, 4]), "video_s lies outside any recording"),
        (lambda one: _with(one, video_s=[900.0, 901.0, 902.0]), "the recording shows nothing of this clip"),
        (lambda one: {"sha256": "0" * 64, "coverage": 1.0, "n_events": 3}, "there is no such recording of yours"),
    ],
)
def test_a_broken_recording_is_refused_in_a_sentence(
    clip: Clip, ann: User, change: Callable[[JsonObject], Any], sentence: str
) -> None:
    whole = recording(clip, values=(0.5,))
    with pytest.raises(DomainError) as refused:
        labelling.submit(clip, ann, submission(clip, valence=change(whole)))
    assert refused.value.message.startswith(f"Valence: {sentence}")
    assert (Label.objects.count(), TraceRecording.objects.count()) == (0, 0)


def _with(given: JsonObject, **columns: Any) -> JsonObject:
    return given | {"events": given["events"] | columns}


def test_too_many_events_are_refused_those_recorded_again_included(clip: Clip, ann: User) -> None:
    half = events(clip, values=[0.0] * (traces.MAX_EVENTS // 2))
    given = {"clock": "video", "began_ms": 0, "events": half, "superseded": [half]}
    with pytest.raises(DomainError, match="at most 20,000 events"):
        labelling.submit(clip, ann, submission(clip, valence=given))


def test_gaps_need_a_word(clip: Clip, ann: User) -> None:
    half = recording(clip, stop_share=0.5)
    with pytest.raises(DomainError, match=r"covers 50% of the clip") as refused:
        labelling.submit(clip, ann, submission(clip, valence=half))
    assert refused.value.code == "trace_has_gaps"
    label = labelling.submit(clip, ann, submission(clip, valence=half | {"accepts_gaps": True}))
    assert label.values["valence"]["coverage"] == pytest.approx(0.5, abs=1e-3)


def test_coverage_is_of_the_clip_by_the_sessions_clock(clip: Clip) -> None:
    """The video begins 0.25 s after the session: by its own clock the clip begins that much earlier."""
    one = {"video_s": [clip.start_s - 0.25, clip.start_s + 1.0, clip.start_s + 2.0, clip.start_s + 9.0]}
    seen = one | {"device": "bebe", "value": [0] * 4, "wall_ms": [0] * 4}
    assert traces.coverage_of(clip, TraceClock.VIDEO, seen) == pytest.approx((1.25 + 2.75) / 5.0, abs=1e-3)
    assert traces.coverage_of(clip, TraceClock.SESSION, seen) == pytest.approx((1.0 + 3.0) / 5.0, abs=1e-3)


def test_what_the_video_does_not_show_is_not_missed(clip: Clip) -> None:
    """Of a clip that begins before the video, or outlasts it, only the part with video is asked for."""
    clip.start_s, clip.stop_s = 0.0, 5.0
    clip.session.video_info = {"duration_s": 3.75}  # on the session's clock 0.25 .. 4.0
    seen = {"video_s": [0.0, 3.0], "device": "be", "value": [0, 0], "wall_ms": [0, 1]}
    assert traces.coverage_of(clip, TraceClock.VIDEO, seen) == pytest.approx(3.0 / 3.75, abs=1e-3)
    clip.start_s = clip.stop_s = 4.5
    assert traces.coverage_of(clip, TraceClock.VIDEO, seen) == 0.0


def test_undo_gives_the_trace_back_and_a_new_answer_keeps_it(clip: Clip, ann: User) -> None:
    label = labelling.submit(clip, ann, submission(clip))
    labelling.undo(label.uuid, ann)
    draft = Draft.objects.get(clip=clip, annotator=ann).content["values"]
    second = labelling.submit(clip, ann, labelling.Submission(uuid.uuid4(), AnswerKind.LABEL, draft))
    assert second.values == draft == Label.objects.get(pk=label.pk).values
    first_events, second_events = (one.traces.get(dimension="valence").events for one in (label, second))
    assert first_events == second_events
    corrected = labelling.correct(second, ann, submission(clip, arousal=draft["arousal"]))
    assert Label.objects.get(pk=second.pk).state == LabelState.SUPERSEDED
    assert corrected.values["arousal"] == draft["arousal"]


def test_nobody_takes_anothers_recording(study: Study, clip: Clip, ann: User) -> None:
    label = labelling.submit(clip, ann, submission(clip))
    other = make_member(study, "bob")
    with pytest.raises(DomainError, match="there is no such recording of yours"):
        traces.split(clip, other, study.dimensions, {"valence": label.values["valence"]})


def test_the_database_keeps_recordings_as_they_are(clip: Clip, ann: User) -> None:
    labelling.submit(clip, ann, submission(clip))
    with pytest.raises(IntegrityError, match="append-only"), transaction.atomic():
        TraceRecording.objects.update(coverage=0.1)
    with pytest.raises(IntegrityError, match="append-only"), connection.cursor() as cursor, transaction.atomic():
        cursor.execute("DELETE FROM annotator_tracerecording")
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SET LOCAL concord.allow_delete = 'on'")
        Study.objects.get(pk=clip.study_id).delete()
    assert not TraceRecording.objects.exists()


def test_the_device_is_what_led_most_of_it() -> None:
    assert traces.main_device("bmmkkke") == TraceDevice.KEYS
    assert traces.main_device("btpe") == TraceDevice.POINTER
    assert traces.main_device("bwe") == TraceDevice.WHEEL
    assert traces.main_device("bebe") is None


def test_a_draft_holds_a_trace_but_not_anything(clip: Clip, ann: User) -> None:
    long = {"valence": recording(clip, values=[0.001] * 5_000)}
    labelling.save_draft(clip, ann, {"values": long})
    assert Draft.objects.get(clip=clip, annotator=ann).content["values"] == long
    plain = make_study()
    bob = make_member(plain, "bob")
    with pytest.raises(DomainError, match="too large"):
        labelling.save_draft(queueing.claim(plain, bob)[0].clip, bob, {"values": long})
