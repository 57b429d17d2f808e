"""The first hour over HTTP: set up by a program, gone through by a newcomer, told to nobody else."""

from __future__ import annotations

import json
from typing import Any

import pytest
from django.test import Client
from ninja.responses import NinjaJSONEncoder
from pytest_django import DjangoAssertNumQueries

from annotator.api import schemas
from annotator.domain import newcomers, queueing, teaching
from annotator.enums import Role, TeachingKind
from annotator.models import Label, Study, TeachingClip, User
from tests.annotator.api.test_queue import answer, claim, post
from tests.factories.newcomers import ACCEPTED, RIGHT, WRONG, led_study, pool_clips, to_practice
from tests.factories.people import client_of, make_member
from tests.factories.studies import make_study

pytestmark = pytest.mark.django_db


@pytest.fixture
def study() -> Study:
    return led_study("led")


@pytest.fixture
def ann(study: Study) -> User:
    return make_member(study, "ann")


def step(client: Client, name: str) -> Any:
    return post(client, "/studies/led/first-hour", {"step": name})


def submit(client: Client, clip_id: int, values: dict[str, int], **more: Any) -> Any:
    return post(client, f"/clips/{clip_id}/submit", answer(values=values, **more))


def test_a_newcomer_goes_all_the_way(study: Study, ann: User) -> None:
    client = client_of(ann)
    first = claim(client, study)
    assert (first["held"], first["onboarding"]["stage"]) == ([], "reading")
    assert step(client, "reading")["stage"] == "examples"
    assert step(client, "examples")["stage"] == "practice"
    held = claim(client, study)
    assert held["onboarding"] == {
        "stage": "practice", "attempt": 0, "n_examples": 1, "n_practice": 2, "n_answered": 0, "n_within": 0,
        "n_needed": 2, "contact": "",
    }  # fmt: skip
    (task,) = held["held"]
    assert task["why"]["policy_text"] == "A practice clip: its answer is known"
    wrong = submit(client, task["clip_id"], WRONG)
    assert wrong["feedback"] == {
        "is_within": False,
        "missed": ["Valence", "Arousal"],
        "wanted": [],
        "explanation": "A smile.",
    }
    assert (wrong["has_opinion"], wrong["onboarding"]["n_answered"]) == (False, 1)
    end = submit(client, wrong["held"][0]["clip_id"], RIGHT)
    assert (end["held"], end["onboarding"]["stage"]) == ([], "repeat")
    step(client, "repeat")
    again = claim(client, study)
    for _ in range(2):
        again = submit(client, again["held"][0]["clip_id"], RIGHT)
        assert again["feedback"] is None
    assert (again["onboarding"], len(again["held"])) == (None, study.reserve)
    assert again["progress"]["labelled_total"] == 0


def test_whom_to_talk_to_is_said_when_it_was_not_enough(study: Study, ann: User) -> None:
    make_member(study, "boss", Role.ADMIN)
    to_practice(study, ann)
    client = client_of(ann)
    held = claim(client, study)
    for _ in range(2):
        held = submit(client, held["held"][0]["clip_id"], WRONG)
    assert held["onboarding"]["contact"] == "boss"
    settings = teaching.OnboardingSettings(leads_newcomers=True, contact="Dr Ada, room 3")
    teaching.set_onboarding(study, settings, actor=None)
    assert claim(client, study)["onboarding"]["contact"] == "Dr Ada, room 3"


def test_sending_a_practice_answer_again_says_the_same_and_stores_it_once(study: Study, ann: User) -> None:
    to_practice(study, ann)
    client = client_of(ann)
    path, body = f"/clips/{claim(client, study)['held'][0]['clip_id']}/submit", answer(values=WRONG)
    first, second = post(client, path, body), post(client, path, body)
    assert (second["feedback"], second["label"]) == (first["feedback"], first["label"])
    assert Label.objects.count() == 1
    assert post(client, f"/labels/{body['uuid']}/undo", status=409)["code"] == "practice"


def test_a_check_says_nothing_that_sets_it_apart(study: Study) -> None:
    teaching.set_onboarding(study, teaching.OnboardingSettings(check_rate=1.0), actor=None)
    client = client_of(make_member(study, "ben"))
    tasks, answers = claim(client, study)["held"], []
    for _ in range(5):
        after = submit(client, tasks[0]["clip_id"], RIGHT)
        answers.append((tasks[0], after))
        tasks = after["held"]
    checks = set(TeachingClip.objects.filter(kind=TeachingKind.CHECK).values_list("clip", flat=True))
    met = [pair for pair in answers if pair[0]["clip_id"] in checks]
    others = [pair for pair in answers if pair[0]["clip_id"] not in checks]
    assert len(met) == 2
    for task, after in met:
        assert task["why"] == others[0][0]["why"] | {"rank": task["why"]["rank"]}
        assert {name for name, _ in after.items()} == {name for name, _ in others[0][1].items()}
        assert (after["feedback"], after["has_opinion"], after["onboarding"]) == (None, False, None)
        assert "check" not in json.dumps([task, after])


def test_what_goes_out_is_what_the_documentation_says(study: Study, ann: User) -> None:
    client = client_of(ann)
    to_practice(study, ann)
    claimed = claim(client, study)
    after = submit(client, claimed["held"][0]["clip_id"], WRONG)
    for said, schema in ((claimed, schemas.WorklistOut), (after, schemas.SubmittedOut)):
        assert json.loads(json.dumps(schema.model_validate(said).model_dump(), cls=NinjaJSONEncoder)) == said


def test_an_admin_sets_it_up_by_program() -> None:
    study = make_study("led")
    client = client_of(make_member(study, "boss", Role.ADMIN))
    clip = pool_clips(study)[0]
    given = {"clip_id": clip.pk, "kind": "practice", "accepted": ACCEPTED, "explanation": "A smile."}
    made = post(client, "/studies/led/onboarding/clips", given, status=201)
    assert made == {"id": TeachingClip.objects.get().pk, "accepted_answers": [], **given}
    changes = {"leads_newcomers": True, "pass_share": 0.5, "check_rate": 0.05, "opinion": "off"}
    changed = client.put("/api/v1/studies/led/onboarding", changes, content_type="application/json").json()
    assert changed == {
        "leads_newcomers": True, "instructions": "", "practice_planned": 0, "checks_planned": 0,
        "pass_share": 0.5, "feedback_times": 1, "contact": "",
        "check_rate": 0.05, "opinion": "off", "clips": [made],
    }  # fmt: skip
    assert client.get("/api/v1/studies/led/onboarding").json() == changed
    assert post(client, "/studies/led/onboarding/clips", given, status=409)["code"] == "used_already"
    assert client.delete(f"/api/v1/studies/led/onboarding/clips/{made['id']}").status_code == 204
    assert client.get("/api/v1/studies/led/onboarding").json()["clips"] == []


@pytest.mark.parametrize(
    ("changes", "code"),
    [({"pass_share": 2}, "bad_setting"), ({"leads_newcomers": True}, "empty_onboarding"), ({"pace": 1}, "bad_request")],
)
def test_settings_that_cant_be_are_refused_in_the_one_shape(changes: dict[str, Any], code: str) -> None:
    study = make_study("led")
    client = client_of(make_member(study, "boss", Role.ADMIN))
    response = client.put("/api/v1/studies/led/onboarding", changes, content_type="application/json")
    assert (response.status_code, set(response.json())) == (422, {"code", "message"})
    assert code in ("bad_request", response.json()["code"])


def test_a_claim_costs_a_newcomer_the_same_however_many_clips_and_answers(
    study: Study, ann: User, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    to_practice(study, ann)
    client = client_of(ann)
    with django_assert_max_num_queries(40) as few:
        claim(client, study)
    n_few = len(few)
    for clip in pool_clips(study)[:3]:
        teaching.add_clip(study, clip, TeachingKind.PRACTICE, ACCEPTED, actor=None)
    held = claim(client, study)
    for _ in range(3):
        held = submit(client, held["held"][0]["clip_id"], RIGHT)
    with django_assert_max_num_queries(n_few):
        claim(client, study)


def test_a_study_without_an_onboarding_asks_nothing_about_newcomers(
    django_assert_max_num_queries: DjangoAssertNumQueries,
) -> None:
    plain = make_study()
    client = client_of(make_member(plain, "ann"))
    claim(client, plain)
    with django_assert_max_num_queries(12) as without:
        claim(client, plain)
    assert not [query for query in without.captured_queries if "annotator_newcomer" in query["sql"]]
    assert newcomers.is_through(plain, User.objects.get(username="ann"))
    assert len(queueing.held_slots(plain, User.objects.get(username="ann"))) == plain.reserve
