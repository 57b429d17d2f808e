"""Training labels that are wrong in a known share."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]


def flip_labels(y: Floats, share: float, *, is_trace: bool, seed: int) -> Floats:
    """Make a share of the labels wrong.

    A distribution changes its likeliest class for another one, drawn evenly: their two shares are exchanged. A trace
    is exchanged for that of the next flipped clip, so that it belongs to somebody else.

    Args:
        y: (n, K) distributions or (n, T) traces; left as they are.
        share: 0..1 of the clips; round(share · n) are flipped.
        is_trace: which of the two.
        seed: decides which clips, and to which class.

    Returns:
        A new array of the same shape.
    """
    rng = np.random.default_rng(seed)
    rows = np.sort(rng.choice(len(y), size=round(share * len(y)), replace=False))
    flipped = y.copy()
    if is_trace:
        flipped[rows] = y[np.roll(rows, -1)]
        return flipped
    n_classes = y.shape[1]
    top = y[rows].argmax(axis=1)
    other = (top + rng.integers(1, n_classes, len(rows))) % n_classes
    flipped[rows, top], flipped[rows, other] = y[rows, other], y[rows, top]
    return flipped
