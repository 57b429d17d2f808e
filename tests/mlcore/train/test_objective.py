"""Which clips each head learns from."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from scipy.stats import chisquare, poisson

from mlcore.nets import ClipInput, ConcordNet, NetSizes, SpaceSizes, summary_width
from mlcore.store import ModalityKind, ModalityMeta
from mlcore.train import RoundConfig
from mlcore.train.objective import draw_for_heads, label_terms
from mlcore.train.tensors import Clips

FACE = ModalityMeta(ModalityKind.SEQUENCE, (10, 6), sfreq=5.0)


def test_each_head_draws_clips_as_often_as_poisson_would() -> None:
    draws = draw_for_heads(3, 5000, seed=0).numpy()
    for head in draws:
        counted = np.bincount(np.minimum(head.astype(int), 5), minlength=6)
        expected = 5000 * np.append(poisson.pmf(range(5), 1.0), poisson.sf(4, 1.0))
        assert chisquare(counted, expected).pvalue > 0.001
    assert np.abs(np.corrcoef(draws)[np.triu_indices(3, 1)]).max() < 0.05


def test_draws_are_the_seeds_and_not_the_global_generators() -> None:
    torch.manual_seed(1)
    first = draw_for_heads(3, 100, seed=7)
    torch.manual_seed(2)
    before = torch.get_rng_state()
    assert torch.equal(draw_for_heads(3, 100, seed=7), first)
    assert torch.equal(torch.get_rng_state(), before)
    assert not torch.equal(draw_for_heads(3, 100, seed=8), first)


def test_a_head_that_is_alone_learns_from_every_clip_once() -> None:
    assert torch.equal(draw_for_heads(1, 50, seed=3), torch.ones(1, 50))


@pytest.fixture
def net() -> ConcordNet:
    torch.manual_seed(0)
    space = SpaceSizes(feature_dim=8, space_dim=16, n_heads=2)
    return ConcordNet({"face": FACE}, {"valence": 3}, NetSizes(space=space)).eval()


@pytest.fixture
def clips() -> Clips:
    torch.manual_seed(1)
    return Clips(
        inputs={"face": ClipInput(torch.randn(6, *FACE.shape), torch.randn(6, summary_width(FACE)))},
        present={"face": torch.ones(6, dtype=torch.bool)},
        targets={"valence": torch.eye(3)[[0, 1, 2, 0, 1, 2]]},
        weights={"valence": torch.ones(6)},
        trials=torch.arange(6),
    )


def _loss(net: ConcordNet, clips: Clips, draws: torch.Tensor) -> torch.Tensor:
    batch = torch.arange(6)
    reading = net("face", clips.inputs["face"])
    return label_terms(reading, clips, batch, draws=draws, epoch=3, config=RoundConfig())


def test_a_head_that_drew_no_clip_learns_nothing(net: ConcordNet, clips: Clips) -> None:
    torch.autograd.backward(_loss(net, clips, torch.tensor([[1.0] * 6, [0.0] * 6])))
    gradient = net.bank("valence").prototypes.grad
    assert gradient is not None
    assert gradient[0].any()
    assert not gradient[1].any()


def test_a_clip_drawn_twice_counts_as_two_and_one_not_drawn_not_at_all(net: ConcordNet, clips: Clips) -> None:
    drawn = torch.tensor([[2.0, 1.0, 0.0, 1.0, 0.0, 1.0]]).repeat(2, 1)
    rows = torch.tensor([0, 0, 1, 3, 5])
    repeated = Clips(
        inputs={"face": clips.inputs["face"][rows]},
        present={"face": clips.present["face"][rows]},
        targets={"valence": clips.targets["valence"][rows]},
        weights={"valence": clips.weights["valence"][rows]},
        trials=clips.trials[rows],
    )
    reading = net("face", repeated.inputs["face"])
    expected = label_terms(reading, repeated, torch.arange(5), draws=torch.ones(2, 5), epoch=3, config=RoundConfig())
    assert torch.allclose(_loss(net, clips, drawn), expected, rtol=1e-5)
