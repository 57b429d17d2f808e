""" "Can't tell" and "bad signal" as the right answer of a clip: judged, told, shown, exported, by page and by API."""

from __future__ import annotations

import re
import uuid

import pytest

from annotator.domain import exporting_gold, labelling, newcomers, queueing, teaching
from annotator.domain.accepted import check_accepted, check_answers, in_words
from annotator.enums import AnswerKind, Role, Stage, TeachingKind
from annotator.exceptions import DomainError
from annotator.models import AuditEvent, Label, Study, TeachingClip, User
from mlcore.types import TRACE_VALENCE, VALENCE3
from tests.annotator.api.test_queue import post
from tests.factories.newcomers import ACCEPTED, RIGHT, pool_clips, to_practice
from tests.factories.pages import text_of
from tests.factories.people import client_of, make_member
from tests.factories.studies import make_study

pytestmark = pytest.mark.django_db
LABEL, CANT_TELL, BAD_SIGNAL = AnswerKind.LABEL, AnswerKind.CANT_TELL, AnswerKind.BAD_SIGNAL


@pytest.fixture
def study() -> Study:
    return make_study("demo", n_clips=6)


@pytest.fixture
def ann(study: Study) -> User:
    return make_member(study, "ann")


def practise(study: Study, user: User, answer: AnswerKind, values: dict[str, int] | None = None) -> Label:
    clip = queueing.claim(study, user)[0].clip
    return labelling.submit_and_claim(clip, user, labelling.Submission(uuid.uuid4(), answer, values or {}))


def practice_clip(study: Study, accepted: dict[str, object], *answers: AnswerKind) -> TeachingClip:
    made = teaching.add_clip(
        study,
        pool_clips(study)[0],
        TeachingKind.PRACTICE,
        accepted,
        "The camera slipped.",
        accepted_answers=answers,
        actor=None,
    )
    teaching.set_onboarding(
        study, teaching.OnboardingSettings(leads_newcomers=True, instructions="Look.", pass_share=1.0), actor=None
    )
    return made


@pytest.mark.parametrize(
    ("accepted", "answers", "given", "values", "is_within"),
    [
        ({}, [BAD_SIGNAL], BAD_SIGNAL, {}, True),
        ({}, [BAD_SIGNAL], CANT_TELL, {}, False),
        ({}, [BAD_SIGNAL], LABEL, RIGHT, False),
        ({}, [BAD_SIGNAL, CANT_TELL], CANT_TELL, {}, True),
        (ACCEPTED, [CANT_TELL], LABEL, RIGHT, True),
        (ACCEPTED, [CANT_TELL], CANT_TELL, {}, True),
        (ACCEPTED, [CANT_TELL], BAD_SIGNAL, {}, False),
        (ACCEPTED, [], BAD_SIGNAL, {}, False),
    ],
)
def test_an_answer_is_judged_by_what_is_right(
    study: Study,
    ann: User,
    accepted: dict[str, object],
    answers: list[AnswerKind],
    given: AnswerKind,
    values: dict[str, int],
    is_within: bool,
) -> None:
    known = practice_clip(study, accepted, *answers)
    to_practice(study, ann)
    label = practise(study, ann, given, values)
    assert newcomers.is_within(known, label) is is_within
    assert newcomers.is_through(study, ann) is is_within  # it was the only practice clip
    assert newcomers.standing_of(study, ann).stage is (Stage.DONE if is_within else Stage.REPEAT)
    (row,) = exporting_gold.rows(study, with_history=False)
    assert (row["accepted"], row["accepted_answers"], row["answer"], row["is_accepted"]) == (
        accepted,
        [one.value for one in (CANT_TELL, BAD_SIGNAL) if one in answers],
        given,
        is_within,
    )


@pytest.mark.parametrize(
    ("accepted", "answers", "given", "values", "feedback"),
    [
        ({}, [BAD_SIGNAL], BAD_SIGNAL, {}, (True, (), ())),
        ({}, [BAD_SIGNAL], LABEL, RIGHT, (False, (), ("bad_signal",))),
        ({}, [CANT_TELL, BAD_SIGNAL], LABEL, RIGHT, (False, (), ("cant_tell", "bad_signal"))),
        (ACCEPTED, [CANT_TELL], LABEL, {"valence": 0, "arousal": 1}, (False, ("Valence",), ())),
        (ACCEPTED, [], BAD_SIGNAL, {}, (False, ("Valence", "Arousal"), ())),
    ],
)
def test_the_newcomer_is_told_what_was_right(
    study: Study,
    ann: User,
    accepted: dict[str, object],
    answers: list[AnswerKind],
    given: AnswerKind,
    values: dict[str, int],
    feedback: tuple[bool, tuple[str, ...], tuple[str, ...]],
) -> None:
    practice_clip(study, accepted, *answers)
    to_practice(study, ann)
    said = newcomers.feedback_on(practise(study, ann, given, values))
    assert said == newcomers.Feedback(*feedback, "The camera slipped.")


def test_without_any_right_answer_nothing_is_stored(study: Study) -> None:
    with pytest.raises(DomainError, match=r"Say for at least one question .* or that “Can't tell” or “Bad signal” is"):
        practice_clip(study, {})
    with pytest.raises(DomainError, match="only cant_tell or bad_signal can be right, not 'label'"):
        practice_clip(study, {}, LABEL)
    assert not TeachingClip.objects.exists()


def test_a_study_of_traces_alone_can_have_such_clips_too() -> None:
    assert check_accepted((TRACE_VALENCE,), {}, check_answers(["bad_signal"])) == {}


def test_in_words() -> None:
    assert in_words((VALENCE3,), {}, ["bad_signal"]) == [("Answer", "Bad signal")]
    assert in_words((VALENCE3,), {"valence": {"any_of": [0]}}, ["cant_tell", "bad_signal"]) == [
        ("Valence", "unpleasant"),
        ("Or", "Can't tell or Bad signal"),
    ]


def test_an_admin_says_so_by_the_form_and_changes_it(study: Study) -> None:
    boss = make_member(study, "boss", Role.ADMIN)
    client, home, clip = client_of(boss), "/studies/demo/onboarding/", pool_clips(study)[0]
    assert "bad signal: what is right" in text_of(client, f"{home}clips/new/")
    form = {"clip": clip.pk, "kind": "example", "explanation": "Hair before the lens."}
    refused = client.post(f"{home}clips/new/", form).content.decode()
    assert "Say for at least one question" in refused
    client.post(f"{home}clips/new/", {**form, "accepted_answers": ["bad_signal"]})
    made = TeachingClip.objects.get(clip=clip)
    assert (made.accepted, made.accepted_answers) == ({}, ["bad_signal"])
    assert "Answer: Bad signal" in text_of(client, home)
    item = f"{home}clips/{made.pk}/"
    assert re.search(r'value="bad_signal"[^>]* checked', text_of(client, item))
    client.post(item, {**form, "any_of-valence": ["0"], "accepted_answers": ["cant_tell"]})
    made.refresh_from_db()
    assert (made.accepted, made.accepted_answers) == ({"valence": {"any_of": [0]}}, ["cant_tell"])
    assert AuditEvent.objects.get(verb="change_teaching_clip", actor=boss).detail["accepted_answers"] == ["cant_tell"]


def test_an_example_says_it_beside_the_clip(study: Study, ann: User) -> None:
    teaching.add_clip(study, pool_clips(study)[0], TeachingKind.EXAMPLE, {}, accepted_answers=[BAD_SIGNAL], actor=None)
    teaching.set_onboarding(study, teaching.OnboardingSettings(leads_newcomers=True, instructions="x"), actor=None)
    assert "Answer: Bad signal" in text_of(client_of(ann), "/studies/demo/first-hour/examples/1/")


def test_a_program_says_so(study: Study) -> None:
    client = client_of(make_member(study, "boss", Role.ADMIN))
    body = {"clip_id": pool_clips(study)[0].pk, "kind": "check", "accepted_answers": ["bad_signal", "cant_tell"]}
    made = post(client, "/studies/demo/onboarding/clips", body, status=201)
    assert (made["accepted"], made["accepted_answers"]) == ({}, ["cant_tell", "bad_signal"])
    body |= {"clip_id": pool_clips(study)[0].pk, "accepted_answers": ["label"]}
    assert post(client, "/studies/demo/onboarding/clips", body, status=422)["code"] == "bad_accepted"


def test_the_api_tells_the_newcomer(study: Study, ann: User) -> None:
    known = practice_clip(study, {}, BAD_SIGNAL)
    to_practice(study, ann)
    queueing.claim(study, ann)
    body = {"uuid": str(uuid.uuid4()), "values": RIGHT, "confidence": 2}
    said = post(client_of(ann), f"/clips/{known.clip_id}/submit", body)["feedback"]
    assert said == {
        "is_within": False, "missed": [], "wanted": ["bad_signal"], "explanation": "The camera slipped."
    }  # fmt: skip
