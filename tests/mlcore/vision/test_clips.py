from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from mlcore.vision import FEATURE_NAMES, N_FACE_FEATURES, VisionError, clip_features
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
