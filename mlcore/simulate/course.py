"""The emotional course of a simulated trial: valence and arousal over time."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray

COURSE_SFREQ = 4.0
#: centres of the three classes lie at −0.67, 0, 0.67; values beyond ±1/3 belong to the outer classes
CLASS_BORDER = 1.0 / 3.0
CLASS_STEP = 0.67
_ONSET_S = 2.0
_WANDER = 0.22


@dataclass(frozen=True, slots=True)
class Course:
    """Valence and arousal, each (T,) in −1..1 at `sfreq`."""

    sfreq: float
    valence: NDArray[np.float64]
    arousal: NDArray[np.float64]


def class_of(value: float) -> int:
    """Class 0, 1 or 2 of a valence or arousal in −1..1."""
    return 0 if value < -CLASS_BORDER else 2 if value > CLASS_BORDER else 1


def draw_course(
    cell: tuple[int, int], rng: Generator, *, start_s: float, stop_s: float, duration_s: float, is_ambiguous: bool
) -> Course:
    """Course of one trial: neutral before and after; between, wandering around the cell's centre or near its border."""
    times_s = np.arange(int(duration_s * COURSE_SFREQ) + 1) / COURSE_SFREQ
    rise = 1.0 / (1.0 + np.exp(-4.0 * (times_s - start_s - _ONSET_S / 2) / _ONSET_S))
    fall = 1.0 / (1.0 + np.exp(4.0 * (times_s - stop_s - _ONSET_S / 2) / _ONSET_S))

    def along(level: int) -> NDArray[np.float64]:
        centre = _centre(level, rng, is_ambiguous=is_ambiguous)
        course: NDArray[np.float64] = np.clip((centre + _wander(times_s, rng)) * rise * fall, -1.0, 1.0)
        return course

    return Course(COURSE_SFREQ, valence=along(cell[0]), arousal=along(cell[1]))


def _centre(level: int, rng: Generator, *, is_ambiguous: bool) -> float:
    centre = (level - 1) * CLASS_STEP
    if not is_ambiguous:
        return centre
    side = np.sign(centre) if level != 1 else rng.choice((-1.0, 1.0))
    return float(side * (CLASS_BORDER + rng.normal(0.0, 0.05)))


def _wander(times_s: NDArray[np.float64], rng: Generator) -> NDArray[np.float64]:
    """Slow swings of 8–25 s with a standard deviation of about 0.22, so that clips of one trial differ."""
    periods_s = rng.uniform(8.0, 25.0, size=4)
    phases = rng.uniform(0.0, 2.0 * np.pi, size=4)
    waves = np.sin(2.0 * np.pi * times_s[:, None] / periods_s + phases)  # (T, 4)
    swing: NDArray[np.float64] = _WANDER * waves.sum(axis=1) / np.sqrt(2.0)
    return swing
