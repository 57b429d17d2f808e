"""EEGNet: the paper's sizes, and its own order of layers written out with plain torch."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional

from mlcore.errors import TrainingError
from mlcore.nets.baselines import EEGNet, project_max_norm
from mlcore.nets.baselines.temporal import lagged_moments
from tests.mlcore.nets.baselines.checks import n_parameters, overfit, unreached


class InOrder(nn.Module):
    """EEGNet up to its first spatial maps as the paper draws it: convolve, normalise, then combine channels."""

    def __init__(self, net: EEGNet) -> None:
        super().__init__()
        n_filters, n_taps = net.temporal.taps.shape
        n_maps, n_chans = net.spatial.weight.shape
        self.padding = ((n_taps - 1) // 2, n_taps // 2)
        self.temporal = nn.Conv2d(1, n_filters, (1, n_taps), bias=False).double()
        self.norm = nn.BatchNorm2d(n_filters).double()
        self.spatial = nn.Conv2d(n_filters, n_maps, (n_chans, 1), groups=n_filters, bias=False).double()
        with torch.no_grad():
            self.temporal.weight.copy_(net.temporal.taps[:, None, None])
            self.spatial.weight.copy_(net.spatial.weight[:, None, :, None])
            self.norm.weight.copy_(net.temporal.weight)
            self.norm.bias.copy_(net.temporal.bias)

    def forward(self, x: Tensor) -> Tensor:
        maps: Tensor = self.spatial(self.norm(self.temporal(functional.pad(x[:, None], self.padding))))
        return maps.squeeze(2)


@pytest.fixture(autouse=True)
def _seeded() -> None:
    torch.manual_seed(0)


def test_it_has_the_papers_layers_and_no_more() -> None:
    """64 channels, 128 samples at 128 Hz, 4 classes; the paper's table, row by row."""
    expected = {
        "temporal filters": 8 * 64,
        "batch norm": 2 * 8,
        "depthwise": 2 * 8 * 64,
        "batch norm 2": 2 * 16,
        "separable": 16 * 16 + 16 * 16,
        "batch norm 3": 2 * 16,
        "classifier": 16 * (128 // 32) * 4 + 4,
    }
    assert n_parameters(EEGNet(64, 4, 128, 128.0)) == sum(expected.values()) == 2388


@pytest.mark.parametrize(("n_times", "sfreq"), [(128, 128.0), (513, 128.0), (500, 250.0)])
def test_it_answers_with_logits(n_times: int, sfreq: float) -> None:
    logits = EEGNet(6, 3, n_times, sfreq).eval()(torch.randn(5, 6, n_times))
    assert logits.shape == (5, 3)
    assert not torch.allclose(logits.sum(1), torch.ones(5))


@pytest.mark.parametrize("n_times", [32, 64, 101])
def test_spatial_filters_first_are_the_papers_order_in_training_and_after(n_times: int) -> None:
    net = EEGNet(5, 3, n_times, 128.0).double()
    with torch.no_grad():
        net.temporal.weight.uniform_(0.5, 2.0)
        net.temporal.bias.normal_()
    in_order = InOrder(net)
    for _ in range(3):
        x = 1.0 + torch.randn(4, 5, n_times, dtype=torch.float64)
        assert torch.allclose(net.temporal(x, net.spatial.weight), in_order(x), atol=1e-10)
    measured = {name: buffer for name, buffer in in_order.norm.named_buffers() if name != "num_batches_tracked"}
    for name, buffer in net.temporal.named_buffers():
        assert torch.allclose(buffer, measured[name], atol=1e-10)
    net.eval()
    in_order.eval()
    assert torch.allclose(net.temporal(x, net.spatial.weight), in_order(x), atol=1e-10)


def test_filters_learn_as_in_the_papers_order() -> None:
    net = EEGNet(5, 3, 64, 128.0).double()
    in_order, x = InOrder(net), torch.randn(4, 5, 64, dtype=torch.float64)
    for maps in (net.temporal(x, net.spatial.weight), in_order(x)):
        torch.autograd.backward(maps.pow(3).sum())
    assert net.temporal.taps.grad is not None
    assert in_order.temporal.weight.grad is not None
    assert torch.allclose(net.temporal.taps.grad, in_order.temporal.weight.grad[:, 0, 0], atol=1e-8)


@pytest.mark.parametrize("n_fft", [27, 32])
@pytest.mark.parametrize("n_lags", [1, 2, 7])
def test_lagged_moments_are_means_over_windows(n_lags: int, n_fft: int) -> None:
    left = (n_lags - 1) // 2
    padded = functional.pad(torch.randn(3, 20, dtype=torch.float64), (left, n_lags - 1 - left))
    windows = padded.unfold(1, n_lags, 1).reshape(-1, n_lags).numpy()  # (3 · 20, K)
    first, second = lagged_moments(padded, torch.fft.rfft(padded, n_fft), n_times=20, n_fft=n_fft)
    assert np.allclose(first, windows.mean(axis=0))
    assert np.allclose(second, windows.T @ windows / len(windows))


def test_max_norms_hold_after_a_step() -> None:
    net = EEGNet(6, 3, 128, 128.0)
    with torch.no_grad():
        net.spatial.weight.mul_(100.0)
        net.classifier.weight.mul_(100.0)
        net.spatial.weight[0] = 0.01
    project_max_norm(net)
    assert torch.allclose(net.spatial.weight[1:].norm(dim=1), torch.ones(15), atol=1e-4)
    assert torch.equal(net.spatial.weight[0], torch.full((6,), 0.01))
    assert torch.allclose(net.classifier.weight.norm(dim=1), torch.full((3,), 0.25), atol=1e-4)


def test_every_weight_takes_part() -> None:
    assert unreached(EEGNet(6, 3, 128, 128.0), torch.randn(5, 6, 128)) == []


def test_it_can_learn_twenty_clips_by_heart() -> None:
    net = EEGNet(6, 2, 128, 128.0, dropout=0.0)
    first, last = overfit(net, torch.randn(20, 6, 128), n_classes=2, steps=150, learning_rate=1e-2)
    assert last < first / 10


def test_dropout_is_off_in_evaluation() -> None:
    net, x = EEGNet(6, 3, 128, 128.0), torch.randn(5, 6, 128)
    assert not torch.equal(net(x), net(x))
    net.eval()
    assert torch.equal(net(x), net(x))


def test_a_window_that_is_too_short_is_refused_in_a_sentence() -> None:
    with pytest.raises(TrainingError, match=r"at least 32 samples \(0.25 s at 128 Hz\), got 31"):
        EEGNet(6, 3, 31, 128.0)
