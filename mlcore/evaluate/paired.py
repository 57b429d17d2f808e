"""Two methods over the same units (seed × fold, or subject): who is ahead, by how much, and how surely."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.stats import wilcoxon

from mlcore.errors import TrainingError
from mlcore.evaluate.corrected import TIE, corrected_error, t_test_p
from mlcore.evaluate.intervals import Interval, t_interval
from mlcore.types import JsonObject

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Comparison:
    """One method's figures less another's over n units.

    Args:
        mean_difference: first less second.
        interval: 95 % of Student's t over the units as if they were independent; None below 2 units.
        wilcoxon_p: two-sided signed-rank p, the same assumption; None below 2 units.
        corrected_interval: 95 % with the variance of overlapping training sets; None where no share of test clips was
            given.
        corrected_p: two-sided p of the corrected resampled t-test; None likewise.
        wins: units in which the first is better.
        ties: units in which they are equal.
        losses: units in which the second is better.
        n: units.
    """

    mean_difference: float
    interval: Interval | None
    wilcoxon_p: float | None
    corrected_interval: Interval | None
    corrected_p: float | None
    wins: int
    ties: int
    losses: int
    n: int

    def to_json(self) -> JsonObject:
        """Plain values."""
        return {
            "mean_difference": self.mean_difference,
            "interval": self.interval.to_json() if self.interval else None,
            "wilcoxon_p": self.wilcoxon_p,
            "corrected_interval": self.corrected_interval.to_json() if self.corrected_interval else None,
            "corrected_p": self.corrected_p,
            "wins": self.wins,
            "ties": self.ties,
            "losses": self.losses,
            "n": self.n,
        }


def compare_paired(
    first: Sequence[float] | Floats,
    second: Sequence[float] | Floats,
    *,
    test_per_train: float | None = None,
    higher_is_better: bool = True,
) -> Comparison:
    """Compare two methods unit by unit.

    Args:
        first: (n,) one figure a unit.
        second: (n,) the other method's figures of the same units in the same order.
        test_per_train: test clips per training clip of a fold, e.g. 1/4 in five folds, where the units are folds or
            seeds × folds of one data set; None where they are independent, as subjects are.
        higher_is_better: False for errors, such as RMSE or NLL; decides wins and losses, not the difference's sign.

    Raises:
        TrainingError: the two don't have the same units, or a figure is missing.
    """
    differences = _differences(first, second)
    ahead = differences if higher_is_better else -differences
    corrected = None if test_per_train is None else corrected_error(differences, test_per_train)
    return Comparison(
        mean_difference=float(differences.mean()),
        interval=_interval(differences, _standard_error(differences)),
        wilcoxon_p=_wilcoxon_p(differences),
        corrected_interval=_interval(differences, corrected),
        corrected_p=t_test_p(differences, corrected),
        wins=int((ahead > TIE).sum()),
        ties=int((np.abs(ahead) <= TIE).sum()),
        losses=int((ahead < -TIE).sum()),
        n=len(differences),
    )


def _differences(first: Sequence[float] | Floats, second: Sequence[float] | Floats) -> Floats:
    ours, theirs = np.asarray(first, dtype=np.float64), np.asarray(second, dtype=np.float64)
    if ours.shape != theirs.shape or ours.ndim != 1 or not len(ours):
        raise TrainingError(
            f"a paired comparison needs both methods' figures of the same units, got {ours.shape} and {theirs.shape}"
        )
    if not (np.isfinite(ours) & np.isfinite(theirs)).all():
        raise TrainingError("a paired comparison needs a figure of both methods in every unit: leave out the others")
    return ours - theirs


def _standard_error(differences: Floats) -> float | None:
    return float(np.std(differences, ddof=1) / np.sqrt(len(differences))) if len(differences) > 1 else None


def _interval(differences: Floats, standard_error: float | None) -> Interval | None:
    if standard_error is None:
        return None
    return t_interval(float(differences.mean()), standard_error, len(differences))


def _wilcoxon_p(differences: Floats) -> float | None:
    if len(differences) < 2:
        return None
    apart = differences[np.abs(differences) > TIE]
    return float(wilcoxon(apart).pvalue) if len(apart) else 1.0
