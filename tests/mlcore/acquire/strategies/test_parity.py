"""The same choices as scikit-activeml, where it has the strategy."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
import torch
from numpy.typing import NDArray
from skactiveml.base import SkactivemlClassifier
from skactiveml.pool import Badge, CoreSet, TypiClust, uncertainty_scores
from skactiveml.pool._query_by_committee import average_kl_divergence

from mlcore.acquire import Candidates, pick
from mlcore.acquire.strategies.badge import errors
from mlcore.acquire.strategies.clusters import k_means
from mlcore.acquire.strategies.distances import Outer
from mlcore.evidence.ensemble import disagreement
from mlcore.types import Strategy
from tests.mlcore.acquire.strategies.pools import make_pool, scores_of, with_scores

Floats = NDArray[np.float64]
NAMES = {
    Strategy.ENTROPY: "entropy",
    Strategy.MARGIN: "margin_sampling",
    Strategy.LEAST_CONFIDENCE: "least_confident",
}


def one_target(n: int = 80, *, n_classes: int = 5, n_known: int = 6, seed: int = 0) -> tuple[Candidates, Floats]:
    """A pool with one question, and the probabilities of its answers."""
    alpha = 1 + np.random.default_rng(seed).gamma(0.6, 4.0, (n, n_classes))
    pool = replace(make_pool(n, seed=seed, n_known=n_known), scores=scores_of({"emotion": alpha}))
    return pool, alpha / alpha.sum(axis=1, keepdims=True)


def chosen(strategy: Strategy, pool: Candidates, n_picks: int, *, seed: int = 0) -> list[int]:
    picked: list[int] = pick(strategy, pool, n_picks, rng=np.random.default_rng(seed)).places.tolist()
    return picked


@pytest.mark.parametrize("strategy", NAMES)
def test_uncertainty_orders_clips_as_the_reference_does(strategy: Strategy) -> None:
    pool, p = one_target()
    reference = uncertainty_scores(p, method=NAMES[strategy])
    assert chosen(strategy, pool, 80) == np.argsort(-reference, kind="stable").tolist()


@pytest.mark.parametrize("strategy", NAMES)
def test_uncertainty_is_brought_to_0_to_1(strategy: Strategy) -> None:
    alpha = np.array([[1.0, 1.0, 1.0], [1e9, 1e-9, 1e-9]])
    pool = replace(make_pool(2), scores=scores_of({"emotion": alpha}))
    values = pick(strategy, pool, 2, rng=np.random.default_rng(0)).values
    assert np.allclose(values, [1.0, 0.0], atol=1e-6)


def test_committees_disagree_as_the_reference_says() -> None:
    p = np.random.default_rng(3).dirichlet(np.full(5, 0.7), size=(4, 80))  # (members, clips, classes)
    reference = average_kl_divergence(p.copy(), eps=1e-300)
    pool, _ = one_target()
    information = {"emotion": disagreement(torch.from_numpy(p)).numpy()}
    for strategy, column in ((Strategy.DISAGREEMENT, "disagreement"), (Strategy.BALD, "bald")):
        picked = pick(strategy, with_scores(pool, **{column: information}), 80, rng=np.random.default_rng(0))
        assert np.allclose(picked.values, reference / np.log(5), atol=1e-9)
        assert picked.places.tolist() == np.argsort(-reference).tolist()


@pytest.mark.parametrize("seed", range(2))
def test_core_set_chooses_as_the_reference_does(seed: int) -> None:
    pool, _ = one_target(200, n_known=9, seed=seed)
    assert pool.embedding is not None
    assert pool.known is not None
    x = np.concatenate([pool.embedding, pool.known]).astype(np.float64)
    y = np.concatenate([np.full(200, np.nan), np.zeros(9)])
    reference = CoreSet(random_state=0).query(x, y, batch_size=20)
    assert chosen(Strategy.CORE_SET, pool, 20) == reference.tolist()


class Said(SkactivemlClassifier):  # type: ignore[misc]
    """A classifier that says what it is told to say, row by row."""

    def __init__(self, p: Any = None, z: Any = None, classes: Any = None, missing_label: Any = np.nan) -> None:
        super().__init__(classes=classes, missing_label=missing_label)
        self.p, self.z = p, z

    def fit(self, X: Any, y: Any, sample_weight: Any = None) -> Said:
        return self

    def predict_proba(self, X: Any) -> Any:
        return self.p[: len(X)], self.z[: len(X)]


@pytest.mark.parametrize("seed", range(3))
def test_badge_draws_with_the_probabilities_of_the_reference(seed: int) -> None:
    """Along its own choices: the chance that each clip is next. It counts the origin as chosen; the paper does not."""
    pool, p = one_target(70, seed=seed)
    assert pool.embedding is not None
    assert pool.scores is not None
    z = pool.embedding
    known, utilities = Badge(random_state=seed).query(
        z.astype(np.float64), np.full(70, np.nan), Said(p, z), fit_clf=False, batch_size=12, return_utilities=True
    )
    points = Outer.of(errors(pool.scores, np.arange(70)), z)
    assert known[0] == points.squared_norms.argmax() == chosen(Strategy.BADGE, pool, 1)[0]
    squared = points.squared_norms
    for step in range(1, 12):
        squared = np.minimum(squared, points.squared_to(known[step - 1]))
        free = np.setdiff1d(np.arange(70), known[:step])
        expected = squared / squared.sum()
        assert np.allclose(expected[free], utilities[step][free], atol=1e-6)


class Ours:
    """Our k-means, where the reference wants a clustering."""

    def __init__(self, n_clusters: int = 8, random_state: Any = None, seed: int = 0) -> None:
        self.n_clusters, self.seed = n_clusters, seed

    def fit_predict(self, x: Any) -> Any:
        return k_means(x.astype(np.float32), self.n_clusters, rng=np.random.default_rng(self.seed))


@pytest.mark.parametrize("seed", range(4))
def test_typiclust_chooses_as_the_reference_does_in_the_same_clusters(seed: int) -> None:
    """As long as clusters without an answer are left; where two are equally large the reference draws one."""
    pool, _ = one_target(150, n_known=5, seed=seed)
    assert pool.embedding is not None
    assert pool.known is not None
    x = np.concatenate([pool.embedding, pool.known]).astype(np.float64)
    y = np.concatenate([np.full(150, np.nan), np.zeros(5)])
    clusters = k_means(x.astype(np.float32), 11, rng=np.random.default_rng(seed))
    sizes = np.bincount(np.where(np.isin(clusters, clusters[150:]), 11, clusters), minlength=12)[:11]
    reference = TypiClust(
        random_state=0, cluster_algo=Ours, cluster_algo_dict={"seed": seed}, n_cluster_param_name="n_clusters", k=20
    ).query(x, y, batch_size=6)
    found = chosen(Strategy.TYPICLUST, pool, 6, seed=seed)
    assert (sizes > 0).sum() >= 6
    assert [sizes[clusters[place]] for place in found] == [sizes[clusters[place]] for place in reference]
    alone = [step for step in range(6) if (sizes == sizes[clusters[found[step]]]).sum() == 1]
    assert alone
    assert [found[step] for step in alone] == [reference[step] for step in alone]
