"""Marks by the API: who sees and marks what, in how many queries; the session in one bar."""

from __future__ import annotations

from typing import Any
from uuid import uuid4

import pytest
from pytest_django import DjangoAssertNumQueries

from annotator.domain import channel_marks, interval_marks, queueing
from annotator.enums import IntervalKind, Role
from annotator.models import Clip, User
from tests.factories.labels import add_label
from tests.factories.people import client_of, make_member
from tests.factories.sessions import EEG_INFO
from tests.factories.studies import make_study

pytestmark = pytest.mark.django_db


@pytest.fixture
def clip() -> Clip:
    """The fifth of eight clips: 20 s to 25 s of 40 s; Fp1 is bad by its files, Fp2 as measured."""
    study = make_study(with_files=True, n_subjects=2, n_clips=8)
    clip = study.clips.select_related("session", "study").get(session__code="S01-1", number=4)
    clip.session.spec, clip.session.channel_faults = {"bad_channels": ["Fp1"]}, {"Fp2": ["flat"]}
    clip.session.eeg_info = {**EEG_INFO, "channels": ["Fp1", "Fp2", "EXG1"], "kinds": ["eeg", "eeg", "eog"]}
    clip.session.save()
    return clip


@pytest.fixture
def ann(clip: Clip) -> User:
    user = make_member(clip.study, "ann")
    queueing.claim_clip(clip, user)
    return user


@pytest.fixture
def admin(clip: Clip) -> User:
    return make_member(clip.study, "boss", Role.ADMIN)


def get(user: User, path: str) -> Any:
    return client_of(user).get(f"/api/v1{path}")


def post(user: User, path: str, body: dict[str, object]) -> Any:
    return client_of(user).post(f"/api/v1{path}", body, content_type="application/json")


def interval(start_s: float, stop_s: float, **more: object) -> dict[str, object]:
    return {"uuid": str(uuid4()), "kind": "artefact", "start_s": start_s, "stop_s": stop_s, **more}


def bad(said: Any) -> dict[str, tuple[list[str], str, bool, bool]]:
    return {
        one["name"]: (one["sources"], one["by"], one["is_own"], one["may_take_back"])
        for one in said.json()["bad_channels"]
    }


def test_a_mark_is_told_with_its_source_and_no_name_to_other_annotators(clip: Clip, ann: User, admin: User) -> None:
    path = f"/clips/{clip.pk}/channel-marks"
    body = {"channel": "Fp2", "is_bad": True, "reason": " loose "}
    said = post(ann, path, body)
    assert said.status_code == 200
    assert bad(said) == {"Fp1": (["files"], "", False, False), "Fp2": (["hand", "measured"], "ann", True, True)}
    assert said.json()["bad_channels"][1]["reason"] == "loose"
    assert said.json()["bad_channels"][1]["faults"] == ["flat"]
    assert bad(get(admin, f"/sessions/{clip.session_id}/marks"))["Fp2"] == (["hand", "measured"], "ann", False, True)
    other = make_member(clip.study, "other")
    clip.overlap = 2
    clip.save()
    queueing.open_clips(clip.study)
    queueing.claim_clip(clip, other)
    assert bad(get(other, f"/clips/{clip.pk}/marks"))["Fp2"] == (["hand", "measured"], "", False, False)
    assert post(other, path, {"channel": "Fp2", "is_bad": False}).json()["code"] == "anothers_mark"
    by_session = f"/sessions/{clip.session_id}/channel-marks"
    assert bad(post(admin, by_session, {"channel": "Fp2", "is_bad": False}))["Fp2"] == (["measured"], "", False, False)
    assert post(ann, by_session, body).status_code == 403


def test_the_task_says_which_channels_are_bad_and_by_whom(clip: Clip, ann: User) -> None:
    channel_marks.mark_channel(clip.session, "EXG1", is_bad=True, actor=ann)
    sources = {"EXG1": ["hand"], "Fp1": ["files"], "Fp2": ["measured"]}
    assert get(ann, f"/clips/{clip.pk}").json()["eeg"]["bad_channels"] == sources
    held = post(ann, f"/studies/{clip.study.slug}/queue/claim", {}).json()["held"]
    assert next(one for one in held if one["clip_id"] == clip.pk)["eeg"]["bad_channels"] == sources


def test_an_interval_is_marked_corrected_and_taken_back(clip: Clip, ann: User) -> None:
    path = f"/clips/{clip.pk}/interval-marks"
    body = interval(21.0, 22.5, channel="Fp1", text="blink")
    for _ in range(2):  # sent twice, stored once
        said = post(ann, path, body).json()
    (made,) = said["intervals"]
    assert {name: made[name] for name in body} == body
    assert (made["by"], made["is_own"]) == ("ann", True)
    edited = interval(21.5, 23.0, kind="event", supersedes=body["uuid"])
    assert [one["kind"] for one in post(ann, path, edited).json()["intervals"]] == ["event"]
    assert client_of(ann).delete(f"/api/v1{path}/{edited['uuid']}").status_code == 204
    assert get(ann, f"/clips/{clip.pk}/marks").json()["intervals"] == []


def test_an_annotator_marks_no_more_than_is_shown(clip: Clip, ann: User, admin: User) -> None:
    path = f"/clips/{clip.pk}/interval-marks"
    refused = post(ann, path, interval(9.0, 12.0))
    assert (refused.status_code, refused.json()["message"]) == (422, "Only 10.00 s to 35.00 s can be marked here.")
    assert post(ann, path, interval(10.0, 12.0)).status_code == 200
    assert post(admin, path, interval(0.5, 12.0)).status_code == 200
    assert post(ann, path, {**interval(11.0, 12.0), "kind": "nonsense"}).status_code == 422
    assert [one["start_s"] for one in get(ann, f"/clips/{clip.pk}/marks").json()["intervals"]] == [10.0]
    assert [one["start_s"] for one in get(admin, f"/clips/{clip.pk}/marks").json()["intervals"]] == [0.5, 10.0]


def test_a_clip_that_was_not_served_is_not_there(clip: Clip, ann: User) -> None:
    other = make_member(clip.study, "other")
    for path in ("marks", "overview"):
        assert get(other, f"/clips/{clip.pk}/{path}").status_code == 404
    mark = post(ann, f"/clips/{clip.pk}/interval-marks", interval(21.0, 22.0)).json()["intervals"][0]["uuid"]
    assert post(other, f"/clips/{clip.pk}/interval-marks", interval(21.0, 22.0)).status_code == 404
    assert post(other, f"/clips/{clip.pk}/channel-marks", {"channel": "Fp1", "is_bad": True}).status_code == 404
    assert client_of(other).delete(f"/api/v1/clips/{clip.pk}/interval-marks/{mark}").status_code == 404


def test_the_overview_tells_annotators_nothing_of_answers_and_nobody_of_films(
    clip: Clip, ann: User, admin: User
) -> None:
    Clip.objects.filter(pk=clip.pk).update(eeg_quality=0.25, eeg_faults={"flat": 0.75})
    add_label(clip, ann, {"valence": 1, "arousal": 1})
    said, known = (get(user, f"/clips/{clip.pk}/overview").json() for user in (ann, admin))
    assert (said["first_s"], said["last_s"], len(said["clips"])) == (0.0, 40.0, 8)
    own, full = said["clips"][4], known["clips"][4]
    assert own == {
        "number": 4, "start_s": 20.0, "stop_s": 25.0, "eeg": 0.25, "face": None, "has_eeg": True, "has_face": True,
        "eeg_faults": {"flat": 0.75}, "face_faults": {}, "n_labels": None,
    }  # fmt: skip
    assert full == {**own, "n_labels": 1}
    assert [trial["stimulus"] for trial in said["trials"]] == [""]
    assert known["trials"] == said["trials"] == get(admin, f"/clips/{clip.pk}/marks").json()["trials"]
    trials = get(admin, f"/sessions/{clip.session_id}/marks").json()["trials"]
    assert trials == [{"number": 1, "start_s": 0.0, "stop_s": 40.0, "stimulus": "clip"}]


def test_the_number_of_queries_does_not_grow(
    clip: Clip, ann: User, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    def mark_some(n: int) -> None:
        for number in range(n):
            wanted = interval_marks.Interval(uuid4(), IntervalKind.EVENT, 20.0 + number, 21.0 + number)
            interval_marks.mark_interval(clip.session, wanted, actor=ann, limits_s=(0.0, 40.0))

    client = client_of(ann)
    mark_some(1)
    channel_marks.mark_channel(clip.session, "EXG1", is_bad=True, actor=ann)
    for path in ("marks", "overview"):
        with django_assert_max_num_queries(12) as with_one:
            assert client.get(f"/api/v1/clips/{clip.pk}/{path}").status_code == 200
        mark_some(3)
        channel_marks.mark_channel(clip.session, "Fp2", is_bad=True, actor=ann, reason=path)
        clip.session.trials.create(number=10 + len(path), start_s=0.0, stop_s=1.0)
        with django_assert_max_num_queries(len(with_one)):
            assert client.get(f"/api/v1/clips/{clip.pk}/{path}").status_code == 200
