"""Traces with holes: a value that nobody scored is NaN and counts nothing."""

from __future__ import annotations

import torch
from torch import Tensor

#: keeps a division finite where nothing counts
_TINY = 1e-12


def known_values(truth: Tensor, weights: Tensor | None = None) -> tuple[Tensor, Tensor]:
    """What was scored, and how much each value counts.

    Args:
        truth: (B, T), NaN where nothing was scored.
        weights: (B,) ≥ 0, or None for 1.

    Returns:
        (B, T) values with 0 for NaN, and (B, T) counts: the row's weight, 0 for NaN.
    """
    is_known = ~truth.isnan()
    counts = is_known.to(truth.dtype)
    if weights is not None:
        counts = counts * weights.unsqueeze(-1)
    return torch.where(is_known, truth, 0.0), counts


def known_mean(values: Tensor, counts: Tensor) -> Tensor:
    """Σ c v / Σ c over everything, (B, T) twice -> scalar; 0 with a gradient of 0 where nothing counts."""
    return (counts * values).sum() / counts.sum().clamp_min(_TINY)
