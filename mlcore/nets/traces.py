"""Heads that follow a curve: features over time become one value a step of the answer."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional


def at_steps(features: Tensor, n_values: int) -> Tensor:
    """Features at the answer's own rate; (B, F, T') -> (B, F, n_values).

    Fewer values than steps are averages over the steps that each covers; more lie on the straight line between steps,
    and one step stands for all. What the steps have to tell beyond their rate, they have to tell by changing.
    """
    if n_values <= features.shape[-1]:
        return functional.adaptive_avg_pool1d(features, n_values)
    return functional.interpolate(features, n_values, mode="linear", align_corners=False)


class TraceHead(nn.Module):
    """H independent heads on features over time (B, feature_dim, T') -> (H, B, n_values).

    Each head is a convolution over three steps, an ELU and a layer that reads one value a step; all heads are
    evaluated as one grouped convolution. They share nothing, since heads on a common layer agree too readily: their
    mean is the answer and their variance the uncertainty (`mlcore.evidence.mean_and_variance`).

    Args:
        feature_dim: width of the features.
        n_values: values of one trace.
        n_heads: H ≥ 1.
        width: maps of a head's convolution.

    Source: ensembles of heads, Lakshminarayanan et al. 2017, arXiv 1612.01474; the form is ours.
    """

    def __init__(self, feature_dim: int, n_values: int, *, n_heads: int, width: int = 16) -> None:
        super().__init__()
        self.n_values = n_values
        self.conv = nn.Conv1d(feature_dim, n_heads * width, 3, padding=1)
        self.out = nn.Conv1d(n_heads * width, n_heads, 1, groups=n_heads)

    def forward(self, features: Tensor) -> Tensor:
        """Read traces; (B, feature_dim, T') -> (H, B, n_values), always float32 or wider."""
        hidden = functional.elu(self.conv(at_steps(features, self.n_values)))
        said: Tensor = self.out(hidden).movedim(1, 0)  # (H, B, n_values)
        return said.float() if said.dtype in (torch.float16, torch.bfloat16) else said
