from __future__ import annotations

import math

import numpy as np
import pytest
from scipy import stats

from mlcore.evaluate import ccc, pearson, rmse


def test_concordance_by_hand() -> None:
    """y = 1..4, x = 2, 2, 4, 6: means 2.5, 3.5; population variances 1.25, 2.75; covariance 1.75."""
    truth, said = np.array([1.0, 2, 3, 4]), np.array([2.0, 2, 4, 6])
    assert ccc(truth, said) == pytest.approx(2 * 1.75 / (1.25 + 2.75 + 1.0))
    assert rmse(truth, said) == pytest.approx(math.sqrt((1 + 0 + 1 + 4) / 4))


@pytest.mark.parametrize("seed", range(5))
def test_pearson_is_scipys_and_bounds_the_concordance(seed: int) -> None:
    rng = np.random.default_rng(seed)
    truth = rng.normal(size=50)
    said = 0.4 * truth + rng.normal(size=50) + 1
    r = pearson(truth, said)
    assert r == pytest.approx(stats.pearsonr(truth, said).statistic)
    # Lin 1989: concordance = r times a bias factor of mean and scale
    scale = truth.std() / said.std()
    shift = (truth.mean() - said.mean()) ** 2 / (truth.std() * said.std())
    assert ccc(truth, said) == pytest.approx(r * 2 / (scale + 1 / scale + shift))


def test_a_perfect_answer() -> None:
    truth = np.sin(np.linspace(0, 5, 40))
    assert [rmse(truth, truth), pearson(truth, truth), ccc(truth, truth)] == pytest.approx([0, 1, 1])


def test_values_that_are_missing_on_either_side_are_left_out() -> None:
    truth, said = np.array([1.0, np.nan, 3, 4, 7]), np.array([2.0, 5, np.nan, 6, 7])
    kept = np.array([1.0, 4, 7]), np.array([2.0, 6, 7])
    for figure in (rmse, pearson, ccc):
        assert figure(truth, said) == figure(*kept)


def test_a_truth_that_stands_still_can_not_be_followed() -> None:
    for still in (np.full(5, 0.3), np.full(1, 0.3), np.array([0.3, 0.3 + 1e-16, 0.3])):
        assert math.isnan(pearson(still, np.arange(float(len(still)))))
        assert math.isnan(ccc(still, np.arange(float(len(still)))))


def test_an_answer_that_stands_still_follows_nothing() -> None:
    truth = np.array([0.0, 1, 2])
    assert (pearson(truth, np.full(3, 1.0)), ccc(truth, np.full(3, 1.0))) == (0.0, 0.0)


def test_tiny_movements_have_a_correlation_too() -> None:
    truth = np.array([1.0, 2, 4, 3])
    assert pearson(truth * 1e-100, truth * 1e-100) == pytest.approx(1)


def test_figures_of_no_values_are_nan() -> None:
    nothing = np.full(3, np.nan)
    assert all(math.isnan(figure(nothing, np.ones(3))) for figure in (rmse, pearson, ccc))
