from __future__ import annotations

import numpy as np
import pytest

from mlcore.simulate.loop.survival import Times, median_cost, median_costs, ratio_interval


def _by_hand(times: Times) -> float:
    """Kaplan–Meier run by run in time order, those who were only watched after those who got there."""
    order = sorted(range(len(times.cost)), key=lambda one: (times.cost[one], not times.is_reached[one]))
    on_their_way, surviving = len(order), 1.0
    for one in order:
        if times.is_reached[one]:
            surviving *= (on_their_way - 1) / on_their_way
            if surviving <= 0.5 + 1e-12:
                return float(times.cost[one])
        on_their_way -= 1
    return float("inf")


def test_a_textbook_table() -> None:
    # Freireich et al. 1963, remission under 6-mercaptopurine, weeks; its published median is 23
    reached = [6, 6, 6, 7, 10, 13, 16, 22, 23]
    watched = [6, 9, 10, 11, 17, 19, 20, 25, 32, 32, 34, 35]
    times = Times.of([*map(float, reached), *[None] * len(watched)], [*[40.0] * len(reached), *map(float, watched)])
    assert median_cost(times) == 23.0


def test_without_censoring_it_is_the_ordinary_median_from_below() -> None:
    assert median_cost(Times.of([3.0, 1.0, 2.0], [9.0] * 3)) == 2.0
    assert median_cost(Times.of([4.0, 1.0, 2.0, 3.0], [9.0] * 4)) == 2.0


def test_it_is_never_seen_where_less_than_half_get_there() -> None:
    assert median_cost(Times.of([1.0, None, None], [5.0] * 3)) == float("inf")
    assert median_cost(Times.of([None, None], [5.0] * 2)) == float("inf")


def test_what_was_reached_after_the_end_of_watching_was_not_seen() -> None:
    times = Times.of([3.0, 8.0], [5.0, 5.0])
    assert times.cost.tolist() == [3.0, 5.0]
    assert times.is_reached.tolist() == [True, False]


@pytest.mark.parametrize("seed", range(20))
def test_any_draw_is_as_by_hand(seed: int) -> None:
    rng = np.random.default_rng(seed)
    costs = rng.integers(1, 8, size=15).astype(np.float64)
    times = Times(costs, rng.random(15) < 0.7)
    draws = rng.integers(0, 15, size=(30, 15))
    weights = np.array([np.bincount(draw, minlength=15) for draw in draws], dtype=np.float64)
    expected = [_by_hand(Times(times.cost[draw], times.is_reached[draw])) for draw in draws]
    assert median_costs(times, weights).tolist() == expected
    assert median_cost(times) == _by_hand(times)


def test_a_strategy_is_once_as_dear_as_itself() -> None:
    times = Times.of([10.0, 20.0, None, 40.0], [50.0] * 4)
    assert ratio_interval(times, times, np.random.default_rng(0)) == (1.0, 1.0)


def test_half_the_cost_in_every_seed_is_a_ratio_of_one_half() -> None:
    slow = Times.of([20.0, 40.0, 60.0, 80.0], [100.0] * 4)
    fast = Times.of([10.0, 20.0, 30.0, 40.0], [100.0] * 4)
    assert ratio_interval(fast, slow, np.random.default_rng(0)) == (0.5, 0.5)


def test_who_gets_there_in_few_seeds_has_an_open_end() -> None:
    slow = Times.of([20.0] * 6, [100.0] * 6)
    rare = Times.of([10.0, 10.0, 10.0, None, None, None], [100.0] * 6)
    found = ratio_interval(rare, slow, np.random.default_rng(0))
    assert found == (0.5, float("inf"))
    assert ratio_interval(slow, Times.of([None] * 6, [100.0] * 6), np.random.default_rng(0)) is None
