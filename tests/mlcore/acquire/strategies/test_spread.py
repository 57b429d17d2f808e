"""Strategies that choose step by step, against references that write everything down."""

from __future__ import annotations

import tracemalloc
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy.spatial.distance import cdist
from sklearn.cluster import KMeans
from sklearn.metrics import adjusted_rand_score
from sklearn.neighbors import NearestNeighbors

from mlcore.acquire import Candidates, cold_start, pick
from mlcore.acquire.strategies.badge import POOL as GRADIENTS
from mlcore.acquire.strategies.badge import errors
from mlcore.acquire.strategies.clusters import k_means, typicality
from mlcore.acquire.strategies.core_set import POOL
from mlcore.acquire.strategies.distances import Embedded, Outer, nearest
from mlcore.acquire.strategies.spread import k_means_pp
from mlcore.acquire.strategies.steps import MAX_STEPS
from mlcore.acquire.strategies.typiclust import POOL as CLUSTERED
from mlcore.types import Strategy
from tests.mlcore.acquire.strategies.pools import make_pool, scores_of

Floats = NDArray[np.float64]


def chosen(strategy: Strategy, pool: Candidates, n_picks: int, *, seed: int = 0) -> list[int]:
    picked: list[int] = pick(strategy, pool, n_picks, rng=np.random.default_rng(seed)).places.tolist()
    return picked


def at(x: Floats, *, known: Floats | None = None) -> Candidates:
    """Clips that lie at x."""
    pool = make_pool(len(x))
    return replace(pool, embedding=x.astype(np.float32), known=None if known is None else known.astype(np.float32))


def blobs(*sizes: int, seed: int = 0) -> Floats:
    """Groups of points, far from one another; the first lies at the origin."""
    rng = np.random.default_rng(seed)
    return np.concatenate([rng.normal(size=(n, 2)) + np.array([100.0 * number, 0.0]) for number, n in enumerate(sizes)])


def of_blob(x: Floats) -> list[int]:
    """Which group each point is of."""
    groups: list[int] = np.rint(x[:, 0] / 100).astype(int).tolist()
    return groups


class TestDistances:
    def test_the_nearest_of_many_is_that_of_the_whole_matrix(self) -> None:
        rng = np.random.default_rng(0)
        x, centres = rng.normal(size=(5000, 3)).astype(np.float32), rng.normal(size=(4500, 3)).astype(np.float32)
        squared, which = nearest(x, centres)
        whole = cdist(x, centres)
        assert np.allclose(np.sqrt(squared), whole.min(axis=1), atol=2e-3)
        assert np.allclose(whole[np.arange(5000), which], whole.min(axis=1), atol=2e-3)

    def test_distances_of_factors_are_those_of_their_products(self) -> None:
        rng = np.random.default_rng(1)
        a, z = rng.normal(size=(30, 4)).astype(np.float32), rng.normal(size=(30, 5)).astype(np.float32)
        products = np.einsum("nc,nd->ncd", a, z).reshape(30, -1)
        points = Outer.of(a, z)
        assert np.allclose(points.squared_norms, (products**2).sum(axis=1), rtol=1e-5)
        for place in range(30):
            assert np.allclose(points.squared_to(place), ((products - products[place]) ** 2).sum(axis=1), atol=1e-3)

    def test_nothing_is_nearer_than_0(self) -> None:
        points = Embedded.at(np.full((50, 7), 1 / 3, dtype=np.float32))
        assert (points.squared_to(3) >= 0).all()
        assert (points.squared_to(3) < 1e-6).all()


class TestCoreSet:
    def test_each_is_the_farthest_from_all_before(self) -> None:
        pool = make_pool(120, n_known=5)
        assert pool.embedding is not None
        assert pool.known is not None
        centres = [*pool.known.astype(float)]
        expected: list[int] = []
        for _ in range(30):
            expected.append(int(cdist(pool.embedding, centres).min(axis=1).argmax()))
            centres.append(pool.embedding[expected[-1]].astype(float))
        assert chosen(Strategy.CORE_SET, pool, 30) == expected

    def test_the_rest_follows_by_its_distance(self) -> None:
        pool = make_pool(120, n_known=5)
        assert pool.embedding is not None
        assert pool.known is not None
        picked = pick(Strategy.CORE_SET, pool, 30, rng=np.random.default_rng(0))
        whole = pick(Strategy.CORE_SET, pool, 120, rng=np.random.default_rng(0)).places
        assert whole[:30].tolist() == picked.places.tolist()
        rest = np.setdiff1d(np.arange(120), picked.places)
        centres = np.concatenate([pool.known, pool.embedding[picked.places]])
        distances = cdist(pool.embedding[rest], centres).min(axis=1)
        assert rest[np.argsort(-picked.values[rest])].tolist() == rest[np.argsort(-distances)].tolist()

    def test_where_nothing_is_known_the_most_central_comes_first_and_then_the_farthest(self) -> None:
        assert chosen(Strategy.CORE_SET, at(np.array([[0.0], [4.0], [5.0], [9.0], [11.0]])), 3) == [2, 4, 0]

    def test_what_is_known_is_not_asked_again(self) -> None:
        x = blobs(10, 10, 10)
        found = chosen(Strategy.CORE_SET, at(x, known=x[[0, 25]]), 1)
        assert of_blob(x[found]) == [1]

    def test_a_known_clip_without_a_finite_place_is_not_regarded(self) -> None:
        x = blobs(10, 10, 10)
        lost = np.full((1, 2), np.nan)
        assert chosen(Strategy.CORE_SET, at(x, known=np.concatenate([x[:1], lost])), 9) == chosen(
            Strategy.CORE_SET, at(x, known=x[:1]), 9
        )

    def test_of_a_large_pool_a_random_part_is_looked_at_and_the_others_come_last(self) -> None:
        n = POOL + 500
        pool = at(np.random.default_rng(0).normal(size=(n, 2)))
        picked = pick(Strategy.CORE_SET, pool, n, rng=np.random.default_rng(0))
        assert sorted(picked.places.tolist()) == list(range(n))
        assert (picked.values < 0).sum() == 500
        assert (picked.values > 1).sum() == MAX_STEPS
        other = pick(Strategy.CORE_SET, pool, 10, rng=np.random.default_rng(1))
        assert set(np.flatnonzero(picked.values < 0)) != set(np.flatnonzero(other.values < 0))


class TestBadge:
    def test_gradients_of_several_targets_stand_side_by_side(self) -> None:
        pool = make_pool(40)
        assert pool.scores is not None
        expected = []
        for alpha in pool.scores.alpha.values():
            p = alpha / alpha.sum(axis=1, keepdims=True)
            expected.append(p - (p == p.max(axis=1, keepdims=True)))
        assert np.allclose(errors(pool.scores, np.arange(40)), np.concatenate(expected, axis=1), atol=1e-6)

    def test_it_is_k_means_pp_on_the_products_that_are_never_written_down(self) -> None:
        pool = make_pool(90)
        assert pool.scores is not None
        assert pool.embedding is not None
        gradients = np.einsum("nc,nd->ncd", errors(pool.scores, np.arange(90)), pool.embedding).reshape(90, -1)
        first = int((gradients**2).sum(axis=1).argmax())
        expected, _ = k_means_pp(Embedded.at(gradients), first, 25, rng=np.random.default_rng(6))
        assert chosen(Strategy.BADGE, pool, 25, seed=6) == expected.tolist()

    def test_the_next_is_drawn_in_proportion_to_its_squared_distance(self) -> None:
        points, rng = Embedded.at(np.array([[0.0], [1.0], [2.0], [3.0]], dtype=np.float32)), np.random.default_rng(0)
        seconds = [int(k_means_pp(points, 0, 2, rng=rng)[0][1]) for _ in range(4200)]
        assert np.allclose(np.bincount(seconds, minlength=4) / 4200, np.array([0, 1, 4, 9]) / 14, atol=0.03)

    def test_of_sure_clips_which_all_lie_at_the_origin_one_is_enough(self) -> None:
        alpha = np.ones((30, 3))
        alpha[:20] = [1e12, 1e-3, 1e-3]
        pool = replace(make_pool(30), scores=scores_of({"valence": alpha}))
        for seed in range(5):
            assert sum(place < 20 for place in chosen(Strategy.BADGE, pool, 10, seed=seed)) <= 1

    def test_a_clip_without_an_opinion_is_left_out_with_this_reason(self) -> None:
        pool = make_pool(30)
        assert pool.scores is not None
        alpha = {name: values.copy() for name, values in pool.scores.alpha.items()}
        alpha["arousal"][[3, 9]] = np.nan
        picked = pick(
            Strategy.BADGE, replace(pool, scores=replace(pool.scores, alpha=alpha)), 30, rng=np.random.default_rng(0)
        )
        assert {reason: places.tolist() for reason, places in picked.excluded.items()} == {"no finite opinion": [3, 9]}

    def test_of_a_large_pool_the_longest_gradients_are_looked_at(self) -> None:
        n, rng = GRADIENTS + 300, np.random.default_rng(0)
        alpha, z = 1 + rng.gamma(1.0, 2.0, (n, 2)), rng.normal(size=(n, 2))
        pool = replace(at(z), scores=scores_of({"valence": alpha}))
        values = pick(Strategy.BADGE, pool, 20, rng=rng).values
        assert pool.scores is not None
        a = errors(pool.scores, np.arange(n)).astype(np.float64)
        lengths = np.linalg.norm(a, axis=1) * np.linalg.norm(z, axis=1)
        shortest = np.argsort(lengths)[:300]
        assert sorted(np.flatnonzero(values < 0).tolist()) == sorted(shortest.tolist())
        assert shortest[np.argsort(values[shortest])].tolist() == shortest.tolist()


class TestTypiClust:
    def test_k_means_finds_groups_as_another_library_does(self) -> None:
        x = blobs(40, 25, 60, 31)
        theirs = KMeans(4, n_init=10, random_state=0).fit_predict(x)
        assert adjusted_rand_score(k_means(x.astype(np.float32), 4, rng=np.random.default_rng(0)), theirs) == 1.0

    def test_more_clusters_than_points_are_no_error(self) -> None:
        x = np.zeros((3, 2), dtype=np.float32)
        assert k_means(x, 7, rng=np.random.default_rng(0)).shape == (3,)

    @pytest.mark.parametrize("n", [2, 15, 700])
    def test_typicality_is_one_by_the_mean_distance_of_the_neighbours(self, n: int) -> None:
        x = np.random.default_rng(0).normal(size=(n, 4)).astype(np.float32)
        distances, _ = NearestNeighbors(n_neighbors=min(21, n)).fit(x).kneighbors(x)
        assert np.allclose(typicality(x), 1 / distances[:, 1:].mean(axis=1), rtol=1e-4)

    def test_it_takes_the_densest_point_of_the_largest_group_first(self) -> None:
        x = blobs(40, 25, 60)
        found = chosen(Strategy.TYPICLUST, at(x), 3)
        assert of_blob(x[found]) == [2, 0, 1]
        for group, place in zip((2, 0, 1), found, strict=True):
            own = np.flatnonzero(np.array(of_blob(x)) == group)
            assert place == own[typicality(x[own].astype(np.float32)).argmax()]

    def test_groups_that_are_known_come_after_those_that_are_not(self) -> None:
        x = blobs(40, 25, 60)
        found = chosen(Strategy.TYPICLUST, at(x, known=x[-2:-1]), 2)
        assert of_blob(x[found]) == [0, 1]

    def test_it_begins_again_where_every_group_has_been_asked(self) -> None:
        x = np.repeat([[0.0], [100.0], [200.0]], [8, 6, 4], axis=0)
        found = chosen(Strategy.TYPICLUST, at(x, known=np.array([[0.0]] * 2)), 6)
        assert sorted(of_blob(x[found])) == [0, 1, 1, 1, 2, 2]

    def test_of_a_large_pool_a_random_part_is_looked_at(self) -> None:
        n = CLUSTERED + 100
        picked = pick(
            Strategy.TYPICLUST, at(np.random.default_rng(0).normal(size=(n, 2))), 40, rng=np.random.default_rng(0)
        )
        assert (picked.values < 0).sum() == 100
        assert len(picked.places) == 40


class TestColdStart:
    def test_subjects_take_turns_and_each_shows_every_group_of_its_own(self) -> None:
        """Each person lies elsewhere and has a large and a small group."""
        x = np.concatenate([blobs(12, 7, seed=person) + np.array([0.0, 1000.0 * person]) for person in range(3)])
        pool = replace(at(x), subject=np.repeat([5, 6, 7], 19))
        picked = cold_start(pool, 6, rng=np.random.default_rng(0))
        assert sorted(pool.subject[picked.places[:3]].tolist()) == [5, 6, 7]
        assert sorted(pool.subject[picked.places[3:]].tolist()) == [5, 6, 7]
        assert of_blob(x[picked.places]) == [0, 0, 0, 1, 1, 1]

    def test_subjects_begin_in_random_order(self) -> None:
        pool = make_pool(60)
        firsts = {int(pool.subject[cold_start(pool, 1, rng=np.random.default_rng(s)).places[0]]) for s in range(40)}
        assert firsts == {0, 1, 2, 3}

    def test_a_subject_with_few_clips_doesn_t_hold_up_the_others(self) -> None:
        pool = replace(make_pool(20), subject=np.array([1] + [2] * 19))
        picked = cold_start(pool, 20, rng=np.random.default_rng(0))
        assert sorted(picked.places.tolist()) == list(range(20))
        assert 0 in picked.places[:2]


@pytest.mark.parametrize("strategy", [Strategy.CORE_SET, Strategy.BADGE, Strategy.TYPICLUST])
def test_no_more_than_one_copy_of_the_embedding_is_in_memory(strategy: Strategy, tmp_path: Path) -> None:
    """200,000 × 64 lie on the disk, 51 MB in single precision."""
    n, d = 200_000, 64
    rng = np.random.default_rng(0)
    embedding = np.lib.format.open_memmap(tmp_path / "z.npy", mode="w+", dtype=np.float32, shape=(n, d))
    embedding[:] = rng.normal(size=(n, d)).astype(np.float32)
    pool = replace(make_pool(n), embedding=embedding, known=embedding[:50])
    tracemalloc.start()
    picked = pick(strategy, pool, 50, rng=rng)
    _, peak_bytes = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert len(picked.places) == 50
    assert peak_bytes < 2 * 4 * n * d


def test_of_many_clips_each_subject_shows_a_random_part() -> None:
    n = CLUSTERED + 5000
    pool = replace(at(np.random.default_rng(0).normal(size=(n, 2))), subject=np.repeat(np.arange(50), n // 50))
    picked = cold_start(pool, 100, rng=np.random.default_rng(0))
    looked_at = np.bincount(pool.subject[picked.values >= 0], minlength=50)
    assert set(looked_at.tolist()) == {500}
    assert np.bincount(pool.subject[picked.places]).tolist() == [2] * 50
