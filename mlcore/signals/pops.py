"""Electrode pops: a channel jumps at once, and the others don't."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import uniform_filter1d

Array = NDArray[np.float64]

#: a pop rises within this time
_RISE_S = 0.004
#: around a jump, the time in which usual jumps are measured; and the time around it that is left out
_AROUND_S, _SPARED_S = 0.25, 0.02
#: what the other channels explain is taken away, with this share of each channel's variance as ridge
_RIDGE = 0.02
_MAD_TO_SD = 1.4826
#: µV: jumps below this are the amplifier's own noise
_SMALLEST_UV = 0.5


def jumps(samples_uv: Array, sfreq: float, holes: NDArray[np.bool_]) -> Array:
    """The largest sudden jump of each channel over its usual jumps (C,), from (C, T) in µV.

    Differences over 4 ms are freed of what the other channels explain (a blink or a movement is seen by many), then
    compared with the channel's robust spread and with the differences around them (a burst of muscle is no pop).
    Jumps at the edge of samples that carry nothing, (C, T) bool, don't count.
    """
    lag = max(1, round(_RISE_S * sfreq))
    steps = _unexplained(_steps(samples_uv, lag))
    spoilt = _near(holes, lag)[:, : steps.shape[1]]
    steps[spoilt] = 0.0
    spread = np.maximum(_spread(steps, spoilt), _SMALLEST_UV)
    usual = np.maximum(_around(steps, sfreq, lag), spread)
    return np.asarray((np.abs(steps) / usual).max(axis=1))


def _steps(samples: Array, lag: int) -> Array:
    """(C, T − 2·lag + 1): mean of `lag` samples less the mean of the `lag` before."""
    sums = np.cumsum(np.pad(samples - samples[:, :1], ((0, 0), (1, 0))), axis=1)
    means = (sums[:, lag:] - sums[:, :-lag]) / lag
    return np.asarray(means[:, lag:] - means[:, :-lag])


def _unexplained(steps: Array) -> Array:
    """Residual of each channel regressed on all the others (by the inverse covariance), in µV."""
    if len(steps) < 2:
        return steps
    covariance = steps @ steps.T / steps.shape[1]
    ridge = _RIDGE * np.diag(covariance) + _SMALLEST_UV**2
    inverse = np.linalg.inv(covariance + np.diag(ridge))
    return np.asarray((inverse @ steps) / np.diag(inverse)[:, None])


def _near(holes: NDArray[np.bool_], lag: int) -> NDArray[np.bool_]:
    """(C, T): where a step that begins here touches a hole."""
    reach = 2 * lag + 1
    return np.asarray(uniform_filter1d(holes.astype(np.float32), size=2 * reach + 1, axis=1, mode="nearest") > 0)


def _spread(steps: Array, spoilt: NDArray[np.bool_]) -> Array:
    """(C, 1): robust standard deviation of the steps that count."""
    spread = _MAD_TO_SD * np.median(np.abs(steps), axis=1)
    for row in np.flatnonzero(spoilt.any(axis=1) & ~spoilt.all(axis=1)).tolist():
        spread[row] = _MAD_TO_SD * np.median(np.abs(steps[row, ~spoilt[row]]))
    return spread[:, None]


def _around(steps: Array, sfreq: float, lag: int) -> Array:
    """RMS of the steps around each, itself and its neighbours left out."""
    spared = 2 * max(lag, round(_SPARED_S * sfreq)) + 1
    whole = max(2 * round(_AROUND_S * sfreq) + 1, 3 * spared)
    square = steps**2
    wide = uniform_filter1d(square, size=whole, axis=1, mode="reflect") * whole
    narrow = uniform_filter1d(square, size=spared, axis=1, mode="reflect") * spared
    return np.asarray(np.sqrt(np.maximum(wide - narrow, 0.0) / (whole - spared)))
