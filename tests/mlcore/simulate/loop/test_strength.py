from __future__ import annotations

import numpy as np

from mlcore.evaluate import negative_log_likelihood
from mlcore.simulate.loop.heads import STRENGTH
from mlcore.simulate.loop.strength import STRENGTHS, choose_strength
from mlcore.train.linear import fit_logistic

RNG = np.random.default_rng(6)
X = RNG.normal(size=(120, 5))
GROUP = np.arange(120) % 3


def _by_hand(y: np.ndarray) -> float:
    """Three groups in three folds are one group a fold, however they are dealt."""
    losses = []
    for c in STRENGTHS:
        said = np.empty_like(y)
        for group in range(3):
            held = group == GROUP
            said[held] = fit_logistic(X[~held], y[~held], c=c).probabilities(X[held])
        losses.append(negative_log_likelihood(said, y))
    return STRENGTHS[int(np.argmin(losses))]


def test_it_is_the_one_that_foretells_other_people_best() -> None:
    clear = np.eye(2)[(X[:, 0] > 0).astype(int)]
    chance = np.eye(2)[RNG.integers(2, size=120)]
    for y in (clear, chance):
        assert choose_strength(X, y, GROUP, np.random.default_rng(1)) == _by_hand(y)
    assert choose_strength(X, clear, GROUP, np.random.default_rng(1)) == 1.0


def test_with_one_person_there_is_nothing_to_choose_by() -> None:
    y = np.eye(2)[(X[:, 0] > 0).astype(int)]
    assert choose_strength(X, y, np.zeros(120, dtype=np.int64), np.random.default_rng(1)) == STRENGTH
