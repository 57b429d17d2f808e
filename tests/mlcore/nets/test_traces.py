"""Heads that follow a curve: rates, independence, and what they can learn together with an encoder."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from torch import Tensor
from torch.nn import functional

from mlcore.evidence import ccc_loss, mean_and_variance, trace_loss
from mlcore.nets import NetSizes, TraceHead, at_steps, build_encoder
from mlcore.store import ModalityKind, ModalityMeta


@pytest.fixture(autouse=True)
def _seeded() -> None:
    torch.manual_seed(0)


@pytest.mark.parametrize("n_steps", [1, 5, 20, 33])
@pytest.mark.parametrize("n_values", [1, 20])
@pytest.mark.parametrize("n_heads", [1, 4])
def test_any_rate_becomes_the_answers_rate(n_steps: int, n_values: int, n_heads: int) -> None:
    head = TraceHead(8, n_values, n_heads=n_heads)
    said = head(torch.randn(3, 8, n_steps))
    assert said.shape == (n_heads, 3, n_values)
    assert torch.isfinite(said).all()


def test_fewer_values_than_steps_are_averages() -> None:
    features = torch.arange(12.0).reshape(1, 2, 6)
    assert at_steps(features, 3).tolist() == [[[0.5, 2.5, 4.5], [6.5, 8.5, 10.5]]]


def test_more_values_than_steps_lie_on_the_line_between_them() -> None:
    """Steps stand at the middle of the stretch that they cover, so do values; the ends stay level."""
    features = torch.tensor([[[0.0, 1.0, 0.0]]])
    middles = (np.arange(9) + 0.5) / 9
    expected = np.interp(middles, (np.arange(3) + 0.5) / 3, [0.0, 1.0, 0.0])
    assert at_steps(features, 9)[0, 0].tolist() == pytest.approx(expected.tolist(), abs=1e-6)


@pytest.mark.parametrize("n_values", [1, 7])
def test_one_step_stands_for_all(n_values: int) -> None:
    features = torch.randn(2, 4, 1)
    assert torch.allclose(at_steps(features, n_values), features.expand(2, 4, n_values))


def test_heads_are_the_same_convolutions_one_by_one() -> None:
    head, features = TraceHead(8, 10, n_heads=3, width=4), torch.randn(2, 8, 10)
    said = head(features)
    assert head.conv.bias is not None
    assert head.out.bias is not None
    for one in range(3):
        maps = slice(4 * one, 4 * one + 4)
        hidden = functional.elu(functional.conv1d(features, head.conv.weight[maps], head.conv.bias[maps], padding=1))
        expected = torch.einsum("bwt,w->bt", hidden, head.out.weight[one, :, 0]) + head.out.bias[one]
        assert torch.allclose(said[one], expected, atol=1e-5)


@pytest.mark.parametrize("one", [0, 1, 2])
def test_the_loss_of_one_head_moves_no_other(one: int) -> None:
    head = TraceHead(8, 10, n_heads=3, width=4)
    torch.autograd.backward(head(torch.randn(2, 8, 10))[one].pow(2).sum())
    for weight in head.parameters():
        assert weight.grad is not None
        by_head = weight.grad.reshape(3, -1)
        assert by_head.any(dim=1).tolist() == [other == one for other in range(3)]


def test_a_reduced_precision_does_not_reach_the_loss() -> None:
    head = TraceHead(8, 10, n_heads=2)
    with torch.autocast("cpu", dtype=torch.bfloat16):
        said = head(torch.randn(2, 8, 10))
    assert said.dtype == torch.float32


def test_an_encoder_and_its_heads_learn_to_follow_a_curve() -> None:
    """Simulated: the curve is the loudness of one channel, which no average over the clip can tell."""
    meta = ModalityMeta(ModalityKind.WAVEFORM, (4, 320), sfreq=64.0)
    signal, truth = _loudness(48, meta)
    encoder, heads = build_encoder(meta, NetSizes()).train(), TraceHead(64, 10, n_heads=3)
    optimiser = torch.optim.Adam([*encoder.parameters(), *heads.parameters()], lr=5e-3)
    summary = torch.zeros(48, 20)
    for _ in range(80):
        optimiser.zero_grad()
        said = heads(encoder.steps(signal[:32], summary[:32]))
        torch.autograd.backward([trace_loss(one, truth[:32], mse_weight=0.1) for one in said])
        optimiser.step()
    encoder.eval()
    with torch.no_grad():
        mean, variance = mean_and_variance(heads(encoder.steps(signal[32:], summary[32:])))
    assert 1 - float(ccc_loss(mean, truth[32:])) > 0.7
    assert (variance > 0).all()


def _loudness(n: int, meta: ModalityMeta) -> tuple[Tensor, Tensor]:
    """Noise whose second channel swells and fades, and how loud it is in each half second."""
    rng = np.random.default_rng(0)
    turns, starts = rng.uniform(0.5, 1.5, (n, 1)), rng.uniform(0, 2 * np.pi, (n, 1))
    time = np.arange(meta.shape[1]) / meta.shape[1]
    course = np.sin(2 * np.pi * turns * time + starts)
    signal = rng.standard_normal((n, *meta.shape))
    signal[:, 1] *= np.exp(course)
    truth = course.reshape(n, 10, -1).mean(axis=2)
    return torch.from_numpy(signal).float(), torch.from_numpy(truth).float()
