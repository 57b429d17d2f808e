from __future__ import annotations

import math

import numpy as np
import pytest
from scipy import stats

from mlcore.evaluate import corrected_t_test


def test_by_hand() -> None:
    """Five folds, differences 1..5: mean 3, s² 2.5; t = 3 / √((1/5 + 1/4)·2.5) = 3 / √1.125 with 4 degrees."""
    p = corrected_t_test([1, 2, 3, 4, 5], test_per_train=1 / 4)
    assert p == pytest.approx(2 * stats.t.sf(3 / math.sqrt(1.125), 4))


def test_the_same_difference_in_every_fold() -> None:
    assert corrected_t_test([0.0] * 5, test_per_train=0.25) == 1.0
    assert corrected_t_test([0.5] * 5, test_per_train=0.25) == 0.0
    assert corrected_t_test([0.5], test_per_train=0.25) is None


def test_the_corrected_test_without_overlap_is_students() -> None:
    differences = np.array([0.06, -0.01, 0.06, 0.03, 0.07, -0.01, 0.07, 0.0])
    expected = stats.ttest_1samp(differences, 0).pvalue
    assert corrected_t_test(differences, test_per_train=0.0) == pytest.approx(expected)


def test_on_overlapping_training_sets_the_corrected_test_keeps_its_promise() -> None:
    """Differences of mean 0 that share a part, correlated by n_test / (n_test + n_train) as Nadeau & Bengio assume."""
    rng, shared = np.random.default_rng(0), 0.2
    draws = math.sqrt(shared) * rng.normal(size=(2000, 1)) + math.sqrt(1 - shared) * rng.normal(size=(2000, 5))
    corrected = [corrected_t_test(row, test_per_train=0.25) for row in draws]
    plain = [corrected_t_test(row, test_per_train=0.0) for row in draws]
    assert np.mean(np.array(corrected) < 0.05) == pytest.approx(0.05, abs=0.015)
    assert np.mean(np.array(plain) < 0.05) > 0.1
