"""The validation folds that choose the epochs: whole subjects, else whole trials; never a test subject."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from mlcore.types import JsonObject

MIN_SUBJECTS = 3


@dataclass(frozen=True, slots=True)
class Fold:
    """Places among the labelled clips.

    Args:
        train: (n,) bool.
        validation: (n,) bool; none where there is nothing to hold back, then the last epoch is taken.
        by: "subject", "trial" or "none".
    """

    train: NDArray[np.bool_]
    validation: NDArray[np.bool_]
    by: str

    def to_json(self) -> JsonObject:
        """For the metrics: how the epoch was chosen."""
        return {"by": self.by, "n_train": int(self.train.sum()), "n_validation": int(self.validation.sum())}


def choose_fold(
    subjects: NDArray[np.str_], trials: NDArray[np.int64], hard: NDArray[np.int64], *, share: float, seed: int
) -> Fold:
    """Hold back about `share` of the labelled clips.

    Args:
        subjects: (n,) of the labelled clips.
        trials: (n,) whole numbers, equal within a trial.
        hard: (n, targets) class indexes, −1 = none; the training side keeps every class that the clips show.
        share: 0..1.
        seed: decides the draw.

    Returns:
        By subject from `MIN_SUBJECTS` subjects on, else by trial, else nothing held back.
    """
    by, groups = ("subject", subjects) if len(np.unique(subjects)) >= MIN_SUBJECTS else ("trial", trials)
    held = _hold_back(groups, hard, share=share, rng=np.random.default_rng(seed))
    return Fold(~held, held, by if held.any() else "none")


def choose_folds(
    subjects: NDArray[np.str_], trials: NDArray[np.int64], hard: NDArray[np.int64], *, n_folds: int, seed: int
) -> tuple[Fold, ...]:
    """Hold back every labelled clip in one of `n_folds` folds, as far as the training side can spare it.

    Args:
        subjects: (n,) of the labelled clips.
        trials: (n,) whole numbers, equal within a trial.
        hard: (n, targets) class indexes, −1 = none; the training side of each fold keeps every class.
        n_folds: ≥ 2.
        seed: decides the draw.

    Returns:
        By subject where there are at least as many as folds (and `MIN_SUBJECTS`), else by trial.
    """
    by_subject = len(np.unique(subjects)) >= max(MIN_SUBJECTS, n_folds)
    groups = subjects if by_subject else trials
    parts = _deal(groups, n_folds, rng=np.random.default_rng(seed))
    held = [_spare(groups, part, hard) for part in parts]
    by = "subject" if by_subject else "trial"
    return tuple(Fold(~one, one, by if one.any() else "none") for one in held)


def _deal(groups: NDArray[np.generic], n_parts: int, *, rng: np.random.Generator) -> list[list[np.generic]]:
    """Groups dealt into parts of nearly equal size: in random order, each to the smallest part so far."""
    names, counts = np.unique(groups, return_counts=True)
    parts: list[list[np.generic]] = [[] for _ in range(n_parts)]
    sizes = np.zeros(n_parts, dtype=np.int64)
    for place in rng.permutation(len(names)):
        smallest = int(sizes.argmin())
        parts[smallest].append(names[place])
        sizes[smallest] += counts[place]
    return parts


def _spare(groups: NDArray[np.generic], part: list[np.generic], hard: NDArray[np.int64]) -> NDArray[np.bool_]:
    """The clips of a part, but for groups without which the training side would lose a class."""
    held = np.zeros(len(groups), dtype=np.bool_)
    for group in part:
        candidate = held | (groups == group)
        if not candidate.all() and _n_shown(hard[~candidate]) == _n_shown(hard):
            held = candidate
    return held


def _hold_back(
    groups: NDArray[np.generic], hard: NDArray[np.int64], *, share: float, rng: np.random.Generator
) -> NDArray[np.bool_]:
    """Groups in random order while they bring the share nearer and the training side can spare them."""
    held = np.zeros(len(groups), dtype=np.bool_)
    for group in rng.permutation(np.unique(groups)):
        candidate = held | (groups == group)
        overshoots = abs(candidate.mean() - share) > abs(held.mean() - share) or candidate.mean() > 0.5
        if overshoots:
            continue
        if _n_shown(hard[~candidate]) == _n_shown(hard):
            held = candidate
    return held


def _n_shown(hard: NDArray[np.int64]) -> int:
    """Number of (target, class) pairs that occur."""
    return sum(len(np.unique(column[column >= 0])) for column in hard.T)
