"""ShallowConvNet."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional

from mlcore.nets.baselines.deepconvnet import FULL_RATE_HZ
from mlcore.nets.baselines.layers import MaxNormLinear, TemporalSpatial, check_window

_CONV_NORM, _CLASS_NORM = 2.0, 0.5
#: below it a mean power counts as this much, before its logarithm
_FLOOR = 1e-7


class ShallowConvNet(nn.Module):
    """Log power of learnt filters: convolution, batch norm, square, mean pool, logarithm, dropout, a classifier.

    From 200 Hz on kernels of 25 samples and pools of 75 every 15, as in the paper; below, kernels of 13 and pools of
    35 every 7, which the authors of EEGNet used at 128 Hz. Max-norms (filters ≤ 2, class weights ≤ 0.5; call
    `project_max_norm` after each step) are theirs too.

    Args:
        n_chans: C.
        n_outputs: K.
        n_times: T, at least 47 samples below 200 Hz, 99 from there on.
        sfreq: Hz.
        n_filters: temporal and spatial ones.
        dropout: share of features dropped.

    Raises:
        TrainingError: the clips are too short for one pool.

    Source: Schirrmeister et al. 2017, doi 10.1002/hbm.23730, arXiv 1703.05051; at 128 Hz Lawhern et al. 2018,
    arXiv 1611.08024.
    """

    def __init__(
        self,
        n_chans: int,
        n_outputs: int,
        n_times: int,
        sfreq: float,
        *,
        n_filters: int = 40,
        dropout: float = 0.5,
    ) -> None:
        super().__init__()
        n_taps, self.pool, self.stride = (25, 75, 15) if sfreq >= FULL_RATE_HZ else (13, 35, 7)
        check_window("ShallowConvNet", n_times, at_least=n_taps + self.pool - 1, sfreq=sfreq)
        self.first = TemporalSpatial(n_chans, n_filters, n_taps, max_norm=_CONV_NORM, bias=False)
        self.norm = nn.BatchNorm1d(n_filters)
        self.dropout = nn.Dropout(dropout)
        n_pools = (n_times - n_taps + 1 - self.pool) // self.stride + 1
        self.classifier = MaxNormLinear(n_filters * n_pools, n_outputs, max_norm=_CLASS_NORM)

    def forward(self, x: Tensor) -> Tensor:
        """Logits; (B, C, T) -> (B, K)."""
        maps = self.norm(self.first(x))  # (B, F, T − kernel + 1)
        power = functional.avg_pool1d(maps**2, self.pool, self.stride)  # (B, F, pools)
        features = self.dropout(torch.log(power.clamp_min(_FLOOR)))
        logits: Tensor = self.classifier(torch.flatten(features, 1))
        return logits
