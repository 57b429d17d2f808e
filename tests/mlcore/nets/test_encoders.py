"""Encoders of vectors and pictures: what they must not depend on, and what they can learn."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional

from mlcore.nets import (
    ClipInput,
    ConcordNet,
    FramesEncoder,
    FramesSizes,
    NetSizes,
    SequenceEncoder,
    SequenceSizes,
    VectorEncoder,
    VectorSizes,
    WaveformEncoder,
    WaveformSizes,
    summary_width,
)
from mlcore.store import ModalityKind, ModalityMeta


@pytest.fixture(autouse=True)
def _seeded() -> None:
    torch.manual_seed(0)


@pytest.mark.parametrize("shape", [(16, 16), (17, 31), (64, 48)])
@pytest.mark.parametrize("n_steps", [1, 6])
def test_pictures_of_any_size_become_a_feature(shape: tuple[int, int], n_steps: int) -> None:
    encoder = FramesEncoder(n_summary=4, feature_dim=16, sizes=FramesSizes())
    feature = encoder(torch.rand(3, n_steps, 3, *shape), torch.randn(3, 4))
    assert feature.shape == (3, 16)
    assert torch.isfinite(feature).all()


def test_the_network_of_one_picture_has_a_few_thousand_weights() -> None:
    encoder = FramesEncoder(n_summary=4, feature_dim=16, sizes=FramesSizes())
    convolutions = 3 * 8 * 9 + 8 * 16 * 9 + 16 * 32 * 9
    norms = 2 * (8 + 16 + 32)
    assert sum(weight.numel() for weight in encoder.look.parameters()) == convolutions + norms


def test_every_picture_is_seen_by_the_same_weights_wherever_it_stands() -> None:
    encoder = FramesEncoder(n_summary=4, feature_dim=16, sizes=FramesSizes()).eval()
    clips = torch.rand(2, 5, 3, 20, 20)
    alone = torch.stack([encoder._seen(clips[:, step, None])[:, 0] for step in range(5)], dim=1)
    assert torch.allclose(encoder._seen(clips), alone, atol=1e-6)


def test_a_vector_is_read_alike_alone_and_in_a_batch() -> None:
    encoder = VectorEncoder(7, n_summary=7, feature_dim=16, sizes=VectorSizes()).eval()
    rows, summaries = torch.randn(5, 7), torch.randn(5, 7)
    alone = torch.cat([encoder(rows[i, None], summaries[i, None]) for i in range(5)])
    assert torch.allclose(encoder(rows, summaries), alone, atol=1e-6)


def test_a_vector_alone_can_be_trained_on() -> None:
    encoder = VectorEncoder(7, n_summary=7, feature_dim=16, sizes=VectorSizes()).train()
    assert torch.isfinite(encoder(torch.randn(1, 7), torch.randn(1, 7))).all()


def test_the_vectors_network_learns_what_no_line_can() -> None:
    rows = torch.randn(256, 4)
    classes = (rows[:, 0] * rows[:, 1] > 0).long()
    encoder = VectorEncoder(4, n_summary=4, feature_dim=16, sizes=VectorSizes(dropout=0.0))
    assert _learnt(encoder, rows, rows, classes) > 0.95


def test_the_pictures_network_learns_where_something_shows() -> None:
    """A bright square at the top or the bottom, in noise: as bright on the whole either way."""
    classes = torch.arange(64) % 2
    clips = 0.1 * torch.rand(64, 4, 3, 16, 16)
    for row, is_low in enumerate(classes.tolist()):
        top = 9 if is_low else 1
        clips[row, :, :, top : top + 5, 5:10] += 0.5
    encoder = FramesEncoder(n_summary=1, feature_dim=16, sizes=FramesSizes())
    assert _learnt(encoder, clips, torch.zeros(64, 1), classes) == 1.0


def _learnt(encoder: FramesEncoder | VectorEncoder, x: Tensor, summary: Tensor, classes: Tensor) -> float:
    """Accuracy on the training rows after 60 steps."""
    head = nn.Linear(16, 2)
    optimiser = torch.optim.Adam([*encoder.parameters(), *head.parameters()], lr=1e-2)
    encoder.train()
    for _ in range(60):
        optimiser.zero_grad()
        torch.autograd.backward(functional.cross_entropy(head(encoder(x, summary)), classes))
        optimiser.step()
    encoder.eval()
    with torch.no_grad():
        return float((head(encoder(x, summary)).argmax(1) == classes).float().mean())


def test_one_net_reads_all_four_kinds_into_the_same_space() -> None:
    metas = {
        "eeg": ModalityMeta(ModalityKind.WAVEFORM, (4, 128), sfreq=64.0),
        "face": ModalityMeta(ModalityKind.SEQUENCE, (10, 6), sfreq=5.0),
        "crops": ModalityMeta(ModalityKind.FRAMES, (4, 3, 16, 16), sfreq=2.0),
        "physiology": ModalityMeta(ModalityKind.VECTOR, (9,)),
    }
    net, n_heads = ConcordNet(metas, {"valence": 3}, NetSizes()).eval(), NetSizes().space.n_heads
    for name, meta in metas.items():
        reading = net(name, ClipInput(torch.rand(2, *meta.shape), torch.randn(2, summary_width(meta))))
        assert reading.z.shape == (n_heads, 2, 128)
        assert reading.logits["valence"].shape == (n_heads, 2, 3)


def test_waveforms_and_sequences_draw_their_weights_in_a_fixed_order() -> None:
    """A seed gives the same model from version to version as long as nothing is drawn in between."""
    waveform = WaveformEncoder(4, 128, sfreq=64.0, n_summary=3, feature_dim=16, sizes=WaveformSizes())
    sequence = SequenceEncoder(6, n_summary=3, feature_dim=16, sizes=SequenceSizes(n_blocks=1))
    drawn = [name for name, weight in waveform.named_parameters() if "norm" not in name]
    assert drawn == [
        "temporal",
        "spatial.weight",
        "depthwise.weight",
        "pointwise.weight",
        "out.weight",
        "out.bias",
    ]
    assert [name for name, _ in sequence.named_parameters() if "norm" not in name] == [
        "enter.weight",
        "enter.bias",
        "blocks.0.conv.weight",
        "out.weight",
        "out.bias",
    ]
