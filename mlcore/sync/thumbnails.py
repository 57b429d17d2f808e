"""What the pictures of a video do over time, so small that encoders leave it alone."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import gaussian_filter1d

from mlcore.io.video import iter_frames
from mlcore.sync.robust import Floats

_WIDTH, _HEIGHT = 16, 12
#: decoded no larger than this: thumbnails need no more
_DECODED_LINES = 120
GRID_HZ = 50.0
_SMOOTHED_S = 0.04
#: a step in time over which the picture's change is taken
_STEP_S = 0.08
_N_COMPONENTS = 8


@dataclass(frozen=True, slots=True)
class Thumbnails:
    """Small grey pictures of a video's frames."""

    #: (n,) presentation times, 0 = first frame
    times_s: Floats
    #: (n, 192) uint8
    pixels: NDArray[np.uint8]


def read_thumbnails(path: Path) -> Thumbnails:
    """Thumbnails of every frame.

    Raises:
        RecordingError: the video can't be decoded.
    """
    times_s, rows = [], []
    for video_s, frame in iter_frames(path, max_height=_DECODED_LINES):
        grey = cv2.cvtColor(frame, cv2.COLOR_BGR2GRAY)
        times_s.append(video_s)
        rows.append(cv2.resize(grey, (_WIDTH, _HEIGHT), interpolation=cv2.INTER_AREA).ravel())
    return Thumbnails(np.array(times_s), np.array(rows, dtype=np.uint8))


def components(thumbnails: Thumbnails) -> NDArray[np.float32]:
    """(192, 8) the ways in which these pictures change most."""
    centred = thumbnails.pixels.astype(np.float32)
    centred -= centred.mean(axis=0)
    _, vectors = np.linalg.eigh(centred.T @ centred)
    return np.ascontiguousarray(vectors[:, -_N_COMPONENTS:])


def motion(thumbnails: Thumbnails, along: NDArray[np.float32]) -> NDArray[np.float32]:
    """Change of the picture along some ways, on an even 50 Hz grid that begins with the first frame.

    Args:
        thumbnails: of n frames.
        along: (192, K) as `components` gives them, of this video or of one that may show the same.

    Returns:
        (T, K), each way brought to unit spread, so that light that comes and goes does not drown the face.
    """
    courses = thumbnails.pixels.astype(np.float32) @ along
    grid_s = np.arange(0.0, thumbnails.times_s[-1], 1.0 / GRID_HZ)
    even = np.stack([np.interp(grid_s, thumbnails.times_s, course) for course in courses.T], axis=1)
    smooth = gaussian_filter1d(even, _SMOOTHED_S * GRID_HZ, axis=0)
    step = round(_STEP_S * GRID_HZ / 2)
    change = np.zeros_like(smooth)
    change[step:-step] = smooth[2 * step :] - smooth[: -2 * step]
    return np.asarray(change / (change.std(axis=0) + 1e-6), dtype=np.float32)
