"""The terms of a lesson on traces against plain formulas, and what networks without traces are made of."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import torch
from torch import Tensor

from mlcore.evaluate import ccc
from mlcore.nets import (
    ClipInput,
    ConcordNet,
    NetSizes,
    PrototypeBank,
    build_encoder,
    build_projection,
    summary_width,
)
from mlcore.store import ModalityKind, ModalityMeta
from mlcore.train import LossWeights, RoundConfig
from mlcore.train.tensors import Clips
from mlcore.train.trace_features import trace_features, trace_width
from mlcore.train.trace_scale import TraceScale, fit_trace_scale
from mlcore.train.traces import ask_trace_teacher, follow_all, read_steps, trace_label_terms, trace_teacher_terms
from mlcore.train.validate import validator

EEG = ModalityMeta(ModalityKind.WAVEFORM, (4, 128), sfreq=64.0)
FACE = ModalityMeta(ModalityKind.SEQUENCE, (10, 5), sfreq=5.0)
N, T = 12, 8


@pytest.fixture
def net() -> ConcordNet:
    torch.manual_seed(0)
    return ConcordNet({"face": FACE, "eeg": EEG}, {}, NetSizes(), n_values={"valence": T, "arousal": T}).eval()


@pytest.fixture
def clips() -> Clips:
    torch.manual_seed(1)
    truth = {name: torch.randn(N, T) for name in ("valence", "arousal")}
    truth["valence"][::4, :3] = torch.nan
    return Clips(
        inputs={name: _input(meta) for name, meta in {"face": FACE, "eeg": EEG}.items()},
        present={"face": torch.arange(N) != 0, "eeg": torch.arange(N) != 1},
        targets={},
        weights={},
        trials=torch.arange(N),
        traces=truth,
    )


def test_each_head_learns_from_its_own_draw_as_if_clips_were_repeated(net: ConcordNet, clips: Clips) -> None:
    draws, batch = torch.poisson(torch.ones(3, N)), torch.arange(2, N)
    config = replace(RoundConfig(), weights=LossWeights(trace=2.0, trace_mse=0.3))
    steps = read_steps(net, "eeg", clips.inputs["eeg"][batch])
    found = trace_label_terms(net, "eeg", steps, clips, batch, draws=draws, config=config)
    terms = []
    for name, said in net.branch("eeg").follow(steps).items():
        for head in range(3):
            repeats = draws[head, batch].long()
            x, y = (values.repeat_interleave(repeats, dim=0) for values in (said[head], clips.traces[name][batch]))
            terms.append(1 - ccc(_plain(y), _plain(x)) + 0.3 * np.nanmean((_plain(x) - _plain(y)) ** 2))
    assert float(found.detach()) == pytest.approx(2.0 * np.mean(terms), rel=1e-4)


def test_distillation_is_the_distance_of_what_the_teachers_heads_say_less_where_they_disagree(
    net: ConcordNet, clips: Clips
) -> None:
    config = replace(RoundConfig(), weights=LossWeights(distillation=0.5))
    batch = torch.arange(N)
    paired = clips.present["face"] & clips.present["eeg"]
    steps = read_steps(net, "eeg", clips.inputs["eeg"])
    teacher = ask_trace_teacher(net, "face", clips)
    found = trace_teacher_terms(net, steps, teacher, batch, paired=paired, config=config)
    face, terms = net.branch("face"), []
    for name in ("valence", "arousal"):
        own = _plain(face.follow(face.steps(clips.inputs["face"]))[name])  # (H, n, T)
        through = _plain(face.follow(steps)[name])
        certainty = 1 / (1 + own.var(axis=0).mean(axis=1))[paired.numpy()]
        distance = np.abs(through - own).mean(axis=2)[:, paired.numpy()]
        terms += [np.average(one, weights=certainty) for one in distance]
    assert float(found.detach()) == pytest.approx(0.5 * np.mean(terms), rel=1e-4)


def test_the_teacher_takes_no_gradient_from_its_own_answer(net: ConcordNet, clips: Clips) -> None:
    steps = read_steps(net, "eeg", clips.inputs["eeg"])
    teacher = ask_trace_teacher(net, "face", clips)
    terms = trace_teacher_terms(
        net, steps, teacher, torch.arange(N), paired=torch.ones(N, dtype=torch.bool), config=RoundConfig()
    )
    torch.autograd.backward(terms)
    gradients = {name: weight.grad for name, weight in net.named_parameters()}
    assert all(one is None for name, one in gradients.items() if name.startswith("branches.face.encoder"))
    assert gradients["branches.eeg.encoder.out.weight"] is not None


def test_the_epoch_is_judged_by_concordance_and_error_of_the_mean_of_the_heads(net: ConcordNet, clips: Clips) -> None:
    found = validator(net, "eeg", clips)()
    rows = np.flatnonzero(clips.present["eeg"].numpy())
    said = follow_all(net, "eeg", clips.inputs["eeg"], batch_size=5)
    expected = 0.0
    for name, truth in clips.traces.items():
        x, y = _plain(said[name].mean(0))[rows], _plain(truth)[rows]
        expected += 1 - ccc(y, x) + float(np.nanmean((x - y) ** 2))
    assert found == pytest.approx(expected, rel=1e-4)


def test_a_fold_that_scores_no_trace_judges_nothing(net: ConcordNet, clips: Clips) -> None:
    unscored = replace(clips, traces={name: torch.full_like(y, torch.nan) for name, y in clips.traces.items()})
    assert validator(net, "eeg", unscored)() is None


def test_without_traces_a_network_draws_what_it_always_drew() -> None:
    """Encoders and projections by modality, then prototypes, and nothing in between."""
    sizes = NetSizes()
    torch.manual_seed(7)
    net = ConcordNet({"eeg": EEG, "face": FACE}, {"valence": 3}, sizes)
    torch.manual_seed(7)
    drawn = []
    for meta in (EEG, FACE):
        drawn += [*build_encoder(meta, sizes).parameters()]
        for _ in range(sizes.space.n_heads):
            drawn += [*build_projection(sizes.space.feature_dim, sizes.space.space_dim).parameters()]
    drawn += [*PrototypeBank(3, sizes.space).parameters()]
    mine = [*net.parameters()]
    assert len(mine) == len(drawn)
    assert all(torch.equal(one, other) for one, other in zip(mine, drawn, strict=True))
    assert net.trace_targets == ()


def test_the_scale_is_that_of_the_scored_values_and_is_undone() -> None:
    values = np.array([[1.0, np.nan, 3.0], [np.nan, np.nan, 8.0]])
    scale = fit_trace_scale(values)
    assert (scale.n_values, scale.mean) == (3, 4.0)
    assert scale.spread == pytest.approx(np.std([1.0, 3.0, 8.0]))
    assert np.allclose(scale.restore(scale.standardise(values)), values, equal_nan=True)
    assert TraceScale.from_json(scale.to_json()) == scale
    assert fit_trace_scale(np.full((4, 2), 5.0)).standardise(np.full((4, 2), 5.0)).tolist() == [[0.0, 0.0]] * 4


@pytest.mark.parametrize("n_values", [4, 10, 30])
def test_a_step_of_the_trace_reads_the_track_at_the_same_time(n_values: int) -> None:
    """The track tells its own time in its first feature."""
    times = np.tile((np.arange(10) + 0.5)[:, None] / 10, (2, 1, 5))
    summaries = np.arange(6.0).reshape(2, 3)
    x = trace_features(summaries, times, n_values=n_values)
    assert x.shape == (2, n_values, 8)
    assert np.all(np.abs(x[0, :, 3] - (np.arange(n_values) + 0.5) / n_values) <= 0.5 / 10 + 1e-9)
    assert np.array_equal(x[:, :, :3], np.repeat(summaries[:, None], n_values, axis=1))
    assert trace_width(FACE) == summary_width(FACE) + 5
    assert trace_width(EEG) == summary_width(EEG)


def _input(meta: ModalityMeta) -> ClipInput:
    return ClipInput(torch.randn(N, *meta.shape), torch.randn(N, summary_width(meta)))


def _plain(values: Tensor) -> np.ndarray:
    return np.asarray(values.detach().double().numpy())
