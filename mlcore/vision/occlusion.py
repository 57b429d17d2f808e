"""Something before the face: where its coarse picture is not as this person's usually is."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from mlcore.vision.detect import Floats
from mlcore.vision.looks import light_and_colour

#: the cells of the coarse picture (12 × 12, of face and hair) that show the face itself: rows, columns
FACE = (slice(4, 11), slice(3, 9))
#: frames that a reference is made of at most
MAX_FRAMES = 600
#: usual spread of a cell, 8-bit levels, below which noise and small movements lie: lightness, two colours, edges
FLOOR = np.array([10.0, 3.0, 3.0, 14.0])
#: a cell that is further from its usual value than so many spreads is covered
FAR = 3.0


@dataclass(frozen=True, slots=True)
class LookReference:
    """The usual coarse picture of a face.

    Args:
        usual: (rows, columns, 4) median of each cell.
        spread: (rows, columns, 4) its usual deviation, never below `FLOOR`.
    """

    usual: Floats
    spread: Floats

    @classmethod
    def of(cls, cells: NDArray[np.uint8]) -> LookReference:
        """From the cells (n, 12, 12, 4) of a recording."""
        if not len(cells):
            empty = np.zeros((7, 6, 4))
            return cls(empty, empty + FLOOR)
        step = -(-len(cells) // MAX_FRAMES)
        face = _face(cells[::step])
        usual = np.median(face, axis=0)
        fitted = np.stack([_fit(frame, usual) for frame in face])
        spread = 1.48 * np.median(np.abs(fitted - usual), axis=0)
        return cls(usual, np.maximum(spread, FLOOR))

    def deviation(self, cells: NDArray[np.uint8]) -> Floats:
        """How many spreads each cell lies off, the worst layer of it: (n, rows, columns)."""
        fitted = np.stack([_fit(frame, self.usual) for frame in _face(cells)])
        return np.asarray((np.abs(fitted - self.usual) / self.spread).max(axis=-1))

    def covered_share(self, cells: NDArray[np.uint8]) -> Floats:
        """Share of the face that looks otherwise than usual in each frame, (n,) 0..1."""
        return np.asarray((self.deviation(cells) > FAR).mean(axis=(1, 2)))


def _face(cells: NDArray[np.uint8]) -> Floats:
    return light_and_colour(cells[:, FACE[0], FACE[1]])


def _fit(frame: Floats, usual: Floats) -> Floats:
    """A frame's layers brought to the usual light: lightness and edges by a gain, colours by an offset.

    Both are medians over the cells: what covers less than half of the face does not drag the rest along.
    """
    light, edges = _gain(frame[..., 0], usual[..., 0]), _gain(frame[..., 3], usual[..., 3])
    shift = np.median(usual[..., 1:3] - frame[..., 1:3], axis=(0, 1))
    return np.dstack([frame[..., 0] * light, frame[..., 1:3] + shift, frame[..., 3] * edges])


def _gain(values: Floats, usual: Floats) -> float:
    return float(np.clip(np.median(usual / np.maximum(values, 1.0)), 0.25, 4.0))
