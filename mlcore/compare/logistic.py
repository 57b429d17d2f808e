"""Multinomial logistic regression on soft labels."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.optimize import minimize
from scipy.special import log_softmax, softmax

from mlcore.compare.contract import Floats


@dataclass(frozen=True, slots=True)
class Logistic:
    """p = softmax(x W + b); weights (S, K), bias (K,)."""

    weights: Floats
    bias: Floats

    def predict(self, x: Floats) -> Floats:
        """Probabilities; (n, S) -> (n, K)."""
        return np.asarray(softmax(x @ self.weights + self.bias, axis=1))


def fit_logistic(x: Floats, y: Floats, *, c: float) -> Logistic:
    """Minimise ½‖W‖² − C Σ_i Σ_k y_ik ln p_ik by L-BFGS; the bias is free.

    Args:
        x: (n, S).
        y: (n, K) distributions.
        c: C > 0, trust in the data.

    Source: scikit-learn's user guide, "Logistic regression", has the same objective for hard labels.
    """
    n_features, n_classes = x.shape[1], y.shape[1]

    def objective(flat: Floats) -> tuple[float, Floats]:
        model = _unpack(flat, n_features, n_classes)
        scores = x @ model.weights + model.bias
        loss = -c * float((y * log_softmax(scores, axis=1)).sum()) + 0.5 * float((model.weights**2).sum())
        wrong = c * (softmax(scores, axis=1) * y.sum(axis=1, keepdims=True) - y)  # (n, K)
        slope = np.concatenate([(x.T @ wrong + model.weights).ravel(), wrong.sum(axis=0)])
        return loss, slope

    start = np.zeros((n_features + 1) * n_classes)
    found = minimize(
        objective, start, jac=True, method="L-BFGS-B", options={"maxiter": 1000, "gtol": 1e-5 * c, "ftol": 1e-13}
    )
    return _unpack(np.asarray(found.x), n_features, n_classes)


def _unpack(flat: Floats, n_features: int, n_classes: int) -> Logistic:
    n_weights = n_features * n_classes
    return Logistic(flat[:n_weights].reshape(n_features, n_classes), flat[n_weights:])
