from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from mlcore.acquire import PoolScores, random_order, rank_by_entropy
from mlcore.errors import TrainingError


def test_the_most_uncertain_clip_comes_first_and_ties_keep_their_order() -> None:
    order = rank_by_entropy(_scores(np.array([0.2, 0.9, 0.2, 1.0])))
    assert order.tolist() == [3, 1, 0, 2]


def test_a_nan_is_an_error_that_counts_them() -> None:
    with pytest.raises(TrainingError, match="2 of 3 clips"):
        rank_by_entropy(_scores(np.array([np.nan, 0.5, np.inf])))


def test_an_empty_pool_has_an_empty_ranking() -> None:
    assert rank_by_entropy(_scores(np.zeros(0))).tolist() == []


def test_a_random_order_is_a_permutation_that_the_seed_decides() -> None:
    order = random_order(50, seed=3)
    assert sorted(order.tolist()) == list(range(50))
    assert order.tolist() == random_order(50, seed=3).tolist()
    assert order.tolist() != random_order(50, seed=4).tolist()


def test_probabilities_are_the_means_of_the_dirichlet() -> None:
    scores = _scores(np.array([0.5]))
    assert scores.probabilities("valence").tolist() == [[0.25, 0.75]]


def _scores(mean_entropy: NDArray[np.float64]) -> PoolScores:
    n = len(mean_entropy)
    alpha = {"valence": np.tile([1.0, 3.0], (n, 1))}
    per_target = {"valence": mean_entropy * np.log(2)}
    return PoolScores(np.arange(n), alpha, per_target, mean_entropy, per_target, np.full(n, np.nan))
