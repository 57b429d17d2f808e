"""Draw the frames of a simulated face: warp the portrait, move the head, add what a camera adds."""

from __future__ import annotations

from collections.abc import Iterator

import cv2
import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray
from skimage.data import astronaut

from mlcore.simulate.expression import FieldGrid, eyes_grid, mouth_grid
from mlcore.simulate.images import Bytes, Float, blur, blur_float, join_planes, pixel_grid, stretch, warp, yuv_planes
from mlcore.simulate.performance import Performance
from mlcore.simulate.portrait import FACE_CENTRE, Appearance, View, paint_portrait, view_of

#: the head's displacement is smooth: one value for so many frame pixels
_COARSE_PX = 10
_N_NOISE_PLANES = 6
_NOISE_MARGIN = 64


class FaceRenderer:
    """Draws one subject's frames in planar YUV 4:2:0, as encoders take them."""

    def __init__(self, appearance: Appearance, *, width: int, height: int) -> None:
        view = view_of(appearance, width=width, height=height)
        picture = np.ascontiguousarray(_picture()[..., ::-1])
        portrait = paint_portrait(picture, appearance, view=view)
        mouth, eyes = mouth_grid(view, appearance), eyes_grid(view, appearance)
        if appearance.is_mirrored:
            portrait = np.ascontiguousarray(portrait[:, ::-1])
            mouth, eyes = mouth.mirrored(width), eyes.mirrored(width)
        self._planes = yuv_planes(portrait)
        self._regions = (_Region(mouth), _Region(eyes))
        self._head = _Head(view, is_mirrored=appearance.is_mirrored)
        self._hand = _Hand(view, portrait=portrait, is_mirrored=appearance.is_mirrored)
        self._step = view.step
        self._size = (height, width)

    def frames(self, acts: Performance, *, camera_noise: float, rng: Generator) -> Iterator[Bytes]:
        """Every frame of a performance, uint8 (height·3/2, width): Y above U and V."""
        noise = _CameraNoise(self._size, camera_noise, rng)
        for index in range(acts.smile.size):
            yield self._frame(acts, index, noise)

    def _frame(self, acts: Performance, index: int, noise: _CameraNoise) -> Bytes:
        mouth = (float(acts.smile[index]), float(acts.opening[index]))
        eyes = (float(acts.brows[index]), float(acts.lids[index]))
        planes = [plane.copy() for plane in self._planes]
        for region, state in zip(self._regions, (mouth, eyes), strict=True):
            region.draw(self._planes, planes, state)
        if acts.hand[index] > 0.0:
            self._hand.draw(planes, float(acts.hand[index]))
        planes = self._head.move(planes, acts, index)
        if acts.blur[index] > 0.05:
            planes = [blur(plane, float(acts.blur[index]) / self._step) for plane in planes]
        planes[0] = noise.add(_brighten(planes[0], float(acts.brightness[index])))
        return join_planes(planes)


def _picture() -> Bytes:
    """The portrait, RGB; shipped inside scikit-image."""
    return np.asarray(astronaut(), np.uint8)  # type: ignore[no-untyped-call]  # scikit-image has no types


def _brighten(plane: Bytes, gain: float) -> Bytes:
    return np.asarray(cv2.convertScaleAbs(plane, alpha=gain), np.uint8)


class _Region:
    """A part of the face that an expression bends."""

    def __init__(self, grid: FieldGrid) -> None:
        self._grid = grid
        height, width = grid.size
        self._places = pixel_grid(height, width, row=grid.row, column=grid.column)
        self._half_places = pixel_grid(height // 2, width // 2, row=grid.row // 2, column=grid.column // 2)

    def draw(self, source: tuple[Bytes, Bytes, Bytes], target: list[Bytes], state: tuple[float, float]) -> None:
        field = self._grid.blend(*state)
        half = 0.5 * field[::2, ::2]
        maps = (self._places + field, self._half_places + half, self._half_places + half)
        for depth, (plane, places) in enumerate(zip(source, maps, strict=True)):
            shrink = 2 if depth else 1
            row, column = self._grid.row // shrink, self._grid.column // shrink
            height, width = places.shape[:2]
            target[depth][row : row + height, column : column + width] = warp(plane, places)


class _Head:
    """Head movement: shift, roll, zoom and turn, fading out towards the frame's edges."""

    def __init__(self, view: View, *, is_mirrored: bool) -> None:
        rows, columns = -(-view.height // _COARSE_PX), -(-view.width // _COARSE_PX)
        x = view.left + view.step * ((np.arange(columns) + 0.5) * view.width / columns - 0.5)
        y = view.top + view.step * ((np.arange(rows) + 0.5) * view.height / rows - 0.5)
        grid_x, grid_y = np.meshgrid(x - FACE_CENTRE[0], y - FACE_CENTRE[1])
        bases = _head_bases(grid_x, grid_y) / view.step  # (5, rows, columns, 2)
        if is_mirrored:
            bases = bases[:, :, ::-1] * np.array([-1.0, 1.0])
        self._bases = bases.astype(np.float32)
        self._places = pixel_grid(view.height, view.width)
        self._half_places = pixel_grid(view.height // 2, view.width // 2)

    def move(self, planes: list[Bytes], acts: Performance, index: int) -> list[Bytes]:
        values = (acts.shift_x[index], acts.shift_y[index], acts.roll[index], acts.zoom[index], acts.yaw[index])
        coarse = np.tensordot(np.asarray(values, np.float32), self._bases, axes=1)
        full = _displaced(self._places, coarse)
        half = _displaced(self._half_places, np.float32(0.5) * coarse)
        return [warp(plane, places) for plane, places in zip(planes, (full, half, half), strict=True)]


def _displaced(places: Float, coarse: Float) -> Float:
    return places + stretch(coarse, height=places.shape[0], width=places.shape[1])


def _head_bases(x: NDArray[np.float64], y: NDArray[np.float64]) -> NDArray[np.float64]:
    """Backward displacement (5, h, w, 2) in picture pixels of shift x, shift y, roll, zoom, turn, each at 1."""
    fade = np.exp(-((x / 95.0) ** 4) - (y / 95.0) ** 4)
    zero = np.zeros_like(x)
    turn = np.exp(-((x / 38.0) ** 2) - (y / 60.0) ** 2)
    pairs = ((-fade, zero), (zero, -fade), (y * fade, -x * fade), (-x * fade, -y * fade), (-turn, zero))
    return np.stack([np.stack(pair, axis=-1) for pair in pairs])


class _Hand:
    """A hand that comes up before chin and mouth: what a detector has to bear now and then."""

    def __init__(self, view: View, *, portrait: Bytes, is_mirrored: bool) -> None:
        x, _ = view.points()
        shape = np.zeros((view.height, view.width), np.float32)
        scale = 16.0
        for finger in range(4):
            tip = (218.0 + 9.0 * finger, 136.0 + 3.0 * abs(finger - 1.5))
            line = np.array([tip, (tip[0] + 20.0, 290.0)]) - (view.left, view.top)
            ends = np.rint(line / view.step * scale).astype(int)
            cv2.line(shape, tuple(ends[0]), tuple(ends[1]), 1.0, max(2, round(10.0 / view.step)), cv2.LINE_AA, 4)
        cheek_column = view.column(190.0)
        cheek = portrait[view.row(120.0), view.width - 1 - cheek_column if is_mirrored else cheek_column]
        shade = 0.85 + 0.1 * np.cos((x - 218.0) / 9.0 * 2.0 * np.pi)
        self._alpha = blur_float(shape, 0.8)
        colour = np.clip(cheek[None, None, :] * shade[..., None], 0, 255).astype(np.uint8)
        if is_mirrored:
            self._alpha, colour = self._alpha[:, ::-1].copy(), colour[:, ::-1].copy()
        self._planes = yuv_planes(colour)

    def draw(self, planes: list[Bytes], share: float) -> None:
        height = self._alpha.shape[0]
        down = round((1.0 - share) * 0.35 * height)
        alpha = np.zeros_like(self._alpha)
        alpha[down:] = self._alpha[: height - down]
        half = alpha[::2, ::2]
        for plane, hand, weight in zip(planes, self._planes, (alpha, half, half), strict=True):
            plane[...] = np.rint(plane + weight * (hand.astype(np.float32) - plane)).astype(np.uint8)


class _CameraNoise:
    """A few planes of noise, shifted at random for every frame: cheap, and never twice the same."""

    def __init__(self, size: tuple[int, int], spread: float, rng: Generator) -> None:
        self._size, self._rng = size, rng
        shape = (_N_NOISE_PLANES, size[0] + _NOISE_MARGIN, size[1] + _NOISE_MARGIN)
        noise = np.rint(spread * rng.standard_normal(shape, dtype=np.float32))
        self._brighter = np.maximum(noise, 0).astype(np.uint8)
        self._darker = np.maximum(-noise, 0).astype(np.uint8)

    def add(self, plane: Bytes) -> Bytes:
        which = int(self._rng.integers(_N_NOISE_PLANES))
        row, column = (int(place) for place in self._rng.integers(_NOISE_MARGIN, size=2))
        window = (which, slice(row, row + self._size[0]), slice(column, column + self._size[1]))
        noisy = cv2.subtract(cv2.add(plane, self._brighter[window]), self._darker[window])
        return np.asarray(noisy, np.uint8)
