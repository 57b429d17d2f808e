"""CAFNet: its sizes, its attention as loops, and confidence."""

from __future__ import annotations

import math

import pytest
import torch

from mlcore.nets.baselines import CAFNet
from mlcore.nets.baselines.cafnet import SummedAttention
from tests.mlcore.nets.baselines.checks import n_parameters, overfit


@pytest.fixture(autouse=True)
def _seeded() -> None:
    torch.manual_seed(0)


def _small(n_outputs: int = 3, *, dropout: float = 0.5) -> CAFNet:
    return CAFNet((10, 6), n_outputs, hidden=16, wide=24, dropout=dropout)


def _clips(n: int = 5) -> tuple[torch.Tensor, torch.Tensor]:
    return torch.randn(n, 7, 10), torch.randn(n, 4, 6)


def _linear(n_in: int, n_out: int) -> int:
    return n_in * n_out + n_out


def test_it_has_the_published_layers_and_no_more() -> None:
    """160 band powers and 29 features of a face, 2 classes."""
    branch = {
        "lstm": 4 * (256 * 256 + 256 * 256 + 256 + 256),
        "attention": 3 * 256 * 256 + 2 * 256,
        "feed forward": _linear(256, 512) + _linear(512, 256) + 2 * 256,
    }
    expected = {
        "enter": _linear(160, 256) + _linear(29, 256),
        "branches": 2 * sum(branch.values()),
        "confidence": _linear(256, 1),
        "own classifier": _linear(256, 2),
        "mix": _linear(512, 256) + _linear(256, 512) + 2 * 512,
        "classifier": _linear(512, 2),
    }
    assert n_parameters(CAFNet((160, 29), 2)) == sum(expected.values())


def test_sequences_of_different_lengths_become_logits() -> None:
    logits = _small().eval()(*_clips())
    assert logits.shape == (5, 3)
    assert not torch.allclose(logits.sum(1), torch.ones(5))


def test_attention_is_the_formula_written_as_loops() -> None:
    attention, x = SummedAttention(16), torch.randn(1, 3, 16)
    query, key, value = (layer(x[0]) for layer in (attention.query, attention.key, attention.value))
    total = torch.zeros(16)
    for step in range(3):
        weights = torch.stack([query[step] @ key[other] / math.sqrt(16) for other in range(3)]).softmax(0)
        total = total + sum(weights[other] * value[other] for other in range(3))
    assert torch.allclose(attention(x)[0], attention.norm(total), atol=1e-5)


def test_a_modality_without_confidence_says_nothing() -> None:
    net = _small().eval()
    with torch.no_grad():
        net.confidence.weight.zero_()
        net.confidence.bias.zero_()
    first, second = (net(*_clips()) for _ in range(2))
    assert torch.allclose(first, second)


def test_every_weight_takes_part() -> None:
    net = _small().eval()
    reading = net.read(*_clips())
    parts = (reading.logits, *reading.alone, *reading.confidence)
    torch.autograd.backward(torch.stack([(part * torch.randn_like(part)).sum() for part in parts]).sum())
    assert [name for name, weight in net.named_parameters() if weight.grad is None or not weight.grad.any()] == []


def test_it_can_learn_twenty_clips_by_heart() -> None:
    first, last = overfit(_small(2, dropout=0.0), *_clips(20), n_classes=2, steps=100, learning_rate=1e-2)
    assert last < first / 10


def test_dropout_is_off_in_evaluation() -> None:
    net, clips = _small(), _clips()
    assert not torch.equal(net(*clips), net(*clips))
    net.eval()
    assert torch.equal(net(*clips), net(*clips))
