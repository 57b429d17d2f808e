"""What every strategy keeps to, whatever it prefers."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from mlcore.acquire import Candidates, Picked, cold_start, pick
from mlcore.acquire.strategies import STRATEGIES
from mlcore.errors import TrainingError
from mlcore.types import Strategy
from tests.mlcore.acquire.strategies.pools import make_pool, spoilt, taken

Places = NDArray[np.int64]
CHANCE = {Strategy.RANDOM, Strategy.BADGE, Strategy.TYPICLUST, Strategy.POWER_ENTROPY}
GEOMETRIC = {Strategy.CORE_SET, Strategy.BADGE, Strategy.TYPICLUST}
MODEL_FREE = {Strategy.RANDOM, Strategy.CORE_SET, Strategy.TYPICLUST}
#: a strategy, or the cold start
Asked = Strategy | None
EVERY: list[Asked] = [*Strategy, None]


def ask(asked: Asked, pool: Candidates, n_picks: int, *, seed: int = 0, among: Places | None = None) -> Picked:
    rng = np.random.default_rng(seed)
    if asked is None:
        return cold_start(pool, n_picks, rng=rng, among=among)
    return pick(asked, pool, n_picks, rng=rng, among=among)


def assert_keeps_the_contract(picked: Picked, n: int, n_wanted: int, among: Places) -> None:
    is_ranked = np.isfinite(picked.values)
    assert picked.values.shape == (n,)
    assert not np.isinf(picked.values).any()
    assert set(np.flatnonzero(is_ranked)) <= set(among.tolist())
    assert len(picked.places) == len(set(picked.places.tolist())) == min(n_wanted, int(is_ranked.sum()))
    falling = picked.values[picked.places]
    assert np.isfinite(falling).all()
    assert (np.diff(falling) <= 0).all()
    others = np.setdiff1d(np.flatnonzero(is_ranked), picked.places)
    if len(falling) and len(others):
        assert picked.values[others].max() <= falling[-1]
    left_out = np.concatenate([np.zeros(0, dtype=np.int64), *picked.excluded.values()])
    assert sorted(left_out.tolist()) == sorted(set(among.tolist()) - set(np.flatnonzero(is_ranked).tolist()))
    assert all(reason and len(places) for reason, places in picked.excluded.items())


def test_there_is_one_for_every_value() -> None:
    assert set(STRATEGIES) == set(Strategy)


@pytest.mark.parametrize("asked", EVERY)
class TestContract:
    @pytest.mark.parametrize("n_picks", [0, 1, 13, 60, 1000])
    def test_places_are_a_permutation_of_the_best(self, asked: Asked, n_picks: int) -> None:
        picked = ask(asked, make_pool(60), n_picks)
        assert_keeps_the_contract(picked, 60, n_picks, np.arange(60))
        assert picked.excluded == {}

    def test_only_what_may_be_picked_is(self, asked: Asked) -> None:
        among = np.array([3, 50, 7, 20, 21])
        picked = ask(asked, make_pool(60), 10, among=among)
        assert_keeps_the_contract(picked, 60, 10, among)
        assert sorted(picked.places.tolist()) == sorted(among.tolist())
        assert picked.excluded == {}

    @pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
    def test_what_is_not_finite_is_left_out_with_a_reason(self, asked: Asked, value: float) -> None:
        bad = np.array([2, 11, 40])
        among = np.arange(30)
        picked = ask(asked, spoilt(make_pool(60), bad, value), 60, among=among)
        assert_keeps_the_contract(picked, 60, 60, among)
        if asked is not Strategy.RANDOM:
            left_out = np.concatenate([*picked.excluded.values()])
            assert sorted(left_out.tolist()) == [2, 11]
            assert len(picked.places) == 28

    def test_equal_generators_give_equal_picks(self, asked: Asked) -> None:
        first, again = (ask(asked, make_pool(60), 20, seed=4) for _ in range(2))
        assert first.places.tolist() == again.places.tolist()
        assert first.values.tolist() == again.values.tolist()

    def test_chance_comes_from_the_generator_alone(self, asked: Asked) -> None:
        first, other = (ask(asked, make_pool(60), 20, seed=seed) for seed in (1, 2))
        has_chance = asked is None or asked in CHANCE
        assert (first.places.tolist() != other.places.tolist()) is has_chance

    def test_nothing_to_pick_from_is_no_error(self, asked: Asked) -> None:
        for picked in (ask(asked, make_pool(0), 5), ask(asked, make_pool(4), 5, among=np.zeros(0, dtype=np.int64))):
            assert picked.places.tolist() == []
            assert picked.excluded == {}
            assert np.isnan(picked.values).all()

    def test_one_clip_is_picked(self, asked: Asked) -> None:
        pool = taken(make_pool(60), np.array([int(np.flatnonzero(~np.isnan(make_pool(60).quality["face"]))[0])]))
        assert ask(asked, pool, 5).places.tolist() == [0]

    def test_clips_that_are_all_the_same_are_picked_all_the_same(self, asked: Asked) -> None:
        twins = taken(make_pool(60), np.full(12, int(np.flatnonzero(~np.isnan(make_pool(60).quality["face"]))[0])))
        picked = ask(asked, twins, 8)
        assert_keeps_the_contract(picked, 12, 8, np.arange(12))

    def test_the_candidates_are_not_changed(self, asked: Asked) -> None:
        pool = make_pool(30)
        assert pool.embedding is not None
        before = pool.embedding.copy()
        ask(asked, pool, 10)
        assert np.array_equal(pool.embedding, before)

    def test_columns_that_can_t_be_written_are_enough(self, asked: Asked) -> None:
        pool = make_pool(30)
        for column in (pool.embedding, pool.known, pool.seconds, pool.scores and pool.scores.mean_entropy):
            assert isinstance(column, np.ndarray)
            column.flags.writeable = False
        assert len(ask(asked, pool, 10).places) == 10

    def test_columns_of_another_length_are_an_error(self, asked: Asked) -> None:
        pool, short = make_pool(30), make_pool(29)
        with pytest.raises(TrainingError, match="scores: expected 30 rows as there are candidates, got 29"):
            ask(asked, replace(pool, scores=short.scores), 5)
        with pytest.raises(TrainingError, match="embedding: expected 30 rows as there are candidates, got 29"):
            ask(asked, replace(pool, embedding=short.embedding), 5)
        with pytest.raises(TrainingError, match="known: expected 6 columns, got 5"):
            ask(asked, replace(pool, known=np.zeros((4, 5), dtype=np.float32)), 5)

    def test_places_that_there_are_not_are_an_error(self, asked: Asked) -> None:
        with pytest.raises(TrainingError, match=r"among: expected places 0\.\.29, got 3\.\.30"):
            ask(asked, make_pool(30), 5, among=np.array([3, 30]))
        with pytest.raises(TrainingError, match="n_picks: expected 0 or more, got -1"):
            ask(asked, make_pool(30), -1)

    def test_without_a_model_those_that_need_none_work_and_the_others_say_so(self, asked: Asked) -> None:
        pool = replace(make_pool(30), scores=None)
        if asked is None or asked in MODEL_FREE:
            assert_keeps_the_contract(ask(asked, pool, 10), 30, 10, np.arange(30))
        else:
            with pytest.raises(TrainingError, match=f"^{asked} needs what a model says of the clips"):
                ask(asked, pool, 10)

    def test_without_an_embedding_those_that_need_one_say_so(self, asked: Asked) -> None:
        pool = replace(make_pool(30), embedding=None, known=None)
        if asked is None or asked in GEOMETRIC:
            with pytest.raises(TrainingError, match="needs an embedding of the clips"):
                ask(asked, pool, 10)
        else:
            assert len(ask(asked, pool, 10).places) == 10

    def test_a_model_without_classes_is_not_asked_for_them(self, asked: Asked) -> None:
        pool = make_pool(30)
        assert pool.scores is not None
        pool = replace(pool, scores=replace(pool.scores, alpha={}, entropy={}, mean_entropy=np.zeros(30)))
        if asked is None or asked in MODEL_FREE:
            assert len(ask(asked, pool, 10).places) == 10
        else:
            with pytest.raises(TrainingError, match="needs a question with classes"):
                ask(asked, pool, 10)

    @settings(max_examples=12, deadline=None)
    @given(data=st.data())
    def test_whatever_the_pool(self, asked: Asked, data: st.DataObject) -> None:
        n = data.draw(st.integers(1, 25))
        pool = make_pool(n, seed=data.draw(st.integers(0, 50)), n_known=data.draw(st.integers(0, 3)))
        pool = replace(pool, quality={**pool.quality, "face": np.ones(n)})
        bad = np.array(data.draw(st.lists(st.integers(0, n - 1), unique=True)), dtype=np.int64)
        among = np.array(data.draw(st.lists(st.integers(0, n - 1), unique=True)), dtype=np.int64)
        assert pool.scores is not None
        pool = spoilt(replace(pool, scores=replace(pool.scores, agreement=np.full(n, 0.5))), bad, np.nan)
        n_picks = data.draw(st.integers(0, 30))
        assert_keeps_the_contract(ask(asked, pool, n_picks, among=among), n, n_picks, among)


@pytest.mark.parametrize("asked", [asked for asked in EVERY if asked is not Strategy.RANDOM])
def test_a_pool_of_nothing_but_nan_gives_no_place(asked: Asked) -> None:
    picked = ask(asked, spoilt(make_pool(9), np.arange(9), np.nan), 9)
    assert_keeps_the_contract(picked, 9, 9, np.arange(9))
    assert picked.places.tolist() == []


@pytest.mark.parametrize("asked", [asked for asked in Strategy if asked not in CHANCE])
def test_the_order_of_the_rows_does_not_matter(asked: Strategy) -> None:
    pool, order = make_pool(60), np.random.default_rng(9).permutation(60)
    straight, permuted = ask(asked, pool, 25), ask(asked, taken(pool, order), 25)
    assert order[permuted.places].tolist() == straight.places.tolist()
    assert np.allclose(permuted.values, straight.values[order], rtol=1e-5)
