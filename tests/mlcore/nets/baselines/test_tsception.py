"""TSception: its sizes, its layers as loops, and left and right."""

from __future__ import annotations

import pytest
import torch
from torch.nn import functional

from mlcore.errors import TrainingError
from mlcore.nets.baselines import TSception, hemisphere_order
from tests.mlcore.nets.baselines.checks import n_parameters, overfit, unreached


@pytest.fixture(autouse=True)
def _seeded() -> None:
    torch.manual_seed(0)


def test_it_has_the_papers_layers_and_no_more() -> None:
    """DEAP: 28 channels (4 of the midline dropped), 4 s at 128 Hz, 2 classes."""
    expected = {
        "temporal kernels": 15 * (64 + 32 + 16) + 3 * 15,
        "head": 15 * 15 * 28 + 15,
        "hemisphere": 15 * 15 * 14 + 15,
        "fusion": 15 * 15 * 3 + 15,
        "batch norms": 3 * 2 * 15,
        "classifier": 15 * 32 + 32 + 32 * 2 + 2,
    }
    assert n_parameters(TSception(28, 2, 512, 128.0)) == sum(expected.values()) == 12_563


def test_it_answers_with_logits() -> None:
    logits = TSception(6, 3, 512, 128.0).eval()(torch.randn(5, 6, 512))
    assert logits.shape == (5, 3)
    assert not torch.allclose(logits.sum(1), torch.ones(5))


def test_the_hemisphere_kernel_sees_left_and_right_with_the_same_weights() -> None:
    """Both halves swapped: what it says of them is swapped, while the kernel of the whole head tells them apart."""
    net, x = TSception(4, 2, 256, 128.0).eval(), torch.randn(1, 4, 256)
    rhythms, swapped = (_rhythms(net, one) for one in (x, x[:, [2, 3, 0, 1]]))
    assert torch.allclose(net.hemisphere(rhythms), net.hemisphere(swapped).flip(2), atol=1e-6)
    assert not torch.allclose(net.head(rhythms), net.head(swapped), atol=1e-3)


def _rhythms(net: TSception, x: torch.Tensor) -> torch.Tensor:
    """Channel by channel, in plain loops."""
    lengths = []
    for conv in net.temporal:
        channels = [functional.avg_pool1d(functional.leaky_relu(conv(x[:, c : c + 1])), 8) for c in range(x.shape[1])]
        lengths.append(torch.stack(channels, dim=2))
    return torch.cat(lengths, dim=3)


def test_rhythms_are_each_channels_own() -> None:
    net, x = TSception(4, 2, 256, 128.0).eval(), torch.randn(3, 4, 256)
    together = torch.cat([net._rhythms(conv, x) for conv in net.temporal], dim=3)
    assert torch.allclose(together, _rhythms(net, x), atol=1e-5)


def test_every_weight_takes_part() -> None:
    assert unreached(TSception(4, 3, 256, 128.0), torch.randn(5, 4, 256)) == []


def test_it_can_learn_twenty_clips_by_heart() -> None:
    x = torch.randn(20, 4, 256) * torch.linspace(0.5, 2.0, 20)[:, None, None]
    first, last = overfit(TSception(4, 2, 256, 128.0, dropout=0.0), x, n_classes=2, steps=200, learning_rate=1e-2)
    assert last < first / 10


def test_dropout_is_off_in_evaluation() -> None:
    net, x = TSception(4, 3, 256, 128.0), torch.randn(5, 4, 256)
    assert not torch.equal(net(x), net(x))
    net.eval()
    assert torch.equal(net(x), net(x))


def test_what_does_not_fit_is_refused_in_a_sentence() -> None:
    with pytest.raises(TrainingError, match="as many left as right channels, got 5"):
        TSception(5, 2, 256, 128.0)
    with pytest.raises(TrainingError, match="TSception needs clips of at least 71 samples"):
        TSception(4, 2, 70, 128.0)
    assert TSception(4, 2, 71, 128.0).eval()(torch.randn(1, 4, 71)).shape == (1, 2)


def test_left_channels_come_first_and_their_mirror_images_in_the_same_order() -> None:
    names = ["Fp1", "AF3", "Fz", "F4", "Fp2", "EEG F3-REF", "AF4", "T7", "Oz", "PO10", "PO9", "Status"]
    assert [names[place] for place in hemisphere_order(names)] == [
        "Fp1",
        "AF3",
        "EEG F3-REF",
        "PO9",
        "Fp2",
        "AF4",
        "F4",
        "PO10",
    ]


@pytest.mark.parametrize(
    ("names", "why"),
    [((), "the store names no channels"), (("Fz", "Cz", "F3"), "the store's are Fz, Cz, F3")],
)
def test_channels_without_sides_are_refused_in_a_sentence(names: tuple[str, ...], why: str) -> None:
    with pytest.raises(TrainingError, match=f"TSception tells left from right .*: {why}"):
        hemisphere_order(names)
