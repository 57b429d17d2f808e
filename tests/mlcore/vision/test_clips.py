from __future__ import annotations

import dataclasses

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from mlcore.vision import FEATURE_NAMES, N_FACE_FEATURES, FaceTrack, VisionError, clip_features, face_place
from mlcore.vision.detect import Floats
from tests.mlcore.vision.tracks import plain_track

FOUND = FEATURE_NAMES.index("found")


def rows(times_s: Floats, found: list[bool] | None = None, **stretch: float) -> NDArray[np.float32]:
    """Features of a track whose first backbone column is the frame's time."""
    return clip_features(plain_track(times_s, found), **stretch)


def test_each_step_takes_the_nearest_frame() -> None:
    features = rows(np.arange(0, 20, 0.2), start_s=4.0, stop_s=9.0, fps=5.0)
    assert features.shape == (25, N_FACE_FEATURES)
    assert features.dtype == np.float32
    np.testing.assert_allclose(features[:, 0], 4.1 + 0.2 * np.arange(25), atol=0.1001)
    assert features[:, FOUND].all()


def test_gaps_are_zeros() -> None:
    found = [number % 2 == 0 for number in range(50)]
    features = rows(np.arange(0.1, 10.0, 0.2), found, start_s=0.0, stop_s=10.0, fps=5.0)
    assert features[:, FOUND].tolist() == [float(seen) for seen in found]
    assert not features[1::2].any()


def test_backbone_cues_and_speed_belong_to_one_frame() -> None:
    features = rows(np.arange(0, 5, 0.04), start_s=0.0, stop_s=5.0, fps=5.0)
    np.testing.assert_allclose(features[:, FEATURE_NAMES.index("yaw")], features[:, 0], atol=1e-6)
    assert not features[:, FEATURE_NAMES.index("head_speed")].any()


@pytest.mark.parametrize("times_s", [np.zeros(0), np.array([100.0])])
def test_outside_the_video_there_is_no_face(times_s: Floats) -> None:
    features = rows(times_s, start_s=0.0, stop_s=5.0, fps=5.0)
    assert not features.any()
    assert features.shape == (25, N_FACE_FEATURES)


@given(
    st.lists(st.floats(0, 30), min_size=1, max_size=80, unique=True),
    st.floats(-5, 30),
    st.floats(0.1, 10),
    st.sampled_from([2.0, 5.0, 12.5]),
)
def test_any_sampling_gives_finite_rows_of_frames_near_their_step(
    times: list[float], start_s: float, length_s: float, fps: float
) -> None:
    features = rows(np.sort(times), start_s=start_s, stop_s=start_s + length_s, fps=fps)
    assert len(features) == max(round((start_s + length_s - start_s) * fps), 1)
    assert np.isfinite(features).all()
    for step, row in enumerate(features):
        centre = start_s + (step + 0.5) / fps
        gap = np.abs(np.array(times) - centre).min()
        assert bool(row[FOUND]) == (gap <= 0.75 / fps)
        if row[FOUND]:
            assert abs(row[0] - centre) == pytest.approx(gap, abs=1e-4)


@pytest.mark.parametrize(("stop_s", "fps"), [(1.0, 5.0), (0.0, 5.0), (2.0, 0.0)])
def test_an_empty_stretch_is_refused(stop_s: float, fps: float) -> None:
    with pytest.raises(VisionError, match="expected start < stop and fps > 0"):
        rows(np.arange(5.0), start_s=1.0, stop_s=stop_s, fps=fps)


def moving_track(*lefts: float) -> FaceTrack:
    """A face of 80 × 120 pixels, once a second at x = each of these, y = 60."""
    times_s = np.arange(float(len(lefts)))
    boxes = np.array([[left, 60.0, 80.0, 120.0] for left in lefts], dtype=np.float32)
    return dataclasses.replace(plain_track(times_s), boxes=boxes)


def test_a_still_face_has_the_place_of_its_box() -> None:
    place = face_place(moving_track(*[160.0] * 5), start_s=0.0, stop_s=5.0, width=640, height=480)
    assert place == (0.25, 0.125, 0.125, 0.25)


def test_a_place_holds_the_face_wherever_it_goes_but_for_a_frame_that_strays() -> None:
    lefts = [160.0] * 50 + [200.0] * 49 + [600.0]
    place = face_place(moving_track(*lefts), start_s=0.0, stop_s=100.0, width=640, height=480)
    assert place == (0.25, 0.125, round(120 / 640, 4), 0.25)


def test_a_place_is_of_its_stretch_and_ends_with_the_frame() -> None:
    track = moving_track(*[160.0] * 5, *[600.0] * 5)
    assert face_place(track, start_s=0.0, stop_s=5.0, width=640, height=480) == (0.25, 0.125, 0.125, 0.25)
    assert face_place(track, start_s=5.0, stop_s=10.0, width=640, height=480) == (0.9375, 0.125, 0.0625, 0.25)


def test_no_face_has_no_place() -> None:
    track = plain_track(np.arange(4.0), found=[False] * 4)
    assert face_place(track, start_s=0.0, stop_s=4.0, width=640, height=480) is None


@pytest.mark.parametrize(("stop_s", "width"), [(0.0, 640), (4.0, 0)])
def test_a_place_needs_a_stretch_and_a_frame(stop_s: float, width: int) -> None:
    with pytest.raises(VisionError, match="expected start < stop and a frame"):
        face_place(plain_track(np.arange(4.0)), start_s=0.0, stop_s=stop_s, width=width, height=480)
