"""Samples that carry nothing: missing, held, or at the amplifier's limit."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Mask = NDArray[np.bool_]

#: a value that stays exactly the same for this long is no measurement
_HELD_S, _HELD_SAMPLES = 0.05, 4
#: width of the levels next to the extreme that are compared with it, as a share of the channel's range
_NEIGHBOUR_SHARE = 0.01
#: a channel whose range spans fewer steps than this has no rail that could be told from its other levels
_FEWEST_AT_RAIL = 3


@dataclass(frozen=True, slots=True)
class Holes:
    """What of a clip carries nothing, by channel."""

    #: (C, T): no number, or held at a value inside the channel's range
    missing: Mask
    #: (C, T): stands at the channel's largest or smallest value, in a channel that piles up there
    railed: Mask
    #: (C,): share of samples that is missing
    missing_share: NDArray[np.float64]
    #: (C,): share of samples piled up at the channel's largest or smallest value
    rail_share: NDArray[np.float64]


def find_holes(samples: NDArray[np.float64], sfreq: float) -> Holes:
    """Missing, held and saturated samples of (C, T) in any unit.

    A run of equal values at the channel's largest or smallest value counts as saturation, unless it is a run of zeros.
    """
    absent = ~np.isfinite(samples)
    held = _held(samples, max(_HELD_SAMPLES, math.ceil(_HELD_S * sfreq)))
    at_rail = _at_extremes(samples) & (samples != 0)
    missing = absent | (held & ~at_rail)
    rail_share = _rail_share(samples, at_rail)
    return Holes(missing, at_rail & (rail_share > 0)[:, None], missing.mean(axis=1), rail_share)


def _held(samples: NDArray[np.float64], n_least: int) -> Mask:
    """Members of runs of at least `n_least` equal values."""
    same = samples[:, 1:] == samples[:, :-1]
    n_channels, n_steps = same.shape
    if n_steps < n_least - 1:
        return np.zeros(samples.shape, dtype=np.bool_)
    before = np.concatenate([np.zeros((n_channels, 1), dtype=np.int64), np.cumsum(same, axis=1)], axis=1)
    starts = before[:, n_least - 1 :] - before[:, : 1 - n_least] == n_least - 1  # run of n_least begins here
    ends = np.zeros((n_channels, samples.shape[1] + 1), dtype=np.int64)
    ends[:, : starts.shape[1]] += starts
    ends[:, n_least : n_least + starts.shape[1]] -= starts
    return np.asarray(np.cumsum(ends, axis=1)[:, :-1] > 0)


def _at_extremes(samples: NDArray[np.float64]) -> Mask:
    low, high = _range(samples)
    return np.asarray((samples == low) | (samples == high))


def _range(samples: NDArray[np.float64]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    finite = np.isfinite(samples)
    low = np.where(finite, samples, np.inf).min(axis=1, keepdims=True)
    high = np.where(finite, samples, -np.inf).max(axis=1, keepdims=True)
    return low, high


def _rail_share(samples: NDArray[np.float64], at_rail: Mask) -> NDArray[np.float64]:
    """What lies exactly at the extremes, less what lies next to them: a crest thins out, a rail piles up."""
    low, high = _range(samples)
    with np.errstate(invalid="ignore"):
        near = _NEIGHBOUR_SHARE * (high - low)
        beside = ((samples <= low + near) | (samples >= high - near)) & ~at_rail & np.isfinite(samples)
    n_at_rail, n_beside = at_rail.sum(axis=1), beside.sum(axis=1)
    excess = np.where(n_at_rail >= _FEWEST_AT_RAIL, n_at_rail - n_beside - 2, 0)
    return np.asarray(np.maximum(excess, 0) / samples.shape[1])


def bridge(samples: NDArray[np.float64], missing: Mask) -> NDArray[np.float64]:
    """Samples with straight lines across what is missing; a channel with nothing left is zero."""
    bridged = samples.copy()
    places = np.arange(samples.shape[1])
    for row in np.flatnonzero(missing.any(axis=1)).tolist():
        known = np.flatnonzero(~missing[row])
        bridged[row] = np.interp(places, known, samples[row, known]) if known.size else 0.0
    return bridged
