"""EEGNet-family encoder of raw EEG."""

from __future__ import annotations

import torch
from scipy.fft import next_fast_len
from torch import Tensor, nn
from torch.nn import functional

from mlcore.nets.sizes import WaveformSizes
from mlcore.nets.steps import read_steps

#: added before the logarithm of a power; inputs are standardised, so power is about 1
_FLOOR = 1e-4


class WaveformEncoder(nn.Module):
    """EEG (B, C, T) and its summary (B, S) -> feature (B, feature_dim).

    EEGNet's first block is linear up to its second batch norm: a temporal filter per map, then D spatial filters per
    map. We apply the spatial filters first, the same function (its first batch norm is absorbed by the second) at a
    sixteenth of the cost. Its output is read twice: by EEGNet's ELU, pooling and separable convolution, and as
    log band power (the quantity that emotion work on EEG measures, as in ShallowConvNet). A channel that is masked
    arrives as zeros and adds nothing.

    Args:
        n_channels: C.
        n_times: T.
        sfreq: Hz.
        n_summary: S.
        feature_dim: width of the output.
        sizes: the rest.

    Source: EEGNet, Lawhern et al. 2018, arXiv 1611.08024; log power, Schirrmeister et al. 2017, arXiv 1703.05051.
    """

    def __init__(
        self, n_channels: int, n_times: int, *, sfreq: float, n_summary: int, feature_dim: int, sizes: WaveformSizes
    ) -> None:
        super().__init__()
        self.depth = sizes.depth
        n_maps = sizes.n_filters * sizes.depth
        kernel = 2 * (round(sizes.kernel_s * sfreq) // 2) + 1
        self.pool = max(1, min(round(sizes.pool_s * sfreq), n_times))
        self.spatial = nn.Conv1d(n_channels, n_maps, 1, bias=False)
        self.temporal = nn.Parameter(torch.empty(sizes.n_filters, kernel).uniform_(-1, 1) / kernel**0.5)
        self.n_fft = next_fast_len(n_times + kernel - 1, real=True)
        self.norm = nn.BatchNorm1d(n_maps)
        self.depthwise = nn.Conv1d(n_maps, n_maps, 7, padding=3, groups=n_maps, bias=False)
        self.pointwise = nn.Conv1d(n_maps, sizes.n_separable, 1, bias=False)
        self.norm_separable = nn.BatchNorm1d(sizes.n_separable)
        self.norm_power = nn.BatchNorm1d(n_maps)
        self.dropout = nn.Dropout(sizes.dropout)
        self.summary_dropout = nn.Dropout(sizes.summary_dropout)
        self.out = nn.Linear(sizes.n_separable + n_maps + n_summary, feature_dim)

    def forward(self, x: Tensor, summary: Tensor) -> Tensor:
        """Encode a batch; (B, C, T) and (B, S) -> (B, feature_dim)."""
        maps = self._filter(x)  # (B, F1 * D, T)
        shape = self._separable(self.norm(maps)).mean(-1)
        power = torch.log((maps**2).mean(-1) + _FLOOR)  # (B, F1 * D)
        learnt = self.dropout(torch.cat([shape, self.norm_power(power)], dim=1))
        features = torch.cat([learnt, self.summary_dropout(summary)], dim=1)
        feature: Tensor = functional.elu(self.out(features))
        return feature

    def steps(self, x: Tensor, summary: Tensor) -> Tensor:
        """Features over time, one step `pool_s` seconds; (B, C, T) and (B, S) -> (B, feature_dim, T').

        The same two readings as `forward`, before they are averaged: log power in windows of two steps' length.
        """
        maps = self._filter(x)  # (B, F1 * D, T)
        shape = self._separable(self.norm(maps))
        learnt = self.dropout(torch.cat([shape, self.norm_power(self._power_steps(maps))], dim=1))
        return read_steps(self.out, learnt, self.summary_dropout(summary))

    def _power_steps(self, maps: Tensor) -> Tensor:
        """Log power around each step, at the clip's ends of what there is; (B, F1 * D, T) -> (B, F1 * D, T')."""
        beyond = self.pool // 2
        window = self.pool + 2 * beyond
        power = functional.avg_pool1d(maps**2, window, self.pool, padding=beyond, count_include_pad=False)
        return torch.log(power + _FLOOR)

    def _filter(self, x: Tensor) -> Tensor:
        """Spatial, then temporal filters; in the frequency domain, which costs an eighth of a long convolution."""
        maps: Tensor = self.spatial(x).float()  # (B, F1 * D, T)
        response = torch.fft.rfft(self.temporal, self.n_fft).repeat_interleave(self.depth, dim=0)
        filtered: Tensor = torch.fft.irfft(torch.fft.rfft(maps, self.n_fft) * response, self.n_fft)
        start = self.temporal.shape[1] // 2
        return filtered[..., start : start + maps.shape[-1]]

    def _separable(self, maps: Tensor) -> Tensor:
        """EEGNet's second half, one step a pool; (B, F1 * D, T) -> (B, F2, T')."""
        pooled = self.dropout(functional.avg_pool1d(functional.elu(maps), self.pool))
        mixed: Tensor = functional.elu(self.norm_separable(self.pointwise(self.depthwise(pooled))))
        return mixed
