"""Folds that share no subject, or no trial, with what was learnt from; checked, not believed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mlcore.errors import TrainingError

Rows = NDArray[np.int64]


class SplitBy(StrEnum):
    """What a fold keeps together: a person (unseen people are tested) or one stimulus (unseen stimuli are)."""

    SUBJECT = "subject"
    TRIAL = "trial"


@dataclass(frozen=True, slots=True)
class Split:
    """One fold of a cross-validation.

    Args:
        number: 0..folds−1.
        train: (n,) rows, rising.
        test: (m,) rows, rising.
    """

    number: int
    train: Rows
    test: Rows


def subject_folds(subjects: NDArray[np.str_], labelled_rows: Rows, *, n_folds: int, seed: int) -> tuple[Split, ...]:
    """Folds in which nobody is both learnt from and tested; as many folds as subjects leave out one subject each.

    Args:
        subjects: (N,) who, of every clip.
        labelled_rows: (n,) rows that have a label; each is tested exactly once.
        n_folds: 2 or more, at most one a labelled subject.
        seed: decides who comes into which fold.

    Returns:
        One split a fold. Subjects are dealt from the largest down, each into the fold that has the fewest clips.

    Raises:
        TrainingError: fewer labelled subjects than folds.
    """
    return _folds(subjects[labelled_rows], labelled_rows, SplitBy.SUBJECT, n_folds=n_folds, seed=seed)


def trial_folds(
    subjects: NDArray[np.str_],
    sessions: NDArray[np.str_],
    trials: Rows,
    labelled_rows: Rows,
    *,
    n_folds: int,
    seed: int,
) -> tuple[Split, ...]:
    """Folds in which no trial is both learnt from and tested, though its subject may be.

    Args:
        subjects: (N,) who, of every clip.
        sessions: (N,) which recording of the subject.
        trials: (N,) which stimulus of the session.
        labelled_rows: (n,) rows that have a label; each is tested exactly once.
        n_folds: 2 or more, at most one a labelled trial.
        seed: decides which trial comes into which fold.

    Returns:
        One split a fold, as balanced as those of `subject_folds`.

    Raises:
        TrainingError: fewer labelled trials than folds.
    """
    keys = trial_keys(subjects, sessions, trials)
    return _folds(keys[labelled_rows], labelled_rows, SplitBy.TRIAL, n_folds=n_folds, seed=seed)


def trial_keys(subjects: NDArray[np.str_], sessions: NDArray[np.str_], trials: Rows) -> Rows:
    """Whole numbers (N,), equal for clips of the same subject, session and trial; in order of first appearance."""
    numbers: dict[tuple[str, str, int], int] = {}
    keys = zip(subjects.tolist(), sessions.tolist(), trials.tolist(), strict=True)
    return np.array([numbers.setdefault(key, len(numbers)) for key in keys], dtype=np.int64)


def _folds(groups: NDArray[Any], rows: Rows, by: SplitBy, *, n_folds: int, seed: int) -> tuple[Split, ...]:
    _, members, sizes = np.unique(groups, return_inverse=True, return_counts=True)
    _check_count(len(sizes), by, n_folds)
    fold_of_row = _deal(sizes, n_folds=n_folds, rng=np.random.default_rng(seed))[members]
    return tuple(
        Split(number, train=np.sort(rows[fold_of_row != number]), test=np.sort(rows[fold_of_row == number]))
        for number in range(n_folds)
    )


def _check_count(n_groups: int, by: SplitBy, n_folds: int) -> None:
    if n_folds < 2:
        raise TrainingError(f"n_folds: expected 2 or more, got {n_folds}")
    if n_groups < n_folds:
        raise TrainingError(
            f"{n_folds} folds by {by} need labelled clips of at least {n_folds} {by}s, got {n_groups}: ask for fewer"
            " folds or label more"
        )


def _deal(sizes: Sequence[int] | Rows, *, n_folds: int, rng: np.random.Generator) -> Rows:
    """Fold of each group: shuffled, then the largest first, each to the fold that is smallest so far."""
    sizes = np.asarray(sizes, dtype=np.int64)
    shuffled = rng.permutation(len(sizes))
    fold, filled = np.zeros(len(sizes), dtype=np.int64), np.zeros(n_folds, dtype=np.int64)
    for group in shuffled[np.argsort(-sizes[shuffled], kind="stable")]:
        fold[group] = filled.argmin()
        filled[fold[group]] += sizes[group]
    return fold
