"""Folds that share no subject, or no trial, with what was learnt from; checked, not believed."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Rows = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Split:
    """One fold of a cross-validation.

    Args:
        number: 0..folds−1.
        train: (n,) rows, rising.
        test: (m,) rows, rising.
    """

    number: int
    train: Rows
    test: Rows
