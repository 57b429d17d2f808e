"""Simulated people: how strongly and where each of them shows an emotion."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.random import Generator

from mlcore.simulate.config import Difficulty, SimulationConfig


@dataclass(frozen=True, slots=True)
class SubjectTraits:
    """What stays the same in all trials of one person."""

    number: int
    #: gains of the facial expression: mouth corners, brows and eyes, mouth opening
    smile_gain: float
    brow_gain: float
    opening_gain: float
    #: resting expression, as a valence
    resting_smile: float
    #: gains of the EEG: frontal asymmetry by valence, alpha/beta by arousal
    asymmetry_gain: float
    activation_gain: float
    #: shift of all sources over the head, in units of its radius
    shift_x: float
    shift_y: float
    alpha_hz: float
    alpha_uv: float
    blink_uv: float
    blinks_per_min: float
    heart_hz: float
    #: how far self-reports lie from what was felt, as a valence
    report_noise: float


def seeds_of(config: SimulationConfig, *key: int) -> Generator:
    """Generator of one part of the data set: the same whatever else is simulated, and in which order."""
    return np.random.default_rng(np.random.SeedSequence(config.seed, spawn_key=key))


def draw_subject(number: int, rng: Generator, *, difficulty: Difficulty) -> SubjectTraits:
    """Traits of the subject `number`; `difficulty.subject_shift` sets how much people differ."""
    spread = difficulty.subject_shift

    def gain(share: float = 1.0) -> float:
        return float(np.exp(rng.normal(0.0, spread * share)))

    return SubjectTraits(
        number=number,
        smile_gain=difficulty.face_gain * gain(0.6),
        brow_gain=difficulty.face_gain * gain(),
        opening_gain=difficulty.face_gain * gain(),
        resting_smile=float(rng.normal(0.0, 0.3 * spread)),
        asymmetry_gain=difficulty.eeg_gain * gain(),
        activation_gain=difficulty.eeg_gain * gain(),
        shift_x=float(rng.normal(0.0, 0.25 * spread)),
        shift_y=float(rng.normal(0.0, 0.25 * spread)),
        alpha_hz=float(rng.uniform(9.0, 11.0)),
        alpha_uv=float(rng.uniform(5.0, 11.0)),
        blink_uv=float(rng.uniform(90.0, 160.0)),
        blinks_per_min=float(rng.uniform(10.0, 20.0)),
        heart_hz=float(rng.uniform(0.95, 1.35)),
        report_noise=float(rng.uniform(0.1, 0.3)),
    )
