"""A clip's share of a face track, on an even time grid."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from mlcore.vision.detect import Floats
from mlcore.vision.track import FaceTrack
from mlcore.vision.weights import VisionError

#: a face of this many pixels or more fills the expression network's picture
FULL_SIZE_PX = 64.0
#: sharpness of an ordinary webcam face at 64 pixels; half of it counts half
FULL_SHARPNESS = 0.10


def clip_features(track: FaceTrack, *, start_s: float, stop_s: float, fps: float) -> tuple[NDArray[np.float32], float]:
    """Features of a stretch of video, one row a step.

    Step i stands at start_s + (i + ½)/fps and takes the nearest sampled frame, if one lies within a step of it.

    Args:
        track: a face track.
        start_s: start on the track's (the video's) clock, seconds.
        stop_s: end, above start.
        fps: steps a second.

    Returns:
        Features (T, N_FACE_FEATURES) with T = round((stop_s − start_s)·fps), zeros where no face was found (the last
        column says so), and the quality 0..1 = share of steps with a face × mean over those of min(1, width/64 px)
        × min(1, sharpness/`FULL_SHARPNESS`).

    Raises:
        VisionError: stop does not lie after start, or fps is not above 0.
    """
    if not (stop_s > start_s and fps > 0):
        raise VisionError(f"expected start < stop and fps > 0, got {start_s} s, {stop_s} s, {fps}")
    steps = np.arange(max(round((stop_s - start_s) * fps), 1), dtype=np.float64)
    grid = start_s + (steps + 0.5) / fps
    nearest, is_near = _nearest(track.times_s, grid, 1.0 / fps)
    features = np.zeros((len(grid), track.features.shape[1]), dtype=np.float32)
    seen = is_near.copy()
    seen[is_near] = track.found[nearest[is_near]]
    features[seen] = track.features[nearest[seen]]
    return features, _quality(track, nearest[seen], len(grid))


def _nearest(times_s: Floats, grid: Floats, tolerance_s: float) -> tuple[NDArray[np.int64], NDArray[np.bool_]]:
    if not len(times_s):
        return np.zeros(len(grid), dtype=np.int64), np.zeros(len(grid), dtype=np.bool_)
    after = np.clip(np.searchsorted(times_s, grid), 0, len(times_s) - 1)
    before = np.maximum(after - 1, 0)
    nearest = np.where(np.abs(times_s[before] - grid) <= np.abs(times_s[after] - grid), before, after)
    return nearest, np.abs(times_s[nearest] - grid) <= tolerance_s


def _quality(track: FaceTrack, rows: NDArray[np.int64], n_steps: int) -> float:
    if not len(rows):
        return 0.0
    size = np.minimum(track.boxes[rows, 2] / FULL_SIZE_PX, 1.0)
    sharp = np.minimum(track.sharpness[rows] / FULL_SHARPNESS, 1.0)
    return float(len(rows) / n_steps * np.mean(size * sharp))
