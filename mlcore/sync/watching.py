"""How far the eyes are open in a video that nobody has looked at before."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from mlcore.io.video import iter_frames
from mlcore.sync.robust import Floats
from mlcore.vision.eyes import EyeContours
from mlcore.vision.follow import FaceFollower

#: faces are looked for in pictures of so many lines at most
_LINES = 480


def eye_openness_of(video_path: Path, *, n_threads: int = 1) -> tuple[Floats, Floats]:
    """Times (n,) of a video's frames and how far the eyes of its longest followed face are open; NaN without a face.

    Raises:
        RecordingError: the video can't be decoded. VisionError: the models are not installed.
    """
    follower, eyes = FaceFollower(n_threads=n_threads), EyeContours(n_threads=n_threads)
    times_s, openness = [], []
    for video_s, frame in iter_frames(video_path, max_height=_LINES):
        faces = follower.look(video_s, frame)
        times_s.append(video_s)
        openness.append(float(np.mean(eyes.openness(frame, faces[0].mesh.points))) if faces else np.nan)
    return np.array(times_s), np.array(openness)
