"""TSception."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional

from mlcore.errors import TrainingError
from mlcore.nets.baselines.layers import check_window

#: lengths of the temporal kernels, seconds
WINDOWS_S = (0.5, 0.25, 0.125)
#: samples that the pools after the temporal, spatial and fusion layer take together
TEMPORAL_POOL, SPATIAL_POOL, FUSION_POOL = 8, 2, 4


class TSception(nn.Module):
    """Temporal kernels of three lengths, spatial kernels over the head and over each hemisphere, their fusion.

    Each layer is a convolution, a leaky ReLU and a mean pool, followed by batch norm. The hemisphere kernel is the same
    on both sides, so channels have to come as `hemisphere_order` puts them: left, then their mirror images.

    Args:
        n_chans: C, even; the first half is left.
        n_outputs: K.
        n_times: T.
        sfreq: Hz.
        n_temporal: filters of each temporal length.
        n_spatial: filters of each spatial extent.
        hidden: width of the classifier's hidden layer.
        dropout: share of it dropped.

    Raises:
        TrainingError: an odd number of channels, or clips too short for the pools.

    Source: Ding et al. 2022, doi 10.1109/TAFFC.2022.3169001, arXiv 2104.02935.
    """

    def __init__(
        self,
        n_chans: int,
        n_outputs: int,
        n_times: int,
        sfreq: float,
        *,
        n_temporal: int = 15,
        n_spatial: int = 15,
        hidden: int = 32,
        dropout: float = 0.5,
    ) -> None:
        super().__init__()
        if n_chans % 2:
            raise TrainingError(f"TSception needs as many left as right channels, got {n_chans} in all")
        taps = [max(1, int(window_s * sfreq)) for window_s in WINDOWS_S]
        check_window("TSception", n_times, at_least=_shortest(taps), sfreq=sfreq)
        half = n_chans // 2
        self.temporal = nn.ModuleList(nn.Conv1d(1, n_temporal, n_taps) for n_taps in taps)
        self.norm_temporal = nn.BatchNorm2d(n_temporal)
        self.head = nn.Conv2d(n_temporal, n_spatial, (n_chans, 1))
        self.hemisphere = nn.Conv2d(n_temporal, n_spatial, (half, 1), stride=(half, 1))
        self.norm_spatial = nn.BatchNorm2d(n_spatial)
        self.fusion = nn.Conv2d(n_spatial, n_spatial, (3, 1))
        self.norm_fusion = nn.BatchNorm2d(n_spatial)
        self.hidden = nn.Linear(n_spatial, hidden)
        self.dropout = nn.Dropout(dropout)
        self.classifier = nn.Linear(hidden, n_outputs)

    def forward(self, x: Tensor) -> Tensor:
        """Logits; (B, C, T) -> (B, K)."""
        rhythms = torch.cat([self._rhythms(conv, x) for conv in self.temporal], dim=3)
        rhythms = self.norm_temporal(rhythms)  # (B, F, C, T')
        places = [_pooled(conv(rhythms), SPATIAL_POOL) for conv in (self.head, self.hemisphere)]
        scalp = self.norm_spatial(torch.cat(places, dim=2))  # (B, S, 3, T' / 2)
        fused = self.norm_fusion(_pooled(self.fusion(scalp), FUSION_POOL))  # (B, S, 1, T' / 8)
        features = fused.mean(dim=(2, 3))  # (B, S)
        logits: Tensor = self.classifier(self.dropout(functional.relu(self.hidden(features))))
        return logits

    def _rhythms(self, conv: nn.Module, x: Tensor) -> Tensor:
        """One length of kernel over each channel by itself; (B, C, T) -> (B, F, C, T')."""
        batch, n_chans, n_times = x.shape
        filtered = functional.leaky_relu(conv(x.reshape(batch * n_chans, 1, n_times)))
        pooled = functional.avg_pool1d(filtered, TEMPORAL_POOL)  # (B · C, F, T')
        return pooled.view(batch, n_chans, *pooled.shape[1:]).transpose(1, 2)


def _pooled(maps: Tensor, size: int) -> Tensor:
    return functional.avg_pool2d(functional.leaky_relu(maps), (1, size))


def _shortest(taps: list[int]) -> int:
    """Samples at which the longest kernel gives one pool and all together feed the later pools."""
    n_times = max(taps) + TEMPORAL_POOL - 1
    while sum((n_times - n_taps + 1) // TEMPORAL_POOL for n_taps in taps) < SPATIAL_POOL * FUSION_POOL:
        n_times += 1
    return n_times
