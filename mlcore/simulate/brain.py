"""Simulated EEG: background, rhythms that follow the emotion weakly, and everything that disturbs them; microvolts."""

from __future__ import annotations

import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray

from mlcore.simulate.config import Difficulty
from mlcore.simulate.disturb import add_disturbances
from mlcore.simulate.mahnob import EEG_CHANNELS, EEG_PLACES
from mlcore.simulate.plan import TrialPlan
from mlcore.simulate.subjects import SubjectTraits

Signal = NDArray[np.float64]
_N_BACKGROUND_SOURCES = 24
_LINE_HZ = 50.0
_BETA_HZ = (14.0, 30.0)
_GAMMA_HZ = (31.0, 45.0)


def draw_eeg(
    plan: TrialPlan,
    traits: SubjectTraits,
    *,
    sfreq: float,
    n_samples: int,
    difficulty: Difficulty,
    rng: Generator,
    subject_rng: Generator,
) -> Signal:
    """EEG of one trial in µV, (32, T), channels in MAHNOB's order; `subject_rng` draws what all trials share."""
    times_s = np.arange(n_samples) / sfreq
    places = np.asarray(EEG_PLACES) - (traits.shift_x, traits.shift_y)  # the subject's sources under the same cap
    eeg = _background(places, n_samples, sfreq=sfreq, rng=rng, subject_rng=subject_rng, rms_uv=difficulty.background_uv)
    eeg += _rhythms(plan, traits, places=places, times_s=times_s, sfreq=sfreq, rng=rng)
    eeg += difficulty.line_noise_uv * np.sin(2.0 * np.pi * _LINE_HZ * times_s) * rng.uniform(0.3, 1.7, (len(places), 1))
    add_disturbances(eeg, plan, traits, sfreq=sfreq, rng=rng)
    return eeg


def _background(
    places: Signal, n_samples: int, *, sfreq: float, rng: Generator, subject_rng: Generator, rms_uv: float
) -> Signal:
    """1/f sources spread over the head by volume conduction, and each electrode's own white noise."""
    sources = pink_noise(_N_BACKGROUND_SOURCES, n_samples, sfreq=sfreq, rng=rng)
    centres = subject_rng.uniform(-0.9, 0.9, size=(_N_BACKGROUND_SOURCES, 2))
    mixing = np.stack([topography(places, (x, y), spread=0.45) for x, y in centres], axis=1)  # (C, S)
    mixing *= subject_rng.choice((-1.0, 1.0), size=_N_BACKGROUND_SOURCES)
    mixing *= rms_uv / np.sqrt((mixing**2).sum(axis=1).mean())
    out: Signal = mixing @ sources + rng.normal(0.0, 0.08 * rms_uv, size=(len(places), n_samples))
    return out


def _rhythms(
    plan: TrialPlan, traits: SubjectTraits, *, places: Signal, times_s: Signal, sfreq: float, rng: Generator
) -> Signal:
    """Alpha, beta and gamma, their amplitudes bent by the emotion.

    Less alpha over the left frontal cortex with positive valence (Davidson 1992), less alpha and more beta overall
    with arousal, temporal gamma with the strength of valence.
    """
    valence = plan.eeg_share * plan.at(plan.valence, times_s)
    arousal = plan.eeg_share * plan.at(plan.arousal, times_s)
    lateral = 0.45 * traits.asymmetry_gain * valence
    active = 0.45 * traits.activation_gain * arousal
    strong = 0.25 * traits.asymmetry_gain * np.abs(valence)
    alpha_hz = (traits.alpha_hz - 1.5, traits.alpha_hz + 1.5)
    alpha_uv = traits.alpha_uv
    sources: tuple[tuple[tuple[float, float], tuple[float, float], float, Signal], ...] = (
        ((0.0, -0.85), alpha_hz, 1.6 * alpha_uv, -active),
        ((-0.45, 0.6), alpha_hz, 0.7 * alpha_uv, -lateral - 0.5 * active),
        ((0.45, 0.6), alpha_hz, 0.7 * alpha_uv, lateral - 0.5 * active),
        ((-0.4, 0.45), _BETA_HZ, 3.2, 0.5 * lateral + active),
        ((0.4, 0.45), _BETA_HZ, 3.2, -0.5 * lateral + active),
        ((0.0, -0.3), _BETA_HZ, 2.6, active),
        ((-0.85, 0.0), _GAMMA_HZ, 1.2, strong),
        ((0.85, 0.0), _GAMMA_HZ, 1.2, strong),
    )
    eeg = np.zeros((len(EEG_CHANNELS), times_s.size))
    for centre, band_hz, amplitude_uv, log_gain in sources:
        wave = amplitude_uv * band_noise(times_s.size, band_hz, sfreq=sfreq, rng=rng) * np.exp(log_gain)
        eeg += np.outer(topography(places, centre, spread=0.4), wave)
    return eeg


def topography(places: Signal, centre: tuple[float, float], *, spread: float) -> Signal:
    """Gain of each electrode (C,) for a source below `centre`, in units of the head's radius."""
    distance = np.hypot(places[:, 0] - centre[0], places[:, 1] - centre[1])
    out: Signal = np.exp(-0.5 * (distance / spread) ** 2)
    return out


def pink_noise(n: int, n_samples: int, *, sfreq: float, rng: Generator) -> Signal:
    """Noise (n, T) of variance 1 whose power falls as 1/f above 0.5 Hz."""
    hz = np.fft.rfftfreq(n_samples, 1.0 / sfreq)
    return _shaped_noise(n, n_samples, np.where(hz > 0, 1.0 / np.sqrt(np.maximum(hz, 0.5)), 0.0), rng)


def band_noise(n_samples: int, band_hz: tuple[float, float], *, sfreq: float, rng: Generator) -> Signal:
    """Noise (T,) of variance 1 within a band, its edges rounded."""
    hz = np.fft.rfftfreq(n_samples, 1.0 / sfreq)
    centre, half = (band_hz[0] + band_hz[1]) / 2, (band_hz[1] - band_hz[0]) / 2
    return _shaped_noise(1, n_samples, np.exp(-0.5 * ((hz - centre) / (0.7 * half)) ** 2), rng).reshape(n_samples)


def _shaped_noise(n: int, n_samples: int, gain: Signal, rng: Generator) -> Signal:
    spectrum = rng.normal(size=(n, gain.size)) + 1j * rng.normal(size=(n, gain.size))
    noise = np.fft.irfft(spectrum * gain, n=n_samples, axis=1)
    out: Signal = noise / noise.std(axis=1, keepdims=True)
    return out
