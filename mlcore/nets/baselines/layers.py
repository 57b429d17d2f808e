"""Layers that several published networks share: max-norm weights and convolutions of long kernels."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional

from mlcore.errors import TrainingError


class MaxNormLinear(nn.Linear):
    """Linear layer; `project_max_norm` keeps the norm of each output's weights at or below `max_norm`."""

    def __init__(self, n_in: int, n_out: int, *, max_norm: float, bias: bool = True) -> None:
        super().__init__(n_in, n_out, bias=bias)
        self.max_norm = max_norm


class MaxNormConv1d(nn.Conv1d):
    """Convolution without padding; `project_max_norm` keeps each filter's norm at or below `max_norm`."""

    def __init__(self, n_in: int, n_out: int, n_taps: int, *, max_norm: float) -> None:
        super().__init__(n_in, n_out, n_taps)
        self.max_norm = max_norm


def project_max_norm(net: nn.Module) -> None:
    """Scale down the weights of max-norm layers that have grown too long; to be called after each step.

    w_k <- w_k · min(1, max_norm / ‖w_k‖) for each output k.
    """
    with torch.no_grad():
        for layer in net.modules():
            if isinstance(layer, MaxNormLinear | MaxNormConv1d):
                layer.weight.copy_(torch.renorm(layer.weight, p=2, dim=0, maxnorm=layer.max_norm))


class TemporalSpatial(nn.Module):
    """Temporal filters of every channel, then spatial filters over all of them: (B, C, T) -> (B, F, T − K + 1).

    Nothing but a sum stands between the two, so they run as one convolution with the product of their weights:
    w[o, c, k] = Σ_i spatial[o, i, c] · temporal[i, k].

    Args:
        n_chans: C.
        n_filters: F, temporal and spatial ones.
        n_taps: K.
        max_norm: of each filter.
        bias: whether the spatial filters have one.
    """

    def __init__(self, n_chans: int, n_filters: int, n_taps: int, *, max_norm: float, bias: bool) -> None:
        super().__init__()
        self.temporal = MaxNormConv1d(1, n_filters, n_taps, max_norm=max_norm)
        self.spatial = MaxNormLinear(n_filters * n_chans, n_filters, max_norm=max_norm, bias=bias)

    def forward(self, x: Tensor) -> Tensor:
        """Filter a batch."""
        temporal = self.temporal.weight[:, 0]  # (F, K)
        spatial = self.spatial.weight.view(len(temporal), len(temporal), -1)  # (F, F, C)
        weight = torch.einsum("oic,ik->ock", spatial, temporal)
        assert self.temporal.bias is not None
        bias = functional.linear(self.temporal.bias, spatial.sum(2), self.spatial.bias)  # (F,)
        return functional.conv1d(x, weight, bias)


def check_window(name: str, n_times: int, *, at_least: int, sfreq: float) -> None:
    """Raise TrainingError where a clip is shorter than a network's kernels and pools need."""
    if n_times < at_least:
        raise TrainingError(
            f"{name} needs clips of at least {at_least} samples ({at_least / sfreq:.2f} s at {sfreq:g} Hz), "
            f"got {n_times}: cut longer clips"
        )
