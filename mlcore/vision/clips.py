"""A clip's share of a face track, on an even time grid."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from mlcore.vision.detect import Floats
from mlcore.vision.track import FEATURE_NAMES, FaceTrack
from mlcore.vision.weights import VisionError

#: how far from a step its frame may lie, in steps
REACH = 0.75


def clip_features(track: FaceTrack, *, start_s: float, stop_s: float, fps: float) -> NDArray[np.float32]:
    """Features of a stretch of video, one row a step.

    Step i stands at start_s + (i + ½)/fps and takes the nearest frame that the backbone saw, if one lies within three
    quarters of a step: frames of an unbroken track always do.

    Args:
        track: a face track.
        start_s: start on the track's (the video's) clock, seconds.
        stop_s: end, above start.
        fps: steps a second; not more than the rate the track was made with, or steps share frames or stay empty.

    Returns:
        (T, N_FACE_FEATURES) float32 with T = round((stop_s − start_s)·fps), zeros where no face was found (the last
        column says so).

    Raises:
        VisionError: stop does not lie after start, or fps is not above 0.
    """
    if not (stop_s > start_s and fps > 0):
        raise VisionError(f"expected start < stop and fps > 0, got {start_s} s, {stop_s} s, {fps}")
    steps = np.arange(max(round((stop_s - start_s) * fps), 1), dtype=np.float64)
    frames = track.backbone_frames
    nearest, is_near = _nearest(track.times_s[frames], start_s + (steps + 0.5) / fps, REACH / fps)
    features = np.zeros((len(steps), len(FEATURE_NAMES)), dtype=np.float32)
    features[is_near] = track.features(frames[nearest[is_near]], nearest[is_near])
    return features


def _nearest(times_s: Floats, grid: Floats, tolerance_s: float) -> tuple[NDArray[np.int64], NDArray[np.bool_]]:
    if not len(times_s):
        return np.zeros(len(grid), dtype=np.int64), np.zeros(len(grid), dtype=np.bool_)
    after = np.clip(np.searchsorted(times_s, grid), 0, len(times_s) - 1)
    before = np.maximum(after - 1, 0)
    nearest = np.where(np.abs(times_s[before] - grid) <= np.abs(times_s[after] - grid), before, after)
    return nearest, np.abs(times_s[nearest] - grid) <= tolerance_s
