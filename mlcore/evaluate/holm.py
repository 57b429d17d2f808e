"""p values of many comparisons at once."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from mlcore.errors import TrainingError

Floats = NDArray[np.float64]


def holm(p_values: Sequence[float] | Floats) -> Floats:
    """Adjusted p̃_(i) = min(1, max_{j ≤ i} (m − j + 1)·p_(j)): below α where the family-wise error stays below α.

    Args:
        p_values: (m,) p of each comparison that was made, those that failed too.

    Returns:
        (m,) in the same order.

    Raises:
        TrainingError: a value is not within 0..1.

    Source: Holm 1979, Scandinavian Journal of Statistics 6, 65.

    >>> holm([0.01, 0.04, 0.03])
    array([0.03, 0.06, 0.06])
    """
    p = np.asarray(p_values, dtype=np.float64)
    if not ((p >= 0) & (p <= 1)).all():
        raise TrainingError("p_values: expected numbers in 0..1, one a comparison")
    order = np.argsort(p, kind="stable")
    adjusted = np.empty_like(p)
    adjusted[order] = np.minimum(1.0, np.maximum.accumulate(p[order] * np.arange(len(p), 0, -1)))
    return adjusted
