"""Face tracks without a video: everything as it should be, unless the test says otherwise."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from mlcore.vision import FaceTrack
from mlcore.vision.detect import Floats
from mlcore.vision.looks import MEASURES
from mlcore.vision.mesh import CUES
from mlcore.vision.track import BACKBONE_NAMES

CLEAN = {"grey_mean": 110.0, "grey_spread": 30.0, "dark_share": 0.01, "bright_share": 0.0, "sharpness": 0.3}
FRONTAL = {"yaw": 0.02, "pitch": 0.4, "roll": 0.0, "left_eye_openness": 0.32, "right_eye_openness": 0.34}


def usual_cells(n_frames: int) -> NDArray[np.uint8]:
    """A face-like coarse picture, the same in every frame but for noise."""
    rng = np.random.default_rng(0)
    face = rng.integers(60, 200, (1, 12, 12, 4)).astype(np.float64)
    return np.clip(face + rng.normal(0, 2, (n_frames, 12, 12, 4)), 0, 255).astype(np.uint8)


def plain_track(times_s: Floats, found: list[bool] | None = None, *, width: float = 100.0) -> FaceTrack:
    """A face that looks into the camera; cues and the first of the backbone's columns hold the frame's time as yaw."""
    seen = np.ones(len(times_s), dtype=np.bool_) if found is None else np.array(found)
    n = len(seen)
    gone = ~seen[:, None]
    cues = np.zeros((n, len(CUES)), dtype=np.float32)
    cues[:, CUES.index("yaw")] = times_s
    backbone = np.zeros((int(seen.sum()), len(BACKBONE_NAMES)), dtype=np.float32)
    backbone[:, 0] = np.asarray(times_s)[seen]
    return FaceTrack(
        times_s=np.asarray(times_s),
        changes=np.full(n, 1.0),
        found=seen,
        boxes=np.where(gone, np.nan, [10.0, 10.0, width, width]).astype(np.float32),
        landmarks=np.zeros((n, 68, 2), dtype=np.float32),
        cues=np.where(gone, np.nan, cues).astype(np.float32),
        crops=np.zeros((n, 64, 64), dtype=np.uint8),
        cells=usual_cells(n),
        measures=np.where(gone, np.nan, [CLEAN[name] for name in MEASURES]).astype(np.float32),
        backbone_frames=np.flatnonzero(seen),
        backbone=backbone,
    )


def frontal_track(seconds: float, *, fps: float = 25.0, width: float = 100.0) -> FaceTrack:
    """A clean recording of somebody who looks into the camera."""
    track = plain_track(np.arange(round(seconds * fps)) / fps, width=width)
    for name, value in FRONTAL.items():
        track.cues[:, CUES.index(name)] = value
    return track
