"""DeepConvNet (Deep4)."""

from __future__ import annotations

from itertools import pairwise

import torch
from torch import Tensor, nn
from torch.nn import functional

from mlcore.nets.baselines.layers import MaxNormConv1d, MaxNormLinear, TemporalSpatial, check_window

#: from this sampling rate on the kernels and pools of the paper hold, which was written for 250 Hz
FULL_RATE_HZ = 200.0
_CONV_NORM, _CLASS_NORM = 2.0, 0.5


class DeepConvNet(nn.Module):
    """Four blocks of convolution, batch norm, ELU, max pool and dropout; a linear classifier.

    From 200 Hz on kernels of 10 samples and pools of 3, as in the paper; below, kernels of 5 and pools of 2, which
    the authors of EEGNet used at 128 Hz. Biases, max-norms (filters ≤ 2, class weights ≤ 0.5; call `project_max_norm`
    after each step) and the order pool, then dropout are theirs too.

    Args:
        n_chans: C.
        n_outputs: K.
        n_times: T, at least 76 samples below 200 Hz, 441 from there on.
        sfreq: Hz.
        n_filters: of each block.
        dropout: share of features dropped after each block.

    Raises:
        TrainingError: the clips are too short for four pools; the least length is given.

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
        n_filters: tuple[int, int, int, int] = (25, 50, 100, 200),
        dropout: float = 0.5,
    ) -> None:
        super().__init__()
        n_taps, self.pool = (10, 3) if sfreq >= FULL_RATE_HZ else (5, 2)
        at_least = _shortest(n_taps, self.pool, n_blocks=len(n_filters))
        check_window("DeepConvNet", n_times, at_least=at_least, sfreq=sfreq)
        self.first = TemporalSpatial(n_chans, n_filters[0], n_taps, max_norm=_CONV_NORM, bias=True)
        self.convs = nn.ModuleList(
            MaxNormConv1d(before, after, n_taps, max_norm=_CONV_NORM) for before, after in pairwise(n_filters)
        )
        self.norms = nn.ModuleList(nn.BatchNorm1d(width) for width in n_filters)
        self.dropout = nn.Dropout(dropout)
        n_left = _length(n_times, n_taps, self.pool, n_blocks=len(n_filters))
        self.classifier = MaxNormLinear(n_filters[-1] * n_left, n_outputs, max_norm=_CLASS_NORM)

    def forward(self, x: Tensor) -> Tensor:
        """Logits; (B, C, T) -> (B, K)."""
        for conv, norm in zip((self.first, *self.convs), self.norms, strict=True):
            x = functional.max_pool1d(functional.elu(norm(conv(x))), self.pool)  # (B, F, T')
            x = self.dropout(x)
        logits: Tensor = self.classifier(torch.flatten(x, 1))
        return logits


def _length(n_times: int, n_taps: int, pool: int, *, n_blocks: int) -> int:
    """Samples that are left after the blocks."""
    for _ in range(n_blocks):
        n_times = (n_times - n_taps + 1) // pool
    return n_times


def _shortest(n_taps: int, pool: int, *, n_blocks: int) -> int:
    """The fewest samples of which one is left."""
    n_times = 1
    for _ in range(n_blocks):
        n_times = n_times * pool + n_taps - 1
    return n_times
