"""How well curves over time are followed: root mean square error, Pearson's r and Lin's concordance, NaN masked."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
#: a spread below this share of the largest value is rounding, not movement
_STILL = 1e-9


def rmse(truth: Floats, said: Floats) -> float:
    """√mean((said − truth)²) over the values (n,) that both have; NaN without any."""
    y, x = both_known(truth, said)
    return float(np.sqrt(np.mean((x - y) ** 2))) if len(y) else float("nan")


def pearson(truth: Floats, said: Floats) -> float:
    """Pearson's r = cov(y, x) / (σ_y σ_x) over the values (n,) that both have.

    Returns:
        −1..1; NaN where the truth does not move (there is nothing to follow); 0 where only the answer stands still, so
        that a method can't gain by answering nothing where it is unsure.
    """
    y, x = both_known(truth, said)
    if is_constant(y):
        return float("nan")
    if is_constant(x):
        return 0.0
    y, x = y - y.mean(), x - x.mean()
    # each scaled by its own length first: the product of two tiny variances may vanish
    return float(np.clip((y / np.linalg.norm(y)) @ (x / np.linalg.norm(x)), -1.0, 1.0))


def ccc(truth: Floats, said: Floats) -> float:
    """Concordance 2·cov(y, x) / (σ²_y + σ²_x + (μ_y − μ_x)²) with population moments, over values (n,) that both have.

    Returns:
        −1..1; NaN where the truth does not move.

    Source: Lin 1989, Biometrics 45, 255, doi 10.2307/2532051.

    >>> round(ccc(np.array([1.0, 2.0, 3.0]), np.array([2.0, 3.0, 4.0])), 4)
    0.5714
    """
    y, x = both_known(truth, said)
    if is_constant(y):
        return float("nan")
    shared = np.mean((y - y.mean()) * (x - x.mean()))
    return float(2 * shared / (y.var() + x.var() + (y.mean() - x.mean()) ** 2))


def both_known(truth: Floats, said: Floats) -> tuple[Floats, Floats]:
    """The values of both, flat and as float64, where neither is NaN."""
    y, x = np.asarray(truth, dtype=np.float64).ravel(), np.asarray(said, dtype=np.float64).ravel()
    known = ~(np.isnan(y) | np.isnan(x))
    return y[known], x[known]


def is_constant(values: Floats) -> bool:
    """Whether values (n,) without NaN do not move, up to rounding; true of none and of one."""
    return not len(values) or bool(np.ptp(values) <= _STILL * np.abs(values).max())
