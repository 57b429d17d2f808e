"""What disturbs simulated EEG: blinks, muscles, loose electrodes."""

from __future__ import annotations

import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray

from mlcore.simulate.mahnob import EEG_CHANNELS, EEG_PLACES
from mlcore.simulate.plan import Artefact, TrialPlan
from mlcore.simulate.subjects import SubjectTraits

Signal = NDArray[np.float64]
_BLINK_RISE_S, _BLINK_FALL_S = 0.05, 0.09
_MUSCLE_UV, _POP_UV, _DRIFT_UV, _BAD_UV = 18.0, 120.0, 80.0, 60.0


def add_disturbances(eeg: Signal, plan: TrialPlan, traits: SubjectTraits, *, sfreq: float, rng: Generator) -> None:
    """Add a trial's blinks, artefacts and bad channels to its EEG (32, T), µV, in place."""
    times_s = np.arange(eeg.shape[1]) / sfreq
    eeg += traits.blink_uv * np.outer(blink_topography(), blink_wave(times_s, plan.blinks_s))
    for artefact in plan.artefacts:
        if artefact.channels:
            _add_artefact(eeg, artefact, times_s=times_s, rng=rng)
    for number, name in enumerate(plan.bad_channels):
        # every other bad electrode is dry (noise), the rest have come off (flat)
        row = EEG_CHANNELS.index(name)
        eeg[row] = 0.02 * eeg[row] if number % 2 else eeg[row] + rng.normal(0.0, _BAD_UV, size=eeg.shape[1])


def blink_topography() -> Signal:
    """Share of a blink's amplitude on each electrode (32,): largest above the eyes, gone behind the vertex."""
    y = np.asarray([place[1] for place in EEG_PLACES])
    out: Signal = np.clip((y - 0.0) / 0.95, 0.0, 1.0) ** 2
    return out


def blink_wave(times_s: Signal, blinks_s: tuple[float, ...]) -> Signal:
    """Blinks of amplitude 1 (T,) that peak while the lids are closed and fall more slowly than they rise."""
    wave = np.zeros_like(times_s)
    for blink_s in blinks_s:
        lag_s = times_s - blink_s
        width_s = np.where(lag_s < 0, _BLINK_RISE_S, _BLINK_FALL_S)
        wave += np.exp(-0.5 * (lag_s / width_s) ** 2)
    return wave


def _add_artefact(eeg: Signal, artefact: Artefact, *, times_s: Signal, rng: Generator) -> None:
    span = (times_s >= artefact.start_s) & (times_s < artefact.stop_s)
    n = int(span.sum())
    if n < 2:
        return
    rows = np.array([EEG_CHANNELS.index(name) for name in artefact.channels])
    eeg[np.ix_(rows, np.flatnonzero(span))] += _wave(artefact.kind, n, rows.size, rng)


def _wave(kind: str, n: int, n_channels: int, rng: Generator) -> Signal:
    """One artefact, (channels, n) or broadcastable."""
    fade = np.sin(np.linspace(0.0, np.pi, n))
    if kind == "muscle":
        rough = np.diff(rng.normal(size=(n_channels, n + 1)), axis=1)  # most of its power above 20 Hz
        out: Signal = _MUSCLE_UV * fade * rough
    elif kind == "pop":
        out = _POP_UV * rng.choice((-1.0, 1.0)) * np.exp(-np.linspace(0.0, 5.0, n))[None, :]
    else:
        out = _DRIFT_UV * rng.choice((-1.0, 1.0)) * fade[None, :]
    return out
