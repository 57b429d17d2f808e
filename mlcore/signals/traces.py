"""Recorded traces of annotators: values that stand until the next event, at a fixed rate."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
#: of an interval at least so much has to be seen, or its value is not known
LEAST_SEEN = 0.5


def resample_held(times_s: Floats, values: Floats, is_seen: NDArray[np.bool_], edges_s: Floats) -> Floats:
    """The mean of a held trace within each interval: (1 / seen) ∫ value dt over what was seen of it.

    Args:
        times_s: (e,) times of the events, never falling.
        values: (e,) the value from each event on.
        is_seen: (e,) whether somebody looked between this event and the next.
        edges_s: (n + 1,) rising bounds of the intervals.

    Returns:
        (n,) NaN where less than half of an interval was seen.

    Raises:
        ValueError: the columns differ in length.

    >>> times, values = np.array([0.0, 0.5, 1.25]), np.array([0.0, 1.0, 1.0])
    >>> resample_held(times, values, np.array([True, True, False]), np.array([0.0, 1.0, 2.0])).tolist()
    [0.5, nan]
    """
    if not len(times_s) == len(values) == len(is_seen):
        raise ValueError(f"expected columns of one length, got {len(times_s)}, {len(values)} and {len(is_seen)}")
    widths_s = np.diff(edges_s)
    if not len(times_s):
        return np.full(len(widths_s), np.nan)
    held_s = np.diff(times_s) * is_seen[:-1]
    seen_s = _within(times_s, held_s, edges_s)
    sums = _within(times_s, held_s * values[:-1], edges_s)
    known = seen_s >= LEAST_SEEN * widths_s - 1e-12
    return np.where(known, sums / np.where(known, seen_s, 1.0), np.nan)


def _within(times_s: Floats, pieces: Floats, edges_s: Floats) -> Floats:
    """How much of an integral, which grows by a piece from event to event, falls into each interval."""
    grown = np.concatenate([[0.0], np.cumsum(pieces)])
    return np.diff(np.interp(edges_s, times_s, grown))


def share_in_parts(values: Floats, thresholds: tuple[float, float]) -> Floats | None:
    """(3,) shares of the known values below, between and from the thresholds on; None where none is known.

    >>> share_in_parts(np.array([-1.0, 0.0, 0.9, 1.0, np.nan]), (-1 / 3, 1 / 3)).tolist()
    [0.25, 0.25, 0.5]
    """
    known = values[~np.isnan(values)]
    if not len(known):
        return None
    return np.bincount(np.digitize(known, thresholds), minlength=len(thresholds) + 1) / len(known)
