from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from mlcore.evaluate import Interval, bootstrap_interval, rmse, seed_interval


def test_seed_interval_is_scipys() -> None:
    values = [0.51, 0.55, 0.48, 0.6, 0.52]
    low, high = stats.t.interval(0.95, 4, loc=np.mean(values), scale=stats.sem(values))
    found = seed_interval(values)
    assert found is not None
    assert found.to_json() == pytest.approx([low, high])
    assert seed_interval(values[:1]) is None


def test_seed_interval_covers_as_often_as_it_says() -> None:
    rng = np.random.default_rng(0)
    found = [seed_interval(rng.normal(3, 2, 5).tolist()) for _ in range(2000)]
    covered = np.mean([one is not None and one.low <= 3 <= one.high for one in found])
    assert covered == pytest.approx(0.95, abs=0.02)


def test_subjects_are_drawn_with_all_their_clips() -> None:
    """Half of the subjects always right, half always wrong: as wide as a binomial of 8, though there are 800 clips."""
    values = {f"s{number}": np.full(100, float(number < 4)) for number in range(8)}
    interval = bootstrap_interval(values, seed=0, n_resamples=4000)
    low, high = stats.binom.ppf(np.array([0.025, 0.975]), 8, 0.5) / 8
    assert interval == Interval(low, high)


def test_the_bootstrap_agrees_with_theory_for_many_subjects() -> None:
    """Mean over 200 subjects of one clip each: normal, with the standard error of the mean."""
    clips = np.random.default_rng(1).normal(size=200)
    interval = bootstrap_interval({f"s{n:03}": clips[[n]] for n in range(200)}, seed=0, n_resamples=4000)
    assert interval is not None
    expected = clips.mean() + np.array([-1.96, 1.96]) * clips.std() / np.sqrt(200)
    assert interval.to_json() == pytest.approx(expected, abs=0.01)


def test_any_statistic_of_rows_may_be_resampled() -> None:
    rng = np.random.default_rng(3)
    pairs = {f"s{n}": rng.normal(size=(20, 2)) for n in range(6)}
    interval = bootstrap_interval(pairs, lambda rows: rmse(rows[:, 0], rows[:, 1]), seed=0, n_resamples=200)
    assert interval is not None
    assert interval.low < np.sqrt(2) < interval.high


def test_the_seed_decides_and_the_order_of_subjects_does_not() -> None:
    values = {f"s{n}": np.random.default_rng(n).normal(size=9) for n in range(6)}
    backwards = dict(reversed(values.items()))
    assert bootstrap_interval(values, seed=4) == bootstrap_interval(backwards, seed=4)
    assert bootstrap_interval(values, seed=4) != bootstrap_interval(values, seed=5)


def test_nothing_is_claimed_of_few_subjects_or_of_nothing() -> None:
    assert bootstrap_interval({f"s{n}": np.ones(50) for n in range(4)}, seed=0) is None
    assert bootstrap_interval({f"s{n}": np.full(5, np.nan) for n in range(6)}, seed=0) is None
