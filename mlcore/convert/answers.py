"""What was said of the clips of a recording, in the form in which a shard keeps it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mlcore.datasets import Recording
from mlcore.store import UNLABELLED, TargetMeta
from mlcore.types import TrialSpec, Window

#: (target, why some of its clips have no answer) -> clips
Unlabelled = Counter[tuple[str, str]]


@dataclass(frozen=True, slots=True)
class Given:
    """Answers of N clips: (N,) classes or levels, (N, K) distributions, (N, T) traces; and why some have none."""

    values: Mapping[str, NDArray[Any]] = field(default_factory=dict)
    unlabelled: Unlabelled = field(default_factory=Counter)

    def __or__(self, other: Given) -> Given:
        return Given({**self.values, **other.values}, self.unlabelled + other.unlabelled)


@dataclass(frozen=True, slots=True)
class Questions:
    """The targets of a data set, and how a recording answers them."""

    metas: Mapping[str, TargetMeta]
    answer: Callable[[Recording, Sequence[Window]], Given]

    def __or__(self, other: Questions) -> Questions:
        return Questions(
            {**self.metas, **other.metas},
            lambda recording, windows: self.answer(recording, windows) | other.answer(recording, windows),
        )

    def only(self, names: Sequence[str]) -> Questions:
        """Some of the targets."""
        metas = {name: self.metas[name] for name in names}
        return Questions(metas, lambda recording, windows: _only(self.answer(recording, windows), metas))


def _only(given: Given, metas: Mapping[str, TargetMeta]) -> Given:
    values = {name: column for name, column in given.values.items() if name in metas}
    return Given(values, Counter({key: n for key, n in given.unlabelled.items() if key[0] in metas}))


NO_QUESTIONS = Questions({}, lambda recording, windows: Given())


@dataclass(frozen=True, slots=True)
class Said:
    """What one trial says of one target: a class index or level, or why it says nothing."""

    value: int | None
    why: str = ""


#: answers of a trial to every target of a data set
TrialAnswers = Callable[[TrialSpec], Mapping[str, Said]]


def by_trial(metas: Mapping[str, TargetMeta], answers: TrialAnswers) -> Questions:
    """Questions that a trial answers as a whole: all of its clips get its answer."""
    return Questions(metas, lambda recording, windows: _spread(metas, answers, recording.trials, windows))


def _spread(
    metas: Mapping[str, TargetMeta], answers: TrialAnswers, trials: Sequence[TrialSpec], windows: Sequence[Window]
) -> Given:
    said = {trial.number: answers(trial) for trial in trials}
    rows = [said[window.trial] for window in windows]
    values = {name: np.array([_index(row[name]) for row in rows], dtype=np.int64) for name in metas}
    missing = Counter((name, row[name].why) for row in rows for name in metas if row[name].value is None)
    return Given(values, missing)


def _index(said: Said) -> int:
    return UNLABELLED if said.value is None else said.value


def level(value: float | None, *, lowest: float, levels: int, name: str) -> Said:
    """A rating as level 1..levels, the scale beginning at `lowest`; halves are rounded up.

    >>> level(-3.0, lowest=-3, levels=7, name="valence").value, level(4.5, lowest=1, levels=9, name="liking").value
    (1, 5)
    """
    if value is None:
        return Said(None, f"no {name} was given")
    place = int(np.floor(value - lowest + 0.5)) + 1
    if not 1 <= place <= levels:
        return Said(None, f"{name} {value:g} is outside of {lowest:g} to {lowest + levels - 1:g}")
    return Said(place)
