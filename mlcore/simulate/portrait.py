"""The portrait that simulated faces are drawn from, made to look like different people.

The picture is NASA's public-domain portrait of Eileen Collins as scikit-image ships it (`skimage.data.astronaut`);
every constant here is a place in that 512 × 512 picture. The simulated subjects have nothing to do with her.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.random import Generator

from mlcore.simulate.images import Bytes, Float, blur_float, bump, polygon_mask, resample

#: centre of the face, and the height of the stretch of picture that a frame shows at scale 1
FACE_CENTRE = (225.0, 118.0)
_VIEW_HEIGHT = 186.0
_VIEW_CENTRE = (225.0, 103.0)

_PICTURE_PX = 512

_HEAD = (
    *(
        (157, 61),
        (171, 49),
        (186, 40),
        (196, 26),
        (217, 15),
        (255, 18),
        (288, 40),
        (301, 80),
        (298, 105),
        (280, 128),
        (268, 137),
    ),
    *((262, 150), (186, 152), (178, 132), (160, 112), (154, 80)),
)
_FACE = (
    *((186, 80), (195, 82), (225, 82), (245, 86), (264, 92), (270, 130), (262, 152), (245, 172), (225, 179)),
    *((205, 175), (190, 158), (182, 130), (181, 100)),
)
_NECK = ((186, 150), (262, 150), (256, 186), (230, 190), (190, 182))
_SUIT = (
    *((100, 260), (112, 190), (150, 150), (187, 152), (190, 186), (256, 187), (270, 172), (312, 235)),
    *((512, 512), (0, 512)),
)


@dataclass(frozen=True, slots=True)
class Appearance:
    """How one simulated subject looks and sits."""

    is_mirrored: bool
    #: size of the face in the frame, 1 = the face fills half the height
    scale: float
    #: where the middle of the face lies, shares of width and height away from the usual place
    shift_x: float
    shift_y: float
    #: gains of blue, green, red
    skin: tuple[float, float, float]
    hair: tuple[float, float, float]
    background: tuple[float, float, float]
    suit: tuple[float, float, float]
    gamma: float
    #: brightness from the left to the right edge, −0.3..0.3
    light_slope: float
    #: wider cheeks, longer chin, wider eyes, longer nose; picture pixels
    cheeks_px: float
    chin_px: float
    eyes_px: float
    nose_px: float


def draw_appearance(rng: Generator) -> Appearance:
    """Appearance of one subject."""
    tan = float(rng.uniform(0.0, 0.45))
    dark = float(rng.uniform(0.35, 1.25))
    warm = float(rng.uniform(-0.15, 0.15))

    def colour(low: float, high: float) -> tuple[float, float, float]:
        blue, green, red = rng.uniform(low, high) * rng.uniform(0.82, 1.18, size=3)
        return float(blue), float(green), float(red)

    return Appearance(
        is_mirrored=bool(rng.random() < 0.5),
        scale=float(rng.uniform(0.88, 1.12)),
        shift_x=float(rng.uniform(-0.06, 0.06)),
        shift_y=float(rng.uniform(-0.02, 0.03)),
        skin=(1.0 - 1.15 * tan, 1.0 - tan, 1.0 - 0.8 * tan),
        hair=(dark * (1.0 - warm), dark, dark * (1.0 + warm)),
        background=colour(0.5, 1.0),
        suit=colour(0.6, 1.3),
        gamma=float(rng.uniform(0.85, 1.2)),
        light_slope=float(rng.uniform(-0.25, 0.25)),
        cheeks_px=float(rng.uniform(-2.5, 2.5)),
        chin_px=float(rng.uniform(-3.0, 3.0)),
        eyes_px=float(rng.uniform(-1.5, 1.5)),
        nose_px=float(rng.uniform(-1.5, 1.5)),
    )


@dataclass(frozen=True, slots=True)
class View:
    """Which stretch of the picture a frame of `width` × `height` shows, before mirroring."""

    width: int
    height: int
    #: picture pixels of one frame pixel
    step: float
    left: float
    top: float

    def points(self) -> tuple[Float, Float]:
        """Picture coordinates x and y of every frame pixel, each (height, width)."""
        x = self.left + self.step * np.arange(self.width, dtype=np.float32)
        y = self.top + self.step * np.arange(self.height, dtype=np.float32)
        grid_x, grid_y = np.meshgrid(x, y)
        return grid_x.astype(np.float32), grid_y.astype(np.float32)

    def column(self, x: float) -> int:
        """Frame column of a picture x, inside the frame."""
        return int(np.clip(round((x - self.left) / self.step), 0, self.width))

    def row(self, y: float) -> int:
        """Frame row of a picture y, inside the frame."""
        return int(np.clip(round((y - self.top) / self.step), 0, self.height))


def view_of(appearance: Appearance, *, width: int, height: int) -> View:
    """Frame of a subject: the face about half its height, whatever its shape."""
    step = _VIEW_HEIGHT / min(height, width * 0.75) / appearance.scale
    left = _VIEW_CENTRE[0] - step * width * (0.5 + appearance.shift_x)
    top = _VIEW_CENTRE[1] - step * height * (0.5 + appearance.shift_y)
    return View(width, height, step, left, max(top, 1.0))


def paint_portrait(picture_bgr: Bytes, appearance: Appearance, *, view: View) -> Bytes:
    """The subject's resting portrait in the frame, uint8 (height, width, 3), not mirrored."""
    x, y = view.points()
    bend_x, bend_y = geometry(x, y, appearance)
    frame = resample(_recolour(picture_bgr, appearance), x + bend_x, y + bend_y)
    light = 1.0 + appearance.light_slope * np.linspace(-0.5, 0.5, view.width, dtype=np.float32)
    lit = 255.0 * (np.clip(frame, 0, 255) / 255.0) ** appearance.gamma * light[None, :, None]
    return np.clip(lit, 0, 255).astype(np.uint8)


def _recolour(picture_bgr: Bytes, appearance: Appearance) -> Float:
    """Tint background, hair, skin and suit, each behind a feathered mask."""
    picture = picture_bgr.astype(np.float32)
    background, hair, skin, suit = _parts()
    total = np.maximum(background + hair + skin + suit, 1e-3)[..., None]
    # out of focus, so that nothing behind the head draws the eye
    out = blur_float(picture, 9.0) * _tint(background, appearance.background)
    for mask, gains in ((hair, appearance.hair), (skin, appearance.skin), (suit, appearance.suit)):
        out += picture * _tint(mask, gains)
    return np.asarray(out / total, np.float32)


def _tint(mask: Float, gains: tuple[float, float, float]) -> Float:
    return mask[..., None] * np.asarray(gains, np.float32)


def _parts() -> tuple[Float, Float, Float, Float]:
    """Masks of background, hair, skin and suit."""
    head, face, neck, suit = (
        polygon_mask(corners, size=_PICTURE_PX, feather_px=2.5) for corners in (_HEAD, _FACE, _NECK, _SUIT)
    )
    skin = np.maximum(face, neck)
    hair = np.maximum(head - skin, 0.0)
    suit = np.maximum(suit - skin - hair, 0.0)
    return np.maximum(1.0 - head - skin - suit, 0.0), hair, skin, suit


def geometry(x: Float, y: Float, appearance: Appearance) -> tuple[Float, Float]:
    """Backward displacement that makes cheeks, chin, eyes and nose this subject's."""
    cx = FACE_CENTRE[0]
    side = np.tanh((x - cx) / 18.0)
    cheeks = bump(x, y, (cx, 145.0), width=45.0, height=20.0)
    eyes = bump(x, y, (cx, 100.0), width=40.0, height=12.0)
    chin = bump(x, y, (cx, 182.0), width=45.0, height=16.0)
    nose = bump(x, y, (cx, 128.0), width=14.0, height=12.0)
    bend_x = -side * (appearance.cheeks_px * cheeks + appearance.eyes_px * eyes)
    bend_y = -(appearance.chin_px * chin + appearance.nose_px * nose)
    return bend_x.astype(np.float32), bend_y.astype(np.float32)
