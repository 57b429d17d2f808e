from __future__ import annotations

import json
import math

import numpy as np
import pytest
from scipy import stats
from sklearn.metrics import cohen_kappa_score

from mlcore.evaluate import confusion, expected_level, level_error, ordinal_report, quadratic_kappa, spearman


@pytest.mark.parametrize("seed", range(4))
def test_kappa_is_scikit_learns(seed: int) -> None:
    rng = np.random.default_rng(seed)
    truth = rng.integers(0, 9, 80)
    said = np.clip(truth + rng.integers(-2, 3, 80), 0, 8)
    expected = cohen_kappa_score(truth, said, weights="quadratic", labels=range(9))
    assert quadratic_kappa(confusion(truth, said, n_classes=9)) == pytest.approx(expected)


def test_kappa_of_constant_columns() -> None:
    truth, still = np.array([0, 1, 2]), np.array([1, 1, 1])
    assert quadratic_kappa(confusion(truth, still, n_classes=3)) == 0
    assert math.isnan(quadratic_kappa(confusion(still, still, n_classes=3)))
    assert math.isnan(quadratic_kappa(np.zeros((3, 3), dtype=np.int64)))


def test_expected_levels_by_hand() -> None:
    p, y = np.array([[0.2, 0.5, 0.3], [1.0, 0.0, 0.0]]), np.array([[0.0, 0.0, 1.0], [0.5, 0.5, 0.0]])
    assert expected_level(p) == pytest.approx([2.1, 1.0])
    assert level_error(p, y) == pytest.approx((0.9 + 0.5) / 2)


def test_spearman_is_scipys_with_ties() -> None:
    rng = np.random.default_rng(5)
    truth = rng.integers(1, 6, 40).astype(np.float64)
    said = truth + rng.integers(-2, 3, 40)
    assert spearman(truth, said) == pytest.approx(stats.spearmanr(truth, said).statistic)
    assert math.isnan(spearman(np.ones(3), np.arange(3.0)))
    assert spearman(np.arange(3.0), np.ones(3)) == 0


def test_levels_that_differ_by_rounding_are_tied() -> None:
    assert spearman(np.array([1.0, 2, 3]), np.array([0.3, 0.1 + 0.2, 0.4])) == pytest.approx(
        stats.spearmanr([1, 2, 3], [1, 1, 2]).statistic
    )


def test_report_leaves_out_what_has_no_label_or_answer_and_counts_ties() -> None:
    nan = [np.nan] * 3
    p = np.array([[0.7, 0.2, 0.1], [0.1, 0.2, 0.7], [0.2, 0.6, 0.2], nan, [1.0, 0.0, 0.0]])
    y = np.array([[1.0, 0.0, 0.0], [0.0, 1.0, 0.0], [0.5, 0.5, 0.0], [0.0, 0.0, 1.0], nan])
    assert ordinal_report(p, y) == {
        "level_mae": pytest.approx((0.4 + 0.6 + 0.5) / 3),
        "quadratic_kappa": pytest.approx(cohen_kappa_score([0, 1], [0, 2], weights="quadratic", labels=range(3))),
        "spearman": pytest.approx(stats.spearmanr([1.0, 2.0, 1.5], [1.4, 2.6, 2.0]).statistic),
        "n": 3,
        "n_ambiguous": 1,
        "n_unanswered": 1,
    }


def test_without_clips_every_figure_is_null() -> None:
    figures = ordinal_report(np.zeros((0, 9)), np.zeros((0, 9)))
    assert json.loads(json.dumps(figures, allow_nan=False)) == {
        "level_mae": None,
        "quadratic_kappa": None,
        "spearman": None,
        "n": 0,
        "n_ambiguous": 0,
        "n_unanswered": 0,
    }
