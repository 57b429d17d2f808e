"""Layers that several published networks share: max-norm weights and convolutions of long kernels."""

from __future__ import annotations

import torch
from scipy.fft import next_fast_len
from torch import Tensor, nn
from torch.nn import functional

from mlcore.errors import TrainingError


class MaxNormLinear(nn.Linear):
    """Linear layer; `project_max_norm` keeps the norm of each output's weights at or below `max_norm`."""

    def __init__(self, n_in: int, n_out: int, *, max_norm: float, bias: bool = True) -> None:
        super().__init__(n_in, n_out, bias=bias)
        self.max_norm = max_norm


def project_max_norm(net: nn.Module) -> None:
    """Scale down the weights of max-norm layers that have grown too long; to be called after each step.

    w_k <- w_k · min(1, max_norm / ‖w_k‖) for each output k.
    """
    with torch.no_grad():
        for layer in net.modules():
            if isinstance(layer, MaxNormLinear):
                layer.weight.copy_(torch.renorm(layer.weight, p=2, dim=0, maxnorm=layer.max_norm))


def correlate(x: Tensor, kernels: Tensor, *, left: int) -> Tensor:
    """Each row with a kernel of its own, by FFT; as long as the input, zeros beyond the ends.

    y[m, t] = Σ_k w[m, k] · x[m, t + k − left]

    Args:
        x: (B, M, T).
        kernels: (M, K).
        left: zeros before the first sample, 0..K−1.
    """
    n_times, n_taps = x.shape[-1], kernels.shape[-1]
    n_fft = next_fast_len(n_times + n_taps - 1, real=True)
    spectrum = torch.fft.rfft(functional.pad(x, (left, 0)), n_fft)  # (B, M, n_fft / 2 + 1)
    filtered: Tensor = torch.fft.irfft(spectrum * torch.fft.rfft(kernels, n_fft).conj(), n_fft)
    return filtered[..., :n_times]


def check_window(name: str, n_times: int, *, at_least: int, sfreq: float) -> None:
    """Raise TrainingError where a clip is shorter than a network's kernels and pools need."""
    if n_times < at_least:
        raise TrainingError(
            f"{name} needs clips of at least {at_least} samples ({at_least / sfreq:.2f} s at {sfreq:g} Hz), "
            f"got {n_times}: cut longer clips"
        )
