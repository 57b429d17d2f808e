"""What the spectrum of a clip says: how strong the brain's band is, the mains, and the muscles."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.signal import detrend
from scipy.signal.windows import hann

from mlcore.signals.mains import MAINS_HZ

Array = NDArray[np.float64]

#: Hz: the band in which a channel's strength is measured; what muscles add lies above the second band
_BRAIN_HZ, _SLOW_HZ, _MUSCLE_HZ = (1.0, 45.0), (2.0, 20.0), (25.0, 100.0)
#: amplifiers let nothing through above this share of the Nyquist frequency
_NYQUIST_SHARE = 0.9
#: half width of a line, Hz, and of the background beside it; a window of T seconds blurs by 2 / T
_LINE_HZ, _BESIDE_HZ = 1.0, 5.0
#: a channel is flat at this RMS, or at this share of the usual channel's where there are enough to tell it
_WEAK_UV, _WEAK_SHARE = 1.0, 0.08
_FEWEST_FOR_COMPARISON = 4


@dataclass(frozen=True, slots=True)
class Strengths:
    """RMS in µV of each channel (C,), by what makes it."""

    brain_uv: Array
    slow_uv: Array
    muscle_uv: Array
    line_uv: Array


def strengths(samples_uv: Array, sfreq: float) -> Strengths:
    """RMS by band of (C, T) in µV; lines at 50 or 60 Hz and their harmonics are in `line_uv` alone."""
    hz, power = _periodogram(samples_uv, sfreq)
    lines = [_lines(hz, power, mains_hz) for mains_hz in MAINS_HZ]
    (line_50, on_50), (line_60, on_60) = lines
    clean = np.where(on_50 | on_60, 0.0, power)
    top_hz = _NYQUIST_SHARE * sfreq / 2
    return Strengths(
        brain_uv=_rms(clean, hz, _BRAIN_HZ),
        slow_uv=_rms(clean, hz, _SLOW_HZ),
        muscle_uv=_rms(clean, hz, (_MUSCLE_HZ[0], min(_MUSCLE_HZ[1], top_hz))),
        line_uv=np.sqrt(np.maximum(line_50, line_60)),
    )


def flatness(strength: Strengths) -> Array:
    """(C,): 1 at 1 µV in 1–45 Hz, or at 8 % of the usual channel; larger the weaker."""
    limit_uv = _WEAK_UV
    if len(strength.brain_uv) >= _FEWEST_FOR_COMPARISON:
        limit_uv = max(limit_uv, _WEAK_SHARE * float(np.median(strength.brain_uv)))
    return ratio(np.full(len(strength.brain_uv), limit_uv), strength.brain_uv)


def ratio(above: Array, below: Array) -> Array:
    """above / below; 0 / 0 is 0."""
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.asarray(np.nan_to_num(above / below, nan=0.0, posinf=np.inf))


def _periodogram(samples: Array, sfreq: float) -> tuple[Array, Array]:
    """Power of each bin (C, F), so that bins add up to the mean square; Hann window."""
    n_samples = samples.shape[1]
    window = hann(n_samples, sym=False)
    spectrum = np.fft.rfft(detrend(samples, axis=1) * window, axis=1)
    power = 2 * np.abs(spectrum) ** 2 / (n_samples * (window**2).sum())
    return np.fft.rfftfreq(n_samples, 1 / sfreq).astype(np.float64), np.asarray(power, dtype=np.float64)


def _rms(power: Array, hz: Array, band_hz: tuple[float, float]) -> Array:
    inside = (hz >= band_hz[0]) & (hz < band_hz[1])
    return np.asarray(np.sqrt(power[:, inside].sum(axis=1)))


def _lines(hz: Array, power: Array, mains_hz: float) -> tuple[Array, NDArray[np.bool_]]:
    """Mean square (C,) of a mains frequency and its harmonics above what lies beside them, and the bins they cover."""
    blur_hz = 2 * hz[1]
    covered = np.zeros(hz.shape, dtype=np.bool_)
    total = np.zeros(len(power))
    for line_hz in np.arange(mains_hz, hz[-1], mains_hz):
        distance = np.abs(hz - line_hz)
        on = distance <= _LINE_HZ + blur_hz
        beside = ~on & (distance <= _LINE_HZ + blur_hz + _BESIDE_HZ)
        if beside.any():
            floor = np.median(power[:, beside], axis=1)
            total += np.maximum(power[:, on].sum(axis=1) - on.sum() * floor, 0.0)
            covered |= on
    return total, covered
