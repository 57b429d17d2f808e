"""Two devices of one newcomer, and many newcomers at one moment, on clips whose answer is known."""

from __future__ import annotations

import uuid
from collections import Counter
from functools import partial

import pytest

from annotator.domain import labelling, newcomers, queueing, teaching
from annotator.enums import AnswerKind, Stage
from annotator.exceptions import Conflict
from annotator.models import AuditEvent, Clip, Label, Lease, Newcomer, Slot, Study, User
from tests.annotator.domain.test_races import crowd, together
from tests.factories.newcomers import RIGHT, WRONG, led_study, to_practice
from tests.factories.people import make_member

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def study() -> Study:
    return led_study()


def send(clip: Clip, user: User, values: dict[str, int], key: uuid.UUID) -> str:
    try:
        labelling.submit_and_claim(clip, user, labelling.Submission(key, AnswerKind.LABEL, values))
    except Conflict as error:
        return error.code
    return "stored"


def test_two_devices_answer_one_practice_clip_and_the_first_counts(study: Study) -> None:
    ann = make_member(study, "ann")
    to_practice(study, ann)
    clip = queueing.claim(study, ann)[0].clip
    said = together([partial(send, clip, ann, values, uuid.uuid4()) for values in (RIGHT, WRONG)])
    assert sorted(said) == ["already_labelled", "stored"]
    assert Label.objects.filter(clip=clip).count() == 1
    assert newcomers.standing_of(study, ann).n_answered == 1


def test_one_practice_answer_sent_by_both_devices_is_stored_once(study: Study) -> None:
    ann = make_member(study, "ann")
    to_practice(study, ann)
    clip = queueing.claim(study, ann)[0].clip
    same = uuid.uuid4()
    assert together([partial(send, clip, ann, RIGHT, same) for _ in range(8)]) == ["stored"] * 8
    assert Label.objects.count() == 1


def test_one_newcomer_in_many_tabs_holds_one_practice_clip(study: Study) -> None:
    ann = make_member(study, "ann")
    to_practice(study, ann)
    held = together([lambda: [slot.clip_id for slot in queueing.claim(study, ann)] for _ in range(12)])
    assert len(held[0]) == 1
    assert all(one == held[0] for one in held)
    assert Slot.objects.filter(holder=ann).count() == Lease.objects.filter(annotator=ann).count() == 1


def test_many_newcomers_are_given_the_same_clip_each_in_a_slot_of_their_own(study: Study) -> None:
    people = crowd(study, 20)
    for one in people:
        to_practice(study, one)
    held = together([partial(queueing.claim, study, one) for one in people])
    assert {len(slots) for slots in held} == {1}
    assert len({slots[0].clip_id for slots in held}) == 1
    slots = Slot.objects.filter(clip=held[0][0].clip_id)
    assert set(Counter(slots.values_list("number", flat=True)).values()) == {1}
    assert set(slots.values_list("holder", flat=True)) == {one.pk for one in people}


def test_both_devices_take_the_same_step_once(study: Study) -> None:
    ann = make_member(study, "ann")
    together([partial(newcomers.take_step, study, ann, Stage.READING) for _ in range(8)])
    assert Newcomer.objects.count() == 1


def test_the_last_answer_lets_through_once(study: Study) -> None:
    teaching.set_onboarding(
        study, teaching.OnboardingSettings(leads_newcomers=True, instructions="Look.", pass_share=0.0), actor=None
    )
    ann = make_member(study, "ann")
    to_practice(study, ann)
    for _ in range(2):
        clip = queueing.claim(study, ann)[0].clip
        key = uuid.uuid4()
        together([partial(send, clip, ann, RIGHT, key) for _ in range(4)])
    assert newcomers.standing_of(study, ann) == newcomers.THROUGH
    assert AuditEvent.objects.filter(verb="pass_onboarding").count() == 1
    assert len(queueing.held_slots(study, ann)) == study.reserve
