"""One person's face through a video: where it is in each sampled frame, and what it looks like."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from mlcore.vision.detect import BgrImage, FaceBox, FaceDetector, Floats, check_frame, closest, whole_frame
from mlcore.vision.expression import CROP_SIZE, EXPRESSIONS, N_EMBEDDING, ExpressionNet
from mlcore.vision.mesh import CUES, FaceMesh, cues, upright, warp
from mlcore.vision.weights import VisionError

#: raised whenever a feature's meaning changes: what was computed before is then computed again
FEATURES_VERSION = 1

#: per frame: embedding, expression probabilities, mesh cues, then whether a face was found
FEATURE_NAMES = (
    *(f"embedding_{number}" for number in range(N_EMBEDDING)),
    *EXPRESSIONS,
    *CUES,
    "head_speed",
    "found",
)
N_FACE_FEATURES = len(FEATURE_NAMES)

#: the expression network's square over the detector's box, and how far it moves up: near what FER2013 shows
CROP_SCALE, CROP_LIFT = 1.1, 0.1
#: seconds after which the whole frame is looked at again, for a nearer face
LOOK_AROUND_S = 3.0
#: a face that is this much larger than the followed one takes over: whoever walks by behind is smaller
TAKE_OVER_AREA = 2.0
#: seconds without the followed face after which any face may take its place
LOST_S = 1.0
#: below this the mesh network says that what the detector found is no face
MIN_MESH_SCORE = 0.5
BATCH_SIZE = 32


@dataclass(frozen=True, slots=True)
class FaceTrack:
    """What was seen in n sampled frames, in order of time.

    Args:
        times_s: (n,) time stamps on the video's clock.
        found: (n,) whether the person's face was found.
        boxes: (n, 4) x, y, width, height in pixels of the frame as given; NaN where not found.
        features: (n, N_FACE_FEATURES) float32 as `FEATURE_NAMES`; NaN where not found, but for the last, `found`.
        sharpness: (n,) variance of the grey face's Laplacian over the variance of the face; NaN where not found.
    """

    times_s: Floats
    found: NDArray[np.bool_]
    boxes: Floats
    features: NDArray[np.float32]
    sharpness: Floats


class FaceTracker:
    """Follows the largest face of a video through sampled frames and describes it.

    The face near its last place goes on being followed; it gives way to another one that is much larger, or when it
    has been lost for a second. A frame costs about 8 ms of one core where the face is found.

    Args:
        n_threads: threads that each step may use; with several workers on one machine, 1.

    Raises:
        VisionError: the models are not installed.
    """

    def __init__(self, *, n_threads: int = 1) -> None:
        self._detector = FaceDetector(n_threads=n_threads)
        self._mesh = FaceMesh(n_threads=n_threads)
        self._expression = ExpressionNet(n_threads=n_threads)
        self._finder = FaceFinder(self._detector)
        self._times: list[float] = []
        self._faces: list[FaceBox | None] = []
        self._cues: list[NDArray[np.float32]] = []
        self._sharpness: list[float] = []
        self._crops: list[NDArray[np.uint8]] = []
        self._embedded: list[NDArray[np.float32]] = []

    def add(self, video_s: float, frame_bgr: BgrImage) -> None:
        """Look at the next frame.

        Args:
            video_s: its time stamp, above the last one's.
            frame_bgr: (H, W, 3) uint8, blue first.

        Raises:
            VisionError: no picture, or a time that does not go forward.
        """
        check_frame(frame_bgr)
        if self._times and video_s <= self._times[-1]:
            raise VisionError(f"frame times must rise: {video_s} s came after {self._times[-1]} s")
        self._times.append(video_s)
        self._faces.append(self._face(video_s, frame_bgr))

    def _face(self, video_s: float, frame_bgr: BgrImage) -> FaceBox | None:
        face = self._finder.find(video_s, frame_bgr)
        if face is None:
            return None
        points, score = self._mesh(frame_bgr, face)
        if score < MIN_MESH_SCORE:
            self._finder.forget()
            return None
        self._cues.append(cues(points, score, face.roll))
        self._describe(frame_bgr, face)
        return face

    def _describe(self, frame_bgr: BgrImage, face: FaceBox) -> None:
        crop = warp(frame_bgr, upright(face, CROP_SCALE, CROP_SIZE, lift=CROP_LIFT), CROP_SIZE)
        grey = np.asarray(cv2.cvtColor(crop, cv2.COLOR_BGR2GRAY), dtype=np.uint8)
        self._sharpness.append(sharpness(grey))
        self._crops.append(grey)
        if len(self._crops) == BATCH_SIZE:
            self._embed()

    def _embed(self) -> None:
        if self._crops:
            self._embedded.append(np.hstack(self._expression(np.stack(self._crops))))
            self._crops.clear()

    def track(self) -> FaceTrack:
        """What was seen so far."""
        self._embed()
        found = np.array([face is not None for face in self._faces], dtype=np.bool_)
        times_s = np.array(self._times, dtype=np.float64)
        boxes = np.full((len(found), 4), np.nan)
        boxes[found] = np.array([(f.x, f.y, f.width, f.height) for f in self._faces if f]).reshape(-1, 4)
        measured = np.full(len(found), np.nan)
        measured[found] = self._sharpness
        return FaceTrack(times_s, found, boxes, self._features(times_s, found, boxes), measured)

    def _features(self, times_s: Floats, found: NDArray[np.bool_], boxes: Floats) -> NDArray[np.float32]:
        features = np.full((len(found), N_FACE_FEATURES), np.nan, dtype=np.float32)
        features[:, -1] = found
        if found.any():
            speed = head_speed(times_s, boxes)[found, None].astype(np.float32)
            features[found, :-1] = np.hstack([np.concatenate(self._embedded), np.stack(self._cues), speed])
        return features


class FaceFinder:
    """The person's face in one frame after another."""

    def __init__(self, detector: FaceDetector) -> None:
        self._detector = detector
        self._last: FaceBox | None = None
        self._seen_s = -np.inf
        self._looked_around_s = -np.inf
        self._searched_tiles_s = -np.inf

    def find(self, video_s: float, frame_bgr: BgrImage) -> FaceBox | None:
        """The followed face in this frame, or None."""
        face = None
        if self._last is not None and video_s - self._looked_around_s < LOOK_AROUND_S:
            face = self._detector.near(frame_bgr, self._last)
        if face is None:
            coarse = self._anywhere(video_s, frame_bgr)
            # looked at again from near: boxes from the whole frame and from near would jump against each other
            face = coarse and (self._detector.near(frame_bgr, coarse) or coarse)
        if face is not None:
            self._last, self._seen_s = face, video_s
        return face

    def forget(self) -> None:
        """What was found last is no face: search afresh."""
        self._last = None

    def _anywhere(self, video_s: float, frame_bgr: BgrImage) -> FaceBox | None:
        self._looked_around_s = video_s
        faces = self._detector.detect_in(frame_bgr, whole_frame(frame_bgr))
        if self._last is not None and video_s - self._seen_s <= LOST_S:
            same = closest(faces, self._last) or self._detector.near(frame_bgr, self._last)
            larger = [face for face in faces if face.area > TAKE_OVER_AREA * (same or self._last).area]
            return _largest(larger) or same
        return _largest(faces) or self._in_tiles(video_s, frame_bgr)

    def _in_tiles(self, video_s: float, frame_bgr: BgrImage) -> FaceBox | None:
        # some twenty passes: once a second is enough for somebody who sits down far away
        if video_s - self._searched_tiles_s < LOST_S:
            return None
        self._searched_tiles_s = video_s
        return _largest(self._detector.detect_in_tiles(frame_bgr))


def _largest(faces: list[FaceBox]) -> FaceBox | None:
    return max(faces, key=lambda face: face.area, default=None)


def sharpness(grey: NDArray[np.uint8]) -> float:
    """Variance of the Laplacian over the variance of a grey face; 0 for a flat picture, independent of contrast."""
    spread = float(grey.var())
    return float(cv2.Laplacian(grey, cv2.CV_64F).var()) / spread if spread > 1.0 else 0.0


def head_speed(times_s: Floats, boxes: Floats) -> Floats:
    """Speed of the box's middle in box widths a second, (n,); 0 where the frame before has no face."""
    speed = np.zeros(len(times_s))
    middle = boxes[:, :2] + boxes[:, 2:] / 2
    moved = np.hypot(*np.diff(middle, axis=0).T)
    speed[1:] = moved / np.maximum(boxes[1:, 2], 1.0) / np.maximum(np.diff(times_s), 1e-3)
    return np.nan_to_num(speed)
