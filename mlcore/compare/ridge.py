"""Ridge regression in closed form."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.linalg import solve

from mlcore.compare.contract import Floats


@dataclass(frozen=True, slots=True)
class Ridge:
    """ŷ = x w + b; weights (S,)."""

    weights: Floats
    bias: float

    def predict(self, x: Floats) -> Floats:
        """(n, S) -> (n,)."""
        return np.asarray(x @ self.weights + self.bias)


def fit_ridge(x: Floats, y: Floats, *, penalty: float) -> Ridge:
    """w = (XᵀX + λI)⁻¹ Xᵀy of centred values; the bias is free.

    Args:
        x: (n, S).
        y: (n,).
        penalty: λ > 0.

    Source: Hoerl and Kennard 1970, doi 10.1080/00401706.1970.10488634.
    """
    x_mean, y_mean = x.mean(axis=0), float(y.mean())
    centred = x - x_mean
    gram = centred.T @ centred + penalty * np.eye(x.shape[1])
    weights = np.asarray(solve(gram, centred.T @ (y - y_mean), assume_a="pos"))
    return Ridge(weights, y_mean - float(x_mean @ weights))
