"""Faults put into face recordings: what is wrong, how much of it, and the frames that show it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from mlcore.types import QualityFault
from mlcore.vision.detect import BgrImage

Box = NDArray[np.floating]


@dataclass(frozen=True, slots=True)
class Injection:
    """One fault at one amplitude; `kind` is the row of the table, `faults` what should be named."""

    kind: str
    amplitude: float
    unit: str
    faults: tuple[QualityFault, ...]


#: a face that is wholly covered and one that is gone can't be told apart: either word counts
_COVERED = (QualityFault.OCCLUDED, QualityFault.NO_FACE)
INJECTIONS = (
    *(
        Injection(f"occluded, {how}", share, "of the box", _COVERED)
        for how in ("flat", "textured", "hand-coloured")
        for share in (0.25, 0.5, 0.75, 1.0)
    ),
    *(Injection("blur", sigma_px, "px", (QualityFault.BLUR,)) for sigma_px in (1.0, 2.0, 4.0, 8.0)),
    *(Injection("under-exposed", gain, "× light", (QualityFault.EXPOSURE,)) for gain in (0.5, 0.35, 0.25, 0.15)),
    *(Injection("over-exposed", gain, "× light", (QualityFault.EXPOSURE,)) for gain in (1.5, 2.0, 2.5, 3.5)),
    *(Injection("frozen", share, "of the clip", (QualityFault.FROZEN,)) for share in (0.25, 0.5, 0.75, 1.0)),
    *(Injection("dropped", share, "of the frames", (QualityFault.DROPPED_FRAMES,)) for share in (0.1, 0.25, 0.5, 0.75)),
    *(Injection("small", width, "px wide", (QualityFault.SMALL_FACE,)) for width in (64.0, 48.0, 32.0, 20.0)),
)


@dataclass(frozen=True, slots=True)
class ClipFrames:
    """Frames of one clip, and where the face is in each (n, 4) as x, y, width, height."""

    times_s: NDArray[np.float64]
    pictures: list[BgrImage]
    boxes: Box


def inject(clip: ClipFrames, injection: Injection | None, rng: np.random.Generator) -> Iterator[tuple[float, BgrImage]]:
    """The clip's frames with a fault, or as they are."""
    if injection is None:
        yield from zip(clip.times_s.tolist(), clip.pictures, strict=True)
    elif injection.kind == "frozen":
        yield from _frozen(clip, injection.amplitude, rng)
    elif injection.kind == "dropped":
        kept = rng.random(len(clip.pictures)) >= injection.amplitude
        yield from ((time_s, clip.pictures[n]) for n, time_s in enumerate(clip.times_s.tolist()) if kept[n])
    else:
        change = _changer(clip, injection, rng)
        frames = zip(clip.times_s.tolist(), clip.pictures, clip.boxes, strict=True)
        yield from ((time_s, change(picture, box)) for time_s, picture, box in frames)


def _frozen(clip: ClipFrames, share: float, rng: np.random.Generator) -> Iterator[tuple[float, BgrImage]]:
    n = len(clip.pictures)
    length = max(round(share * n), 1)
    first = int(rng.integers(0, n - length + 1))
    for number, time_s in enumerate(clip.times_s.tolist()):
        yield time_s, clip.pictures[first if first <= number < first + length else number]


def _changer(clip: ClipFrames, injection: Injection, rng: np.random.Generator) -> Callable[[BgrImage, Box], BgrImage]:
    amount = injection.amplitude
    if injection.kind == "blur":
        return lambda picture, box: np.asarray(cv2.GaussianBlur(picture, (0, 0), amount), dtype=np.uint8)
    if injection.unit == "× light":
        return lambda picture, box: np.asarray(cv2.convertScaleAbs(picture, alpha=amount), dtype=np.uint8)
    if injection.kind == "small":
        scale = min(amount / float(np.nanmedian(clip.boxes[:, 2])), 1.0)
        return lambda picture, box: _shrunk(picture, scale)
    occluder = _occluder(clip, injection.kind.split(", ")[1], rng)
    side = str(rng.choice(["bottom", "left", "right", "top"]))
    return lambda picture, box: _covered(picture, box, occluder, amount, side)


def _shrunk(picture: BgrImage, scale: float) -> BgrImage:
    height, width = picture.shape[:2]
    matrix = np.array([[scale, 0, width * (1 - scale) / 2], [0, scale, height * (1 - scale) / 2]])
    small = cv2.resize(picture, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
    top, left = int(matrix[1, 2]), int(matrix[0, 2])
    border = (top, height - top - small.shape[0], left, width - left - small.shape[1])
    return np.asarray(cv2.copyMakeBorder(small, *border, cv2.BORDER_REPLICATE), dtype=np.uint8)


# --- occluders -------------------------------------------------------------------------------------------------------


def _occluder(clip: ClipFrames, how: str, rng: np.random.Generator) -> BgrImage:
    """A square picture of what lies before the face; it is scaled to the box."""
    size = 256
    if how == "flat":
        return np.full((size, size, 3), rng.integers(20, 236, 3), dtype=np.uint8)
    if how == "textured":
        coarse = rng.integers(0, 256, (24, 24, 3)).astype(np.uint8)
        fine = rng.normal(0, 25, (size, size, 3))
        cloth = cv2.resize(coarse, (size, size), interpolation=cv2.INTER_CUBIC)
        return np.clip(cloth + fine, 0, 255).astype(np.uint8)
    return _hand(_cheek(clip), size, rng)


def _cheek(clip: ClipFrames) -> NDArray[np.float64]:
    x, y, width, height = clip.boxes[0]
    picture = clip.pictures[0]
    rows = slice(int(max(y + 0.5 * height, 0)), int(y + 0.7 * height))
    cheeks = [picture[rows, int(max(x + place * width, 0)) : int(x + (place + 0.15) * width)] for place in (0.15, 0.7)]
    return np.asarray(np.median(np.concatenate([cheek.reshape(-1, 3) for cheek in cheeks]), axis=0))


def _hand(skin: NDArray[np.float64], size: int, rng: np.random.Generator) -> BgrImage:
    """Four fingers side by side in the colour of the person's own cheek."""
    across = np.arange(size) / size * 4 + rng.random()
    shade = 0.72 + 0.3 * np.abs(np.sin(np.pi * across)) ** 0.5  # dark lines where fingers meet
    knuckles = 1.0 - 0.08 * (np.cos(np.arange(size) / size * 6 * np.pi) > 0.9)
    picture = skin * (shade[None, :] * knuckles[:, None])[..., None] + rng.normal(0, 3, (size, size, 1))
    return np.asarray(cv2.GaussianBlur(np.clip(picture, 0, 255), (0, 0), 2.0), dtype=np.uint8)


def _covered(picture: BgrImage, box: Box, occluder: BgrImage, share: float, side: str) -> BgrImage:
    """The face's box covered from one side by a share of it."""
    if not np.isfinite(box).all():
        return picture
    x, y, width, height = (float(value) for value in box)
    across, down = (share, 1.0) if side in ("left", "right") else (1.0, share)
    left = x + (width * (1 - share) if side == "right" else 0.0)
    top = y + (height * (1 - share) if side == "bottom" else 0.0)
    return _pasted(picture, occluder, (round(left), round(top), round(width * across), round(height * down)))


def _pasted(picture: BgrImage, patch: BgrImage, place: tuple[int, int, int, int]) -> BgrImage:
    left, top, width, height = place
    scaled = cv2.resize(patch[: max(round(256 * height / max(width, height)), 1)], (width, height))
    rows = slice(max(top, 0), min(top + height, picture.shape[0]))
    columns = slice(max(left, 0), min(left + width, picture.shape[1]))
    out = picture.copy()
    out[rows, columns] = scaled[rows.start - top : rows.stop - top, columns.start - left : columns.stop - left]
    return out
