"""Facial expressions as displacement fields over the portrait: mouth (smile × opening) and eyes (brows × lids).

A field is a backward map: a frame pixel takes the portrait's pixel at its own place plus the displacement. Fields are
worked out once, on a grid of expressions; a frame blends its four neighbours on that grid.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from mlcore.simulate.images import Float, bump
from mlcore.simulate.portrait import Appearance, View, geometry

#: grid values; smile −1 corners down .. 1 the portrait's own smile, opening 0 closed .. 1 jaw dropped
SMILES = (-1.0, -0.5, 0.0, 0.5, 1.0)
OPENINGS = (0.0, 0.35, 0.7, 1.0)
#: brows −1 lowered and drawn together .. 1 raised; lids −0.5 wide open, 0 at rest, 1 closed
BROWS = (-1.0, 0.0, 1.0)
LIDS = (-0.5, 0.0, 0.35, 0.7, 1.0)

_MOUTH_BOX = (176.0, 124.0, 274.0, 196.0)
_EYES_BOX = (176.0, 72.0, 276.0, 120.0)
_MOUTH_X, _MOUTH_HALF, _MOUTH_Y = 224.3, 21.0, 140.5
_EYES = ((202.0, 101.5), (246.5, 103.5))
_EYE_HALF = 11.0
_INNER_BROWS = ((211.0, 92.0), (239.0, 94.0))


@dataclass(frozen=True, slots=True)
class FieldGrid:
    """Displacement fields of one region for every pair of grid values."""

    first: tuple[float, ...]
    second: tuple[float, ...]
    #: (len(first), len(second), h, w, 2): x and y displacement, frame pixels
    fields: Float
    row: int
    column: int

    @property
    def size(self) -> tuple[int, int]:
        """Height and width of the region in frame pixels."""
        return self.fields.shape[2], self.fields.shape[3]

    def blend(self, first: float, second: float) -> Float:
        """Field (h, w, 2) at any two values, bilinear between the grid's."""
        i, u = _place(self.first, first)
        j, v = _place(self.second, second)
        out = (1 - u) * (1 - v) * self.fields[i, j]
        for row, column, weight in ((i, j + 1, (1 - u) * v), (i + 1, j, u * (1 - v)), (i + 1, j + 1, u * v)):
            if weight > 0.0:
                out += weight * self.fields[row, column]
        return np.asarray(out, np.float32)

    def mirrored(self, frame_width: int) -> FieldGrid:
        """The same region of a frame that was flipped left to right."""
        flipped = self.fields[:, :, :, ::-1].copy()
        flipped[..., 0] *= -1.0
        return FieldGrid(self.first, self.second, flipped, self.row, frame_width - self.column - self.size[1])


def _place(values: tuple[float, ...], value: float) -> tuple[int, float]:
    """Index of the grid value below, and how far towards the next one."""
    clipped = min(max(value, values[0]), values[-1])
    index = min(sum(clipped >= step for step in values) - 1, len(values) - 2)
    return index, (clipped - values[index]) / (values[index + 1] - values[index])


def mouth_grid(view: View, appearance: Appearance) -> FieldGrid:
    """Fields of the mouth region for every smile and opening."""
    return _grid(view, appearance, box=_MOUTH_BOX, first=SMILES, second=OPENINGS, bend=_mouth_source)


def eyes_grid(view: View, appearance: Appearance) -> FieldGrid:
    """Fields of the eye region for every state of brows and lids."""
    return _grid(view, appearance, box=_EYES_BOX, first=BROWS, second=LIDS, bend=_eyes_source)


def _grid(
    view: View,
    appearance: Appearance,
    *,
    box: tuple[float, float, float, float],
    first: tuple[float, ...],
    second: tuple[float, ...],
    bend: Callable[[Float, Float, float, float], tuple[Float, Float]],
) -> FieldGrid:
    rows, columns = _even_span(view.row(box[1]), view.row(box[3])), _even_span(view.column(box[0]), view.column(box[2]))
    x, y = (plane[rows, columns] for plane in view.points())
    shape_x, shape_y = geometry(x, y, appearance)
    x, y = x + shape_x, y + shape_y
    edge = _edge_window(*x.shape)
    fields = np.empty((len(first), len(second), *x.shape, 2), np.float32)
    for i, one in enumerate(first):
        for j, two in enumerate(second):
            source_x, source_y = bend(x, y, one, two)
            fields[i, j, ..., 0] = (source_x - x) * edge / view.step
            fields[i, j, ..., 1] = (source_y - y) * edge / view.step
    return FieldGrid(first, second, fields, rows.start, columns.start)


def _even_span(start: int, stop: int) -> slice:
    """Even bounds: the colour planes have half the resolution."""
    return slice(start - start % 2, stop - stop % 2)


def _edge_window(height: int, width: int) -> Float:
    """1 inside, falling smoothly to 0 at the edges: no seam where the region ends."""

    def ramp(n: int) -> Float:
        distance = np.minimum(np.arange(n), np.arange(n)[::-1]) / (0.12 * n)
        out: Float = (np.sin(0.5 * np.pi * np.clip(distance, 0.0, 1.0)) ** 2).astype(np.float32)
        return out

    return np.outer(ramp(height), ramp(width))


def _mouth_source(x: Float, y: Float, smile: float, opening: float) -> tuple[Float, Float]:
    """Where the portrait's pixels of a mouth come from: first undo the corners' shift, then the lips' opening."""
    inward_px = 3.2 * min(1.0, 1.0 - smile)
    down_px = 4.6 - 5.0 * smile
    moved_x, moved_y = x.copy(), y.copy()
    for side in (-1.0, 1.0):
        corner = (_MOUTH_X + side * (_MOUTH_HALF - inward_px), _MOUTH_Y + down_px)
        weight = bump(x, y, corner, width=8.5, height=11.0)
        moved_x += side * inward_px * weight
        moved_y -= down_px * weight
    return moved_x, _map_columns(moved_x, moved_y, lambda column_x: _lip_knots(column_x, opening))


def _lip_knots(x: float, opening: float) -> tuple[list[float], list[float]]:
    """Heights in the frame and in the portrait of nose base, upper lip, lower lip, chin and neck at column x."""
    t = (x - _MOUTH_X) / _MOUTH_HALF
    arch = max(0.0, 1.0 - t * t)
    upper, lower = _MOUTH_Y + 0.8 * arch, _MOUTH_Y + 9.2 * arch
    gap = (0.8 + 14.0 * opening) * arch
    line = _MOUTH_Y + (4.2 - 2.5 * opening) * arch
    drop = 7.0 * opening * float(np.exp(-0.5 * ((x - _MOUTH_X) / 22.0) ** 2))
    return [130.0, line, line + gap + 1e-3, 176.0 + drop, 197.0], [130.0, upper, lower + 1e-3, 176.0, 197.0]


def _eyes_source(x: Float, y: Float, brows: float, lids: float) -> tuple[Float, Float]:
    """Where the portrait's pixels of the eyes come from: first undo the brows' shift, then the lids'."""
    moved_x, moved_y = x.copy(), y.copy()
    lift = bump(x, y, (225.0, 91.0 - 2.0 * brows), width=34.0, height=5.5)
    moved_y += (3.2 if brows > 0 else 2.2) * brows * lift
    for side, (inner_x, inner_y) in zip((-1.0, 1.0), _INNER_BROWS, strict=True):
        frown = max(0.0, -brows) * bump(x, y, (inner_x - side * 1.5, inner_y + 2.0), width=7.0, height=5.0)
        moved_x += side * 1.8 * frown
        moved_y -= 1.5 * frown
    return moved_x, _map_columns(moved_x, moved_y, lambda column_x: _lid_knots(column_x, lids))


def _lid_knots(x: float, lids: float) -> tuple[list[float], list[float]]:
    """Heights in the frame and in the portrait of brow, upper lid, lower lid and cheek at column x."""
    eye_x, eye_y = min(_EYES, key=lambda eye: abs(eye[0] - x))
    arch = max(0.0, 1.0 - ((x - eye_x) / _EYE_HALF) ** 2) + 1e-3
    upper, lower = eye_y - 5.0 * arch, eye_y + 4.0 * arch
    height = (lower - upper) * (1.0 - 0.94 * lids if lids > 0 else 1.0 - 0.55 * lids)
    return [eye_y - 10.5, lower - height, lower, eye_y + 12.0], [eye_y - 10.5, upper, lower, eye_y + 12.0]


def _map_columns(x: Float, y: Float, knots: Callable[[float], tuple[list[float], list[float]]]) -> Float:
    """Heights in the portrait, column by column; a column's knots are those of its middle x."""
    out = y.copy()
    for column in range(y.shape[1]):
        frame_y, picture_y = knots(float(x[:, column].mean()))
        inside = (y[:, column] > frame_y[0]) & (y[:, column] < frame_y[-1])
        out[inside, column] = np.interp(y[inside, column], frame_y, picture_y)
    return out
