"""What simulated annotators say about the clips of a simulated store."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray
from scipy.signal import lfilter

from mlcore.simulate.course import CLASS_BORDER
from mlcore.simulate.plan import TrialPlan
from mlcore.simulate.store_config import TRACE_SFREQ, StoreConfig

Floats = NDArray[np.float64]
Classes = NDArray[np.int64]
DIMENSIONS = ("valence", "arousal")
CLASSES = ("low", "middle", "high")
N_LEVELS = 9
#: an annotator's error on the hardest clip over that on the easiest, less 1, as simulated annotators have it
_HARDER = 3.0
#: standard deviation of what is left of a tracing hand's delay after its correction, seconds for a noise of 1
_DELAY_PER_NOISE_S = 2.5
_TRACE_MEMORY_S = 1.0


@dataclass(frozen=True, slots=True)
class Answers:
    """Answers about the N clips of some trials.

    Args:
        first: dimension -> (N,) classes of the first annotator.
        votes: (N, 3) shares of all annotators' classes of valence, the first's included.
        levels: (N,) the first annotator's level 1..9 of valence.
        traces: (N, T) the first annotator's trace of valence, −1..1.
    """

    first: dict[str, Classes]
    votes: Floats
    levels: Classes
    traces: Floats


def draw_biases(config: StoreConfig, rng: Generator) -> Floats:
    """Constant error (A, 2) of each annotator in valence and arousal."""
    return rng.normal(0.0, config.annotator_bias, size=(config.n_annotators, len(DIMENSIONS)))


def draw_answers(plans: tuple[TrialPlan, ...], biases: Floats, config: StoreConfig, rng: Generator) -> Answers:
    """Answers of all annotators about the clips of some trials, in the order of trials and clips."""
    hardness = np.repeat([plan.difficulty for plan in plans], config.clips_per_trial)
    noise = config.annotator_noise * (1.0 + _HARDER * hardness)  # (N,)
    seen = {
        name: _see(_means(plans, name, config), biases[:, axis], noise, rng) for axis, name in enumerate(DIMENSIONS)
    }
    said = {name: slip(classes_of(values), config.label_noise, rng) for name, values in seen.items()}
    votes = np.stack([(said["valence"] == number).mean(axis=0) for number in range(len(CLASSES))], axis=1)
    levels = np.clip(np.rint(5.0 + 4.0 * seen["valence"][0]), 1, N_LEVELS).astype(np.int64)
    traces = _traces(plans, float(biases[0, 0]), noise, config, rng)
    return Answers({name: classes[0] for name, classes in said.items()}, votes, levels, traces)


def classes_of(values: Floats) -> Classes:
    """Classes 0, 1, 2 of valences or arousals in −1..1."""
    return np.digitize(values, (-CLASS_BORDER, CLASS_BORDER)).astype(np.int64)


def slip(classes: Classes, share: float, rng: Generator) -> Classes:
    """A share of answers moved to a neighbouring class; from the middle to either side."""
    side = rng.choice((0, 2), size=classes.shape)
    neighbour = np.where(classes == 1, side, 1)
    return np.where(rng.random(classes.shape) < share, neighbour, classes)


def course_at(plan: TrialPlan, dimension: str, times_s: Floats) -> Floats:
    """Valence or arousal at session times."""
    return plan.at(plan.valence if dimension == "valence" else plan.arousal, times_s)


def _means(plans: tuple[TrialPlan, ...], dimension: str, config: StoreConfig) -> Floats:
    """What was felt on average during each clip (N,)."""
    within_s = np.linspace(0.0, config.window_s, 41)
    times_s: Floats = np.asarray(config.starts_s)[:, None] + within_s  # (clips, 41)
    return np.concatenate([course_at(plan, dimension, times_s).mean(axis=1) for plan in plans])


def _see(means: Floats, biases: Floats, noise: Floats, rng: Generator) -> Floats:
    """What each annotator takes each clip for, (A, N)."""
    return means + biases[:, None] + noise * rng.normal(size=(len(biases), len(means)))


def _traces(plans: tuple[TrialPlan, ...], bias: float, noise: Floats, config: StoreConfig, rng: Generator) -> Floats:
    """Traces (N, T), each trial drawn in one go: its clips are cut from one movement of the hand."""
    n_clips, n_values = config.clips_per_trial, round(config.window_s * TRACE_SFREQ)
    traces = [
        bias + _trace(plan, noise=float(noise[number * n_clips]), config=config, rng=rng)
        for number, plan in enumerate(plans)
    ]
    firsts = [round(clip * config.step_s * TRACE_SFREQ) for clip in range(n_clips)]
    return np.clip([trace[first : first + n_values] for trace in traces for first in firsts], -1.0, 1.0)


def _trace(plan: TrialPlan, *, noise: float, config: StoreConfig, rng: Generator) -> Floats:
    n_values = round(config.clips_s * TRACE_SFREQ)
    times_s: Floats = config.starts_s[0] + (np.arange(n_values, dtype=np.float64) + 0.5) / TRACE_SFREQ
    delay_s = float(rng.normal(0.0, _DELAY_PER_NOISE_S * config.annotator_noise))
    keep = np.exp(-1.0 / (TRACE_SFREQ * _TRACE_MEMORY_S))
    white = rng.normal(size=n_values)
    white[1:] *= np.sqrt(1.0 - keep**2)
    trembling: Floats = noise * lfilter([1.0], [1.0, -keep], white)
    return course_at(plan, "valence", times_s - delay_s) + trembling
