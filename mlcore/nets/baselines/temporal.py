"""Temporal filters with batch norm, applied after the spatial filters although they stand before them."""

from __future__ import annotations

import torch
from scipy.fft import next_fast_len
from torch import Tensor, nn
from torch.nn import functional

from mlcore.nets.baselines.layers import correlate

_EPSILON, _MOMENTUM = 1e-5, 0.1


class NormalisedFilters(nn.Module):
    """F temporal filters of K taps and their batch norm: what stands in front of a depthwise spatial filter.

    Filter, norm and spatial filter are linear, so the order may be turned round: filtering the few spatial maps costs
    a C/D-th of filtering every channel F times. Only the norm's mean and variance still speak of all F·C filtered
    channels; they follow exactly from the lagged products of the input:
    mean_f = w_f·m and var_f = w_fᵀ R w_f − mean_f², with m_k = mean x(t + k) and R_kl = mean x(t + k) x(t + l).

    Args:
        n_filters: F.
        n_taps: K; the input is padded with zeros to keep its length.
    """

    running_mean: Tensor
    running_var: Tensor

    def __init__(self, n_filters: int, n_taps: int) -> None:
        super().__init__()
        self.left, self.right = (n_taps - 1) // 2, n_taps // 2
        self.taps = nn.Parameter(nn.init.xavier_uniform_(torch.empty(n_filters, 1, n_taps))[:, 0].clone())
        self.weight = nn.Parameter(torch.ones(n_filters))
        self.bias = nn.Parameter(torch.zeros(n_filters))
        self.register_buffer("running_mean", torch.zeros(n_filters))
        self.register_buffer("running_var", torch.ones(n_filters))

    def forward(self, x: Tensor, spatial: Tensor) -> Tensor:
        """Spatial maps of the filtered and normalised channels.

        Args:
            x: (B, C, T).
            spatial: (F·D, C); D filters for each temporal filter in turn.

        Returns:
            (B, F·D, T).
        """
        mean, var = self._measure(x) if self.training else (self.running_mean, self.running_var)
        depth = len(spatial) // len(self.taps)
        gain = self.weight / torch.sqrt(var + _EPSILON)  # (F,)
        shift = (self.bias - gain * mean).repeat_interleave(depth) * spatial.sum(1)  # (F·D,)
        kernels = (gain[:, None] * self.taps).repeat_interleave(depth, dim=0)  # (F·D, K)
        maps = torch.matmul(spatial, x)  # (B, F·D, T)
        return correlate(maps, kernels, left=self.left) + shift[:, None]

    def _measure(self, x: Tensor) -> tuple[Tensor, Tensor]:
        """Mean and variance of each filter's output over clips, channels and time; the running ones follow."""
        with torch.no_grad():
            first, second = lagged_moments(functional.pad(x, (self.left, self.right)).flatten(0, 1), x.shape[-1])
        mean = self.taps @ first
        var = (((self.taps @ second) * self.taps).sum(1) - mean**2).clamp_min(0)
        n_values = x.numel()
        with torch.no_grad():
            self.running_mean.lerp_(mean, _MOMENTUM)
            self.running_var.lerp_(var * n_values / max(1, n_values - 1), _MOMENTUM)
        return mean, var


def lagged_moments(padded: Tensor, n_times: int) -> tuple[Tensor, Tensor]:
    """Means over rows n and times t < T of x(n, t + k), (K,), and of x(n, t + k) x(n, t + l), (K, K).

    The first row of the products comes by FFT; down a diagonal one product enters at the end and one leaves at the
    start: R_{k+1,l+1} = R_kl + x(T + k) x(T + l) − x(k) x(l).

    Args:
        padded: (N, T + K − 1).
        n_times: T.
    """
    n_values, n_lags = len(padded) * n_times, padded.shape[1] - n_times + 1
    first = padded.sum(0).unfold(0, n_times, 1).sum(1) / n_values  # (K,)
    n_fft = next_fast_len(padded.shape[1], real=True)
    product = torch.fft.rfft(padded[:, :n_times], n_fft).conj() * torch.fft.rfft(padded, n_fft)
    row = torch.fft.irfft(product.sum(0), n_fft)[:n_lags]  # (K,)
    head, tail = padded[:, : n_lags - 1], padded[:, n_times:]
    change = tail.T @ tail - head.T @ head  # (K − 1, K − 1)
    second = row.repeat(n_lags, 1)
    second[:, 0] = row
    for lag in range(n_lags - 1):
        second[lag + 1, 1:] = second[lag, :-1] + change[lag]
    return first, second / n_values
