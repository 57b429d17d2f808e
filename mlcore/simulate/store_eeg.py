"""EEG of one trial of a simulated store: background, rhythms that follow the emotion and much else, artefacts."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray

from mlcore.simulate.brain import band_noise, pink_noise, topography
from mlcore.simulate.disturb import add_disturbances
from mlcore.simulate.plan import TrialPlan
from mlcore.simulate.store_config import StoreConfig
from mlcore.simulate.store_people import Person

Floats = NDArray[np.float64]
_BETA_HZ = (14.0, 30.0)
_GAMMA_HZ = (31.0, 45.0)
#: standard deviation of the changes of a rhythm's log amplitude that have nothing to do with the emotion
_UNRELATED = 0.35
_ELECTRODE_UV = 1.0


@dataclass(frozen=True, slots=True)
class _Rhythm:
    """A source: where it lies, its band (None = the subject's alpha), its amplitude in µV, what changes it."""

    place: tuple[float, float]
    band_hz: tuple[float, float] | None
    amplitude_uv: float
    valence: float = 0.0
    arousal: float = 0.0
    strength: float = 0.0


#: less alpha over the left frontal cortex with positive valence (Davidson 1992), less alpha and more beta with arousal,
#: temporal gamma with the strength of valence
_RHYTHMS = (
    _Rhythm((0.0, -0.85), None, 13.0, arousal=-1.0),
    _Rhythm((-0.45, 0.6), None, 6.0, valence=-1.0, arousal=-0.5),
    _Rhythm((0.45, 0.6), None, 6.0, valence=1.0, arousal=-0.5),
    _Rhythm((-0.4, 0.45), _BETA_HZ, 3.2, valence=0.5, arousal=1.0),
    _Rhythm((0.4, 0.45), _BETA_HZ, 3.2, valence=-0.5, arousal=1.0),
    _Rhythm((0.0, -0.3), _BETA_HZ, 2.6, arousal=1.0),
    _Rhythm((-0.85, 0.0), _GAMMA_HZ, 1.5, strength=0.6),
    _Rhythm((0.85, 0.0), _GAMMA_HZ, 1.5, strength=0.6),
)


def draw_trial_eeg(plan: TrialPlan, person: Person, config: StoreConfig, rng: Generator) -> Floats:
    """EEG of a whole trial in µV, (C, T) from the session's first sample, in the order of `config.channels`."""
    n_samples = round(plan.duration_s * config.sfreq)
    eeg = person.background @ pink_noise(person.background.shape[1], n_samples, sfreq=config.sfreq, rng=rng)
    eeg += rng.normal(0.0, _ELECTRODE_UV, size=eeg.shape)
    eeg += _rhythms(plan, person, n_samples=n_samples, sfreq=config.sfreq, rng=rng)
    eeg *= person.electrode_gain[:, None]
    add_disturbances(eeg, plan, person.traits, sfreq=config.sfreq, rng=rng)
    return np.asarray(eeg[config.channel_rows])


def unrelated(n: int, times_s: Floats, rng: Generator) -> Floats:
    """Changes (n, T) of variance 1 that have nothing to do with the emotion: of the trial, and slow ones within it."""
    of_trial = rng.normal(size=(n, 1))
    periods_s = rng.uniform(4.0, 25.0, size=(n, 4, 1))
    phases = rng.uniform(0.0, 2.0 * np.pi, size=(n, 4, 1))
    within: Floats = np.sin(2.0 * np.pi * times_s / periods_s + phases).sum(axis=1) / np.sqrt(2.0)
    out: Floats = np.sqrt(0.5) * (of_trial + within)
    return out


def _rhythms(plan: TrialPlan, person: Person, *, n_samples: int, sfreq: float, rng: Generator) -> Floats:
    times_s = np.arange(n_samples) / sfreq
    traits = person.traits
    valence = plan.eeg_share * plan.at(plan.valence, times_s)
    arousal = plan.eeg_share * plan.at(plan.arousal, times_s)
    changes = unrelated(len(_RHYTHMS), times_s, rng)
    eeg = np.zeros((len(person.places), n_samples))
    for rhythm, change in zip(_RHYTHMS, changes, strict=True):
        by_valence = traits.asymmetry_gain * (rhythm.valence * valence + rhythm.strength * np.abs(valence))
        by_arousal = traits.activation_gain * rhythm.arousal * arousal
        band_hz = rhythm.band_hz or (traits.alpha_hz - 1.5, traits.alpha_hz + 1.5)
        amplitude_uv = rhythm.amplitude_uv * (1.0 if rhythm.band_hz else traits.alpha_uv / 8.0)
        wave = band_noise(n_samples, band_hz, sfreq=sfreq, rng=rng) * amplitude_uv
        wave *= np.exp(_UNRELATED * (by_valence + by_arousal + change))
        eeg += np.outer(topography(person.places, rhythm.place, spread=0.4), wave)
    return eeg
