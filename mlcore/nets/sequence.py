"""Temporal convolutional network over feature tracks."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional

from mlcore.nets.sizes import SequenceSizes
from mlcore.nets.steps import read_steps


class _Block(nn.Module):
    """Dilated convolution, norm, ReLU, dropout, added to its input; not causal, since clips are scored whole."""

    def __init__(self, width: int, *, kernel: int, dilation: int, dropout: float) -> None:
        super().__init__()
        self.conv = nn.Conv1d(width, width, kernel, padding=dilation * (kernel // 2), dilation=dilation, bias=False)
        self.norm = nn.BatchNorm1d(width)
        self.dropout = nn.Dropout(dropout)

    def forward(self, x: Tensor) -> Tensor:
        """Refine a track; (B, W, T) -> (B, W, T)."""
        refined: Tensor = x + self.dropout(functional.relu(self.norm(self.conv(x))))
        return refined


class SequenceEncoder(nn.Module):
    """Feature track (B, T, F) and its summary (B, S) -> feature (B, feature_dim).

    A step without a face arrives as zeros (its "found" feature says so).

    Args:
        n_features: F.
        n_summary: S.
        feature_dim: width of the output.
        sizes: the rest.

    Source: Bai, Kolter and Koltun 2018, arXiv 1803.01271.
    """

    def __init__(self, n_features: int, *, n_summary: int, feature_dim: int, sizes: SequenceSizes) -> None:
        super().__init__()
        self.enter = nn.Conv1d(n_features, sizes.width, 1)
        self.dropout = nn.Dropout(sizes.dropout)
        self.blocks = nn.Sequential(
            *(
                _Block(sizes.width, kernel=sizes.kernel, dilation=2**level, dropout=sizes.dropout)
                for level in range(sizes.n_blocks)
            )
        )
        self.summary_dropout = nn.Dropout(sizes.summary_dropout)
        self.out = nn.Linear(sizes.width + n_summary, feature_dim)

    def forward(self, x: Tensor, summary: Tensor) -> Tensor:
        """Encode a batch; (B, T, F) and (B, S) -> (B, feature_dim)."""
        features = torch.cat([self.dropout(self._track(x).mean(-1)), self.summary_dropout(summary)], dim=1)
        return functional.elu(self.out(features))

    def steps(self, x: Tensor, summary: Tensor) -> Tensor:
        """Features over time; (B, T, F) and (B, S) -> (B, feature_dim, T)."""
        return read_steps(self.out, self.dropout(self._track(x)), self.summary_dropout(summary))

    def _track(self, x: Tensor) -> Tensor:
        track: Tensor = self.blocks(self.enter(self.dropout(x.transpose(1, 2))))
        return track  # (B, W, T)
