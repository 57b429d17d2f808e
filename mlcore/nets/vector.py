"""Residual network over one row of features a clip."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional

from mlcore.nets.sizes import VectorSizes


class _Block(nn.Module):
    """Norm, layer, ReLU, dropout, added to its input; LayerNorm, so that a clip is read alike in every batch."""

    def __init__(self, width: int, *, dropout: float) -> None:
        super().__init__()
        self.norm = nn.LayerNorm(width)
        self.layer = nn.Linear(width, width)
        self.dropout = nn.Dropout(dropout)

    def forward(self, x: Tensor) -> Tensor:
        """Refine rows; (B, W) -> (B, W)."""
        refined: Tensor = x + self.dropout(functional.relu(self.layer(self.norm(x))))
        return refined


class VectorEncoder(nn.Module):
    """Feature row (B, F) and its summary (B, S) -> feature (B, feature_dim).

    Args:
        n_features: F.
        n_summary: S.
        feature_dim: width of the output.
        sizes: the rest.

    Source: the residual network of Gorishniy et al. 2021, arXiv 2106.11959, with LayerNorm for BatchNorm.
    """

    def __init__(self, n_features: int, *, n_summary: int, feature_dim: int, sizes: VectorSizes) -> None:
        super().__init__()
        self.enter = nn.Linear(n_features, sizes.width)
        self.blocks = nn.Sequential(*(_Block(sizes.width, dropout=sizes.dropout) for _ in range(sizes.n_blocks)))
        self.norm = nn.LayerNorm(sizes.width)
        self.dropout = nn.Dropout(sizes.dropout)
        self.summary_dropout = nn.Dropout(sizes.summary_dropout)
        self.out = nn.Linear(sizes.width + n_summary, feature_dim)

    def forward(self, x: Tensor, summary: Tensor) -> Tensor:
        """Encode a batch; (B, F) and (B, S) -> (B, feature_dim)."""
        learnt = self.dropout(functional.relu(self.norm(self.blocks(self.enter(x)))))
        features = torch.cat([learnt, self.summary_dropout(summary)], dim=1)
        return functional.elu(self.out(features))

    def steps(self, x: Tensor, summary: Tensor) -> Tensor:
        """The clip's one step; (B, F) and (B, S) -> (B, feature_dim, 1)."""
        feature: Tensor = self(x, summary)
        return feature.unsqueeze(-1)
