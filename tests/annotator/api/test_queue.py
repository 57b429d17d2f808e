"""The annotator's day over HTTP."""

from __future__ import annotations

import json
import uuid
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone
from ninja.responses import NinjaJSONEncoder

from annotator.api import schemas
from annotator.domain import queueing
from annotator.enums import LabelState, Role
from annotator.models import Clip, Draft, Label, Prediction, Round, Skip, Slot, Study, User
from tests.factories.people import client_of, make_member
from tests.factories.studies import make_study

pytestmark = pytest.mark.django_db

VALUES = {"valence": 2, "arousal": 0}


@pytest.fixture
def study() -> Study:
    return make_study()


@pytest.fixture
def ann(study: Study) -> User:
    return make_member(study, "ann")


def post(client: Client, path: str, body: dict[str, Any] | None = None, *, status: int = 200) -> Any:
    response = client.post(f"/api/v1{path}", body or {}, content_type="application/json")
    assert response.status_code == status, response.content
    return response.json() if response.content else None


def claim(client: Client, study: Study) -> Any:
    return post(client, f"/studies/{study.slug}/queue/claim")


def answer(**changes: Any) -> dict[str, Any]:
    plain = {"uuid": str(uuid.uuid4()), "answer": "label", "values": VALUES, "confidence": 3, "comment": ""}
    return plain | {"seconds_spent": 4.5} | changes


def test_claim_gives_tasks_progress_and_scheme(study: Study, ann: User) -> None:
    worklist = claim(client_of(ann), study)
    assert [task["clip_id"] for task in worklist["held"]] == [slot.clip_id for slot in queueing.held_slots(study, ann)]
    assert worklist["progress"] == {
        "labelled_today": 0,
        "labelled_total": 0,
        "open_clips": 16,
        "more_clips": False,
        "held": 2,
    }
    assert worklist["scheme"] == study.scheme
    task = worklist["held"][0]
    clip = Clip.objects.get(pk=task["clip_id"])
    assert (task["start_s"], task["stop_s"]) == (clip.start_s, clip.stop_s)
    assert (task["context_start_s"], task["context_stop_s"]) == (
        max(0.0, clip.start_s - 10),
        min(20.0, clip.stop_s + 10),
    )
    assert 290 < task["seconds_left"] <= 300
    assert task["why"] == {
        "policy": "random", "policy_text": "Seeded random order", "term": "rest",
        "term_text": "In random order: no score put it before others.", "route": "main", "ask": "both", "ask_text": "",
        "gate_text": "",
        "notices": [], "rank": 1, "round": None, "score": None, "scores": [],
    }  # fmt: skip
    assert (task["video"], task["eeg"], task["draft"], task["label"]) == (None, None, None, None)


def test_a_submit_stores_the_answer_and_brings_the_next_clip(study: Study, ann: User) -> None:
    client = client_of(ann)
    first, second = claim(client, study)["held"]
    body = answer(comment="a smile")
    after = post(client, f"/clips/{first['clip_id']}/submit", body)
    assert after["label"] == {"uuid": body["uuid"], "is_late": False, "is_extra": False}
    assert (after["has_opinion"], after["feedback"], after["onboarding"]) == (False, None, None)
    assert after["held"][0]["clip_id"] == second["clip_id"]
    assert len(after["held"]) == 2
    assert after["progress"] == {
        "labelled_today": 1,
        "labelled_total": 1,
        "open_clips": 15,
        "more_clips": False,
        "held": 2,
    }
    label = Label.objects.get()
    assert (label.values, label.confidence, label.comment, label.seconds_spent) == (VALUES, 3, "a smile", 4.5)
    assert label.served["policy"] == "test"


def test_worklists_are_what_the_documentation_says(study: Study, ann: User) -> None:
    """They go out unchecked: here each is read by its schema and said again."""
    client = client_of(ann)
    claimed = claim(client, study)
    clip_id = claimed["held"][0]["clip_id"]
    client.put(
        f"/api/v1/clips/{clip_id}/draft", {"content": {"values": {"valence": 1}}}, content_type="application/json"
    )
    after = post(client, f"/clips/{clip_id}/submit", answer())
    skipped = post(client, f"/clips/{after['held'][0]['clip_id']}/skip", {"reason": "other"})
    undone = post(client, f"/labels/{after['label']['uuid']}/undo")
    for said, schema in (
        (claimed, schemas.WorklistOut),
        (after, schemas.SubmittedOut),
        (skipped, schemas.WorklistOut),
        (undone, schemas.WorklistOut),
    ):
        assert json.loads(json.dumps(schema.model_validate(said).model_dump(), cls=NinjaJSONEncoder)) == said


def test_sending_a_submit_again_changes_nothing(study: Study, ann: User) -> None:
    client = client_of(ann)
    path = f"/clips/{claim(client, study)['held'][0]['clip_id']}/submit"
    body = answer()
    first, second = post(client, path, body), post(client, path, body)
    assert Label.objects.count() == 1
    assert [task["clip_id"] for task in first["held"]] == [task["clip_id"] for task in second["held"]]
    assert second["label"] == first["label"]


@pytest.mark.parametrize("change", [{"values": {"valence": 0, "arousal": 0}}, {"confidence": 1}, {"comment": "no"}])
def test_the_same_uuid_with_another_content_is_refused(study: Study, ann: User, change: dict[str, Any]) -> None:
    client = client_of(ann)
    path = f"/clips/{claim(client, study)['held'][0]['clip_id']}/submit"
    body = answer()
    post(client, path, body)
    assert post(client, path, body | change, status=409)["code"] == "uuid_reused"
    assert Label.objects.get().values == VALUES


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"values": {"valence": 1}}, "Not answered yet: Arousal."),
        ({"values": {}}, "Not answered yet: Valence, Arousal."),
        ({"values": {**VALUES, "anger": 1}}, "This study does not ask for anger."),
        ({"values": {"valence": 3, "arousal": 0}}, "Valence: 3 is not one of its 3 answers."),
        ({"values": {"valence": -1, "arousal": 0}}, "Valence: -1 is not one of its 3 answers."),
        ({"values": {"valence": True, "arousal": 0}}, "Valence: a whole number was expected, not True."),
        ({"confidence": 4}, "Confidence is 1 (a guess), 2 (fairly sure) or 3 (sure)."),
        ({"answer": "cant_tell"}, "Can't tell comes without values."),
        ({"answer": "bored"}, "answer: Input should be 'label', 'cant_tell' or 'bad_signal'."),
        ({"seconds_spent": -1}, "Seconds spent must lie between 0 and a day."),
        ({"uuid": "1"}, "uuid: Input should be a valid UUID"),
        ({"surprise": 1}, "surprise: Extra inputs are not permitted."),
    ],
)
def test_a_wrong_answer_is_refused_in_a_sentence(study: Study, ann: User, change: Any, sentence: str) -> None:
    client = client_of(ann)
    task = claim(client, study)["held"][0]
    said = post(client, f"/clips/{task['clip_id']}/submit", answer(**change), status=422)
    assert set(said) == {"code", "message"}
    assert said["message"].startswith(sentence)
    assert not Label.objects.exists()
    assert Slot.objects.get(clip=task["clip_id"]).holder == ann


@pytest.mark.parametrize("kind", ["cant_tell", "bad_signal"])
def test_an_answer_without_values(study: Study, ann: User, kind: str) -> None:
    client = client_of(ann)
    task = claim(client, study)["held"][0]
    post(client, f"/clips/{task['clip_id']}/submit", answer(answer=kind, values={}, confidence=None))
    assert Label.objects.get().answer == kind


def test_a_clip_that_was_never_served_can_not_be_answered(study: Study, ann: User) -> None:
    client = client_of(ann)
    last = Clip.objects.filter(study=study, subject__is_test=False).last()
    assert last is not None
    assert post(client, f"/clips/{last.pk}/submit", answer(), status=404)["code"] == "not_served"


def test_a_late_answer_fills_the_slot_if_it_is_free(study: Study, ann: User) -> None:
    client = client_of(ann)
    clip_id = claim(client, study)["held"][0]["clip_id"]
    queueing.expire_leases(study, now=timezone.now() + timedelta(hours=1))
    after = post(client, f"/clips/{clip_id}/submit", answer())
    assert (after["label"]["is_late"], after["label"]["is_extra"]) == (True, False)
    assert Slot.objects.get(clip=clip_id).holder == ann


def test_a_late_answer_to_a_refilled_slot_is_an_extra_label(study: Study, ann: User) -> None:
    ben = make_member(study, "ben")
    client = client_of(ann)
    clip_id = claim(client, study)["held"][0]["clip_id"]
    queueing.expire_leases(study, now=timezone.now() + timedelta(hours=1))
    assert claim(client_of(ben), study)["held"][0]["clip_id"] == clip_id
    after = post(client, f"/clips/{clip_id}/submit", answer())
    assert (after["label"]["is_late"], after["label"]["is_extra"]) == (True, True)
    assert Slot.objects.get(clip=clip_id).holder == ben
    assert Label.objects.get().slot_number is None
    assert Label.objects.get().served["rank"] == 1


def test_an_overdue_lease_that_nobody_took_back_is_still_filled(study: Study, ann: User) -> None:
    client = client_of(ann)
    clip_id = claim(client, study)["held"][0]["clip_id"]
    Slot.objects.filter(clip=clip_id).update(expires_at=timezone.now() - timedelta(seconds=1))
    after = post(client, f"/clips/{clip_id}/submit", answer())
    assert after["label"] | {"uuid": ""} == {"uuid": "", "is_late": True, "is_extra": False}


def test_skip_brings_the_next_and_never_that_one_again(study: Study, ann: User) -> None:
    client = client_of(ann)
    first, second = claim(client, study)["held"]
    after = post(client, f"/clips/{first['clip_id']}/skip", {"reason": "known_person", "comment": "my neighbour"})
    held = [task["clip_id"] for task in after["held"]]
    assert held[0] == second["clip_id"]
    assert first["clip_id"] not in held
    assert Skip.objects.get().comment == "my neighbour"
    assert client.get(f"/api/v1/clips/{first['clip_id']}").status_code == 409
    assert post(client, f"/clips/{second['clip_id']}/skip", {"reason": "bored"}, status=422)["code"] == "invalid"


def test_undo_leases_the_clip_again_with_the_answer_as_draft(study: Study, ann: User) -> None:
    client = client_of(ann)
    clip_id = claim(client, study)["held"][0]["clip_id"]
    body = answer(comment="hm")
    post(client, f"/clips/{clip_id}/submit", body)
    after = post(client, f"/labels/{body['uuid']}/undo")
    assert after["held"][0]["clip_id"] == clip_id
    assert len(after["held"]) == 2
    draft = after["held"][0]["draft"]
    assert {name: draft[name] for name in ("answer", "values", "confidence", "comment", "seconds_spent")} == {
        "answer": "label", "values": VALUES, "confidence": 3, "comment": "hm", "seconds_spent": 4.5
    }  # fmt: skip
    assert draft["uuid"] != body["uuid"]
    assert Label.objects.get().state == LabelState.WITHDRAWN
    again = post(client, f"/clips/{clip_id}/submit", answer())
    assert again["label"]["is_late"] is False
    assert Label.objects.filter(state=LabelState.CURRENT).count() == 1


def test_undo_twice_late_or_of_anothers_answer_is_refused(study: Study, ann: User) -> None:
    client, other = client_of(ann), client_of(make_member(study, "ben"))
    first, second = claim(client, study)["held"]
    bodies = [answer(), answer()]
    post(client, f"/clips/{first['clip_id']}/submit", bodies[0])
    post(client, f"/clips/{second['clip_id']}/submit", bodies[1])
    post(other, f"/labels/{bodies[1]['uuid']}/undo", status=404)
    assert post(client, f"/labels/{bodies[0]['uuid']}/undo", status=409)["code"] == "not_last"
    post(client, f"/labels/{bodies[1]['uuid']}/undo")
    assert post(client, f"/labels/{bodies[1]['uuid']}/undo", status=409)["code"] == "not_current"
    post(client, f"/labels/{bodies[0]['uuid']}/undo")


def test_a_correction_supersedes(study: Study, ann: User) -> None:
    client = client_of(ann)
    clip_id = claim(client, study)["held"][0]["clip_id"]
    body, better = answer(), answer(values={"valence": 0, "arousal": 1})
    post(client, f"/clips/{clip_id}/submit", body)
    for _ in range(2):  # sending it again is harmless
        said = post(client, f"/labels/{body['uuid']}/correct", better)
        assert said["values"] == {"valence": 0, "arousal": 1}
    old, new = Label.objects.order_by("pk")
    assert (old.state, new.state, new.supersedes) == (LabelState.SUPERSEDED, LabelState.CURRENT, old)
    assert client.get(f"/api/v1/clips/{clip_id}").json()["label"]["uuid"] == better["uuid"]
    assert post(client, f"/clips/{clip_id}/submit", answer(), status=409)["code"] == "already_labelled"


def test_a_draft_is_kept_until_the_answer(study: Study, ann: User) -> None:
    client = client_of(ann)
    clip_id = claim(client, study)["held"][0]["clip_id"]
    content = {"uuid": "x", "values": {"valence": 1}, "at": 5}
    for _ in range(2):
        saved = client.put(f"/api/v1/clips/{clip_id}/draft", {"content": content}, content_type="application/json")
        assert saved.status_code == 204
    assert claim(client, study)["held"][0]["draft"] == content
    post(client, f"/clips/{clip_id}/submit", answer())
    late = client.put(f"/api/v1/clips/{clip_id}/draft", {"content": content}, content_type="application/json")
    assert late.status_code == 204
    assert not Draft.objects.exists()


def test_heartbeat_and_release(study: Study, ann: User) -> None:
    client = client_of(ann)
    clip_id = claim(client, study)["held"][0]["clip_id"]
    Slot.objects.filter(clip=clip_id).update(expires_at=timezone.now() + timedelta(seconds=5))
    assert post(client, f"/clips/{clip_id}/heartbeat")["seconds_left"] > 290
    post(client, f"/clips/{clip_id}/release", status=204)
    assert post(client, f"/clips/{clip_id}/heartbeat", status=409)["code"] == "lease_lost"


class TestByAddress:
    def test_a_free_clip_is_given_once(self, study: Study, ann: User) -> None:
        clip = Clip.objects.filter(study=study).last()
        assert clip is not None
        for _ in range(2):
            said = client_of(ann).get(f"/api/v1/clips/{clip.pk}").json()
            assert (said["clip_id"], said["why"]["policy"]) == (clip.pk, "address")
        assert Slot.objects.filter(holder=ann).count() == 1

    def test_a_taken_clip_is_not(self, study: Study, ann: User) -> None:
        clip_id = claim(client_of(make_member(study, "ben")), study)["held"][0]["clip_id"]
        assert client_of(ann).get(f"/api/v1/clips/{clip_id}").status_code == 404

    @pytest.mark.parametrize("role", [Role.ADMIN, Role.RESEARCHER])
    def test_readers_look_without_taking(self, study: Study, role: Role) -> None:
        clip = Clip.objects.filter(study=study).last()
        assert clip is not None
        said = client_of(make_member(study, "reader", role)).get(f"/api/v1/clips/{clip.pk}")
        assert said.status_code == 200
        assert said.json()["expires_at"] is None
        assert not Slot.objects.exclude(holder=None).exists()


class TestNothingLeaks:
    """Data that could leak is there; whole answers are searched for it."""

    @pytest.fixture
    def round_(self, study: Study) -> Round:
        made = Round.objects.create(
            study=study, number=1, seed=1, code_version="x", data_hash="x", n_labels=1, n_clips=1, state="published"
        )
        Prediction.objects.bulk_create(
            Prediction(round=made, clip=clip, probabilities={"valence": [0.1234, 0.2345, 0.6421]}, alpha={})
            for clip in Clip.objects.filter(study=study)
        )
        Study.objects.filter(pk=study.pk).update(promoted_round=made)
        return made

    def test_the_models_opinion_comes_to_who_has_answered_and_asks(
        self, study: Study, ann: User, round_: Round
    ) -> None:
        client = client_of(ann)
        before = client.post(f"/api/v1/studies/{study.slug}/queue/claim", content_type="application/json")
        clip_id = before.json()["held"][0]["clip_id"]
        looked = client.get(f"/api/v1/clips/{clip_id}")
        body = answer()
        stored = client.post(f"/api/v1/clips/{clip_id}/submit", body, content_type="application/json")
        for response in (before, looked, stored):
            assert b"0.1234" not in response.content
            assert b"0.6421" not in response.content
        assert stored.json()["has_opinion"] is True
        asked = post(client, f"/labels/{body['uuid']}/opinion")
        assert asked["probabilities"] == {"valence": [0.1234, 0.2345, 0.6421]}
        assert post(client, f"/labels/{body['uuid']}/opinion") == asked  # the time of the first look

    def test_others_answers_and_self_reports_never(self) -> None:
        study = make_study(overlap=2)
        ann, ben = make_member(study, "ann"), make_member(study, "ben")
        secret = "ben saw a secret smile"
        clip_id = claim(client_of(ben), study)["held"][0]["clip_id"]
        post(client_of(ben), f"/clips/{clip_id}/submit", answer(comment=secret))
        client = client_of(ann)
        bodies = [
            client.post(f"/api/v1/studies/{study.slug}/queue/claim", content_type="application/json").content,
            client.get(f"/api/v1/clips/{clip_id}").content,
            client.post(f"/api/v1/clips/{clip_id}/submit", answer(), content_type="application/json").content,
            client.get(f"/api/v1/clips/{clip_id}").content,
            client.get(f"/api/v1/studies/{study.slug}").content,
            client.get("/api/v1/studies").content,
        ]
        for body in bodies:
            for leak in (secret.encode(), b"feltVlnc", b"self_report", b"is_test", b'"ben"'):
                assert leak not in body


def test_a_page_request_without_its_csrf_token_is_refused(study: Study, ann: User) -> None:
    client = Client(enforce_csrf_checks=True)
    client.force_login(ann)
    response = client.post(f"/api/v1/studies/{study.slug}/queue/claim", {}, content_type="application/json")
    assert response.status_code == 403
    assert response.json()["code"] == "csrf"
    assert not Slot.objects.exclude(holder=None).exists()


def test_broken_json_is_refused_in_the_one_shape(study: Study, ann: User) -> None:
    clip_id = claim(client_of(ann), study)["held"][0]["clip_id"]
    response = client_of(ann).post(f"/api/v1/clips/{clip_id}/submit", "{", content_type="application/json")
    assert response.status_code == 400
    assert set(response.json()) == {"code", "message"}
