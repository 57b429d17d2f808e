"""The pages of one session: its states, what they tell whom, what their forms do, and what they cost."""

from __future__ import annotations

import json
import re
from http import HTTPStatus
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from annotator.enums import JobKind, JobQueue, JobState, SessionStatus
from annotator.models import Clip, Job, RecordingSession, Study
from tests.factories.labels import add_label
from tests.factories.pages import text_of
from tests.factories.people import Personas, client_of
from tests.factories.sessions import fill_session, grade
from tests.factories.studies import make_study

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("broker")]


@pytest.fixture
def study() -> Study:
    return make_study("demo", n_subjects=2, with_files=True)


@pytest.fixture
def session(study: Study) -> RecordingSession:
    return fill_session(study.sessions.order_by("pk")[0])


def address(session: RecordingSession, end: str = "") -> str:
    return f"/studies/demo/sessions/{session.pk}/{end}"


def words_of(client: Client, path: str) -> str:
    """What stands on the page, without tags."""
    html = re.sub(r"<script.*?</script>", "", text_of(client, path))
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", html)).replace("&#x27;", "'").replace("&lt;", "<")


def config_of(client: Client, path: str) -> dict[str, Any]:
    found = re.search(r'<script id="session-config" type="application/json">(.*?)</script>', text_of(client, path))
    assert found is not None
    config: dict[str, Any] = json.loads(found[1])
    return config


def make_job(session: RecordingSession, state: JobState, **fields: Any) -> Job:
    common: dict[str, Any] = {"study": session.study, "queue": JobQueue.IO, "session": session, "state": state}
    return Job.objects.create(kind=JobKind.IMPORT_SESSION, heartbeat_at=timezone.now(), **common, **fields)


# --- the page --------------------------------------------------------------------------------------------------------


def test_the_page_says_what_there_is_and_how_good(session: RecordingSession, personas: Personas, admin: Client) -> None:
    clips = list(session.clips.order_by("number"))
    grade(clips[0], eeg_quality=0.25, eeg_faults={"line noise": 0.75, "muscle": 0.05}, face_quality=1.0)
    add_label(clips[1], personas.annotator)
    session.channel_faults, session.bad_channels = {"Fp1": ["flat"]}, ["Cz"]
    session.sync_method, session.sync_residual_ms, session.video_drift = "status triggers", 12.34, -2.1e-5
    session.save()
    said = words_of(admin, address(session))
    assert "±12 ms sync, by status triggers" in said
    assert "−21 ppm drift of the video's clock" in said
    assert "session_s = 0.5000 + (1 − 0.00002100) · video_s" in said
    assert "1 of 4 clips has poor EEG: line noise in 1, muscle in 1." in said
    assert "25.0 % line noise 75 %, muscle 5 %" in said
    assert re.search(r"Fp1 flat", said)
    assert re.search(r"Cz by hand", said)
    assert "s01.bdf EEG 2.4 MB" in said.replace("\xa0", " ")
    assert session.files.get().original_id in said
    assert "Browser video 1" in said
    assert "feltVlnc 8" in said


def test_the_viewer_is_given_signals_figures_and_no_answers(
    session: RecordingSession, personas: Personas, admin: Client
) -> None:
    add_label(session.clips.order_by("number")[1], personas.annotator, {"valence": 2, "arousal": 0}, comment="secret")
    config = config_of(admin, address(session))
    assert config["video_url"] == address(session, "video")
    assert config["eeg_url"] == f"/api/v1/sessions/{session.pk}/eeg"
    assert (config["first_s"], config["last_s"], config["eeg_s"], config["video_s"]) == (0.0, 20.0, 20.0, 19.0)
    assert [clip["n_labels"] for clip in config["clips"]] == [0, 1, 0, 0]
    assert config["gaps"][0] == {"stream": "face", "start_s": 0.0, "stop_s": 0.5}
    assert not re.search("secret|valence|feltVlnc|values|annotator-of-it", json.dumps(config))
    assert admin.get(f"{config['eeg_url']}?start_s=0&stop_s=5").status_code == HTTPStatus.OK
    video = admin.get(config["video_url"])
    assert (video.status_code, video.headers["Content-Type"]) == (HTTPStatus.OK, "video/mp4")
    video.close()


def test_superseded_clips_stand_apart(session: RecordingSession, personas: Personas, admin: Client) -> None:
    gone = session.clips.get(number=2)
    add_label(gone, personas.annotator)
    grade(gone, superseded_at=timezone.now())
    html = text_of(admin, address(session))
    current, superseded = (html[html.index(f'data-testid="{name}"') :] for name in ("clips", "superseded"))
    assert [int(n) for n in re.findall(r'<tr><td class="num">(\d+)</td>', current.split("</table>")[0])] == [0, 1, 3]
    assert [int(n) for n in re.findall(r'<tr><td class="num">(\d+)</td>', superseded.split("</table>")[0])] == [2]
    assert [clip["number"] for clip in config_of(admin, address(session))["clips"]] == [0, 1, 3]


def test_the_page_costs_the_same_with_one_clip_and_with_many(session: RecordingSession, admin: Client) -> None:
    session.clips.exclude(number=0).delete()
    few = n_queries(admin, address(session))
    first = session.clips.get()
    for number in range(1, 40):
        first.pk, first.number, first.shard_row = None, number, number
        first.start_s, first.stop_s = 0.4 * number, 0.4 * number + 5.0
        first.save()
    assert Clip.objects.filter(session=session).count() == 40
    assert n_queries(admin, address(session)) == few
    assert few <= 17


def n_queries(client: Client, path: str) -> int:
    with CaptureQueriesContext(connection) as queries:
        assert client.get(path).status_code == HTTPStatus.OK
    return len(queries)


@pytest.mark.parametrize("end", ["", "sync/"])
def test_no_script_or_style_stands_in_the_page_itself(session: RecordingSession, admin: Client, end: str) -> None:
    html = text_of(admin, address(session, end))
    assert not re.findall(r"<style|\sstyle=|\son[a-z]+=", html)
    inline = [tag for tag in re.findall(r"<script[^>]*>", html) if " src=" not in tag]
    assert inline == ['<script id="session-config" type="application/json">']


# --- its states ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("status", "sentence"),
    [
        (SessionStatus.PENDING, "This session waits for its import."),
        (SessionStatus.FAILED, "This session could not be imported. s01.bdf: the header is cut short."),
        (SessionStatus.DELETED, "This session was deleted: its files and everything made of them are gone."),
    ],
)
def test_a_session_that_is_not_ready_says_why_and_offers_nothing(
    session: RecordingSession, admin: Client, status: SessionStatus, sentence: str
) -> None:
    session.status, session.error = status, "s01.bdf: the header is cut short."
    session.save()
    said = words_of(admin, address(session))
    assert sentence in said
    assert "Fix sync" not in said
    assert 'id="viewer"' not in text_of(admin, address(session))
    sync = words_of(admin, address(session, "sync/"))
    assert "There are no clocks to relate here" in sync


def test_a_session_whose_derived_files_are_lost_says_so(session: RecordingSession, admin: Client) -> None:
    session.derived.all().delete()
    assert "There is nothing to look at" in words_of(admin, address(session))


def test_a_rebuild_is_followed_until_it_ends(session: RecordingSession, admin: Client) -> None:
    job = make_job(session, JobState.RUNNING, progress=0.4, activity="Finding the face", seconds_left=30)
    page = text_of(admin, address(session))
    assert "This session is being rebuilt" in page
    assert "Finding the face" in page
    assert "40.0 % · about 30 s left" in page
    assert f'hx-get="{address(session, "work/")}"' in page
    assert "HX-Refresh" not in admin.get(address(session, "work/")).headers
    assert "being rebuilt" in words_of(admin, "/studies/demo/sessions/")
    assert 'hx-trigger="every 1s"' in text_of(admin, "/studies/demo/sessions/")
    job.state = JobState.SUCCEEDED
    job.save()
    assert admin.get(address(session, "work/")).headers["HX-Refresh"] == "true"
    assert 'hx-trigger="every 1s"' not in text_of(admin, "/studies/demo/sessions/")


def test_a_rebuild_that_failed_says_why_and_that_nothing_changed(session: RecordingSession, admin: Client) -> None:
    make_job(session, JobState.FAILED, reason="s01.avi is not in storage any more.")
    said = words_of(admin, address(session))
    assert "The session could not be rebuilt; it stays as it was. s01.avi is not in storage any more." in said


# --- who may what ----------------------------------------------------------------------------------------------------


def test_only_admins_are_offered_and_allowed_to_set_it_right(session: RecordingSession, personas: Personas) -> None:
    said = {
        name: client_of(user).get(address(session)).content.decode()
        for name, user in (("admin", personas.admin), ("researcher", personas.researcher))
    }
    assert {name: 'data-testid="fix-sync"' in html for name, html in said.items()} == {
        "admin": True,
        "researcher": False,
    }
    assert {name: 'data-testid="save-channels"' in html for name, html in said.items()} == {
        "admin": True,
        "researcher": False,
    }
    points = {"points": "[[2.0, 2.6]]"}
    for end, data in (("sync/", points), ("sync/clear/", {}), ("channels/", {"bad": ["Cz"]})):
        statuses = [
            client_of(user).post(address(session, end), data).status_code
            for user in (personas.researcher, personas.annotator, personas.stranger)
        ]
        assert statuses == [HTTPStatus.FORBIDDEN, HTTPStatus.FORBIDDEN, HTTPStatus.NOT_FOUND], end
    session.refresh_from_db()
    assert (session.sync_points, session.bad_channels, session.jobs.count()) == ([], [], 0)


def test_a_session_of_another_study_is_not_found(personas: Personas, admin: Client) -> None:
    other = Study.objects.get(slug="other").sessions.all()[0]
    for end in ("", "work/", "sync/"):
        assert admin.get(address(other, end)).status_code == HTTPStatus.NOT_FOUND
    for end in ("sync/", "sync/clear/", "channels/"):
        assert admin.post(address(other, end), {"points": "[[2.0, 2.6]]"}).status_code == HTTPStatus.NOT_FOUND


# --- setting it right ------------------------------------------------------------------------------------------------


def test_points_are_saved_and_the_page_follows_the_rebuild(session: RecordingSession, admin: Client) -> None:
    response = admin.post(address(session, "sync/"), {"points": "[[2.0, 2.6], [15, 15.6]]"})
    assert response.headers["Location"] == address(session)
    session.refresh_from_db()
    assert session.sync_points == [[2.0, 2.6], [15.0, 15.6]]
    said = words_of(admin, address(session))
    assert "The points are saved." in said
    assert "This session is being rebuilt" in said


@pytest.mark.parametrize(
    ("points", "sentence"),
    [
        ("[[0, 0.5], [15, 16.0]]", "The points contradict each other"),
        ("[]", "Set 1 to 50 points"),
        ("[[1, 2, 3]]", "in a shape that is not understood"),
        ('[["1", 2]]', "in a shape that is not understood"),
        ("[[true, 2]]", "in a shape that is not understood"),
        ("{}", "in a shape that is not understood"),
        ("nonsense", "Enter a valid JSON"),
        ("[[NaN, 2]]", "in a shape that is not understood"),
        ("", "in a shape that is not understood"),
    ],
)
def test_points_that_are_refused_are_told_and_change_nothing(
    session: RecordingSession, admin: Client, points: str, sentence: str
) -> None:
    response = admin.post(address(session, "sync/"), {"points": points})
    assert response.status_code == HTTPStatus.OK
    assert sentence in response.content.decode()
    session.refresh_from_db()
    assert (session.sync_points, session.jobs.count()) == ([], 0)


def test_points_that_were_refused_are_still_on_the_page(session: RecordingSession, admin: Client) -> None:
    html = admin.post(address(session, "sync/"), {"points": "[[0, 0.5], [15, 16.0]]"}).content.decode()
    found = re.search(r'<script id="session-config" type="application/json">(.*?)</script>', html)
    assert found is not None
    assert json.loads(found[1])["points"] == [[0, 0.5], [15, 16.0]]


def test_the_sync_page_keeps_the_drift_of_the_files_where_points_can_not_tell_it(
    session: RecordingSession, admin: Client
) -> None:
    session.video_drift = 3e-5
    session.save()
    assert config_of(admin, address(session, "sync/"))["limits"]["drift"] == 3e-5
    session.sync_points = [[2.0, 2.6]]
    session.save()
    assert config_of(admin, address(session, "sync/"))["limits"]["drift"] == 0.0


def test_clearing_and_marking_say_what_was_done(session: RecordingSession, admin: Client) -> None:
    admin.post(address(session, "sync/clear/"))
    assert "No points are set" in words_of(admin, address(session))
    admin.post(address(session, "channels/"), {"bad": ["Cz", "Fp1"]})
    assert "2 channels are marked as bad." in words_of(admin, address(session))
    session.refresh_from_db()
    assert session.bad_channels == ["Fp1", "Cz"]
    admin.post(address(session, "channels/"), {"bad": ["Nose"]})
    assert "has no channel Nose" in words_of(admin, address(session))


# --- the list --------------------------------------------------------------------------------------------------------


def test_the_list_shows_strip_sync_and_problems(session: RecordingSession, admin: Client) -> None:
    for clip in session.clips.all():
        grade(clip, eeg_quality=0.4 if clip.number == 1 else 1.0, face_quality=0.9)
    session.sync_method, session.sync_residual_ms, session.sync_confidence = "blinks", None, 0.93
    session.save()
    html = text_of(admin, "/studies/demo/sessions/")
    assert 'aria-label="EEG quality, lowest 40 %; face quality, lowest 90 %"' in html
    said = words_of(admin, "/studies/demo/sessions/")
    assert "not measured blinks, confidence 0.93" in said
    assert "Nothing measured how well the clocks fit" in said
