"""Simulated peripheral channels: heart, skin, breath, temperature."""

from __future__ import annotations

import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray

from mlcore.simulate.mahnob import PERIPHERAL_CHANNELS
from mlcore.simulate.plan import TrialPlan
from mlcore.simulate.subjects import SubjectTraits

Signal = NDArray[np.float64]


def draw_body(plan: TrialPlan, traits: SubjectTraits, *, sfreq: float, n_samples: int, rng: Generator) -> Signal:
    """Peripheral channels (14, T) in the order of `PERIPHERAL_CHANNELS`, in the units the amplifier writes (µV)."""
    times_s = np.arange(n_samples) / sfreq
    arousal = plan.at(plan.arousal, times_s)
    heart = _heart(arousal, traits, sfreq=sfreq, rng=rng)
    skin = _skin(arousal, sfreq=sfreq, rng=rng)
    rows = {"EXG1": heart, "EXG2": 0.7 * heart, "EXG3": -0.5 * heart, "GSR1": skin, "Resp": _breath(times_s, rng)}
    rows["Temp"] = 300.0 + np.cumsum(rng.normal(0.0, 0.002, size=n_samples))
    out: Signal = rng.normal(0.0, 3.0, size=(len(PERIPHERAL_CHANNELS), n_samples))
    for index, name in enumerate(PERIPHERAL_CHANNELS):
        out[index] += rows.get(name, 0.0)
    return out


def _heart(arousal: Signal, traits: SubjectTraits, *, sfreq: float, rng: Generator) -> Signal:
    """ECG: a QRS complex and a T wave at every beat; the rate rises by 15 % with arousal."""
    rate_hz = traits.heart_hz * (1.0 + 0.15 * arousal)
    beats = np.cumsum(rate_hz) / sfreq + rng.uniform()
    lag = (beats % 1.0 - 0.3) / rate_hz  # seconds from the R peak
    qrs = 900.0 * np.exp(-0.5 * (lag / 0.012) ** 2) - 250.0 * np.exp(-0.5 * ((lag - 0.03) / 0.012) ** 2)
    out: Signal = qrs + 180.0 * np.exp(-0.5 * ((lag - 0.25) / 0.04) ** 2)
    return out


def _skin(arousal: Signal, *, sfreq: float, rng: Generator) -> Signal:
    """Skin conductance: a slow level, and responses that come more often with arousal."""
    chance = np.clip(0.08 * (1.0 + arousal), 0.0, None) / sfreq
    impulses = (rng.random(arousal.size) < chance).astype(np.float64)
    lag_s = np.arange(int(8 * sfreq)) / sfreq
    response = np.exp(-lag_s / 2.5) - np.exp(-lag_s / 0.7)
    out: Signal = 2000.0 + 250.0 * np.convolve(impulses, response)[: arousal.size]
    return out


def _breath(times_s: Signal, rng: Generator) -> Signal:
    out: Signal = 1500.0 * np.sin(2.0 * np.pi * rng.uniform(0.2, 0.3) * times_s + rng.uniform(0.0, 6.0))
    return out
