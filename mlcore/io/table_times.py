"""Times of a table's rows: written in many ways, stamped with jitter, and with pauses."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from mlcore.errors import RecordingError

_SECONDS = {"s": 1.0, "sec": 1.0, "seconds": 1.0, "ms": 1e-3, "us": 1e-6, "µs": 1e-6, "μs": 1e-6, "ns": 1e-9}
#: stamps since 1970 that are larger than this are in milliseconds, microseconds, nanoseconds
_EPOCHS = ((1e17, 1e-9), (1e14, 1e-6), (1e11, 1e-3))
_CLOCK = re.compile(r"^\d{1,2}:\d{2}:\d{2}")
_DAY_S = 86_400.0
_LONGEST_S = 14 * _DAY_S
#: stamps may be this far from an even rate: Bluetooth delivers samples in parcels
_JITTER_S = 0.1
#: a step longer than this, and than some samples, is a pause
_LEAST_PAUSE_S, _PAUSE_STEPS = 0.25, 2.5
_PARCEL = 64
#: a rate this near a whole number is that number: 7 ms in two hours
_WHOLE_RATE = 1e-6


@dataclass(frozen=True, slots=True)
class Timing:
    """How rows lie in time, 0 = the first."""

    sfreq: float
    #: (row, start_s) of each stretch without a pause
    starts: tuple[tuple[int, float], ...]
    #: farthest that a stamp lies from an even rate
    wander_s: float

    @property
    def is_even(self) -> bool:
        """Whether samples were taken at an even rate; else they have to be interpolated."""
        return self.wander_s <= max(_JITTER_S, 2.0 / self.sfreq)


def seconds_of(path: Path, cells: Sequence[str] | NDArray[np.float64], unit: str) -> NDArray[np.float64]:
    """Times of some rows in seconds.

    Args:
        path: of the file, for the error.
        cells: numbers, or texts such as "2017-11-02 12:33:05.090" or "12:33:05.090".
        unit: of the numbers, as the heading names it; "" = by their size: seconds, or since 1970 in ms, µs or ns.

    Returns:
        (n,) seconds from an origin that all rows of the file share; NaN where a number is missing.

    Raises:
        RecordingError: a time can't be read.
    """
    if isinstance(cells, np.ndarray):
        return np.asarray(cells * _scale(path, cells, unit), dtype=np.float64)
    texts = [cell.strip().rstrip("Z").replace("/", "-") for cell in cells]
    dated = [f"1970-01-01T{text.zfill(12)}" if _CLOCK.match(text) else text for text in texts]
    try:
        stamps = np.array(dated, dtype="datetime64[us]")
    except ValueError as error:
        raise RecordingError(f"{path.name}: a time in it can't be read ({error}).") from error
    return np.asarray(stamps.astype(np.int64) * 1e-6)


def _scale(path: Path, numbers: NDArray[np.float64], unit: str) -> float:
    if unit:
        if unit.lower() not in _SECONDS:
            raise RecordingError(f"{path.name}: its times are in {unit!r}, which is no unit of time that is known.")
        return _SECONDS[unit.lower()]
    largest = float(np.nanmax(np.abs(numbers))) if np.isfinite(numbers).any() else 0.0
    return next((scale for limit, scale in _EPOCHS if largest > limit), 1.0)


def over_midnight(stamps_s: NDArray[np.float64]) -> NDArray[np.float64]:
    """Times of a clock without a date go on after midnight."""
    steps_s = np.diff(stamps_s, prepend=stamps_s[:1])
    return stamps_s + _DAY_S * np.cumsum(steps_s < -_DAY_S / 2)


def timing_of(path: Path, stamps_s: NDArray[np.float64]) -> Timing:
    """Find the even rate behind the stamps, and the pauses.

    Args:
        path: of the file, for the error.
        stamps_s: (n,) one a row.

    Raises:
        RecordingError: too few rows, times that are missing, stand still or run backwards.
    """
    _check(path, stamps_s)
    typical_s = _typical_step_s(stamps_s)
    steps_s = np.diff(stamps_s)
    pauses = np.flatnonzero(steps_s > max(_LEAST_PAUSE_S, _PAUSE_STEPS * typical_s)) + 1
    edges = [0, *pauses.tolist(), stamps_s.size]
    spans = list(pairwise(edges))
    period_s = _period_s(stamps_s, spans)
    if not period_s > 0:
        raise RecordingError(f"{path.name}: its times stand still.")
    begins_s = [_begin_s(stamps_s[a:b], period_s) for a, b in spans]
    fits = [np.abs(stamps_s[a:b] - s - np.arange(b - a) * period_s) for (a, b), s in zip(spans, begins_s, strict=True)]
    starts = tuple((a, begin_s - begins_s[0]) for (a, _b), begin_s in zip(spans, begins_s, strict=True))
    return Timing(_rate(period_s), starts, float(max(fit.max() for fit in fits)))


def _check(path: Path, stamps_s: NDArray[np.float64]) -> None:
    if stamps_s.size < 3:
        raise RecordingError(f"{path.name}: it holds {stamps_s.size} samples; that is no signal.")
    missing = np.flatnonzero(~np.isfinite(stamps_s))
    if missing.size:
        raise RecordingError(f"{path.name}: sample {missing[0] + 1} has no time.")
    back = np.flatnonzero(np.diff(stamps_s) < -_JITTER_S)
    if back.size:
        raise RecordingError(f"{path.name}: its times run backwards at sample {back[0] + 2}.")
    if stamps_s.max() - stamps_s.min() > _LONGEST_S:
        raise RecordingError(f"{path.name}: it claims to last longer than {_LONGEST_S / _DAY_S:.0f} days.")


def _typical_step_s(stamps_s: NDArray[np.float64]) -> float:
    """Median step, over parcels: samples of one parcel may share a stamp."""
    size = min(_PARCEL, stamps_s.size - 1)
    return float(np.median(stamps_s[size:] - stamps_s[:-size])) / size


def _period_s(stamps_s: NDArray[np.float64], spans: Sequence[tuple[int, int]]) -> float:
    """Least squares over all stretches: each has its own start, all share the period."""
    above = below = 0.0
    for first, last in spans:
        rows = np.arange(last - first) - (last - first - 1) / 2
        above += float(rows @ (stamps_s[first:last] - stamps_s[first:last].mean()))
        below += float(rows @ rows)
    return above / below if below else 0.0


def _begin_s(stamps_s: NDArray[np.float64], period_s: float) -> float:
    return float(stamps_s.mean()) - period_s * (stamps_s.size - 1) / 2


def _rate(period_s: float) -> float:
    rate = 1.0 / period_s
    return float(round(rate)) if rate >= 1 and abs(rate - round(rate)) <= _WHOLE_RATE * rate else rate
