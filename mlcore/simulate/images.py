"""Pictures as arrays: the few operations that drawing needs, typed."""

from __future__ import annotations

from collections.abc import Sequence

import cv2
import numpy as np
from numpy.typing import NDArray

Float = NDArray[np.float32]
Bytes = NDArray[np.uint8]


def warp(plane: Bytes, places: Float) -> Bytes:
    """Take each pixel from its place: `plane` (h, w), `places` (h', w', 2) with x and y, edges repeated."""
    # both maps in one array: OpenCV's stubs do not know that the second may be None
    out = cv2.remap(plane, places, None, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)  # type: ignore[call-overload]
    return np.asarray(out, np.uint8)


def resample(picture: Float, x: Float, y: Float) -> Float:
    """Cubic samples of a colour picture at x and y, each (h, w); beyond its edges it is mirrored."""
    out = cv2.remap(picture, x, y, cv2.INTER_CUBIC, borderMode=cv2.BORDER_REFLECT_101)
    return np.asarray(out, np.float32)


def stretch(coarse: Float, *, height: int, width: int) -> Float:
    """Resize a smooth field (h, w, 2), linear."""
    return np.asarray(cv2.resize(coarse, (width, height), interpolation=cv2.INTER_LINEAR), np.float32)


def blur(plane: Bytes, sigma_px: float) -> Bytes:
    """Gaussian blur."""
    return np.asarray(cv2.GaussianBlur(plane, (0, 0), sigma_px), np.uint8)


def blur_float(plane: Float, sigma_px: float) -> Float:
    """Gaussian blur of float values."""
    return np.asarray(cv2.GaussianBlur(plane, (0, 0), sigma_px), np.float32)


def polygon_mask(corners: Sequence[tuple[int, int]], *, size: int, feather_px: float) -> Float:
    """1 inside a polygon, 0 outside, (size, size), the border feathered."""
    mask = np.zeros((size, size), np.float32)
    cv2.fillPoly(mask, [np.asarray(corners, np.int32)], 1.0)
    return blur_float(mask, feather_px)


def bump(x: Float, y: Float, centre: tuple[float, float], *, width: float, height: float) -> Float:
    """Gaussian bump of height 1 with standard deviations `width` and `height`."""
    out = np.exp(-0.5 * (((x - centre[0]) / width) ** 2 + ((y - centre[1]) / height) ** 2))
    return np.asarray(out, np.float32)


def pixel_grid(height: int, width: int, *, row: int = 0, column: int = 0) -> Float:
    """x and y of every pixel of a rectangle, (height, width, 2)."""
    x, y = np.meshgrid(np.arange(column, column + width), np.arange(row, row + height))
    return np.stack([x, y], axis=-1).astype(np.float32)


def yuv_planes(picture_bgr: Bytes) -> tuple[Bytes, Bytes, Bytes]:
    """Y (h, w), U and V (h/2, w/2) of a colour picture with even sides."""
    height, width = picture_bgr.shape[:2]
    i420 = np.asarray(cv2.cvtColor(picture_bgr, cv2.COLOR_BGR2YUV_I420), np.uint8)
    colours = i420[height:].reshape(2, height // 2, width // 2)
    return i420[:height].copy(), colours[0].copy(), colours[1].copy()


def join_planes(planes: Sequence[Bytes]) -> Bytes:
    """The planar frame (h·3/2, w) of Y (h, w), U and V (h/2, w/2), as encoders take it."""
    flat = np.concatenate([plane.reshape(-1) for plane in planes])
    return flat.reshape(-1, planes[0].shape[1])
