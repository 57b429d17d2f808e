"""Two videos of one take on each other's clock, by what the pictures show. It says "can't tell" if unsure."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from scipy.signal import oaconvolve

from mlcore.errors import SyncError
from mlcore.sync.robust import Floats, fit_events
from mlcore.sync.thumbnails import GRID_HZ, components, motion, read_thumbnails
from mlcore.types import ClockMap, SyncMethod

Motion = NDArray[np.float32]
#: pieces of one video that are looked for in all of the other
_PIECE_S, _MOST_PIECES = 4.0, 24
#: correlation at which a piece has found its place, and its lead over every other place
_LEAST_LIKENESS, _LEAST_LEAD = 0.6, 0.1
#: places nearer than this are one
_APART_S = 1.0
_LEAST_PIECES = 4
_LEAST_SHARE = 0.5
#: pieces of one take agree on one map within a frame
_LARGEST_RESIDUAL_MS = 40.0


@dataclass(frozen=True, slots=True)
class PictureMatch:
    """What pictures tell about two clocks."""

    #: None = can't tell
    clock: ClockMap | None
    #: 0..1: share of the pieces looked for that were found where the map says
    confidence: float
    n_matched: int
    #: why there is no clock; "" where there is one
    reason: str = ""


@dataclass(frozen=True, slots=True)
class _Place:
    """Where a piece of one video was found in the other; seconds from each one's first frame."""

    piece_s: float
    found_s: float
    likeness: float
    lead: float

    @property
    def is_sure(self) -> bool:
        """Alike, and nowhere else so."""
        return self.likeness >= _LEAST_LIKENESS and self.lead >= _LEAST_LEAD


def picture_clock(path: Path, reference_path: Path) -> PictureMatch:
    """Relate a video to another encoding of the same take: reference_s = offset_s + (1 + drift) · video_s.

    Pieces of 4 s are looked for in the whole of the reference; a map is fitted through the places found.

    Args:
        path: the video.
        reference_path: the one whose clock stands for the session's.

    Returns:
        The match: with a clock where at least half of the pieces were found and agree within a frame.

    Raises:
        RecordingError: a video can't be decoded.
    """
    thumbnails, others = read_thumbnails(path), read_thumbnails(reference_path)
    ways = components(others)
    return _matched(motion(thumbnails, ways), motion(others, ways))


def _matched(own: Motion, reference: Motion) -> PictureMatch:
    places = [_place(own, start, reference) for start in _starts(own, reference)]
    sure = [place for place in places if place.is_sure]
    confidence = len(sure) / max(len(places), 1)
    if len(places) < _LEAST_PIECES:
        return PictureMatch(None, 0.0, 0, "The videos are too short, or nothing moves in them.")
    if len(sure) < max(_LEAST_PIECES, _LEAST_SHARE * len(places)):
        reason = f"Only {len(sure)} of {len(places)} pieces of one video were found in the other."
        return PictureMatch(None, confidence, len(sure), reason)
    try:
        times_s = ([place.piece_s for place in sure], [place.found_s for place in sure])
        fit = fit_events(*times_s, method=SyncMethod.PICTURES.value)
    except SyncError as error:
        return PictureMatch(None, confidence, len(sure), str(error))
    n_used = int(fit.is_used.sum())
    confidence = n_used / len(places)
    if confidence < _LEAST_SHARE or (fit.clock.residual_ms or 0.0) > _LARGEST_RESIDUAL_MS:
        reason = f"Only {n_used} of {len(places)} pieces agree on one map."
        return PictureMatch(None, confidence, n_used, reason)
    return PictureMatch(replace(fit.clock, confidence=confidence), confidence, n_used)


def _starts(own: Motion, reference: Motion) -> list[int]:
    """First steps of the pieces: spread over the video, those in which something moves."""
    length = round(_PIECE_S * GRID_HZ)
    last = len(own) - length
    if last < 0 or len(reference) < length:
        return []
    spread = np.unique(np.linspace(0, last, min(_MOST_PIECES, 1 + 2 * last // length)).astype(int))
    energy = np.array([float(np.sum(own[start : start + length] ** 2)) for start in spread])
    return [int(start) for start in spread[energy >= 0.05 * np.median(energy)] if energy.max() > 0]


def _place(own: Motion, start: int, reference: Motion) -> _Place:
    piece = own[start : start + round(_PIECE_S * GRID_HZ)]
    likeness = _likeness(piece, reference)
    best = int(np.argmax(likeness))
    near = np.abs(np.arange(likeness.size) - best) <= _APART_S * GRID_HZ
    second = float(likeness[~near].max()) if not near.all() else 0.0
    return _Place(start / GRID_HZ, _finely(likeness, best) / GRID_HZ, float(likeness[best]), likeness[best] - second)


def _likeness(piece: Motion, reference: Motion) -> Floats:
    """(T − L + 1,) correlation −1..1 of a piece with each stretch of the reference."""
    overlap = oaconvolve(reference, piece[::-1], mode="valid", axes=0).sum(axis=1)
    energy = np.cumsum(np.concatenate(([0.0], np.sum(reference.astype(np.float64) ** 2, axis=1))))
    norms = np.sqrt(np.maximum(energy[len(piece) :] - energy[: -len(piece)], 1e-6) * float(np.sum(piece**2)))
    return np.asarray(overlap / np.maximum(norms, 1e-6), dtype=np.float64)


def _finely(curve: Floats, peak: int) -> float:
    """A peak to a fraction of a step, by the parabola through three."""
    if not 0 < peak < curve.size - 1:
        return float(peak)
    before, at, after = curve[peak - 1 : peak + 2]
    bend = min(before - 2 * at + after, -1e-9)
    return peak + float(np.clip(0.5 * (before - after) / bend, -0.5, 0.5))
