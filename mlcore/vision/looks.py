"""What is measured of a face in every frame: its grey crop, a coarse colour picture, light and sharpness."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from mlcore.vision.detect import BgrImage, FaceBox, Floats
from mlcore.vision.expression import CROP_SIZE
from mlcore.vision.mesh import upright, warp

#: the expression network's square over the face's box, and how far it moves up: near what FER2013 shows
CROP_SCALE, CROP_LIFT = 1.1, 0.1
#: the coarse picture's square: face and hair, and little of what lies behind
LOOK_SCALE, LOOK_LIFT = 1.6, 0.2
#: cells a side of the coarse picture, and pixels a side of a cell
N_CELLS, CELL_PX = 12, 8
#: layers of the coarse picture: mean levels of the colours, mean strength of edges
LAYERS = ("blue", "green", "red", "edges")
#: pixels a side at which sharpness is measured: at the frame's own fineness between these
SHARP_PX = (24, 192)
#: 8-bit levels at and past which a pixel says nothing
DARK, BRIGHT = 20, 235

MEASURES = ("grey_mean", "grey_spread", "dark_share", "bright_share", "sharpness")


@dataclass(frozen=True, slots=True)
class FaceLooks:
    """One face in one frame.

    Args:
        crop: (64, 64) grey, eyes level, as the expression network takes it.
        cells: (12, 12, 4) uint8, `LAYERS` of a coarse picture of face and hair, eyes level.
        measures: (5,) `MEASURES`: mean and standard deviation of the face's grey levels (0..255), the shares of it
            that are nearly black and nearly white, and its `sharpness`.
    """

    crop: NDArray[np.uint8]
    cells: NDArray[np.uint8]
    measures: NDArray[np.float32]


def face_looks(frame_bgr: BgrImage, face: FaceBox) -> FaceLooks:
    """Measure a face; about 1 ms."""
    crop = _grey(warp(frame_bgr, upright(face, CROP_SCALE, CROP_SIZE, lift=CROP_LIFT), CROP_SIZE))
    picture_px = N_CELLS * CELL_PX
    picture = warp(frame_bgr, upright(face, LOOK_SCALE, picture_px, lift=LOOK_LIFT), picture_px)
    fine_px = int(np.clip(round(face.width), *SHARP_PX))
    fine = _grey(warp(frame_bgr, upright(face, 1.0, fine_px), fine_px))
    shares = float(np.mean(crop <= DARK)), float(np.mean(crop >= BRIGHT))
    values = (float(crop.mean()), float(crop.std()), *shares, sharpness(fine))
    return FaceLooks(crop, coarse(picture), np.array(values, dtype=np.float32))


def _grey(picture: BgrImage) -> NDArray[np.uint8]:
    return np.asarray(cv2.cvtColor(picture, cv2.COLOR_BGR2GRAY), dtype=np.uint8)


def coarse(picture: BgrImage) -> NDArray[np.uint8]:
    """Mean colour and strength of edges in each cell of a levelled picture (96, 96, 3): (12, 12, 4) uint8."""
    grey = _grey(picture).astype(np.float32)
    edges = cv2.magnitude(cv2.Sobel(grey, cv2.CV_32F, 1, 0), cv2.Sobel(grey, cv2.CV_32F, 0, 1))
    layers = np.dstack([picture.astype(np.float32), np.minimum(edges, 255.0)])
    return np.rint(cv2.resize(layers, (N_CELLS, N_CELLS), interpolation=cv2.INTER_AREA)).astype(np.uint8)


def light_and_colour(cells: NDArray[np.uint8]) -> Floats:
    """Cells (…, 4) as lightness, two colours and edges (…, 4).

    The colours are (R − G) and (B − G) over R + G + B + 8, times 110: a gain, as of exposure, leaves them as they are.
    """
    blue, green, red, edges = np.moveaxis(cells.astype(np.float64), -1, 0)
    total = blue + green + red
    scale = 110.0 / (total + 8.0)
    return np.stack([total / 3.0, (red - green) * scale, (blue - green) * scale, edges], axis=-1)


def sharpness(grey: NDArray[np.uint8]) -> float:
    """How much of a grey face's edges vanishes when it is blurred, 0..1; independent of its contrast.

    1 − Σ|∇(g∗h)| / Σ|∇g| with h a 5-tap mean along the gradient's axis, the stronger of both axes: of a picture that
    is blurred already little can be lost. Source: after Crété et al. 2007, The blur effect, doi 10.1117/12.702790.
    """
    picture = grey.astype(np.float32)
    return max(_lost(picture), _lost(np.ascontiguousarray(picture.T)))


def _lost(picture: NDArray[np.float32]) -> float:
    before = np.abs(np.diff(picture, axis=1))
    after = np.abs(np.diff(cv2.blur(picture, (5, 1)), axis=1))
    total = float(before.sum())
    return 1.0 - min(float(after.sum()) / total, 1.0) if total > 1.0 * before.shape[0] else 0.0


def look(cells: NDArray[np.uint8]) -> Floats:
    """An appearance vector of one person: the colours of face and hair, and where it is dark.

    Args:
        cells: (…, 12, 12, 4) as `FaceLooks.cells`.

    Returns:
        (…, 12·12·3). Lightness is made zero-mean with a spread of 30, colours count three times, so that exposure
        matters little. Root mean square differences (`look_distance`): within a person of the real recordings 5 at
        the median and 10 at the 95th percentile; between any two people of them 20 or more.
    """
    layers = light_and_colour(cells)[..., :3]
    light = layers[..., 0] - layers[..., 0].mean(axis=(-2, -1), keepdims=True)
    light *= 30.0 / np.maximum(light.std(axis=(-2, -1), keepdims=True), 1.0)
    return np.concatenate([light[..., None], 3.0 * layers[..., 1:]], axis=-1).reshape(*cells.shape[:-3], -1)


def look_distance(one: Floats, other: Floats) -> float:
    """Root mean square difference of two `look` vectors."""
    return float(np.sqrt(np.mean((one - other) ** 2)))
