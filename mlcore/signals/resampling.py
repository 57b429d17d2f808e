"""Bringing samples to another rate, whatever the ratio, block by block if need be and always in step with time 0."""

from __future__ import annotations

import math
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array

from mlcore.errors import SignalError

#: what the lower of the two rates can hold passes up to this share of its Nyquist frequency, and nothing above it
PASS_SHARE = 0.8
#: Kaiser's design for 80 dB: shape of the window, and half its length in samples of the lower rate
_SHAPE, _HALF_WIDTH = 7.857, 25.0
#: phases that differ by less than this part of a sample share their weights
_PHASE_DIGITS = 9


def resample(samples: NDArray[np.floating], from_hz: float, to_hz: float) -> NDArray[np.float64]:
    """Samples at another rate: sample k of the result is the signal at k / to_hz, exactly, for any two rates.

    A Kaiser-windowed sinc (Smith & Gossett 1984) is laid on each new sample; it passes 80 % of the lower Nyquist
    frequency and stops by 80 dB from there on. `mne.filter.resample` takes the whole signal at once and rounds the
    ratio to whole samples of it: blocks of a stream of 998.42 Hz would come out of step.

    Args:
        samples: (…, T) finite values in any unit; beyond their ends they are taken as reflected around the last value.
        from_hz: their rate, > 0.
        to_hz: the rate wanted, > 0.

    Returns:
        (…, round(T · to_hz / from_hz)) float64.

    Raises:
        SignalError: a rate that is not above 0.
    """
    if not (from_hz > 0 and to_hz > 0):
        raise SignalError(f"resample: expected rates above 0 Hz, got {from_hz} and {to_hz}.")
    n_out = round(samples.shape[-1] * to_hz / from_hz)
    if from_hz == to_hz or n_out == 0:
        return np.array(samples[..., :n_out], dtype=np.float64)
    rows = samples.reshape(-1, samples.shape[-1])
    low, high = source_range(0, n_out, from_hz=from_hz, to_hz=to_hz)
    laid = lay_on_grid(reflected(rows, low, high), 0, n_out, from_hz=from_hz, to_hz=to_hz)
    return laid.reshape(*samples.shape[:-1], n_out)


def source_range(first: int, last: int, *, from_hz: float, to_hz: float) -> tuple[int, int]:
    """Which source samples [low, high) the results [first, last) are made of; may reach beyond the recording."""
    ratio = from_hz / to_hz
    reach = _reach(ratio)
    return math.floor(first * ratio) - reach, math.floor((last - 1) * ratio) + reach + 2


def lay_on_grid(
    source: NDArray[np.float64], first: int, last: int, *, from_hz: float, to_hz: float
) -> NDArray[np.float64]:
    """(C, last − first) results from the (C, T) source samples that `source_range` names."""
    ratio = from_hz / to_hz
    phase = round(first * ratio - math.floor(first * ratio), _PHASE_DIGITS)
    weights = _weights(phase, last - first, ratio)
    laid: NDArray[np.float64] = (weights @ np.ascontiguousarray(source[:, : weights.shape[1]].T)).T
    return laid


def reflected(samples: NDArray[np.floating], low: int, high: int) -> NDArray[np.float64]:
    """(C, high − low) samples of a (C, T) signal that goes on, turned around its last values, beyond its ends."""
    n_samples = samples.shape[1]
    wanted = np.arange(low, high)
    inside = mirrored(wanted, n_samples)
    cut = samples[:, inside].astype(np.float64)
    cut[:, wanted < 0] = 2 * samples[:, :1] - cut[:, wanted < 0]
    cut[:, wanted >= n_samples] = 2 * samples[:, -1:] - cut[:, wanted >= n_samples]
    return cut


def mirrored(indices: NDArray[np.int_], n_samples: int) -> NDArray[np.int_]:
    """Indices beyond 0..n−1 folded back at the ends, no further than to the other end."""
    folded = np.where(indices < 0, -indices, np.where(indices >= n_samples, 2 * (n_samples - 1) - indices, indices))
    return np.clip(folded, 0, n_samples - 1)


def _reach(ratio: float) -> int:
    return math.ceil(_HALF_WIDTH * max(ratio, 1.0))


@lru_cache(maxsize=4)
def _weights(phase: float, n_out: int, ratio: float) -> csr_array:
    """(n_out, n_in): row k holds what each source sample gives to result k; rows sum to 1, so that offsets stay."""
    reach = _reach(ratio)
    places = phase + np.arange(n_out) * ratio  # in source samples
    nearest = np.floor(places).astype(np.int64)
    columns = nearest[:, None] + np.arange(2 * reach + 2)  # the source begins `reach` samples before the first result
    offsets = (columns - reach - places[:, None]) / max(ratio, 1.0)
    values = _kernel(offsets)
    values /= values.sum(axis=1, keepdims=True)
    starts = np.arange(n_out + 1) * columns.shape[1]
    return csr_array((values.ravel(), columns.ravel(), starts), shape=(n_out, int(columns[-1, -1]) + 1))


def _kernel(offsets: NDArray[np.float64]) -> NDArray[np.float64]:
    """The windowed sinc at distances in samples of the lower rate; its edge is midway between pass and stop."""
    edge = (1 + PASS_SHARE) / 2
    inside = np.sqrt(np.maximum(0.0, 1 - (offsets / _HALF_WIDTH) ** 2))
    values: NDArray[np.float64] = np.sinc(edge * offsets) * np.i0(_SHAPE * inside)
    values[np.abs(offsets) > _HALF_WIDTH] = 0.0
    return values
