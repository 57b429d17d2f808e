"""Networks: shapes, the orthogonal projection, masked channels, and the filter bank against a plain convolution."""

from __future__ import annotations

import math

import pytest
import torch
from torch import Tensor
from torch.nn import functional

from mlcore.errors import TrainingError
from mlcore.evidence import vacuity
from mlcore.nets import (
    ENCODERS,
    ClipInput,
    ConcordNet,
    NetSizes,
    PrototypeBank,
    SequenceEncoder,
    SequenceSizes,
    SpaceSizes,
    WaveformEncoder,
    WaveformSizes,
    alpha_of,
    build_encoder,
    evidence_of,
    summary_width,
)
from mlcore.store import ModalityKind, ModalityMeta

EEG = ModalityMeta(ModalityKind.WAVEFORM, (8, 256), sfreq=64.0, unit="µV")
FACE = ModalityMeta(ModalityKind.SEQUENCE, (25, 12), sfreq=5.0)
CROPS = ModalityMeta(ModalityKind.FRAMES, (5, 3, 24, 17), sfreq=1.0)
ROW = ModalityMeta(ModalityKind.VECTOR, (7,))
KINDS = pytest.mark.parametrize("meta", [EEG, FACE, CROPS, ROW], ids=lambda meta: str(meta.kind))


def _input(meta: ModalityMeta, n: int) -> ClipInput:
    return ClipInput(torch.randn(n, *meta.shape), torch.randn(n, summary_width(meta)))


def _waveform(n_channels: int, n_times: int, sfreq: float, sizes: WaveformSizes) -> WaveformEncoder:
    return WaveformEncoder(n_channels, n_times, sfreq=sfreq, n_summary=5, feature_dim=16, sizes=sizes)


@pytest.fixture(autouse=True)
def _seeded() -> None:
    torch.manual_seed(0)


@KINDS
def test_every_kind_becomes_a_feature_of_the_same_width(meta: ModalityMeta) -> None:
    encoder = build_encoder(meta, NetSizes())
    x = _input(meta, 5)
    assert encoder(x.signal, x.summary).shape == (5, 64)


def test_there_is_an_encoder_for_every_kind() -> None:
    assert set(ENCODERS) == set(ModalityKind)


def test_pictures_that_are_too_small_are_refused_in_a_sentence() -> None:
    with pytest.raises(TrainingError, match="frames of 64 x 15 pixels are too small: expected 16"):
        build_encoder(ModalityMeta(ModalityKind.FRAMES, (5, 3, 64, 15)), NetSizes())


def test_a_waveform_without_a_rate_is_refused() -> None:
    with pytest.raises(TrainingError, match="sampling rate"):
        build_encoder(ModalityMeta(ModalityKind.WAVEFORM, (8, 256)), NetSizes())


def test_a_reading_is_unit_length_in_the_shared_space_with_logits_for_every_target() -> None:
    net = ConcordNet({"eeg": EEG, "face": FACE}, {"valence": 3, "arousal": 5}, NetSizes()).eval()
    reading = net("eeg", _input(EEG, 4))
    n_heads = NetSizes().space.n_heads
    assert reading.z.shape == (n_heads, 4, 128)
    assert torch.allclose(reading.z.norm(dim=-1), torch.ones(n_heads, 4), atol=1e-5)
    assert {name: tuple(logits.shape) for name, logits in reading.logits.items()} == {
        "valence": (n_heads, 4, 3),
        "arousal": (n_heads, 4, 5),
    }


def test_the_teachers_head_reads_the_students_feature() -> None:
    net = ConcordNet({"eeg": EEG, "face": FACE}, {"valence": 3}, NetSizes()).eval()
    feature = net("eeg", _input(EEG, 4)).feature
    through = net.head("face", feature)
    expected = net.bank("valence")(net.branch("face").project(feature))
    assert torch.equal(through.logits["valence"], expected)


def test_both_modalities_are_measured_against_the_same_prototypes() -> None:
    net = ConcordNet({"eeg": EEG, "face": FACE}, {"valence": 3}, NetSizes())
    assert [name for name, _ in net.named_parameters() if "prototypes" in name] == ["banks.valence.prototypes"]


@pytest.mark.parametrize("n_classes", [2, 3, 9])
@pytest.mark.parametrize("n_prototypes", [1, 5])
def test_a_projection_orthogonal_to_every_prototype_has_no_evidence(n_classes: int, n_prototypes: int) -> None:
    bank = PrototypeBank(n_classes, SpaceSizes(n_prototypes=n_prototypes))
    with torch.no_grad():
        bank.prototypes[..., 0] = 0.0
        logits = bank(functional.one_hot(torch.zeros(len(bank.unit()), 1, dtype=torch.int64), 128).float())
    assert float(vacuity(alpha_of(logits)).min()) >= 0.9


def test_logits_are_the_formula_written_as_loops() -> None:
    sizes = SpaceSizes(n_heads=2, n_prototypes=3, space_dim=4, tau=0.2, bias=1.0)
    bank = PrototypeBank(2, sizes).requires_grad_(False)
    z = functional.normalize(torch.randn(2, 1, 4), dim=-1)
    for h in range(2):
        for k in range(2):
            cosines = [float(functional.cosine_similarity(z[h], bank.prototypes[h, k, m][None])) for m in range(3)]
            expected = math.log(sum(math.exp(cosine / 0.2) for cosine in cosines) / 3) - 1.0
            assert float(bank(z)[h, 0, k]) == pytest.approx(expected, abs=1e-4)


def test_evidence_is_clamped_where_it_would_overflow() -> None:
    evidence = evidence_of(torch.tensor([-1e3, 0.0, 1e3]))
    assert evidence.tolist() == pytest.approx([math.exp(-10), 1.0, math.exp(10)])


@pytest.mark.parametrize("sizes", [{"tau": 0.0}, {"bias": -0.1}, {"n_prototypes": 0}])
def test_impossible_sizes_are_refused(sizes: dict[str, float]) -> None:
    with pytest.raises(ValueError, match="expected tau > 0"):
        SpaceSizes(**sizes)  # type: ignore[arg-type]  # one field at a time


@pytest.mark.parametrize(("n_times", "sfreq"), [(256, 64.0), (640, 128.0), (20, 128.0)])
def test_the_filter_bank_is_a_convolution_within_each_filter(n_times: int, sfreq: float) -> None:
    encoder = _waveform(8, n_times, sfreq, WaveformSizes()).double()
    x = torch.randn(3, 8, n_times, dtype=torch.float64)
    assert torch.allclose(encoder._filter(x), _by_convolution(encoder, x), atol=1e-5)


def _by_convolution(encoder: WaveformEncoder, x: Tensor) -> Tensor:
    """Spatial filters, then each temporal filter (time-reversed: conv1d correlates) for its own `depth` maps."""
    kernels = encoder.temporal.flip(1).repeat_interleave(encoder.depth, dim=0)[:, None]
    half = encoder.temporal.shape[1] // 2
    return functional.conv1d(encoder.spatial(x), kernels, padding=half, groups=len(kernels))


def test_spatial_and_temporal_filters_commute_so_eegnets_order_is_the_same_function() -> None:
    encoder = _waveform(8, 256, 64.0, WaveformSizes(n_filters=1, depth=2)).double()
    x = torch.randn(3, 8, 256, dtype=torch.float64)
    kernel = encoder.temporal.flip(1)[:, None].expand(8, 1, -1)
    temporal_first = functional.conv1d(x, kernel, padding=kernel.shape[-1] // 2, groups=8)
    assert torch.allclose(encoder._filter(x), encoder.spatial(temporal_first), atol=1e-5)


def test_a_masked_channel_adds_nothing() -> None:
    encoder = _waveform(8, 256, 64.0, WaveformSizes()).eval()
    x = torch.randn(3, 8, 256)
    x[:, 5] = 0.0
    summary = torch.randn(3, 5)
    before = encoder(x, summary)
    with torch.no_grad():
        encoder.spatial.weight[:, 5] = 100.0
    assert torch.equal(encoder(x, summary), before)


def test_a_track_without_any_face_is_finite() -> None:
    encoder = SequenceEncoder(12, n_summary=24, feature_dim=16, sizes=SequenceSizes()).eval()
    assert torch.isfinite(encoder(torch.zeros(2, 25, 12), torch.zeros(2, 24))).all()


@KINDS
def test_every_weight_takes_part(meta: ModalityMeta) -> None:
    """No layer that the loss never reaches."""
    encoder = build_encoder(meta, NetSizes())
    x = _input(meta, 6)
    torch.autograd.backward(encoder(x.signal, x.summary).pow(2).sum())
    without = [name for name, weight in encoder.named_parameters() if weight.grad is None or not weight.grad.any()]
    assert without == []
