"""The questions change while somebody answers: no answer ever stands against questions that it does not answer."""

from __future__ import annotations

import threading
import uuid
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from functools import partial
from typing import Any

import pytest
from django.db import connection, transaction

from annotator.domain import labelling, queueing, studies, teaching
from annotator.domain.labelling import Submission
from annotator.enums import AnswerKind, TeachingKind
from annotator.exceptions import Conflict, DomainError
from annotator.models import AuditEvent, Clip, Draft, Label, Membership, Slot, Study, TraceRecording, User
from mlcore.types import AROUSAL3, SAM_VALENCE9, TRACE_VALENCE, VALENCE3, Dimension, DimensionKind, JsonObject
from tests.annotator.domain.test_races import together
from tests.factories.newcomers import ACCEPTED, pool_clips
from tests.factories.people import make_member
from tests.factories.studies import make_study
from tests.factories.traces import recording

pytestmark = pytest.mark.django_db(transaction=True)
OLD: dict[str, Any] = {"valence": 2, "arousal": 1}
#: the same places, other words: no check of the values alone could tell
TURNED = Dimension("valence", "Valence", DimensionKind.CLASS, tuple(reversed(VALENCE3.classes)))
ANOTHER = Dimension("dominance", "Dominance", DimensionKind.CLASS, ("low", "high"))
RENAMED = Dimension("valence", "Felt valence", DimensionKind.CLASS, VALENCE3.classes)


@pytest.fixture
def study() -> Study:
    return make_study(reserve=1)


@pytest.fixture
def ann(study: Study) -> User:
    return make_member(study, "ann")


def given_clip(study: Study, user: User) -> Clip:
    """As a page that was opened before the change has it."""
    held = queueing.claim(study, user)[0]
    return Clip.objects.select_related("study", "session").get(pk=held.clip_id)


def answer(clip: Clip, values: dict[str, Any] | None = None, kind: AnswerKind = AnswerKind.LABEL) -> Submission:
    return Submission(uuid.uuid4(), kind, OLD if values is None else values, scheme_version=clip.study.scheme_version)


def send(clip: Clip, user: User, submission: Submission) -> str:
    try:
        labelling.submit_and_claim(clip, user, submission)
    except DomainError as error:
        return error.code
    return "stored"


def change(study: Study, *dimensions: Dimension) -> str:
    try:
        studies.set_scheme(study, dimensions, actor=None)
    except DomainError as error:
        return error.code
    return "changed"


def assert_every_label_answers_what_is_asked(study: Study) -> None:
    asked = Study.objects.get(pk=study.pk)
    for label in Label.objects.filter(study=study, answer=AnswerKind.LABEL):
        assert set(label.values) == {one.key for one in asked.dimensions}
        for one in asked.dimensions:
            one.check(label.values[one.key])


# --- a page that was opened before the change ------------------------------------------------------------------------


@pytest.mark.parametrize(
    "asked",
    [
        (VALENCE3,),
        (VALENCE3, AROUSAL3, ANOTHER),
        (SAM_VALENCE9, AROUSAL3),
        (TURNED, AROUSAL3),
        (RENAMED, AROUSAL3),
        (TRACE_VALENCE,),
    ],
)
def test_an_answer_to_other_questions_is_refused_and_nothing_of_it_is_stored(
    study: Study, ann: User, asked: tuple[Dimension, ...]
) -> None:
    clip = given_clip(study, ann)
    draft: JsonObject = {"uuid": "x", "values": OLD}
    labelling.save_draft(clip, ann, draft)
    sent = answer(clip)
    assert change(study, *asked) == "changed"
    with pytest.raises(Conflict) as refused:
        labelling.submit_and_claim(clip, ann, sent)
    assert (refused.value.code, str(refused.value)) == (
        "scheme_changed",
        "The study's questions have changed since this form was opened: reload it and answer what it asks now.",
    )
    assert not Label.objects.exists()
    assert not AuditEvent.objects.filter(verb="submit").exists()
    assert Draft.objects.get().content == draft
    slot = Slot.objects.get(holder=ann)
    assert (slot.clip_id, slot.state) == (clip.pk, "leased")


def test_one_that_still_fits_is_taken(study: Study, ann: User) -> None:
    clip = given_clip(study, ann)
    assert change(study, AROUSAL3, VALENCE3) == "changed"  # the same, in another order
    assert send(clip, ann, answer(clip)) == "stored"
    assert Label.objects.get().values == OLD


@pytest.mark.parametrize("kind", [AnswerKind.CANT_TELL, AnswerKind.BAD_SIGNAL])
def test_one_without_values_fits_whatever_is_asked(study: Study, ann: User, kind: AnswerKind) -> None:
    clip = given_clip(study, ann)
    sent = answer(clip, {}, kind)
    assert change(study, SAM_VALENCE9) == "changed"
    assert send(clip, ann, sent) == "stored"


def test_changed_and_changed_back_is_not_changed(study: Study, ann: User) -> None:
    clip = given_clip(study, ann)
    sent = answer(clip)
    assert [change(study, TURNED, AROUSAL3), change(study, VALENCE3, AROUSAL3)] == ["changed", "changed"]
    assert send(clip, ann, sent) == "stored"


def test_the_refused_answer_goes_through_under_its_uuid_once_it_is_given_anew(study: Study, ann: User) -> None:
    clip = given_clip(study, ann)
    sent = answer(clip)
    change(study, SAM_VALENCE9)
    assert send(clip, ann, sent) == "scheme_changed"
    again = Submission(sent.uuid, AnswerKind.LABEL, {"valence": 7}, scheme_version=clip.study.scheme_version)
    assert [send(clip, ann, again), send(clip, ann, again)] == ["stored", "stored"]
    assert Label.objects.get().values == {"valence": 7}


def test_a_program_that_names_no_version_is_judged_by_its_values(study: Study, ann: User) -> None:
    clip = given_clip(study, ann)
    change(study, VALENCE3)
    assert send(clip, ann, Submission(uuid.uuid4(), AnswerKind.LABEL, OLD)) == "bad_answer"
    assert send(clip, ann, Submission(uuid.uuid4(), AnswerKind.LABEL, {})) == "incomplete"
    assert send(clip, ann, Submission(uuid.uuid4(), AnswerKind.LABEL, {"valence": 2})) == "stored"


def test_a_trace_recorded_for_a_question_that_is_gone_is_not_half_stored() -> None:
    study = make_study(reserve=1, dimensions=(TRACE_VALENCE,))
    ann = make_member(study, "ann")
    clip = given_clip(study, ann)
    sent = answer(clip, {"valence": recording(clip)})
    change(study, VALENCE3)
    assert send(clip, ann, sent) == "scheme_changed"
    assert (Label.objects.count(), TraceRecording.objects.count()) == (0, 0)


def test_questions_with_a_known_answer_stay_until_its_clip_is_removed(study: Study) -> None:
    known = teaching.add_clip(study, pool_clips(study)[0], TeachingKind.CHECK, ACCEPTED, actor=None)
    with pytest.raises(Conflict) as refused:
        studies.set_scheme(study, (TURNED, AROUSAL3), actor=None)
    assert (refused.value.code, str(refused.value)) == (
        "known_answers",
        f"Clip {known.clip_id} has a known answer to Valence, which would change: remove the clip on the onboarding "
        "page first, and add it again afterwards.",
    )
    assert Study.objects.get(pk=study.pk).dimensions == (VALENCE3, AROUSAL3)
    assert change(study, AROUSAL3, VALENCE3, ANOTHER) == "changed"
    teaching.remove_clip(known, actor=None)
    assert change(study, TURNED) == "changed"


# --- at the very moment ----------------------------------------------------------------------------------------------


def in_a_thread(pool: ThreadPoolExecutor, job: Callable[[], str]) -> tuple[Future[str], int]:
    """The job under way on a connection of its own, and that connection's process id."""
    backend: Future[int] = Future()

    def run() -> str:
        try:
            connection.ensure_connection()
            backend.set_result(connection.connection.info.backend_pid)
            return job()
        finally:
            connection.close()

    return pool.submit(run), backend.result(timeout=30)


def wait_until_blocked(backend: int) -> None:
    """Until Postgres says that it waits for a lock of another."""
    is_blocked = threading.Event()
    while not is_blocked.wait(0.01):
        with connection.cursor() as cursor:
            cursor.execute("SELECT cardinality(pg_blocking_pids(%s)) > 0", [backend])
            if cursor.fetchone()[0]:
                is_blocked.set()


def test_an_answer_that_comes_while_the_questions_change_waits_and_is_judged_by_the_new_ones(
    study: Study, ann: User
) -> None:
    clip = given_clip(study, ann)
    with ThreadPoolExecutor(1) as pool:
        with transaction.atomic():
            studies.set_scheme(study, (SAM_VALENCE9,), actor=None)
            said, backend = in_a_thread(pool, partial(send, clip, ann, answer(clip)))
            wait_until_blocked(backend)
            assert not Label.objects.exists()
        assert said.result(timeout=30) == "scheme_changed"
    assert not Label.objects.exists()


def test_a_change_that_comes_while_the_first_answer_is_stored_waits_and_is_refused(study: Study, ann: User) -> None:
    clip = given_clip(study, ann)
    with ThreadPoolExecutor(1) as pool:
        with transaction.atomic():
            labelling.submit_and_claim(clip, ann, answer(clip))
            said, backend = in_a_thread(pool, partial(change, study, SAM_VALENCE9))
            wait_until_blocked(backend)
        assert said.result(timeout=30) == "has_labels"
    assert Study.objects.get(pk=study.pk).dimensions == (VALENCE3, AROUSAL3)
    assert_every_label_answers_what_is_asked(study)


def test_a_change_waits_for_an_answer_that_has_begun_and_is_held_up(study: Study, ann: User) -> None:
    """The answer uses the queue already, and waits for a hold on its annotator: it comes first all the same."""
    clip = given_clip(study, ann)
    with ThreadPoolExecutor(2) as pool:
        with transaction.atomic():
            Membership.objects.select_for_update().get(study=study, user=ann)
            stored, annotators = in_a_thread(pool, partial(send, clip, ann, answer(clip)))
            wait_until_blocked(annotators)
            changed, admins = in_a_thread(pool, partial(change, study, TURNED, AROUSAL3))
            wait_until_blocked(admins)
        assert (stored.result(timeout=30), changed.result(timeout=30)) == ("stored", "has_labels")
    assert_every_label_answers_what_is_asked(study)


@pytest.mark.parametrize("round_number", range(12))
def test_many_answers_and_a_change_at_one_moment(round_number: int) -> None:
    """Whichever comes first, what is stored answers what is asked; nobody's answer is lost without a word."""
    study = make_study(n_subjects=4, n_clips=6, reserve=1)
    people = [make_member(study, f"annotator-{number}") for number in range(6)]
    clips = [given_clip(study, one) for one in people]
    sends = [partial(send, clip, one, answer(clip)) for clip, one in zip(clips, people, strict=True)]
    changes = [partial(change, study, TURNED, AROUSAL3), partial(change, study, SAM_VALENCE9)]
    at = round_number % (len(sends) + 1)
    said = together([*sends[:at], *changes, *sends[at:]])
    changed, stored = said[at : at + 2], said[:at] + said[at + 2 :]
    if "stored" in stored:
        assert Study.objects.get(pk=study.pk).dimensions == (VALENCE3, AROUSAL3)
        assert (set(changed), set(stored)) == ({"has_labels"}, {"stored"})
    else:
        assert (set(changed), set(stored)) == ({"changed"}, {"scheme_changed"})
    assert Label.objects.filter(study=study).count() == stored.count("stored")
    assert_every_label_answers_what_is_asked(study)
