"""Features over time: one path with the clip's feature, and each step tells of its own time."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from torch import Tensor
from torch.nn import functional

from mlcore.nets import ConcordNet, NetSizes, SequenceEncoder, WaveformEncoder, build_encoder, summary_width
from mlcore.nets.inputs import ClipInput
from mlcore.store import ModalityKind, ModalityMeta

EEG = ModalityMeta(ModalityKind.WAVEFORM, (4, 250), sfreq=64.0)
FACE = ModalityMeta(ModalityKind.SEQUENCE, (25, 6), sfreq=5.0)
CROPS = ModalityMeta(ModalityKind.FRAMES, (5, 3, 16, 16), sfreq=1.0)
ROW = ModalityMeta(ModalityKind.VECTOR, (7,))


@pytest.fixture(autouse=True)
def _seeded() -> None:
    torch.manual_seed(0)


def _input(meta: ModalityMeta, n: int = 3) -> ClipInput:
    return ClipInput(torch.randn(n, *meta.shape), torch.randn(n, summary_width(meta)))


@pytest.mark.parametrize(("meta", "n_steps"), [(EEG, 250 // 16), (FACE, 25), (CROPS, 5), (ROW, 1)])
def test_every_kind_gives_features_over_time(meta: ModalityMeta, n_steps: int) -> None:
    net = ConcordNet({"one": meta}, {"valence": 3}, NetSizes())
    steps = net.branch("one").steps(_input(meta))
    assert steps.shape == (3, 64, n_steps)
    assert steps.dtype == torch.float32


@pytest.mark.parametrize("meta", [EEG, FACE, CROPS, ROW], ids=lambda meta: str(meta.kind))
def test_every_weight_takes_part_in_the_steps(meta: ModalityMeta) -> None:
    encoder = build_encoder(meta, NetSizes())
    x = _input(meta, 6)
    torch.autograd.backward(encoder.steps(x.signal, x.summary).pow(2).sum())
    without = [name for name, weight in encoder.named_parameters() if weight.grad is None or not weight.grad.any()]
    assert without == []


def test_a_vectors_one_step_is_its_feature() -> None:
    encoder, x = build_encoder(ROW, NetSizes()).eval(), _input(ROW)
    assert torch.equal(encoder.steps(x.signal, x.summary)[..., 0], encoder(x.signal, x.summary))


@pytest.mark.parametrize("meta", [FACE, CROPS], ids=lambda meta: str(meta.kind))
def test_a_clip_that_stands_still_has_its_feature_as_every_inner_step(meta: ModalityMeta) -> None:
    """Away from the ends, where the convolutions see zeros, the clip's average is what each step is."""
    long = ModalityMeta(meta.kind, (40, *meta.shape[1:]), sfreq=meta.sfreq)
    encoder = build_encoder(long, NetSizes()).eval()
    still = torch.rand(2, 1, *meta.shape[1:]).expand(2, *long.shape)
    steps = encoder.steps(still, torch.randn(2, summary_width(long)))
    assert torch.allclose(steps[..., 4:-4], steps[..., 20:21].expand_as(steps[..., 4:-4]), atol=1e-5)


def test_the_steps_before_the_last_layer_average_to_the_clips_feature() -> None:
    """With the last layer's ELU in its linear range: the two paths are one where nothing bends."""
    encoder, x = build_encoder(FACE, NetSizes()).eval(), _input(FACE)
    assert isinstance(encoder, SequenceEncoder)
    with torch.no_grad():
        encoder.out.bias.add_(100.0)
        averaged = encoder.steps(x.signal, x.summary).mean(-1)
        assert torch.allclose(averaged, encoder(x.signal, x.summary), atol=1e-4)


@pytest.mark.parametrize(("meta", "axis"), [(EEG, 2), (FACE, 1)], ids=str)
def test_what_changes_late_in_a_clip_changes_the_late_steps_alone(meta: ModalityMeta, axis: int) -> None:
    encoder, x = build_encoder(meta, NetSizes()).eval(), _input(meta)
    changed = x.signal.clone()
    changed.narrow(axis, meta.shape[axis - 1] - 3, 3).fill_(5.0)
    with torch.no_grad():
        gap = encoder.steps(changed, x.summary) - encoder.steps(x.signal, x.summary)
    moved = gap.abs().amax(dim=(0, 1))
    assert float(moved[-1]) > 1e-2
    assert float(moved[: len(moved) // 2].max()) < 1e-4


def test_power_over_time_is_the_mean_square_of_half_second_windows() -> None:
    encoder = _waveform()
    maps = torch.randn(2, 16, 250)
    got = encoder._power_steps(maps).numpy()
    for step in range(250 // 16):
        first, last = max(0, 16 * step - 8), min(250, 16 * step + 24)
        expected = np.log((maps[..., first:last].numpy() ** 2).mean(axis=-1) + 1e-4)
        assert np.allclose(got[..., step], expected, atol=1e-5)


def test_the_steps_of_a_waveform_are_its_two_readings_put_together() -> None:
    encoder, x = _waveform().eval(), _input(EEG)
    maps = encoder._filter(x.signal)
    shape, power = encoder._separable(encoder.norm(maps)), encoder.norm_power(encoder._power_steps(maps))
    steps = encoder.steps(x.signal, x.summary)
    for step in range(steps.shape[-1]):
        row = torch.cat([shape[..., step], power[..., step], x.summary], dim=1)
        assert torch.allclose(steps[..., step], functional.elu(encoder.out(row)), atol=1e-5)


def _waveform() -> WaveformEncoder:
    encoder = build_encoder(EEG, NetSizes())
    assert isinstance(encoder, WaveformEncoder)
    return encoder


@pytest.mark.parametrize("n_times", [1, 7, 16, 17])
def test_the_shortest_waveforms_have_steps_too(n_times: int) -> None:
    meta = ModalityMeta(ModalityKind.WAVEFORM, (4, n_times), sfreq=64.0)
    encoder = build_encoder(meta, NetSizes()).eval()
    steps: Tensor = encoder.steps(torch.randn(2, 4, n_times), torch.randn(2, summary_width(meta)))
    assert steps.shape == (2, 64, 1)
    assert torch.isfinite(steps).all()
