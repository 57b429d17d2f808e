"""The binary EEG answer, read as the browser reads it."""

from __future__ import annotations

import json
import struct
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from annotator.domain import media_links, people, queueing
from annotator.enums import DerivedKind, Role
from annotator.models import Clip, User
from tests.factories.people import client_of, make_member
from tests.factories.studies import TILE_CHANNELS, TILE_SFREQ, make_study, tile_samples

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


def get(clip: Clip, user: User, start_s: object, stop_s: object) -> Any:
    query = {"start_s": str(start_s), "stop_s": str(stop_s), "sig": media_links.sign(clip.pk, user)}
    return client_of(user).get(f"/api/v1/clips/{clip.pk}/eeg", query)


def parse(data: bytes) -> tuple[dict[str, Any], NDArray[np.int16]]:
    (length,) = struct.unpack_from("<I", data)
    header = json.loads(data[4 : 4 + length].decode())
    first = -(-(4 + length) // 8) * 8
    assert first == 4 + length, "the padding belongs to the header"
    samples = np.frombuffer(data, "<i2", offset=first).reshape(len(header["channels"]), header["n_samples"])
    return header, samples


def test_the_task_names_what_can_be_loaded(clip: Clip, ann: User) -> None:
    task = client_of(ann).get(f"/api/v1/clips/{clip.pk}").json()
    assert (task["context_start_s"], task["context_stop_s"]) == (10.0, 35.0)
    assert [channel["name"] for channel in task["eeg"]["channels"]] == list(TILE_CHANNELS)
    response = client_of(ann).get(task["eeg"]["url"] + "&start_s=10&stop_s=35")
    assert (response.status_code, response.headers["Content-Type"]) == (200, "application/octet-stream")
    assert client_of(ann).head(task["video"]["url"]).status_code == 200
    assert (task["video"]["offset_s"], task["video"]["residual_ms"]) == (0.25, 3.0)


@pytest.mark.parametrize(("start_s", "stop_s"), [(10.0, 35.0), (20.003, 25.001), (34.99, 35.0)])
def test_every_sample_is_where_it_belongs(clip: Clip, ann: User, start_s: float, stop_s: float) -> None:
    header, samples = parse(get(clip, ann, start_s, stop_s).content)
    first, last = int(np.floor(start_s * TILE_SFREQ)), int(np.ceil(stop_s * TILE_SFREQ))
    assert header["start_s"] == first / TILE_SFREQ
    assert (header["sfreq"], header["n_samples"]) == (TILE_SFREQ, last - first)
    assert [channel["scale_uv"] for channel in header["channels"]] == [0.1] * 3
    np.testing.assert_array_equal(samples, tile_samples(round(40 * TILE_SFREQ))[:, first:last])


def test_readers_get_any_stretch_cut_to_the_recording(clip: Clip) -> None:
    researcher = make_member(clip.study, "res", Role.RESEARCHER)
    header, samples = parse(get(clip, researcher, -5, 60).content)
    assert (header["start_s"], samples.shape[1]) == (0.0, 40 * TILE_SFREQ)
    header, samples = parse(get(clip, researcher, 50, 60).content)
    assert samples.shape == (3, 0)


@pytest.mark.parametrize(
    ("start_s", "stop_s"), [(9.0, 20.0), (20.0, 36.0), (25.0, 20.0), ("nan", 20.0), (0, 500), ("x", 1), (-1e9, 1e9)]
)
def test_other_stretches_are_refused_in_a_sentence(clip: Clip, ann: User, start_s: object, stop_s: object) -> None:
    response = get(clip, ann, start_s, stop_s)
    assert response.status_code == 422
    assert set(response.json()) == {"code", "message"}


def test_not_served_not_signed_not_there(clip: Clip, ann: User) -> None:
    ben = make_member(clip.study, "ben")
    assert get(clip, ben, 20, 25).status_code == 404
    unsigned = client_of(ann).get(f"/api/v1/clips/{clip.pk}/eeg", {"start_s": 20, "stop_s": 25})
    assert unsigned.json()["code"] == "bad_signature"
    clip.session.derived.filter(kind=DerivedKind.EEG_TILES).delete()
    assert get(clip, ann, 20, 25).status_code == 404


def test_a_token_needs_no_signature(clip: Clip) -> None:
    researcher = make_member(clip.study, "res", Role.RESEARCHER)
    token = people.issue_token(researcher, "test")
    response = client_of(None).get(
        f"/api/v1/clips/{clip.pk}/eeg",
        {"start_s": 0, "stop_s": 1},
        headers={"Authorization": f"Bearer {token}"},
    )
    assert parse(response.content)[1].shape == (3, 128)
