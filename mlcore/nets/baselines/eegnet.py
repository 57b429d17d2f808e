"""EEGNet-8,2."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional

from mlcore.nets.baselines.layers import MaxNormLinear, check_window
from mlcore.nets.baselines.temporal import NormalisedFilters


class EEGNet(nn.Module):
    """EEGNet-F1,D: temporal filters, spatial filters for each, a separable convolution, a linear classifier.

    The paper's settings, for EEG at 128 Hz; filters of half a second follow the sampling rate. Its batch norm uses
    torch's ε and momentum. Spatial filters run before temporal ones, the same function at less cost (see
    `NormalisedFilters`). Call `project_max_norm` after each step: ‖spatial filter‖ ≤ 1, ‖class weights‖ ≤ 0.25.

    Args:
        n_chans: C.
        n_outputs: K.
        n_times: T ≥ product of the pools.
        sfreq: Hz.
        n_filters: F1.
        depth: D.
        n_separable: F2.
        kernel_s: length of a temporal filter, seconds.
        separable_taps: length of the separable convolution, samples after the first pool.
        pools: samples that each average pool takes together.
        dropout: 0.5 within a subject, 0.25 between subjects.

    Source: Lawhern et al. 2018, doi 10.1088/1741-2552/aace8c, arXiv 1611.08024.
    """

    def __init__(
        self,
        n_chans: int,
        n_outputs: int,
        n_times: int,
        sfreq: float,
        *,
        n_filters: int = 8,
        depth: int = 2,
        n_separable: int = 16,
        kernel_s: float = 0.5,
        separable_taps: int = 16,
        pools: tuple[int, int] = (4, 8),
        dropout: float = 0.5,
    ) -> None:
        super().__init__()
        check_window("EEGNet", n_times, at_least=pools[0] * pools[1], sfreq=sfreq)
        n_maps = n_filters * depth
        self.pools = pools
        self.temporal = NormalisedFilters(n_filters, max(1, round(kernel_s * sfreq)))
        self.spatial = MaxNormLinear(n_chans, n_maps, max_norm=1.0, bias=False)
        self.norm_spatial = nn.BatchNorm1d(n_maps)
        self.same = nn.ZeroPad1d(((separable_taps - 1) // 2, separable_taps // 2))
        self.depthwise = nn.Conv1d(n_maps, n_maps, separable_taps, groups=n_maps, bias=False)
        self.pointwise = nn.Conv1d(n_maps, n_separable, 1, bias=False)
        self.norm_separable = nn.BatchNorm1d(n_separable)
        self.dropout = nn.Dropout(dropout)
        self.classifier = MaxNormLinear(n_separable * (n_times // pools[0] // pools[1]), n_outputs, max_norm=0.25)

    def forward(self, x: Tensor) -> Tensor:
        """Logits; (B, C, T) -> (B, K)."""
        maps = self.norm_spatial(self.temporal(x, self.spatial.weight))  # (B, F1·D, T)
        pooled = self._pool(maps, self.pools[0])  # (B, F1·D, T / 4)
        mixed = self.norm_separable(self.pointwise(self.depthwise(self.same(pooled))))  # (B, F2, T / 4)
        features = torch.flatten(self._pool(mixed, self.pools[1]), 1)  # (B, F2 · T / 32)
        logits: Tensor = self.classifier(features)
        return logits

    def _pool(self, maps: Tensor, size: int) -> Tensor:
        pooled: Tensor = self.dropout(functional.avg_pool1d(functional.elu(maps), size))
        return pooled
