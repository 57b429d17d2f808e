from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mlcore.vision import FaceTrack, VisionError, clip_features
from mlcore.vision.detect import Floats


def track(times_s: Floats, found: list[bool] | None = None, *, width: float = 100.0, sharp: float = 1.0) -> FaceTrack:
    """Features are the frame's time and found."""
    seen = np.ones(len(times_s), dtype=bool) if found is None else np.array(found)
    features = np.full((len(seen), 2), np.nan, dtype=np.float32)
    features[seen, 0] = np.asarray(times_s)[seen]
    features[:, 1] = seen
    boxes = np.where(seen[:, None], [10.0, 10.0, width, width], np.nan)
    return FaceTrack(np.asarray(times_s), seen, boxes, features, np.where(seen, sharp, np.nan))


def test_each_step_takes_the_nearest_frame() -> None:
    features, quality = clip_features(track(np.arange(0, 20, 0.2)), start_s=4.0, stop_s=9.0, fps=5.0)
    assert features.shape == (25, 2)
    assert features.dtype == np.float32
    np.testing.assert_allclose(features[:, 0], 4.1 + 0.2 * np.arange(25), atol=0.1001)
    assert features[:, 1].all()
    assert quality == 1.0


def test_gaps_are_zeros_and_lower_the_quality() -> None:
    found = [number % 2 == 0 for number in range(50)]
    times_s = np.arange(0.1, 10.0, 0.2)
    features, quality = clip_features(track(times_s, found), start_s=0.0, stop_s=10.0, fps=5.0)
    assert features[:, 1].tolist() == [float(seen) for seen in found]
    assert not features[1::2].any()
    assert quality == 0.5


@pytest.mark.parametrize(("width", "sharp", "expected"), [(32, 1.0, 0.5), (100, 0.05, 0.5), (16, 0.025, 0.0625)])
def test_small_and_blurred_faces_lower_the_quality(width: float, sharp: float, expected: float) -> None:
    seen = track(np.arange(0, 5, 0.2), width=width, sharp=sharp)
    assert clip_features(seen, start_s=0.0, stop_s=5.0, fps=5.0)[1] == pytest.approx(expected)


@pytest.mark.parametrize("times_s", [np.zeros(0), np.array([100.0])])
def test_outside_the_video_there_is_no_face(times_s: Floats) -> None:
    features, quality = clip_features(track(times_s), start_s=0.0, stop_s=5.0, fps=5.0)
    assert not features.any()
    assert features.shape == (25, 2)
    assert quality == 0.0


@given(
    st.lists(st.floats(0, 30), min_size=1, max_size=80, unique=True),
    st.floats(-5, 30),
    st.floats(0.1, 10),
    st.sampled_from([2.0, 5.0, 12.5]),
)
def test_any_sampling_gives_finite_rows_of_frames_near_their_step(
    times: list[float], start_s: float, length_s: float, fps: float
) -> None:
    features, quality = clip_features(track(np.sort(times)), start_s=start_s, stop_s=start_s + length_s, fps=fps)
    assert len(features) == max(round((start_s + length_s - start_s) * fps), 1)
    assert np.isfinite(features).all()
    assert 0.0 <= quality <= 1.0
    for step, (time_s, found) in enumerate(features):
        centre = start_s + (step + 0.5) / fps
        gap = np.abs(np.array(times) - centre).min()
        assert bool(found) == (gap <= 1 / fps)
        if found:
            assert abs(time_s - centre) == pytest.approx(gap, abs=1e-4)


@pytest.mark.parametrize(("stop_s", "fps"), [(1.0, 5.0), (0.0, 5.0), (2.0, 0.0)])
def test_an_empty_stretch_is_refused(stop_s: float, fps: float) -> None:
    with pytest.raises(VisionError, match="expected start < stop and fps > 0"):
        clip_features(track(np.arange(5.0)), start_s=1.0, stop_s=stop_s, fps=fps)
