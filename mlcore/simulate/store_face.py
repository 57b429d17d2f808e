"""Face features of one trial of a simulated store: expressions that answer the emotion each in its own way."""

from __future__ import annotations

import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray
from scipy.signal import lfilter

from mlcore.simulate.plan import Artefact, TrialPlan
from mlcore.simulate.store_config import StoreConfig
from mlcore.simulate.store_eeg import unrelated
from mlcore.simulate.store_people import N_FEATURES, Person, turned_head

Floats = NDArray[np.float64]
#: a face answers this much later, and not at once
_LAG_S, _RISE_S = 0.4, 0.3
#: noise of the feature extractor, and how much of it a step of 0.2 s keeps
_NOISE, _MEMORY_S = 0.7, 0.9
#: what a blurred picture keeps of the features
_BLURRED = 0.4


def draw_trial_face(plan: TrialPlan, person: Person, config: StoreConfig, rng: Generator) -> Floats:
    """Features of a whole trial, (T, 24) from the session's start; the last is 1 where a face was found, else 0.

    Rows without a face are zeros.
    """
    times_s = np.arange(round(plan.duration_s * config.face_fps)) / config.face_fps
    answer = _answer(plan, person, times_s, config.face_fps)
    answer[-1] *= rng.normal(size=times_s.size)  # livelier, not elsewhere
    moved = answer + unrelated(len(answer), times_s, rng)
    features = moved.T @ person.expressions + _noise(times_s.size, config.face_fps, rng)
    _disturb(features, plan.artefacts, times_s)
    found = _is_found(plan.artefacts, times_s)
    return np.column_stack([features + person.identity, np.ones(len(times_s))]) * found[:, None]


def _answer(plan: TrialPlan, person: Person, times_s: Floats, fps: float) -> Floats:
    """Emotional movement (6, T): smile, brows, tension, mouth, eyes, liveliness; none of them linear in the emotion."""
    felt_s = times_s - _LAG_S
    valence = plan.face_share * plan.at(plan.valence, felt_s) + person.traits.resting_smile
    arousal = plan.face_share * plan.at(plan.arousal, felt_s)
    traits = person.traits
    answer = np.stack(
        [
            traits.smile_gain * np.tanh(2.5 * np.maximum(valence, 0.0)),
            traits.brow_gain * np.maximum(-valence, 0.0),
            traits.brow_gain * 0.7 * np.abs(valence),
            traits.opening_gain * np.tanh(2.0 * np.maximum(arousal + 0.2, 0.0)),
            traits.opening_gain * 0.7 * arousal,
            traits.opening_gain * np.exp(arousal) / np.e,
        ]
    )
    keep = np.exp(-1.0 / (fps * _RISE_S))
    return np.asarray(lfilter([1.0 - keep], [1.0, -keep], answer, axis=1))


def _noise(n_steps: int, fps: float, rng: Generator) -> Floats:
    """Noise (T, 23) that neighbouring steps share."""
    keep = np.exp(-1.0 / (fps * _MEMORY_S))
    white = rng.normal(size=(n_steps, N_FEATURES))
    white[1:] *= np.sqrt(1.0 - keep**2)
    return np.asarray(_NOISE * lfilter([1.0], [1.0, -keep], white, axis=0))


def _disturb(features: Floats, artefacts: tuple[Artefact, ...], times_s: Floats) -> None:
    for artefact in artefacts:
        inside = _within(artefact, times_s)
        if artefact.kind == "turn":
            features[inside] += turned_head()
        elif artefact.kind == "blur":
            features[inside] *= _BLURRED


def _is_found(artefacts: tuple[Artefact, ...], times_s: Floats) -> NDArray[np.bool_]:
    hidden = np.zeros(times_s.size, dtype=np.bool_)
    for artefact in artefacts:
        if artefact.kind == "occlusion":
            hidden |= _within(artefact, times_s)
    return ~hidden


def _within(artefact: Artefact, times_s: Floats) -> NDArray[np.bool_]:
    return np.asarray((times_s >= artefact.start_s) & (times_s < artefact.stop_s))
