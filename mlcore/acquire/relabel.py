"""Another answer on a clip that has some, or a first one on a new clip: what each is worth."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from mlcore.acquire.activelab import Trust, Votes, certainty_of_answered, certainty_of_new, trust
from mlcore.acquire.answered import MOST_PEOPLE, Answered
from mlcore.acquire.candidates import Candidates, Floats


@dataclass(frozen=True, slots=True)
class Worth:
    """What an answer is expected to tell: 1 − ActiveLab's score, mean over the class targets.

    Args:
        answered: (m,) of one more answer; NaN where none is to be asked for.
        new: (n,) of the first answer.
    """

    answered: Floats
    new: Floats


def worth(answered: Answered, candidates: Candidates) -> Worth | None:
    """What one more answer on each answered clip and the first on each candidate are worth; None without a model.

    No other answer is asked for on a clip on which nobody named a class yet, that nobody new can answer, that
    `MOST_PEOPLE` answered, or of which the model says nothing.
    """
    scores, of_answered = candidates.scores, answered.clips.scores
    if scores is None or of_answered is None:
        return None
    targets = [name for name in answered.labels if name in scores.alpha and name in of_answered.alpha]
    if not targets:
        return None
    old, new = np.zeros(answered.clips.n_clips), np.zeros(candidates.n_clips)
    for target in targets:
        probabilities = of_answered.probabilities(target)
        weights, certainty = _of_target(answered, target, probabilities)
        old += (1.0 - certainty) / len(targets)
        new += (1.0 - certainty_of_new(scores.probabilities(target), weights)) / len(targets)
    old[~_may_be_asked_again(answered, targets)] = np.nan
    return Worth(old, new)


def _may_be_asked_again(answered: Answered, targets: Sequence[str]) -> NDArray[np.bool_]:
    named = np.logical_or.reduce([answered.labels[target] >= 0 for target in targets])
    has_class = np.bincount(answered.clip[named], minlength=answered.clips.n_clips) > 0
    return np.asarray(has_class & answered.others_can() & (answered.n_people() < MOST_PEOPLE), dtype=np.bool_)


def _of_target(answered: Answered, target: str, probabilities: Floats) -> tuple[Trust, Floats]:
    """Weights, and the certainty of each answered clip (NaN where the model says nothing of it)."""
    known = np.asarray(np.isfinite(probabilities).all(axis=1), dtype=np.bool_)
    row_of = np.cumsum(known) - 1
    counts = (answered.labels[target] >= 0) & (answered.pass_number == 0) & known[answered.clip]
    _, annotator = np.unique(answered.annotator[counts], return_inverse=True)
    votes = Votes(row_of[answered.clip[counts]], annotator, answered.labels[target][counts], probabilities[known])
    weights = trust(votes)
    certainty = np.full(len(known), np.nan)
    certainty[known] = certainty_of_answered(votes, weights)
    return weights, certainty
