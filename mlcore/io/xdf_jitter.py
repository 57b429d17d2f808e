"""Even stamps for regular streams: what the clock of a device was before network and buffers shook it.

pyxdf does the same by a design matrix, which takes 260 bytes a sample; here the line is fitted in closed form.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
#: an interruption at least so long, and of so many samples, is a break: each side has a line of its own
BREAK_S, BREAK_SAMPLES = 1.0, 500


@dataclass(frozen=True, slots=True)
class EvenStamps:
    """Stamps without jitter."""

    stamps_s: Floats
    #: (first, last) sample of each stretch between breaks
    segments: tuple[tuple[int, int], ...]
    #: samples a second within the stretches; 0 below two samples
    sfreq: float


def even_stamps(stamps_s: Floats, *, nominal_sfreq: float) -> EvenStamps:
    """Lay the stamps of each stretch between breaks on the line that fits them best.

    Args:
        stamps_s: (n,) seconds, in the order of the samples.
        nominal_sfreq: promised rate, above 0.

    Returns:
        The stamps, and the rate over all stretches.
    """
    if stamps_s.size == 0:
        return EvenStamps(stamps_s, (), 0.0)
    longest_s = max(BREAK_S, BREAK_SAMPLES / nominal_sfreq)
    breaks = np.flatnonzero(np.abs(np.diff(stamps_s)) > longest_s)
    firsts = [0, *(int(place) + 1 for place in breaks)]
    lasts = [*(int(place) for place in breaks), stamps_s.size - 1]
    even_s = stamps_s.copy()
    for first, last in zip(firsts, lasts, strict=True):
        even_s[first : last + 1] = _line(stamps_s[first : last + 1])
    span_s = float(np.sum(even_s[lasts] - even_s[firsts]))
    n_steps = stamps_s.size - len(firsts)
    return EvenStamps(even_s, tuple(zip(firsts, lasts, strict=True)), n_steps / span_s if span_s > 0 else 0.0)


def _line(stamps_s: Floats) -> Floats:
    """Least squares over the sample number: slope = Σ k·t / Σ k², with k counted from the middle."""
    if stamps_s.size < 2:
        return stamps_s
    number = np.arange(stamps_s.size) - (stamps_s.size - 1) / 2
    middle_s = float(np.mean(stamps_s))
    slope = float(number @ (stamps_s - middle_s)) / float(number @ number)
    return np.asarray(middle_s + slope * number)
