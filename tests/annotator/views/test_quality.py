"""The quality list as pages and API show it: its parts, its rows, and what a click makes of them."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from annotator.domain import verdicts
from annotator.enums import SensorVerdict
from annotator.models import Clip, ClipVerdict, Study
from annotator.views import quality
from tests.factories.pages import plain, text_of
from tests.factories.people import Personas, client_of
from tests.factories.rankings import send_to_quality
from tests.factories.sessions import grade
from tests.factories.studies import make_study

pytestmark = pytest.mark.django_db
LIST = "/studies/demo/sessions/quality/"
HTMX = {"HX-Request": "true"}


@pytest.fixture
def study() -> Study:
    return make_study("demo", n_subjects=4, n_clips=3)


@pytest.fixture
def clips(study: Study) -> list[Clip]:
    found = list(study.clips.filter(subject__is_test=False).order_by("session__subject__code", "number"))
    send_to_quality(study, found)
    return found


def rows(page: str) -> list[int]:
    return [int(pk) for pk in re.findall(r'<tr id="clip-(\d+)"', page)]


def judge(client: Client, clip: Clip, verdict: str, **fields: Any) -> str:
    address = f"{LIST}clips/{clip.pk}/verdict/"
    response = client.post(address, {"verdict": verdict, "show": "waiting", **fields}, headers=HTMX)
    assert response.status_code == 200
    return plain(response.content.decode())


def test_an_empty_list_says_what_would_come_here(study: Study, personas: Personas, admin: Client) -> None:
    page = text_of(admin, LIST)
    assert "Nothing to judge" in page
    assert "<table" not in page
    assert f'href="{LIST}"' in text_of(admin, "/studies/demo/sessions/")


def test_clips_stand_by_session_with_what_was_measured(clips: list[Clip], admin: Client) -> None:
    grade(clips[0], eeg_quality=0.125, eeg_faults={"flat": 0.9, "muscle": 0.2}, face_quality=0.75)
    page = text_of(admin, LIST)
    assert rows(page) == [clip.pk for clip in clips]
    session = clips[0].session
    assert f"Subject {session.subject.code} · " in page
    assert page.count("· 3 clips to judge") == 2
    assert '12.5 % <span class="muted">flat 90 %, muscle 20 %</span>' in page
    assert f'href="/studies/demo/sessions/{session.pk}/?at_s=5.000#viewer"' in page


def test_a_click_changes_the_row_the_counts_and_what_is_said(clips: list[Clip], admin: Client) -> None:
    answer = judge(admin, clips[1], "bad")
    assert rows(answer) == [clips[1].pk]
    assert 'data-standing="bad"' in answer
    assert "admin-of-it" in answer
    assert f"Clip 1 of session {clips[1].session.code}: the sensor is bad." in answer
    assert 'To judge <span class="n">5</span>' in answer
    assert 'Sensor is bad <span class="n">1</span>' in answer
    answer = judge(admin, clips[1], "fine")
    assert "before: the sensor is bad, admin-of-it" in answer
    assert f'id="fine-{clips[1].pk}" name="verdict" value="fine" aria-pressed="true"' in answer


def test_the_parts_of_the_list(clips: list[Clip], personas: Personas, admin: Client) -> None:
    verdicts.judge(clips[0], SensorVerdict.BAD, actor=personas.admin)
    verdicts.judge(clips[1], SensorVerdict.FINE, actor=personas.admin)
    by_part = {
        part: rows(text_of(admin, f"{LIST}?show={part}")) for part in ("waiting", "bad", "fine", "all", "nonsense")
    }
    waiting = [clip.pk for clip in clips[2:]]
    assert by_part == {
        "waiting": waiting,
        "bad": [clips[0].pk],
        "fine": [clips[1].pk],
        "all": [clip.pk for clip in clips],
        "nonsense": waiting,
    }


def test_a_whole_session_is_judged_and_the_rest_stays(clips: list[Clip], admin: Client) -> None:
    session = clips[0].session
    address = f"{LIST}sessions/{session.pk}/verdict/"
    answer = plain(admin.post(address, {"verdict": "fine", "show": "waiting"}, headers=HTMX).content.decode())
    assert f"3 clips of session {session.code}: the signal is fine." in answer
    assert rows(answer) == [clip.pk for clip in clips[3:]]
    assert set(ClipVerdict.objects.values_list("clip", "verdict")) == {(clip.pk, "fine") for clip in clips[:3]}


def test_when_all_is_judged_the_page_says_so(clips: list[Clip], personas: Personas, admin: Client) -> None:
    for clip in clips:
        verdicts.judge(clip, SensorVerdict.BAD, actor=personas.admin)
    assert "Every clip here is judged" in text_of(admin, LIST)
    assert "No clip in this part" in text_of(admin, f"{LIST}?show=fine")


def test_without_a_script_a_click_leads_back_to_the_list(clips: list[Clip], admin: Client) -> None:
    response = admin.post(f"{LIST}clips/{clips[0].pk}/verdict/", {"verdict": "bad", "show": "all"})
    assert response.headers["Location"] == f"{LIST}?show=all"
    assert "the sensor is bad" in text_of(admin, f"{LIST}?show=all")


def test_a_verdict_that_does_not_exist_is_refused_on_the_page(clips: list[Clip], admin: Client) -> None:
    answer = judge(admin, clips[0], "maybe")
    assert "There is no verdict" in answer
    assert rows(answer) == [clip.pk for clip in clips]
    assert not ClipVerdict.objects.exists()


def test_researchers_look_and_do_not_judge(clips: list[Clip], personas: Personas) -> None:
    researcher = client_of(personas.researcher)
    page = text_of(researcher, LIST)
    assert rows(page) == [clip.pk for clip in clips]
    assert "<button" not in page.split('id="quality"')[1]
    assert researcher.post(f"{LIST}clips/{clips[0].pk}/verdict/", {"verdict": "bad"}).status_code == 403
    assert client_of(personas.annotator).get(LIST).status_code == 403


def test_a_clip_of_another_study_is_not_there(personas: Personas, admin: Client) -> None:
    other = Study.objects.get(slug="other").clips.all()[0]
    assert admin.post(f"{LIST}clips/{other.pk}/verdict/", {"verdict": "bad"}).status_code == 404
    assert not ClipVerdict.objects.exists()


def test_long_lists_come_in_pages(clips: list[Clip], admin: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(quality, "N_ON_A_PAGE", 4)
    first, second = text_of(admin, LIST), text_of(admin, f"{LIST}?page=2")
    assert [rows(first), rows(second)] == [[clip.pk for clip in clips[:4]], [clip.pk for clip in clips[4:]]]
    assert "clips 1 to 4 of 6" in first
    assert 'rel="next" href="?show=waiting&amp;page=2"' in first
    assert "· 3 clips to judge" in first.split(f'data-session="{clips[3].session_id}"')[1]


@pytest.mark.parametrize("address", [f"{LIST}?show=all", "/api/v1/studies/demo/quality?show=all"])
def test_the_list_costs_the_same_with_one_row_and_with_many(
    address: str, study: Study, personas: Personas, admin: Client
) -> None:
    clips = list(study.clips.order_by("pk"))
    send_to_quality(study, clips[:1])
    verdicts.judge(clips[0], SensorVerdict.BAD, actor=personas.admin)
    with CaptureQueriesContext(connection) as one:
        admin.get(address)
    send_to_quality(study, clips)
    for clip in clips:
        verdicts.judge(clip, SensorVerdict.FINE, actor=personas.admin)
    with CaptureQueriesContext(connection) as many:
        admin.get(address)
    assert len(many) == len(one) <= 11


# --- the API ---------------------------------------------------------------------------------------------------------


def test_the_api_lists_and_judges(clips: list[Clip], personas: Personas, admin: Client) -> None:
    grade(clips[0], eeg_quality=0.25, eeg_faults={"flat": 1.0})
    body = json.dumps({"verdict": "bad"})
    said = admin.post(f"/api/v1/clips/{clips[0].pk}/verdict", body, content_type="application/json").json()
    assert (said["verdict"], said["by"]) == ("bad", "admin-of-it")
    listed = client_of(personas.researcher).get("/api/v1/studies/demo/quality?show=bad").json()
    assert listed["counts"] == {"waiting": 5, "bad": 1, "fine": 0, "all": 6}
    assert listed["clips"] == [
        {
            "id": clips[0].pk,
            "subject": clips[0].subject.code,
            "session_id": clips[0].session_id,
            "session": clips[0].session.code,
            "number": 0,
            "start_s": 0.0,
            "stop_s": 5.0,
            "has_eeg": True,
            "has_face": True,
            "eeg_quality": 0.25,
            "face_quality": None,
            "eeg_faults": {"flat": 1.0},
            "face_faults": {},
            "standing": "bad",
            "verdicts": [said],
        }
    ]
    third = admin.get("/api/v1/studies/demo/quality?offset=2&limit=1").json()["clips"]
    assert [clip["id"] for clip in third] == [clips[3].pk]


def test_the_api_refuses_what_it_does_not_know(clips: list[Clip], admin: Client) -> None:
    answer = admin.post(f"/api/v1/clips/{clips[0].pk}/verdict", '{"verdict": "maybe"}', content_type="application/json")
    assert answer.status_code == 422
    assert "'fine' or 'bad'" in answer.json()["message"]
    assert admin.get("/api/v1/studies/demo/quality?limit=0").status_code == 422
