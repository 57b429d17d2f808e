"""Multinomial logistic regression on soft labels: few numbers to learn, so it goes far with few clips."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize
from scipy.special import log_softmax, softmax

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class LinearModel:
    """x -> x W + b.

    Args:
        weight: W (S, K).
        bias: b (K,).
    """

    weight: Floats
    bias: Floats

    def logits(self, x: NDArray[np.floating]) -> Floats:
        """(n, S) -> (n, K)."""
        return np.asarray(x @ self.weight + self.bias, dtype=np.float64)

    def probabilities(self, x: NDArray[np.floating]) -> Floats:
        """(n, S) -> (n, K), rows that sum to 1."""
        return np.asarray(softmax(self.logits(x), axis=1))


def fit_logistic(
    x: NDArray[np.floating], y: NDArray[np.floating], *, c: float, weights: Floats | None = None
) -> LinearModel:
    """Minimise C·Σ wᵢ·(−Σ_k y_ik ln p_ik) + ½‖W‖²; the bias is not penalised.

    Args:
        x: (n, S) features of about unit variance.
        y: (n, K) distributions.
        c: C > 0, the smaller the stronger W is held back.
        weights: w (n,) ≥ 0; 1 for all if None.

    Returns:
        The minimum, which is unique up to a constant in the bias (fixed so that the biases sum to 0).

    Source: the objective of scikit-learn's LogisticRegression, for targets that may be distributions.
    """
    x, y = np.asarray(x, dtype=np.float64), np.asarray(y, dtype=np.float64)
    w = np.ones(len(x)) if weights is None else weights
    shape = (x.shape[1], y.shape[1])

    def objective(flat: Floats) -> tuple[float, Floats]:
        weight, bias = flat[: -shape[1]].reshape(shape), flat[-shape[1] :]
        logits = x @ weight + bias
        loss = -c * float((w[:, None] * y * log_softmax(logits, axis=1)).sum()) + 0.5 * float((weight**2).sum())
        wrong = c * w[:, None] * (softmax(logits, axis=1) * y.sum(axis=1, keepdims=True) - y)
        return loss, np.concatenate([(x.T @ wrong + weight).ravel(), wrong.sum(axis=0)])

    start = np.zeros((shape[0] + 1) * shape[1])
    found = minimize(
        objective, start, jac=True, method="L-BFGS-B", options={"maxiter": 1000, "gtol": 1e-5 * c, "ftol": 1e-13}
    )
    weight, bias = found.x[: -shape[1]].reshape(shape), found.x[-shape[1] :]
    return LinearModel(weight, bias - bias.mean())
