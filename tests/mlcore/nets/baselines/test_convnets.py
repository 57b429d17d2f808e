"""DeepConvNet and ShallowConvNet: published sizes, and the first layers as the paper draws them."""

from __future__ import annotations

import pytest
import torch
from torch import nn

from mlcore.errors import TrainingError
from mlcore.nets.baselines import DeepConvNet, ShallowConvNet, project_max_norm
from mlcore.nets.baselines.layers import TemporalSpatial
from tests.mlcore.nets.baselines.checks import n_parameters, overfit, unreached

Net = type[DeepConvNet] | type[ShallowConvNet]
both = pytest.mark.parametrize("net", [DeepConvNet, ShallowConvNet])


@pytest.fixture(autouse=True)
def _seeded() -> None:
    torch.manual_seed(0)


def test_deepconvnet_at_128_hz_has_the_layers_of_the_authors_of_eegnet() -> None:
    """64 channels, 128 samples, 2 classes."""
    expected = {
        "temporal filters": 25 * 5 + 25,
        "spatial filters": 25 * 25 * 64 + 25,
        "block 2": 50 * 25 * 5 + 50,
        "block 3": 100 * 50 * 5 + 100,
        "block 4": 200 * 100 * 5 + 200,
        "batch norms": 2 * (25 + 50 + 100 + 200),
        "classifier": 200 * 4 * 2 + 2,  # 128 -> 62 -> 29 -> 12 -> 4
    }
    assert n_parameters(DeepConvNet(64, 2, 128, 128.0)) == sum(expected.values()) == 174_127


def test_deepconvnet_at_250_hz_has_the_papers_kernels_and_pools() -> None:
    """22 channels, 1,125 samples, 4 classes."""
    expected = {
        "temporal filters": 25 * 10 + 25,
        "spatial filters": 25 * 25 * 22 + 25,
        "blocks": 50 * 25 * 10 + 50 + 100 * 50 * 10 + 100 + 200 * 100 * 10 + 200,
        "batch norms": 2 * (25 + 50 + 100 + 200),
        "classifier": 200 * 9 * 4 + 4,  # 1125 -> 372 -> 121 -> 37 -> 9
    }
    assert n_parameters(DeepConvNet(22, 4, 1125, 250.0)) == sum(expected.values())


def test_shallowconvnet_at_128_hz_has_the_layers_of_the_authors_of_eegnet() -> None:
    """64 channels, 128 samples, 2 classes."""
    expected = {
        "temporal filters": 40 * 13 + 40,
        "spatial filters": 40 * 40 * 64,
        "batch norm": 2 * 40,
        "classifier": 40 * 12 * 2 + 2,  # (116 − 35) // 7 + 1 pools
    }
    assert n_parameters(ShallowConvNet(64, 2, 128, 128.0)) == sum(expected.values()) == 104_002


def test_shallowconvnet_at_250_hz_has_the_papers_kernels_and_pools() -> None:
    """22 channels, 1,125 samples, 4 classes: (1101 − 75) // 15 + 1 = 69 pools."""
    expected = 40 * 25 + 40 + 40 * 40 * 22 + 2 * 40 + 40 * 69 * 4 + 4
    assert n_parameters(ShallowConvNet(22, 4, 1125, 250.0)) == expected


@pytest.mark.parametrize("has_bias", [True, False])
def test_two_layers_in_one_are_the_two_layers(has_bias: bool) -> None:
    layer = TemporalSpatial(5, 4, 7, max_norm=2.0, bias=has_bias).double()
    temporal = nn.Conv2d(1, 4, (1, 7)).double()
    spatial = nn.Conv2d(4, 4, (5, 1), bias=has_bias).double()
    with torch.no_grad():
        temporal.weight.copy_(layer.temporal.weight[:, :, None])
        spatial.weight.copy_(layer.spatial.weight.view(4, 4, 5, 1))
    temporal.bias, spatial.bias = layer.temporal.bias, layer.spatial.bias
    x = torch.randn(3, 5, 20, dtype=torch.float64)
    assert torch.allclose(layer(x), spatial(temporal(x[:, None])).squeeze(2), atol=1e-12)


def test_shallowconvnet_is_log_power_of_its_filters() -> None:
    net, x = ShallowConvNet(3, 2, 60, 128.0).eval(), torch.randn(2, 3, 60)
    maps = net.norm(net.first(x))  # (2, 40, 48)
    power = torch.stack([(maps[..., start : start + 35] ** 2).mean(-1) for start in (0, 7)], dim=-1)
    assert torch.allclose(net(x), net.classifier(power.log().flatten(1)), atol=1e-5)


@both
def test_it_answers_with_logits(net: Net) -> None:
    logits = net(6, 3, 512, 128.0).eval()(torch.randn(5, 6, 512))
    assert logits.shape == (5, 3)
    assert not torch.allclose(logits.sum(1), torch.ones(5))


@both
def test_every_weight_takes_part(net: Net) -> None:
    assert unreached(net(6, 3, 256, 128.0), torch.randn(5, 6, 256)) == []


@both
def test_it_can_learn_twenty_clips_by_heart(net: Net) -> None:
    first, last = overfit(
        net(6, 2, 256, 128.0, dropout=0.0), torch.randn(20, 6, 256), n_classes=2, steps=40, learning_rate=3e-3
    )
    assert last < first / 10


@both
def test_dropout_is_off_in_evaluation(net: Net) -> None:
    trained, x = net(6, 3, 128, 128.0), torch.randn(5, 6, 128)
    assert not torch.equal(trained(x), trained(x))
    trained.eval()
    assert torch.equal(trained(x), trained(x))


@both
def test_max_norms_hold_after_a_step(net: Net) -> None:
    trained = net(6, 3, 128, 128.0)
    with torch.no_grad():
        for weight in trained.parameters():
            weight.mul_(100.0)
    project_max_norm(trained)
    assert torch.allclose(trained.first.temporal.weight.flatten(1).norm(dim=1), torch.tensor(2.0), atol=1e-4)
    assert torch.allclose(trained.first.spatial.weight.norm(dim=1), torch.tensor(2.0), atol=1e-4)
    assert torch.allclose(trained.classifier.weight.norm(dim=1), torch.tensor(0.5), atol=1e-4)


@pytest.mark.parametrize(
    ("net", "sfreq", "at_least"),
    [(DeepConvNet, 128.0, 76), (DeepConvNet, 250.0, 441), (ShallowConvNet, 128.0, 47), (ShallowConvNet, 250.0, 99)],
)
def test_a_window_that_is_too_short_is_refused_in_a_sentence(net: Net, sfreq: float, at_least: int) -> None:
    assert net(2, 2, at_least, sfreq).eval()(torch.randn(1, 2, at_least)).shape == (1, 2)
    with pytest.raises(TrainingError, match=f"{net.__name__} needs clips of at least {at_least} samples"):
        net(2, 2, at_least - 1, sfreq)
