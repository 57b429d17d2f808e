"""Temporal filters with batch norm, applied after the spatial filters although they stand before them."""

from __future__ import annotations

import torch
from scipy.fft import next_fast_len
from torch import Tensor, nn
from torch.nn import functional

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
        n_times, n_fft = x.shape[-1], next_fast_len(x.shape[-1] + self.taps.shape[1] - 1, real=True)
        spectrum = torch.fft.rfft(functional.pad(x, (self.left, 0)), n_fft)  # (B, C, n_fft / 2 + 1)
        mean, var = self._measure(x, spectrum, n_fft) if self.training else (self.running_mean, self.running_var)
        depth = len(spatial) // len(self.taps)
        gain = self.weight / torch.sqrt(var + _EPSILON)  # (F,)
        kernels = (gain[:, None] * self.taps).repeat_interleave(depth, dim=0)  # (F·D, K)
        shift = (self.bias - gain * mean).repeat_interleave(depth) * spatial.sum(1)  # (F·D,)
        maps = _mix(spatial, spectrum) * torch.fft.rfft(kernels, n_fft).conj()  # (B, F·D, n_fft / 2 + 1)
        filtered: Tensor = torch.fft.irfft(maps, n_fft)[..., :n_times]
        return filtered + shift[:, None]

    def _measure(self, x: Tensor, spectrum: Tensor, n_fft: int) -> tuple[Tensor, Tensor]:
        """Mean and variance of each filter's output over clips, channels and time; the running ones follow."""
        with torch.no_grad():
            padded = functional.pad(x, (self.left, self.right)).flatten(0, 1)
            first, second = lagged_moments(padded, spectrum.flatten(0, 1), n_times=x.shape[-1], n_fft=n_fft)
        mean = self.taps @ first
        var = (((self.taps @ second) * self.taps).sum(1) - mean**2).clamp_min(0)
        n_values = x.numel()
        with torch.no_grad():
            self.running_mean.lerp_(mean, _MOMENTUM)
            self.running_var.lerp_(var * n_values / max(1, n_values - 1), _MOMENTUM)
        return mean, var


def _mix(weights: Tensor, spectrum: Tensor) -> Tensor:
    """Real weights (M, C) times complex channels (B, C, H): (B, M, H)."""
    parts = torch.view_as_real(spectrum)  # (B, C, H, 2)
    mixed = torch.matmul(weights, parts.flatten(2))
    return torch.view_as_complex(mixed.view(*mixed.shape[:2], *parts.shape[2:]))


def lagged_moments(padded: Tensor, spectrum: Tensor, *, n_times: int, n_fft: int) -> tuple[Tensor, Tensor]:
    """Means over rows n and times t < T of x(n, t + k), (K,), and of x(n, t + k) x(n, t + l), (K, K).

    Over all times the products are the autocorrelation, which the spectrum gives. The first row leaves out those that
    start after T; down a diagonal one product enters at the end and one leaves at the start:
    R_{k+1,l+1} = R_kl + x(T + k) x(T + l) − x(k) x(l).

    Args:
        padded: x (N, T + K − 1), T samples with K − 1 zeros around them.
        spectrum: (N, n_fft / 2 + 1) of the same samples by `torch.fft.rfft`.
        n_times: T.
        n_fft: its length, at least T + K − 1.
    """
    n_values, n_lags = len(padded) * n_times, padded.shape[1] - n_times + 1
    first = padded.sum(0).unfold(0, n_times, 1).sum(1)  # (K,)
    power = torch.view_as_real(spectrum).square().sum((0, 2))  # (n_fft / 2 + 1,)
    head, tail = padded[:, : n_lags - 1], padded[:, n_times:]
    late = functional.pad(tail.T @ tail, (0, 1, 0, 1))  # (K, K), the last row and column 0
    change = late - functional.pad(head.T @ head, (0, 1, 0, 1))
    row = torch.fft.irfft(power, n_fft)[:n_lags] - _along_diagonals(late).sum(0)  # (K,)
    steps = _along_diagonals(change)
    by_lag = row + steps.cumsum(0) - steps  # (K, K): R_{k, k + lag}
    place = torch.arange(n_lags, device=padded.device)
    second = by_lag[torch.minimum(place[:, None], place), (place[:, None] - place).abs()]
    return first / n_values, second / n_values


def _along_diagonals(square: Tensor) -> Tensor:
    """d(k, lag) = square(k, k + lag), 0 past the edge; (K, K) -> (K, K)."""
    place = torch.arange(len(square), device=square.device)
    column = place[:, None] + place
    return square[place[:, None], column.clamp_max(len(square) - 1)] * (column < len(square))
