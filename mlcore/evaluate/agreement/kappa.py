"""Agreement of two columns of classes beyond chance."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray


def cohen_kappa(first: NDArray[np.int64], second: NDArray[np.int64], *, n_classes: int) -> float:
    """κ = (p_o − p_e) / (1 − p_e), p_o the share of equal classes, p_e what two such columns share by chance.

    Args:
        first: (n,) classes 0..K−1.
        second: (n,) of the same clips.
        n_classes: K.

    Returns:
        1 equal, 0 as by chance; NaN without clips, or where both say one and the same class throughout.

    Source: Cohen 1960, Educational and Psychological Measurement 20, 37, doi 10.1177/001316446002000104.

    >>> cohen_kappa(np.array([0, 0, 1, 1]), np.array([0, 0, 1, 0]), n_classes=2)
    0.5
    """
    if not len(first):
        return float("nan")
    shares = [np.bincount(one, minlength=n_classes) / len(first) for one in (first, second)]
    by_chance = float(shares[0] @ shares[1])
    if by_chance >= 1.0:
        return float("nan")
    return (float((first == second).mean()) - by_chance) / (1.0 - by_chance)
