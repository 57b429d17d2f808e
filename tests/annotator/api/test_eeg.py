"""The binary EEG answers, read as the browser reads them."""

from __future__ import annotations

import gzip
import json
import re
from dataclasses import replace
from html import unescape
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from django.conf import settings

from annotator.domain import media_links, people, queueing
from annotator.enums import DerivedKind, Role
from annotator.models import Clip, User
from annotator.queries import media, worklist
from mlcore.io.tiles import TILES_VERSION
from tests.factories.people import client_of, make_member
from tests.factories.studies import TILE_CHANNELS, TILE_SFREQ, make_study, tile_uv
from tests.factories.tiles import read_answer

Stretch = tuple[float, float]
pytestmark = pytest.mark.django_db


@pytest.fixture
def clip() -> Clip:
    """The fifth of eight clips: 20 s to 25 s of 40 s."""
    study = make_study(with_files=True, n_subjects=2, n_clips=8)
    return study.clips.select_related("session").get(session__code="S01-1", number=4)


@pytest.fixture
def ann(clip: Clip) -> User:
    user = make_member(clip.study, "ann")
    queueing.claim_clip(clip, user)
    return user


@pytest.fixture
def researcher(clip: Clip) -> User:
    return make_member(clip.study, "res", Role.RESEARCHER)


def get(clip: Clip, user: User, start_s: object, stop_s: object, **more: object) -> Any:
    query = {"start_s": str(start_s), "stop_s": str(stop_s), "sig": media_links.sign(clip.pk, user)}
    query |= {name: str(value) for name, value in more.items()}
    return client_of(user).get(f"/api/v1/clips/{clip.pk}/eeg", query)


def get_of_session(clip: Clip, user: User, start_s: object, stop_s: object, **more: object) -> Any:
    query = {name: str(value) for name, value in ({"start_s": start_s, "stop_s": stop_s} | more).items()}
    return client_of(user).get(f"/api/v1/sessions/{clip.session_id}/eeg", query)


def test_the_task_names_what_can_be_loaded(clip: Clip, ann: User) -> None:
    task = client_of(ann).get(f"/api/v1/clips/{clip.pk}").json()
    assert (task["context_start_s"], task["context_stop_s"]) == (10.0, 35.0)
    assert [channel["name"] for channel in task["eeg"]["channels"]] == list(TILE_CHANNELS)
    response = client_of(ann).get(task["eeg"]["url"] + "&start_s=10&stop_s=35")
    assert (response.status_code, response.headers["Content-Type"]) == (200, "application/octet-stream")
    assert client_of(ann).head(task["video"]["url"]).status_code == 200
    assert (task["video"]["offset_s"], task["video"]["residual_ms"]) == (0.25, 3.0)


def test_the_first_stretch_is_of_samples(clip: Clip, ann: User) -> None:
    client = client_of(ann)
    first = client.get(f"/api/v1/clips/{clip.pk}").json()["eeg"]["first"]
    assert (first["start_s"], first["stop_s"]) == (10.0, 35.0)
    header, _ = read_answer(client.get(first["url"]).content)
    assert (header["kind"], header["start_s"], header["n_samples"]) == ("samples", 10.0, 25 * TILE_SFREQ)


def test_the_page_asks_for_a_glance_while_its_scripts_come(clip: Clip, ann: User) -> None:
    client = client_of(ann)
    glance = client.get(f"/api/v1/clips/{clip.pk}").json()["eeg"]["glance"]
    assert (glance["start_s"], glance["stop_s"]) == (19.85, 25.15)
    header, _ = read_answer(client.get(glance["url"]).content)
    assert header["kind"] == "envelope"
    assert header["start_s"] <= 19.85
    assert header["start_s"] + header["n_samples"] / header["sfreq"] >= 25.15
    html = client.get(f"/studies/{clip.study.slug}/label/").content.decode()
    (link,) = re.findall(r'<link rel="preload" as="fetch" crossorigin href="([^"]+)">', html)
    assert re.sub("sig=[^&]+", "", unescape(link)) == re.sub("sig=[^&]+", "", glance["url"])


@pytest.mark.parametrize(
    ("clip_s", "context_s", "expected_s", "glance_s"),
    [
        ((20.0, 25.0), (10.0, 35.0), (10.0, 35.0), (19.85, 25.15)),
        ((100.0, 150.0), (90.0, 160.0), (95.0, 155.0), (98.5, 151.5)),  # as much around it as keeps its samples
        ((0.0, 58.0), (0.0, 68.0), (0.0, 59.0), (0.0, 59.0)),
        ((100.0, 160.0), (90.0, 170.0), (100.0, 160.0), (100.0, 160.0)),
        ((100.0, 200.0), (90.0, 210.0), (90.0, 210.0), (97.0, 203.0)),  # extremes anyway
    ],
)
def test_what_is_loaded_first(
    clip: Clip, ann: User, clip_s: Stretch, context_s: Stretch, expected_s: Stretch, glance_s: Stretch
) -> None:
    (start_s, stop_s), (first_s, last_s) = clip_s, context_s
    task = replace(
        worklist.task_of_clip(clip, ann), start_s=start_s, stop_s=stop_s, context_start_s=first_s, context_stop_s=last_s
    )
    assert task.first_stretch_s == expected_s
    assert task.glance_stretch_s == pytest.approx(glance_s)


def test_the_task_says_how_long_the_session_is_and_what_no_average_is_to_hear(clip: Clip, ann: User) -> None:
    asked = f"/api/v1/clips/{clip.pk}"
    first = client_of(ann).get(asked).json()
    assert (first["session_start_s"], first["session_stop_s"], first["eeg"]["bad_channels"]) == (0.0, 40.0, {})
    session = clip.session
    session.bad_channels = ["Fp1"]
    session.spec = {**session.spec, "bad_channels": ["Oz"]}
    session.channel_faults = {"Cz": ["flat"], "Pz": []}
    session.save()
    bad = {"Fp1": ["hand"], "Oz": ["files"], "Cz": ["measured"]}
    assert client_of(ann).get(asked).json()["eeg"]["bad_channels"] == bad


@pytest.mark.parametrize(("start_s", "stop_s"), [(10.0, 35.0), (20.003, 25.001), (34.99, 35.0)])
def test_every_sample_is_where_it_belongs(clip: Clip, ann: User, start_s: float, stop_s: float) -> None:
    header, values_uv = read_answer(get(clip, ann, start_s, stop_s).content)
    first, last = int(np.floor(start_s * TILE_SFREQ)), int(np.ceil(stop_s * TILE_SFREQ))
    assert (header["kind"], header["as_recorded"], header["start_s"]) == ("samples", True, first / TILE_SFREQ)
    assert (header["sfreq"], header["n_samples"]) == (TILE_SFREQ, last - first)
    assert [(channel["name"], channel["kind"]) for channel in header["channels"]][2] == ("EXG1", "eog")
    np.testing.assert_array_equal(values_uv[:, 0], tile_uv(round(40 * TILE_SFREQ))[:, first:last])


def test_gzip_for_whoever_takes_it(clip: Clip, researcher: User) -> None:
    path, query = f"/api/v1/sessions/{clip.session_id}/eeg", {"start_s": 0, "stop_s": 30}
    plain = client_of(researcher).get(path, query)
    assert "Content-Encoding" not in plain.headers
    for taken in ("gzip", "br, gzip;q=0.8"):
        packed = client_of(researcher).get(path, query, headers={"Accept-Encoding": taken})
        assert packed.headers["Content-Encoding"] == "gzip"
        assert "Accept-Encoding" in packed.headers["Vary"]
        assert gzip.decompress(packed.content) == plain.content
    refused = client_of(researcher).get(path, query, headers={"Accept-Encoding": "br, gzip;q=0"})
    assert refused.content == plain.content


def test_readers_get_any_stretch_cut_to_the_recording(clip: Clip, researcher: User) -> None:
    for ask in (get, get_of_session):
        header, values_uv = read_answer(ask(clip, researcher, -5, 60).content)
        assert (header["start_s"], values_uv.shape[2]) == (0.0, 40 * TILE_SFREQ)
        assert read_answer(ask(clip, researcher, 50, 60).content)[1].shape == (3, 1, 0)


class TestPadding:
    def test_it_lies_on_either_side(self, clip: Clip, ann: User) -> None:
        header, values_uv = read_answer(get(clip, ann, 20, 25, pad_s=2.5).content)
        assert (header["start_s"], header["n_samples"]) == (17.5, 10 * TILE_SFREQ)
        assert values_uv[0, 0, 0] == 17.5 * TILE_SFREQ / 8

    def test_it_ends_where_the_annotators_stretch_ends(self, clip: Clip, ann: User) -> None:
        header, values_uv = read_answer(get(clip, ann, 12, 34, pad_s=5).content)
        assert (header["start_s"], values_uv.shape[2]) == (10.0, 25 * TILE_SFREQ)

    def test_it_ends_where_the_recording_ends(self, clip: Clip, researcher: User) -> None:
        header, values_uv = read_answer(get_of_session(clip, researcher, 1, 39, pad_s=5).content)
        assert (header["start_s"], values_uv.shape[2]) == (0.0, 40 * TILE_SFREQ)


@pytest.mark.parametrize(
    ("start_s", "stop_s", "more"),
    [
        (9.0, 20.0, {}),
        (20.0, 36.0, {}),
        (25.0, 20.0, {}),
        ("nan", 20.0, {}),
        (0, 500, {}),
        ("x", 1, {}),
        (-1e9, 1e9, {}),
        (20, 21, {"width_px": 0}),
        (20, 21, {"width_px": 100_000}),
        (20, 21, {"pad_s": -1}),
        (20, 21, {"pad_s": "inf"}),
        (20, 21, {"pad_s": "nan"}),
    ],
)
def test_other_stretches_are_refused_in_a_sentence(
    clip: Clip, ann: User, start_s: object, stop_s: object, more: dict[str, object]
) -> None:
    response = get(clip, ann, start_s, stop_s, **more)
    assert response.status_code == 422
    assert set(response.json()) == {"code", "message"}


def test_not_served_not_signed_not_there(clip: Clip, ann: User) -> None:
    ben = make_member(clip.study, "ben")
    assert get(clip, ben, 20, 25).status_code == 404
    unsigned = client_of(ann).get(f"/api/v1/clips/{clip.pk}/eeg", {"start_s": 20, "stop_s": 25})
    assert unsigned.json()["code"] == "bad_signature"
    clip.session.derived.filter(kind=DerivedKind.EEG_TILES).delete()
    assert get(clip, ann, 20, 25).status_code == 404


def test_a_token_needs_no_signature(clip: Clip, researcher: User) -> None:
    token = people.issue_token(researcher, "test")
    response = client_of(None).get(
        f"/api/v1/clips/{clip.pk}/eeg",
        {"start_s": 0, "stop_s": 1},
        headers={"Authorization": f"Bearer {token}"},
    )
    assert read_answer(response.content)[1].shape == (3, 1, 128)


def test_the_sessions_address_is_for_readers(clip: Clip, ann: User, researcher: User) -> None:
    stranger = make_member(make_study("elsewhere"), "eve", Role.RESEARCHER)
    assert [get_of_session(clip, user, 0, 1).status_code for user in (researcher, ann, stranger)] == [200, 403, 404]


class TestTilesOnDisk:
    def _folder(self, clip: Clip) -> Path:
        return Path(settings.DERIVED_ROOT) / clip.session.derived.get(kind=DerivedKind.EEG_TILES).path

    def test_both_sides_speak_of_the_same_version(self) -> None:
        assert media.TILES_VERSION == TILES_VERSION

    def test_tiles_of_an_older_version_ask_for_another_import(self, clip: Clip, researcher: User) -> None:
        channels = [{"name": "Fp1", "kind": "eeg", "scale_uv": 0.1}]
        old = {"version": 1, "sfreq": 128.0, "n_samples": 5120, "channels": channels}
        (self._folder(clip) / "tiles.json").write_text(json.dumps(old))
        response = get_of_session(clip, researcher, 0, 1)
        assert (response.status_code, response.json()["code"]) == (404, "old_tiles")
        assert "import it again" in response.json()["message"]

    def test_lost_files_ask_for_another_import(self, clip: Clip, researcher: User) -> None:
        (self._folder(clip) / "samples-0.i16").unlink()
        response = get_of_session(clip, researcher, 0, 1)
        assert (response.status_code, response.json()["code"]) == (404, "file_missing")
