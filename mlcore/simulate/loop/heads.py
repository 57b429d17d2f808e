"""A committee of softmax heads on fixed features, all fitted at once."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.special import softmax

Floats = NDArray[np.float64]
#: C of a head's logistic regression where nothing chooses another: what linear experts usually choose
STRENGTH = 0.01
N_ITERATIONS = 60
#: a step smaller than this ends the search
_TOLERANCE = 1e-4


@dataclass(frozen=True, slots=True)
class Heads:
    """x -> x W + b, for each of M members.

    Args:
        weight: (M, S, K).
        bias: (M, 1, K).
    """

    weight: Floats
    bias: Floats

    def probabilities(self, x: Floats) -> Floats:
        """(n, S) -> (M, n, K), rows that sum to 1."""
        return np.asarray(softmax(x @ self.weight + self.bias, axis=2))


def fit_heads(x: Floats, y: Floats, weights: Floats, *, c: float = STRENGTH, start: Heads | None = None) -> Heads:
    """For each member m minimise C·Σ w_mi·(−Σ_k y_ik ln p_ik) + ½‖W‖²; the bias is not penalised.

    Every step minimises an upper bound whose curvature is the same for all classes and steps, ½·C·XᵀDX + I, hastened
    by Nesterov's momentum with restarts.

    Args:
        x: (n, S).
        y: (n, K) distributions.
        weights: (M, n) ≥ 0.
        c: C > 0.
        start: where to begin, e.g. the heads of the step before.

    Source: Böhning 1992, Annals of the Institute of Statistical Mathematics 44, 197; O'Donoghue and Candès 2015,
    doi 10.1007/s10208-013-9150-3.
    """
    held = np.column_stack([x, np.ones(len(x))])  # (n, S + 1)
    penalty = np.append(np.ones(x.shape[1]), 1e-6)
    gram = np.matmul(held.T[None] * weights[:, None, :], held)  # (M, S + 1, S + 1)
    inverse = np.linalg.inv(0.5 * c * gram + np.diag(penalty))
    now = _stacked(start, weights.shape[0], x.shape[1], y.shape[1])
    ahead, momentum = now, 1.0
    for _ in range(N_ITERATIONS):
        p = softmax(held @ ahead, axis=2)
        downhill = c * np.matmul(held.T, weights[:, :, None] * (y - p)) - penalty[:, None] * ahead
        step = inverse @ downhill
        found = ahead + step
        moved = found - now
        is_uphill = float((step * moved).sum()) < 0.0
        faster = 1.0 if is_uphill else (1.0 + np.sqrt(1.0 + 4.0 * momentum**2)) / 2.0
        ahead = found if is_uphill else found + (momentum - 1.0) / faster * moved
        now, momentum = found, faster
        if np.abs(step).max() < _TOLERANCE:
            break
    return Heads(now[:, :-1], now[:, -1:])


def _stacked(start: Heads | None, n_members: int, n_features: int, n_classes: int) -> Floats:
    if start is None:
        return np.zeros((n_members, n_features + 1, n_classes))
    return np.concatenate([start.weight, start.bias], axis=1)
