"""Lists and details over the API: whole answers, and the same number of queries for one row and for many."""

from __future__ import annotations

import json
from collections.abc import Callable
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from annotator.domain import people, queueing
from annotator.enums import JobKind, JobQueue, JobState, Role, RoundState
from annotator.models import Export, Job, Round, Study, User
from tests.factories.people import client_of, make_member, make_user
from tests.factories.sessions import fill_session, grade
from tests.factories.studies import add_session, make_study

pytestmark = pytest.mark.django_db
Counting = Callable[[int], AbstractContextManager[Any]]


@pytest.fixture
def study() -> Study:
    return make_study("moods")


@pytest.fixture
def admin(study: Study) -> User:
    return make_member(study, "boss", Role.ADMIN)


def get(client: Client, path: str) -> Any:
    response = client.get(f"/api/v1{path}")
    assert response.status_code == 200, response.content
    return response.json()


def n_queries(client: Client, path: str) -> int:
    with CaptureQueriesContext(connection) as queries:
        get(client, path)
    return len(queries)


def add_round(study: Study, number: int) -> Round:
    made = Round.objects.create(
        study=study, number=number, state=RoundState.PUBLISHED, seed=1, code_version="1", data_hash="d", n_labels=9,
        n_clips=8, metrics={"mean_balanced_accuracy": 0.5}, history=[{"epoch": 1, "loss": 0.7}],
    )  # fmt: skip
    Job.objects.create(kind=JobKind.ROUND, queue=JobQueue.GPU, state=JobState.SUCCEEDED, study=study, round=made)
    return made


def add_export(study: Study, path: str = "") -> Export:
    job = Job.objects.create(
        kind=JobKind.EXPORT, queue=JobQueue.IO, state=JobState.SUCCEEDED, study=study, traceback="private"
    )
    return Export.objects.create(study=study, job=job, format="csv", path=path, rows=3, sha256="ab")


@pytest.mark.parametrize(
    ("path", "add"),
    [
        ("/studies/moods/sessions", lambda study: add_session(study.subjects.all()[0], f"X{study.sessions.count()}")),
        ("/studies/moods/rounds", lambda study: add_round(study, study.rounds.count() + 1)),
        ("/studies/moods/exports", add_export),
    ],
)
def test_lists_of_a_study_take_the_same_number_of_queries(
    study: Study, admin: User, path: str, add: Callable[[Study], Any]
) -> None:
    client = client_of(admin)
    add(study)
    n_rows, first = len(get(client, path)), n_queries(client, path)
    for _ in range(4):
        add(study)
    assert len(get(client, path)) == n_rows + 4
    assert n_queries(client, path) == first


def test_the_list_of_studies_takes_the_same_number_of_queries_and_shows_ones_own(study: Study, admin: User) -> None:
    client = client_of(admin)
    first = n_queries(client, "/studies")
    for number in range(3):
        make_study(f"theirs-{number}")
        own = make_study(f"own-{number}")
        queueing.open_clips(own)
        own.memberships.create(user=admin, role=Role.ADMIN, pseudonym="A01")
    assert {row["slug"] for row in get(client, "/studies")} == {"moods", "own-0", "own-1", "own-2"}
    assert n_queries(client, "/studies") == first


def test_a_claim_takes_the_same_number_of_queries_whatever_it_holds() -> None:
    counts = set()
    for reserve in (2, 8):
        study = make_study(n_subjects=6, reserve=reserve, with_files=True)
        client = client_of(make_member(study, f"ann-{reserve}"))
        path = f"/api/v1/studies/{study.slug}/queue/claim"
        assert len(client.post(path, {}, content_type="application/json").json()["held"]) == reserve
        with CaptureQueriesContext(connection) as queries:
            client.post(path, {}, content_type="application/json")
        counts.add(len(queries))
    assert len(counts) == 1


def test_a_session_with_its_clips_and_without_self_reports(study: Study, admin: User) -> None:
    session = study.sessions.order_by("code")[0]
    said = get(client_of(admin), f"/studies/moods/sessions/{session.pk}")
    assert (said["subject"], said["code"], said["n_clips"]) == (session.subject.code, session.code, 4)
    assert [clip["number"] for clip in said["clips"]] == [0, 1, 2, 3]
    assert "feltVlnc" not in json.dumps(said)
    assert (said["sync_method"], said["sync_residual_ms"], said["sync_confidence"]) == ("given offset", 3.0, None)
    other = make_study("other").sessions.all()[0]
    assert client_of(admin).get(f"/api/v1/studies/moods/sessions/{other.pk}").status_code == 404


def test_a_session_says_what_was_set_by_hand_and_what_lowers_its_quality(study: Study, admin: User) -> None:
    session = fill_session(
        study.sessions.order_by("code")[0],
        sync_points=[[2.0, 2.5]],
        bad_channels=["Cz"],
        channel_faults={"Fp1": ["flat"]},
        sync_confidence=0.75,
    )
    first, second, *_ = session.clips.order_by("number")
    grade(first, eeg_quality=0.5, eeg_faults={"muscle": 0.5}, face_quality=1.0)
    grade(second, superseded_at=session.created_at)
    said = get(client_of(admin), f"/studies/moods/sessions/{session.pk}")
    assert said["sync_points"] == [[2.0, 2.5]]
    assert (said["bad_channels"], said["channel_faults"], said["sync_confidence"]) == (["Cz"], {"Fp1": ["flat"]}, 0.75)
    assert [clip["number"] for clip in said["clips"]] == [0, 2, 3]
    assert [clip["number"] for clip in said["superseded"]] == [1]
    clip = said["clips"][0]
    assert (clip["eeg_quality"], clip["eeg_faults"], clip["face_faults"]) == (0.5, {"muscle": 0.5}, {})
    assert said["n_clips"] == 3


def test_a_round_in_full(study: Study, admin: User) -> None:
    made = add_round(study, 1)
    Study.objects.filter(pk=study.pk).update(promoted_round=made)
    said = get(client_of(admin), "/studies/moods/rounds/1")
    assert (said["number"], said["is_promoted"], said["metrics"]) == (1, True, {"mean_balanced_accuracy": 0.5})
    assert said["history"] == [{"epoch": 1, "loss": 0.7}]
    assert said["job"]["state"] == "succeeded"
    assert client_of(admin).get("/api/v1/studies/moods/rounds/2").json()["message"] == "This study has no round 2."


def test_a_round_without_labels_is_refused_in_a_sentence(study: Study, admin: User) -> None:
    response = client_of(admin).post("/api/v1/studies/moods/rounds", {}, content_type="application/json")
    assert response.status_code == 422
    assert response.json()["code"] == "too_few_labels"
    assert not Round.objects.exists()


def test_an_unpublished_round_can_not_be_promoted_and_an_ended_one_not_cancelled(study: Study, admin: User) -> None:
    add_round(study, 1)
    Round.objects.update(state=RoundState.FAILED)
    client = client_of(admin)
    for verb in ("promote", "cancel"):
        response = client.post(f"/api/v1/studies/moods/rounds/1/{verb}", {}, content_type="application/json")
        assert response.status_code == 409, response.content


def test_an_export_is_asked_for_and_downloaded(study: Study, admin: User) -> None:
    client = client_of(admin)
    asked = client.post("/api/v1/studies/moods/exports", {"format": "parquet"}, content_type="application/json")
    assert (asked.status_code, asked.json()["job"]["state"], asked.json()["rows"]) == (202, "queued", None)
    waiting = f"/api/v1/studies/moods/exports/{asked.json()['id']}/file"
    assert client.get(waiting).json()["code"] == "not_ready"
    path = Path(settings.EXPORT_ROOT) / "moods.csv"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("label\n")
    done = add_export(study, "moods.csv")
    response = client.get(f"/api/v1/studies/moods/exports/{done.pk}/file")
    assert b"".join(response) == b"label\n"
    gone = add_export(study, "gone.csv")
    assert client.get(f"/api/v1/studies/moods/exports/{gone.pk}/file").json()["code"] == "file_missing"
    assert "private" not in client.get("/api/v1/studies/moods/exports").content.decode()
    assert Export.objects.filter(format="parquet").count() == 1


def test_an_import_from_elsewhere_is_refused(study: Study, admin: User) -> None:
    response = client_of(admin).post(
        "/api/v1/studies/moods/imports", {"source": "/etc"}, content_type="application/json"
    )
    assert response.status_code == 403
    assert "outside the folders" in response.json()["message"]


def test_a_study_is_created_with_its_scheme() -> None:
    client = client_of(make_user("root", is_superuser=True))
    scheme = [{"key": "calm", "title": "Calm", "kind": "ordinal", "classes": ["not", "very"], "levels": 7}]
    body = {"slug": "new", "title": "New", "scheme": scheme, "overlap": 3}
    made = client.post("/api/v1/studies", body, content_type="application/json")
    assert (made.status_code, made.json()["overlap"], made.json()["scheme"]) == (201, 3, scheme)
    again = client.post("/api/v1/studies", body, content_type="application/json")
    assert (again.status_code, again.json()["code"]) == (409, "slug_taken")
    wrong = {**body, "slug": "wrong", "scheme": [{**scheme[0], "levels": 1}]}
    assert client.post("/api/v1/studies", wrong, content_type="application/json").json()["code"] == "bad_scheme"


def test_tokens_come_and_go(admin: User) -> None:
    client = client_of(admin)
    made = client.post("/api/v1/account/tokens", {"name": "notebook"}, content_type="application/json").json()
    bearer = {"Authorization": f"Bearer {made['token']}"}
    assert [row["slug"] for row in Client().get("/api/v1/studies", headers=bearer).json()] == ["moods"]
    listed = get(client, "/account/tokens")
    assert [row["name"] for row in listed] == ["notebook"]
    assert made["token"] not in json.dumps(listed)
    assert client.delete(f"/api/v1/account/tokens/{listed[0]['id']}").status_code == 204
    assert Client().get("/api/v1/studies", headers=bearer).status_code == 401
    assert people.user_of_token(made["token"]) is None


def test_a_token_may_write_without_a_csrf_token(study: Study, admin: User) -> None:
    client = Client(enforce_csrf_checks=True)
    bearer = {"Authorization": f"Bearer {people.issue_token(admin, 'test')}"}
    response = client.post("/api/v1/studies/moods/queue/claim", {}, content_type="application/json", headers=bearer)
    assert response.status_code == 200


def test_the_documentation_page_needs_no_other_server_and_no_inline_script(admin: User) -> None:
    client = client_of(admin)
    page = client.get("/api/v1/docs")
    text = page.content.decode()
    assert page.status_code == 200
    assert "http://" not in text.replace("http://testserver", "")
    assert "https://" not in text
    scripts = [part.split(">", 1) for part in text.split("<script")[1:]]
    assert all("src=" in head or "application/json" in head for head, _ in scripts)
    assert "script-src 'self'" in page.headers["Content-Security-Policy"]
    paths = client.get("/api/v1/openapi.json").json()["paths"]
    assert "/api/v1/clips/{clip_id}/submit" in paths
    assert len(paths) > 20
