"""One person's face through a video, on disk: where it is, how it looks, what the frozen network sees in it."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mlcore.store.files import map_array, read_json
from mlcore.vision.detect import Floats
from mlcore.vision.expression import EXPRESSIONS, N_EMBEDDING
from mlcore.vision.mesh import CUES
from mlcore.vision.weights import VisionError

#: raised whenever a file of a track or a feature changes its meaning: what was computed before is then computed again
FEATURES_VERSION = 2

#: what the teacher's frozen network says of a face: its embedding, then the probabilities of its seven names
BACKBONE_NAMES = (*(f"embedding_{number}" for number in range(N_EMBEDDING)), *EXPRESSIONS)
#: per step of a clip: backbone, mesh cues, speed of the head, whether a face was found
FEATURE_NAMES = (*BACKBONE_NAMES, *CUES, "head_speed", "found")
N_FACE_FEATURES = len(FEATURE_NAMES)

META = "meta.json"
#: seconds over which the head's speed is measured: from frame to frame it would be the mesh's noise
SPEED_S = 0.2


@dataclass(frozen=True, slots=True)
class FaceTrack:
    """The subject in n sampled frames, in order of time; arrays are maps of files and read when touched.

    Where the face was not found, floats are NaN and bytes 0.

    Args:
        times_s: (n,) time stamps on the video's clock.
        changes: (n,) mean difference to the frame before, grey levels of a coarse picture; NaN for the first.
        found: (n,) whether the subject's face was found.
        boxes: (n, 4) x, y, width, height in pixels of the frame as given.
        landmarks: (n, 68, 2) x, y in pixels of the frame, as `mesh.LANDMARKS`.
        cues: (n, 16) geometry, as `mesh.CUES`.
        crops: (n, 64, 64) grey faces, eyes level.
        cells: (n, 12, 12, 4) coarse pictures of face and hair, as `looks.LAYERS`.
        measures: (n, 5) as `looks.MEASURES`.
        backbone_frames: (m,) frames, rising, that the backbone has seen.
        backbone: (m, 135) what it said of them, as `BACKBONE_NAMES`.
    """

    times_s: Floats
    changes: Floats
    found: NDArray[np.bool_]
    boxes: NDArray[np.float32]
    landmarks: NDArray[np.float32]
    cues: NDArray[np.float32]
    crops: NDArray[np.uint8]
    cells: NDArray[np.uint8]
    measures: NDArray[np.float32]
    backbone_frames: NDArray[np.int64]
    backbone: NDArray[np.float32]

    @classmethod
    def open(cls, folder: Path) -> FaceTrack:
        """A track that `FaceTracker.finish` wrote.

        Raises:
            VisionError: it is of another version, or was not written to the end.
            StoreError: a file of it is damaged; the file is named.
        """
        if not (folder / META).is_file():
            raise VisionError(f"{folder} holds no finished face track: import the session again.")
        version = read_json(folder / META)["version"]
        if version != FEATURES_VERSION:
            raise VisionError(
                f"{folder} holds a face track of version {version}, and this one reads {FEATURES_VERSION}: "
                "import the session again."
            )
        return cls(**{name: map_array(folder / f"{name}.npy") for name in cls.__dataclass_fields__})

    @property
    def eye_openness(self) -> Floats:
        """(n,) distance of the lids over the width of the eye, mean of both eyes; NaN where no face was found.

        Open eyes give about 0.3 to 0.45, shut ones below 0.2; a person's own level is what to compare with.
        """
        eyes = [CUES.index("left_eye_openness"), CUES.index("right_eye_openness")]
        return np.asarray(self.cues[:, eyes].mean(axis=1), dtype=np.float64)

    def cue(self, name: str) -> Floats:
        """(n,) one of `mesh.CUES`."""
        return np.asarray(self.cues[:, CUES.index(name)], dtype=np.float64)

    def features(self, frames: NDArray[np.int64], backbone_rows: NDArray[np.int64]) -> NDArray[np.float32]:
        """(k, N_FACE_FEATURES) of k frames in which the face was found, with a row of the backbone for each."""
        speed = head_speed(self.times_s, self.boxes, frames)
        parts = (self.backbone[backbone_rows], self.cues[frames], speed[:, None], np.ones((len(frames), 1)))
        return np.hstack(parts).astype(np.float32)


def write_meta(folder: Path, settings: dict[str, Any]) -> None:
    """The last file of a track: with it the track is whole."""
    text = json.dumps({"version": FEATURES_VERSION, **settings}, indent=1)
    (folder / META).write_text(text, encoding="utf-8")


def head_speed(times_s: Floats, boxes: NDArray[np.floating], frames: NDArray[np.int64]) -> Floats:
    """Speed of the box's middle in box widths a second at some frames, (k,).

    Over the last `SPEED_S`, or from one frame to the next where frames are further apart; 0 where the face was not
    found at its beginning.
    """
    if not len(frames):
        return np.zeros(0)
    since = np.searchsorted(times_s, times_s[frames] - SPEED_S - 1e-6)
    since = np.maximum(np.minimum(since, frames - 1), 0)
    now, before = (np.asarray(boxes[rows], dtype=np.float64) for rows in (frames, since))
    moved = np.hypot(*(now[:, :2] + now[:, 2:] / 2 - before[:, :2] - before[:, 2:] / 2).T)
    elapsed_s = np.maximum(times_s[frames] - times_s[since], 1e-3)
    return np.asarray(np.nan_to_num(moved / np.maximum(now[:, 2], 1.0) / elapsed_s))
