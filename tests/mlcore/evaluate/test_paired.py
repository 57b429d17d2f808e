from __future__ import annotations

import math

import numpy as np
import pytest
from scipy import stats

from mlcore.errors import TrainingError
from mlcore.evaluate import compare_paired, corrected_t_test

FIRST = np.array([0.61, 0.58, 0.66, 0.6, 0.63, 0.59, 0.64, 0.57])
SECOND = np.array([0.55, 0.59, 0.6, 0.57, 0.56, 0.6, 0.57, 0.57])


def test_independent_units_are_compared_as_scipy_does() -> None:
    found = compare_paired(FIRST, SECOND)
    expected = stats.ttest_rel(FIRST, SECOND).confidence_interval(0.95)
    assert found.mean_difference == pytest.approx((FIRST - SECOND).mean())
    assert found.interval is not None
    assert found.interval.to_json() == pytest.approx([*expected])
    # the eighth pair is equal and leaves the test, as in Wilcoxon's own procedure
    assert found.wilcoxon_p == pytest.approx(stats.wilcoxon((FIRST - SECOND)[:7]).pvalue)
    assert (found.wins, found.ties, found.losses, found.n) == (5, 1, 2, 8)
    assert (found.corrected_interval, found.corrected_p) == (None, None)


def test_the_corrected_test_by_hand() -> None:
    """Five folds, differences 1..5: mean 3, s² 2.5; t = 3 / √((1/5 + 1/4)·2.5) = 3 / √1.125 with 4 degrees."""
    p = corrected_t_test([1, 2, 3, 4, 5], test_per_train=1 / 4)
    assert p == pytest.approx(2 * stats.t.sf(3 / math.sqrt(1.125), 4))
    found = compare_paired([1, 2, 3, 4, 5], [0] * 5, test_per_train=1 / 4)
    reach = stats.t.ppf(0.975, 4) * math.sqrt(1.125)
    assert found.corrected_p == p
    assert found.corrected_interval is not None
    assert found.corrected_interval.to_json() == pytest.approx([3 - reach, 3 + reach])


def test_of_errors_the_lower_wins() -> None:
    found = compare_paired([0.1, 0.2], [0.3, 0.1], higher_is_better=False)
    assert (found.wins, found.losses) == (1, 1)
    assert found.mean_difference == pytest.approx(-0.05)


def test_equal_methods_are_tied_and_differences_by_rounding_are_none() -> None:
    found = compare_paired([0.1 + 0.2, 0.5], [0.3, 0.5], test_per_train=0.25)
    assert (found.wins, found.ties, found.losses) == (0, 2, 0)
    assert (found.wilcoxon_p, found.corrected_p) == (1.0, 1.0)


def test_one_unit_has_no_test() -> None:
    found = compare_paired([0.6], [0.5], test_per_train=0.25).to_json()
    tests = ("interval", "wilcoxon_p", "corrected_interval", "corrected_p")
    assert found == dict.fromkeys(tests) | {
        "mean_difference": pytest.approx(0.1),
        "wins": 1,
        "ties": 0,
        "losses": 0,
        "n": 1,
    }


@pytest.mark.parametrize("second", [[0.5], [0.5, math.nan], []], ids=["shorter", "missing", "none"])
def test_other_units_are_refused(second: list[float]) -> None:
    with pytest.raises(TrainingError, match="a paired comparison needs"):
        compare_paired([0.5, 0.6][: len(second) + 1], second)
