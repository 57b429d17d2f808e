"""Logistic regression against scikit-learn's, on hard and soft labels."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy.optimize import check_grad
from scipy.special import log_softmax, softmax
from sklearn.linear_model import LogisticRegression

from mlcore.train.linear import LinearModel, fit_logistic

Floats = NDArray[np.float64]


def _reference(x: Floats, said: NDArray[np.int64], *, c: float, weights: Floats | None = None) -> LogisticRegression:
    return LogisticRegression(C=c, tol=1e-10, max_iter=10_000).fit(x, said, sample_weight=weights)


@pytest.mark.parametrize("c", [0.001, 0.01, 1.0, 100.0])
@pytest.mark.parametrize("weighted", [False, True])
def test_on_hard_labels_it_is_scikit_learns(c: float, weighted: bool) -> None:
    rng = np.random.default_rng(0)
    x, said = rng.standard_normal((80, 12)), rng.integers(0, 3, 80)
    x[:, 0] += said
    weights = rng.uniform(0, 3, 80) if weighted else None
    reference = _reference(x, said, c=c, weights=weights)
    model = fit_logistic(x, np.eye(3)[said], c=c, weights=weights)
    assert np.allclose(model.probabilities(x), reference.predict_proba(x), atol=1e-4)
    assert np.allclose(model.weight, reference.coef_.T, rtol=1e-3, atol=1e-4)


def test_soft_labels_are_clips_counted_in_parts() -> None:
    rng = np.random.default_rng(1)
    x, y, weights = rng.standard_normal((60, 5)), rng.dirichlet([1.0, 1.0, 1.0], 60), rng.uniform(0.5, 2, 60)
    repeated, said = np.repeat(x, 3, axis=0), np.tile([0, 1, 2], 60)
    reference = _reference(repeated, said, c=0.5, weights=(y * weights[:, None]).ravel())
    model = fit_logistic(x, y, c=0.5, weights=weights)
    assert np.allclose(model.probabilities(x), reference.predict_proba(x), atol=1e-4)


def test_a_weight_of_two_is_a_clip_twice_and_of_none_is_no_clip() -> None:
    rng = np.random.default_rng(2)
    x, y = rng.standard_normal((40, 4)), np.eye(2)[rng.integers(0, 2, 40)]
    counts = rng.integers(0, 3, 40)
    weighted = fit_logistic(x, y, c=0.3, weights=counts.astype(np.float64))
    repeated = fit_logistic(np.repeat(x, counts, axis=0), np.repeat(y, counts, axis=0), c=0.3)
    assert np.allclose(weighted.weight, repeated.weight, atol=1e-5)
    assert np.allclose(weighted.bias, repeated.bias, atol=1e-5)


@pytest.mark.parametrize("c", [0.01, 1.0])
def test_it_stands_where_the_objectives_slope_is_zero(c: float) -> None:
    """The objective is written anew, and SciPy differentiates it by steps."""
    rng = np.random.default_rng(3)
    x, y, weights = rng.standard_normal((50, 3)), rng.dirichlet(np.ones(4), 50), rng.uniform(0, 2, 50)
    model = fit_logistic(x, y, c=c, weights=weights)
    found = np.concatenate([model.weight.ravel(), model.bias])

    def objective(flat: Floats) -> float:
        logits = x @ flat[:12].reshape(3, 4) + flat[12:]
        fit = (weights * -(y * log_softmax(logits, axis=1)).sum(axis=1)).sum()
        return float(c * fit + 0.5 * (flat[:12] ** 2).sum())

    def no_slope(flat: Floats) -> Floats:
        return np.zeros_like(flat)

    assert check_grad(objective, no_slope, found) < 1e-3 * c
    assert check_grad(objective, no_slope, found + 0.1) > 1e-1 * c


def test_the_biases_sum_to_nothing_and_carry_the_classes_frequencies() -> None:
    said = np.repeat([0, 1, 2], [60, 30, 10])
    model = fit_logistic(np.zeros((100, 2)), np.eye(3)[said], c=1.0)
    assert model.bias.sum() == pytest.approx(0.0, abs=1e-12)
    assert np.allclose(model.probabilities(np.zeros((1, 2))), [[0.6, 0.3, 0.1]], atol=1e-4)
    assert not model.weight.any()


def test_probabilities_are_the_softmax_of_the_logits() -> None:
    model = LinearModel(np.array([[1.0, -1.0], [0.5, 0.0]]), np.array([0.25, -0.25]))
    x = np.array([[1.0, 2.0], [0.0, 0.0]])
    assert model.logits(x).tolist() == [[2.25, -1.25], [0.25, -0.25]]
    assert np.allclose(model.probabilities(x), softmax(model.logits(x), axis=1))
