"""Channels that are no use for a whole recording: flat, noisy, bridged to another."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from mlcore.signals.filters import Band, FilterKind, zero_phase
from mlcore.signals.severity import NAMED_FROM, severity
from mlcore.signals.spectra import flatness, strengths
from mlcore.types import QualityFault

Array = NDArray[np.float64]
Mask = NDArray[np.bool_]

#: a channel is noisy when its strength is this many robust deviations above the others' (PREP, Bigdely-Shamlo 2015,
#: 10.3389/fninf.2015.00016, has 5); a deviation counts as the second number at least, in log units: places differ
_NOISY_FROM, _SMALLEST_DEVIATION = 5.0, 0.25
#: or when it follows none of the others: its largest correlation stays below this, in a montage of so many channels
_UNRELATED_BELOW, _FEWEST_RELATED = 0.3, 8
_FEWEST_NOISY = 4
#: bridged: the variance of two channels' difference is below 1 µV², and 1 % of what it is for the usual pair
_BRIDGED_UV2, _BRIDGED_SHARE = 1.0, 0.01
_DISTANCE_BAND = Band(0.5, 30.0)
_RELATION_BAND = Band(1.0, 45.0)
_MAD_TO_SD = 1.4826


def flat_channels(samples_uv: Array, sfreq: float) -> Mask:
    """(C,) bool: weaker than 1 µV in 1–45 Hz, or than 8 % of the usual channel; (C, T) in µV, of 0.5 s at least."""
    return np.asarray(severity(QualityFault.FLAT, flatness(strengths(samples_uv, sfreq))) >= NAMED_FROM)


def noisy_channels(samples_uv: Array, sfreq: float) -> Mask:
    """(C,) bool: far stronger than the others, in the brain's band or above it, or related to none of them.

    After PREP's deviation, noise and correlation criteria. Below four channels none can be told, below eight not by
    relation. `mne.preprocessing.find_bad_channels_lof` needs scikit-learn, which a lab's server does without.

    Args:
        samples_uv: (C, T) in µV, finite, of a second at least.
        sfreq: samples per second.
    """
    strength, flat = strengths(samples_uv, sfreq), flat_channels(samples_uv, sfreq)
    if (~flat).sum() < _FEWEST_NOISY:
        return np.zeros(len(samples_uv), dtype=np.bool_)
    is_loud = [_stands_out(values, ~flat) for values in (strength.brain_uv, strength.muscle_uv)]
    return np.asarray((is_loud[0] | is_loud[1] | _unrelated(samples_uv, sfreq, ~flat)) & ~flat)


def bridged_pairs(samples_uv: Array, sfreq: float) -> tuple[tuple[int, int], ...]:
    """Pairs of channels that read the same because gel joins them; (C, T) in µV, of a second at least."""
    return pairs_below(electrical_distance(samples_uv, sfreq))


def electrical_distance(samples_uv: Array, sfreq: float) -> Array:
    """(C, C) µV²: variance of each pair's difference in 0.5–30 Hz (Tenke & Kayser 2001, 10.1016/S1388-2457(00)00555-9).

    As `mne.preprocessing.compute_bridged_electrodes` has it, from the covariance instead of pair by pair.
    """
    covariance = np.atleast_2d(np.cov(zero_phase(samples_uv, sfreq, _DISTANCE_BAND, kind=FilterKind.IIR), ddof=0))
    variance = np.diag(covariance)
    return np.maximum(variance[:, None] + variance[None, :] - 2 * covariance, 0.0)


def pairs_below(distance_uv2: Array) -> tuple[tuple[int, int], ...]:
    """Pairs whose electrical distance (C, C) in µV² is that of a bridge; pairs of dead channels have none."""
    rows, columns = np.triu_indices(len(distance_uv2), 1)
    distances = distance_uv2[rows, columns]
    if distances.size < 2:
        return ()
    limit = min(_BRIDGED_UV2, _BRIDGED_SHARE * float(np.nanmedian(distances)))
    near = np.flatnonzero(distances < limit)
    return tuple((int(rows[k]), int(columns[k])) for k in near)


def _stands_out(values: Array, alive: Mask) -> Mask:
    logs = np.log(np.maximum(values, 1e-9))
    centre = np.median(logs[alive])
    deviation = max(_MAD_TO_SD * float(np.median(np.abs(logs[alive] - centre))), _SMALLEST_DEVIATION)
    return np.asarray((logs - centre) / deviation > _NOISY_FROM)


def _unrelated(samples_uv: Array, sfreq: float, alive: Mask) -> Mask:
    found = np.zeros(len(samples_uv), dtype=np.bool_)
    if alive.sum() >= _FEWEST_RELATED:
        related = np.abs(np.corrcoef(zero_phase(samples_uv[alive], sfreq, _RELATION_BAND, kind=FilterKind.IIR)))
        np.fill_diagonal(related, 0.0)
        found[alive] = related.max(axis=1) < _UNRELATED_BELOW
    return found
