"""How far a predicted curve is from the one that people drew."""

from __future__ import annotations

import torch
from torch import Tensor

_EPSILON = 1e-8


def concordance(said: Tensor, wanted: Tensor) -> Tensor:
    """CCC = 2 s_xy / (s_x² + s_y² + (x̄ − ȳ)²) of two rows of values (n,); 0 where neither varies nor differs.

    Source: Lin 1989, doi 10.2307/2532051.
    """
    said_mean, wanted_mean = said.mean(), wanted.mean()
    covariance = ((said - said_mean) * (wanted - wanted_mean)).mean()
    spread = said.var(correction=0) + wanted.var(correction=0) + (said_mean - wanted_mean) ** 2
    return 2 * covariance / (spread + _EPSILON)


def trace_loss(said: Tensor, wanted: Tensor, *, mse_weight: float = 1.0) -> Tensor:
    """1 − CCC over all scored steps of the batch together, plus `mse_weight` times their mean squared error.

    A few seconds of one clip hardly vary, and their CCC is 0/0: the batch is pooled.

    Args:
        said: (B, T).
        wanted: (B, T), NaN = not scored.
        mse_weight: ≥ 0.

    Returns:
        A scalar; 0 with a gradient of 0 where nothing is scored.
    """
    scored = ~torch.isnan(wanted)
    if not scored.any():
        return said.sum() * 0
    x, y = said[scored], wanted[scored]
    return 1 - concordance(x, y) + mse_weight * (x - y).pow(2).mean()
