"""Ridge regression in closed form."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.linalg import solve

Floats = NDArray[np.float64]
#: candidates of λ, for features and answers of about unit variance
PENALTIES = (1.0, 10.0, 100.0, 1e3, 1e4)


@dataclass(frozen=True, slots=True)
class Ridge:
    """ŷ = x w + b; weights (S,)."""

    weights: Floats
    bias: float

    def predict(self, x: Floats) -> Floats:
        """(..., S) -> (...)."""
        return np.asarray(x @ self.weights + self.bias)


def fit_ridge(x: Floats, y: Floats, *, penalty: float) -> Ridge:
    """w = (XᵀX + λI)⁻¹ Xᵀy of centred values; the bias is free.

    Args:
        x: (n, S).
        y: (n,).
        penalty: λ > 0.

    Source: Hoerl and Kennard 1970, doi 10.1080/00401706.1970.10488634.
    """
    return fit_ridges(x, y, penalties=(penalty,))[0]


def fit_ridges(x: Floats, y: Floats, *, penalties: Sequence[float]) -> list[Ridge]:
    """`fit_ridge` for several penalties at the cost of one product XᵀX."""
    x_mean, y_mean = x.mean(axis=0), float(y.mean())
    centred = x - x_mean
    gram, moment = centred.T @ centred, centred.T @ (y - y_mean)
    found = []
    for penalty in penalties:
        weights = np.asarray(solve(gram + penalty * np.eye(len(gram)), moment, assume_a="pos"))
        found.append(Ridge(weights, y_mean - float(x_mean @ weights)))
    return found
