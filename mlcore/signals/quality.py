"""How far a window of EEG can be trusted, 0..1. Thresholds are first guesses, to be set against injected faults."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

#: µV peak to peak: below, the channel is dead; up to the second normal; from the third on no brain makes it
_FLAT_UV, _NORMAL_UV, _HUGE_UV = 0.5, 200.0, 800.0
#: share of the power above 1 Hz that lies in the muscle band or at the mains: harmless, hopeless
_SHARE_FINE, _SHARE_BAD = 0.35, 0.9
_MUSCLE_FROM_HZ = 25.0
_MAINS_HZ = (50.0, 60.0)
_MAINS_WIDTH_HZ = 1.0
_SLOWEST_HZ = 1.0


def eeg_quality(windows: NDArray[np.floating], present: NDArray[np.bool_], sfreq: float) -> NDArray[np.float64]:
    """Quality of EEG windows: the mean over present channels of amplitude score × spectrum score.

    Args:
        windows: (N, C, T) in µV.
        present: (C,) bool; absent channels don't count.
        sfreq: samples per second.

    Returns:
        (N,) in 0..1: 1 = all channels of normal amplitude and spectrum; 0 = all flat, beyond any brain's
        amplitude, or no channel at all. Flat: peak to peak below 0.5 µV. Huge: 200 µV fine, 800 µV worthless.
        Spectrum: share of power above 25 Hz or at the mains, 0.35 fine, 0.9 worthless.

    Raises:
        ValueError: the shapes do not fit.
    """
    if windows.ndim != 3 or present.shape != (windows.shape[1],):
        raise ValueError(f"windows: expected (N, C, T) and present (C,), got {windows.shape} and {present.shape}.")
    if windows.shape[0] == 0 or windows.shape[2] == 0 or not present.any():
        return np.zeros(windows.shape[0])
    signals = windows[:, present, :]
    scores = _amplitude_score(signals) * _spectrum_score(signals, sfreq)  # (N, C)
    finite = np.isfinite(signals).all(axis=2)
    quality: NDArray[np.float64] = np.where(finite, np.nan_to_num(scores), 0.0).mean(axis=1)
    return quality


def _amplitude_score(signals: NDArray[np.floating]) -> NDArray[np.float64]:
    swing_uv = np.ptp(signals, axis=2).astype(np.float64)
    return np.where(swing_uv < _FLAT_UV, 0.0, _falling(swing_uv, fine=_NORMAL_UV, bad=_HUGE_UV))


def _spectrum_score(signals: NDArray[np.floating], sfreq: float) -> NDArray[np.float64]:
    tapered = (signals - signals.mean(axis=2, keepdims=True)) * np.hanning(signals.shape[2])
    power = np.abs(np.fft.rfft(tapered, axis=2)) ** 2  # (N, C, F)
    hz = np.fft.rfftfreq(signals.shape[2], 1 / sfreq)
    is_mains = np.any([np.abs(hz - mains) <= _MAINS_WIDTH_HZ for mains in _MAINS_HZ], axis=0)
    total = power[..., hz >= _SLOWEST_HZ].sum(axis=2)
    foreign = power[..., (hz >= _MUSCLE_FROM_HZ) | is_mains].sum(axis=2)
    share = np.divide(foreign, total, out=np.zeros_like(total), where=total > 0)
    return _falling(share, fine=_SHARE_FINE, bad=_SHARE_BAD)


def _falling(values: NDArray[np.float64], *, fine: float, bad: float) -> NDArray[np.float64]:
    """1 up to `fine`, straight down to 0 at `bad`."""
    return np.clip((bad - values) / (bad - fine), 0.0, 1.0)
