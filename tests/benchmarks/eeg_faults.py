"""Faults put into clean EEG with a known strength; amplitudes are multiples of each channel's own RMS above 1 Hz."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray
from scipy.signal import butter, sosfiltfilt

from mlcore.types import QualityFault

Array = NDArray[np.float64]
#: (clip (C, T) in µV, RMS (C, 1), sampling rate, amplitude, randomness) -> the clip with the fault in every channel
Injector = Callable[[Array, Array, float, float, Generator], Array]

_MUSCLE_HZ = (20.0, 100.0)
_THIRD_HARMONIC = 0.2
_RESIDUE = 0.05
_MISSING_SHARE = 0.25


def rms_uv(clip_uv: Array, sfreq: float) -> Array:
    """(C, 1): RMS above 1 Hz, so that an amplifier's offset and drift don't make the fault larger."""
    sections = butter(2, 1.0, btype="highpass", fs=sfreq, output="sos")
    fast: Array = sosfiltfilt(sections, clip_uv, axis=1, padlen=min(clip_uv.shape[1] - 1, round(3 * sfreq)))
    return np.asarray(np.sqrt(np.mean(fast**2, axis=1, keepdims=True)))


def inject(
    fault: QualityFault, clip_uv: Array, sfreq: float, *, amplitude: float, touched: NDArray[np.bool_], rng: Generator
) -> Array:
    """The clip with a fault in the touched channels (C,)."""
    broken = clip_uv.copy()
    clean = clip_uv[touched]
    broken[touched] = INJECTORS[fault](clean, rms_uv(clean, sfreq), sfreq, amplitude, rng)
    return broken


def missing_share(amplitude: float) -> float:
    """Share of the clip that drop-outs and gaps take: a quarter at 1."""
    return _MISSING_SHARE * amplitude


def _flat(clip: Array, rms: Array, sfreq: float, amplitude: float, rng: Generator) -> Array:
    """An electrode that came off: its offset, and noise of 1/20 of the RMS at 1, less at more."""
    level = np.median(clip, axis=1, keepdims=True)
    return np.asarray(level + rng.normal(size=clip.shape) * rms * _RESIDUE / amplitude)


def _saturated(clip: Array, rms: Array, sfreq: float, amplitude: float, rng: Generator) -> Array:
    """Cut off at ± RMS / amplitude around the median."""
    level = np.median(clip, axis=1, keepdims=True)
    return np.clip(clip, level - rms / amplitude, level + rms / amplitude)


def _line_noise(clip: Array, rms: Array, sfreq: float, amplitude: float, rng: Generator) -> Array:
    """50 or 60 Hz ± 0.1 with a third harmonic where the rate allows it, its phase free in each channel."""
    hz = rng.choice([50.0, 60.0]) + rng.uniform(-0.1, 0.1)
    times_s = np.arange(clip.shape[1]) / sfreq
    phases = rng.uniform(0, 2 * np.pi, (len(clip), 1))
    wave = np.sin(2 * np.pi * hz * times_s + phases)
    if 3 * hz < sfreq / 2:
        wave = wave + _THIRD_HARMONIC * np.sin(3 * (2 * np.pi * hz * times_s + phases))
    return clip + _scaled(wave, rms * amplitude)


def _muscle(clip: Array, rms: Array, sfreq: float, amplitude: float, rng: Generator) -> Array:
    """Noise of 20–100 Hz, its own in each channel, that swells for 30–100 % of the clip."""
    sections = butter(4, (_MUSCLE_HZ[0], min(_MUSCLE_HZ[1], 0.45 * sfreq)), btype="bandpass", fs=sfreq, output="sos")
    noise = sosfiltfilt(sections, rng.normal(size=clip.shape), axis=1)
    n_samples = clip.shape[1]
    length = round(n_samples * rng.uniform(0.3, 1.0))
    first = rng.integers(0, n_samples - length + 1)
    swell = np.zeros(n_samples)
    swell[first : first + length] = np.hanning(length) if length < n_samples else 1.0
    return clip + _scaled(noise * swell, rms * amplitude)


def _dropout(clip: Array, rms: Array, sfreq: float, amplitude: float, rng: Generator) -> Array:
    """Samples held, zero or no number for a quarter of the clip at 1, by the same share more or less otherwise."""
    length = round(clip.shape[1] * missing_share(amplitude))
    first = rng.integers(0, clip.shape[1] - length + 1)
    broken = clip.copy()
    held = clip[:, first : first + 1]
    broken[:, first : first + length] = [held, np.zeros_like(held), np.full_like(held, np.nan)][rng.integers(3)]
    return broken


def _pop(clip: Array, rms: Array, sfreq: float, amplitude: float, rng: Generator) -> Array:
    """A jump within one sample at a time of each channel's own, decaying with 0.1–0.5 s or staying."""
    n_samples = clip.shape[1]
    times_s = np.arange(n_samples)[None] / sfreq
    at_s = rng.uniform(0.1, 0.9, (len(clip), 1)) * n_samples / sfreq
    decay_s = np.where(rng.random((len(clip), 1)) < 0.25, np.inf, rng.uniform(0.1, 0.5, (len(clip), 1)))
    wave = np.where(times_s >= at_s, np.exp(-np.maximum(times_s - at_s, 0.0) / decay_s), 0.0)
    return clip + _scaled(wave, rms * amplitude * rng.choice([-1.0, 1.0], (len(clip), 1)))


def _scaled(wave: Array, wanted_rms: Array) -> Array:
    """The wave, its mean square about its mean over the clip as wanted."""
    return np.asarray(wave * wanted_rms / wave.std(axis=1, keepdims=True))


INJECTORS: dict[QualityFault, Injector] = {
    QualityFault.FLAT: _flat,
    QualityFault.SATURATED: _saturated,
    QualityFault.LINE_NOISE: _line_noise,
    QualityFault.MUSCLE: _muscle,
    QualityFault.DROPOUT: _dropout,
    QualityFault.POP: _pop,
}
