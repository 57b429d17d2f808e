"""Heads share an encoder and nothing else."""

from __future__ import annotations

import pytest
import torch

from mlcore.nets import ClipInput, ConcordNet, NetSizes, SpaceSizes, summary_width
from mlcore.store import ModalityKind, ModalityMeta

FACE = ModalityMeta(ModalityKind.SEQUENCE, (10, 6), sfreq=5.0)
N_HEADS = 3


@pytest.fixture
def net() -> ConcordNet:
    torch.manual_seed(0)
    space = SpaceSizes(feature_dim=8, space_dim=16, n_heads=N_HEADS)
    return ConcordNet({"face": FACE}, {"valence": 3, "arousal": 4}, NetSizes(space=space)).eval()


@pytest.fixture
def x() -> ClipInput:
    torch.manual_seed(1)
    return ClipInput(torch.randn(5, *FACE.shape), torch.randn(5, summary_width(FACE)))


@pytest.mark.parametrize("head", range(N_HEADS))
def test_what_one_head_loses_moves_no_other_heads_projection_or_prototypes(
    net: ConcordNet, x: ClipInput, head: int
) -> None:
    torch.autograd.backward(net("face", x).logits["valence"][head, :, 0].sum())
    moved = [
        any(weight.grad is not None and bool(weight.grad.any()) for weight in projection.parameters())
        for projection in net.branch("face").projections
    ]
    assert moved == [one == head for one in range(N_HEADS)]
    gradient = net.bank("valence").prototypes.grad
    assert gradient is not None
    assert [bool(one.any()) for one in gradient] == [one == head for one in range(N_HEADS)]
    assert net.bank("arousal").prototypes.grad is None
    assert any(weight.grad is not None and weight.grad.any() for weight in net.branch("face").encoder.parameters())


def test_each_head_reads_its_own_projection_by_its_own_prototypes(net: ConcordNet, x: ClipInput) -> None:
    reading = net("face", x)
    assert (reading.z.shape, reading.logits["arousal"].shape) == ((N_HEADS, 5, 16), (N_HEADS, 5, 4))
    with torch.no_grad():
        net.bank("valence").prototypes[1] += 1.0
        net.branch("face").projections[2].requires_grad_(False).zero_grad()
        for weight in net.branch("face").projections[2].parameters():
            weight.mul_(-1.0)
    after = net("face", x)
    same = [
        torch.equal(one, other) for one, other in zip(reading.logits["valence"], after.logits["valence"], strict=True)
    ]
    assert same == [True, False, False]
    same = [torch.equal(one, other) for one, other in zip(reading.z, after.z, strict=True)]
    assert same == [True, True, False]


def test_heads_start_from_other_weights(net: ConcordNet, x: ClipInput) -> None:
    logits = net("face", x).logits["valence"]
    assert not torch.allclose(logits[0], logits[1])
    assert not torch.allclose(logits[1], logits[2])


def test_no_heads_are_refused() -> None:
    with pytest.raises(ValueError, match="n_heads >= 1"):
        SpaceSizes(n_heads=0)
