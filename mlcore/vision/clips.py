"""A clip's share of a face track, on an even time grid."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from mlcore.vision.detect import Floats
from mlcore.vision.track import FEATURE_NAMES, FaceTrack
from mlcore.vision.weights import VisionError

#: a place in the frame: x, y of the upper left corner, width, height, all as shares of the frame's width and height
FacePlace = tuple[float, float, float, float]
#: the share of boxes, at either end, that may reach out of a clip's place: one lost frame does not move it
OUTSIDE = 0.05
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


def face_place(track: FaceTrack, *, start_s: float, stop_s: float, width: int, height: int) -> FacePlace | None:
    """Where the face is throughout a stretch of video: what to look at to see it whole, however it moves.

    The 5 % quantile of the boxes' left and upper ends and the 95 % quantile of their right and lower ends.

    Args:
        track: a face track.
        start_s: start on the track's (the video's) clock, seconds.
        stop_s: end, above start.
        width: of the frames that the track was made of, pixels.
        height: likewise.

    Returns:
        (x, y, width, height) as shares 0..1 of the frame, rounded to 4 places, within it; None where no face was
        found in the stretch.

    Raises:
        VisionError: stop does not lie after start, or the frame has no size.
    """
    if not (stop_s > start_s and width > 0 and height > 0):
        raise VisionError(f"expected start < stop and a frame, got {start_s} s, {stop_s} s, {width}×{height}")
    first, last = np.searchsorted(track.times_s, (start_s, stop_s))
    boxes = np.asarray(track.boxes[first:last][track.found[first:last]], dtype=np.float64)
    if not len(boxes):
        return None
    low = np.quantile(boxes[:, :2], OUTSIDE, axis=0) / (width, height)
    high = np.quantile(boxes[:, :2] + boxes[:, 2:], 1 - OUTSIDE, axis=0) / (width, height)
    (left, top), (right, bottom) = np.clip(low, 0, 1).tolist(), np.clip(high, 0, 1).tolist()
    if not (right > left and bottom > top):
        return None
    return round(left, 4), round(top, 4), round(right - left, 4), round(bottom - top, 4)
