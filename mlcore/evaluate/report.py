"""What a round reports about its test clips: every figure beside its majority rate and its numbers."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from mlcore.evaluate.class_report import class_figures
from mlcore.evaluate.intervals import MIN_SUBJECTS_FOR_INTERVAL, N_RESAMPLES
from mlcore.evaluate.jsonable import or_null
from mlcore.evaluate.metrics import balanced_accuracy, confusion, hard_classes
from mlcore.types import JsonObject

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Evaluation:
    """Test clips and what was said of them.

    Args:
        subjects: (n,) who.
        trials: (n,) whole numbers, equal for clips of one trial.
        targets: per target (n, K) distributions, rows of NaN = not scored.
        probabilities: per target (n, K); a row of NaN = nothing was said.
    """

    subjects: NDArray[np.str_]
    trials: NDArray[np.int64]
    targets: Mapping[str, Floats]
    probabilities: Mapping[str, Floats]

    def scored(self, target: str) -> NDArray[np.bool_]:
        """Clips (n,) that have both a label and an answer for the target."""
        both = np.concatenate([self.targets[target], self.probabilities[target]], axis=1)
        is_scored: NDArray[np.bool_] = ~np.isnan(both).any(axis=1)
        return is_scored

    def anywhere_scored(self) -> NDArray[np.bool_]:
        """Clips (n,) that count for at least one target."""
        somewhere = np.zeros(len(self.subjects), dtype=np.bool_)
        for target in self.probabilities:
            somewhere |= self.scored(target)
        return somewhere


def by_target(evaluation: Evaluation, *, where: NDArray[np.bool_] | None = None) -> JsonObject:
    """Metrics of each target over the scored clips (of `where`)."""
    return {
        target: class_figures(
            evaluation.probabilities[target][_chosen(evaluation, target, where)],
            evaluation.targets[target][_chosen(evaluation, target, where)],
        )
        for target in evaluation.probabilities
    }


def _chosen(evaluation: Evaluation, target: str, where: NDArray[np.bool_] | None) -> NDArray[np.bool_]:
    scored = evaluation.scored(target)
    return scored if where is None else scored & where


def report(evaluation: Evaluation, *, seed: int) -> JsonObject:
    """Everything about one predictor: per target, per subject, their mean and its interval.

    Returns:
        {"n_subjects", "n_trials", "n_clips", "by_target", "per_subject", "mean_balanced_accuracy", "interval"}; a
        figure that no clip supports is null. `interval` is the 95 % bootstrap interval over subjects of the mean
        balanced accuracy; null below 5 subjects.
    """
    scored = evaluation.anywhere_scored()
    subjects = np.unique(evaluation.subjects[scored])
    return {
        "n_subjects": len(subjects),
        "n_trials": len(np.unique(evaluation.trials[scored])),
        "n_clips": int(scored.sum()),
        "by_target": by_target(evaluation),
        "per_subject": {str(one): by_target(evaluation, where=evaluation.subjects == one) for one in subjects},
        "mean_balanced_accuracy": or_null(_mean_over_targets(_counts_by_subject(evaluation, subjects))),
        "interval": _interval(evaluation, subjects, np.random.default_rng(seed)),
    }


def _counts_by_subject(evaluation: Evaluation, subjects: NDArray[np.str_]) -> dict[str, NDArray[np.int64]]:
    """Per target confusion matrices (S, K, K)."""
    return {
        target: np.array([_counts(evaluation, target, subject) for subject in subjects], dtype=np.int64).reshape(
            len(subjects), p.shape[1], p.shape[1]
        )
        for target, p in evaluation.probabilities.items()
    }


def _counts(evaluation: Evaluation, target: str, subject: str) -> NDArray[np.int64]:
    rows = evaluation.scored(target) & (evaluation.subjects == subject)
    p, truth = evaluation.probabilities[target][rows], hard_classes(evaluation.targets[target][rows])
    clear = truth >= 0
    return confusion(truth[clear], p[clear].argmax(axis=1), n_classes=p.shape[1])


def _mean_over_targets(counts: Mapping[str, NDArray[np.int64]]) -> float:
    """Mean balanced accuracy of the targets that have clips; counts (S, K, K)."""
    values = [balanced_accuracy(of_subjects.sum(axis=0)) for of_subjects in counts.values()]
    known = [value for value in values if not math.isnan(value)]
    return float(np.mean(known)) if known else float("nan")


def _interval(evaluation: Evaluation, subjects: NDArray[np.str_], rng: np.random.Generator) -> list[float] | None:
    if len(subjects) < MIN_SUBJECTS_FOR_INTERVAL:
        return None
    counts = _counts_by_subject(evaluation, subjects)
    draws = rng.integers(0, len(subjects), (N_RESAMPLES, len(subjects)))
    values = [
        _mean_over_targets({target: of_subjects[draw] for target, of_subjects in counts.items()}) for draw in draws
    ]
    low, high = np.nanpercentile(values, [2.5, 97.5])
    return [float(low), float(high)]
