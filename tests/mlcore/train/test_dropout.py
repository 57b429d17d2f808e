"""BALD: only dropout layers move, the generator is left as found, and the formula is mutual information."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import torch
from numpy.typing import NDArray
from scipy.stats import entropy
from torch import nn

from mlcore.acquire import Candidates, pick
from mlcore.errors import StoreError, TrainingError
from mlcore.store import Store
from mlcore.train import StageConfig, TrainedModel, load_model, score
from mlcore.train.dropout import bald_of, only_dropout
from mlcore.train.opinions import ask
from mlcore.train.readable import scalers_for
from mlcore.train.said import say
from mlcore.types import Strategy
from tests.factories.stores import Classes
from tests.mlcore.train.rounds import SMALL, data_of, run

BRIEF = replace(SMALL, teacher=StageConfig(n_epochs=2), student=StageConfig(n_epochs=2))
TARGETS = ("valence", "arousal")
GEOMETRIC = (Strategy.CORE_SET, Strategy.BADGE, Strategy.TYPICLUST)


@pytest.fixture(scope="module")
def model(learnable: tuple[Store, Classes], tmp_path_factory: pytest.TempPathFactory) -> TrainedModel:
    data = data_of(*learnable, test_subjects=2, rng=np.random.default_rng(0))
    return load_model(run(data, BRIEF, tmp_path_factory.mktemp("model")).model_folder)


@pytest.fixture(scope="module")
def store(learnable: tuple[Store, Classes]) -> Store:
    return learnable[0]


@pytest.fixture
def rows(store: Store) -> NDArray[np.int64]:
    return np.arange(40)


def test_norms_keep_their_statistics_bit_by_bit_and_everything_ends_in_evaluation_mode(
    model: TrainedModel, store: Store, rows: NDArray[np.int64]
) -> None:
    before = {name: value.clone() for name, value in model.net.state_dict().items()}
    assert any("running_mean" in name for name in before)
    bald_of(model, store, rows, n_passes=3, seed=0)
    after = model.net.state_dict()
    assert set(after) == set(before)
    assert all(torch.equal(value, after[name]) for name, value in before.items())
    assert not any(module.training for module in model.net.modules())


def test_inside_only_dropout_layers_are_in_training_mode(model: TrainedModel) -> None:
    with only_dropout(model.net):
        training = [module for module in model.net.modules() if module.training]
        assert training
        assert {type(module) for module in training} == {nn.Dropout}
    assert not any(module.training for module in model.net.modules())


def test_a_norm_that_somebody_left_in_training_mode_is_not_used_so() -> None:
    net = nn.Sequential(nn.BatchNorm1d(3), nn.Dropout(0.5)).train()
    with only_dropout(net):
        net(torch.randn(8, 3))
    assert torch.equal(net[0].running_mean, torch.zeros(3))  # type: ignore[arg-type]
    assert not net[0].training


def test_an_error_inside_leaves_evaluation_mode(model: TrainedModel) -> None:
    with pytest.raises(KeyError), only_dropout(model.net):
        raise KeyError
    assert not any(module.training for module in model.net.modules())


def test_the_global_generator_is_as_it_was_and_does_not_matter(
    model: TrainedModel, store: Store, rows: NDArray[np.int64]
) -> None:
    torch.manual_seed(1)
    before = torch.get_rng_state()
    first = bald_of(model, store, rows, n_passes=3, seed=7)
    assert torch.equal(torch.get_rng_state(), before)
    torch.manual_seed(2)
    again = bald_of(model, store, rows, n_passes=3, seed=7)
    other = bald_of(model, store, rows, n_passes=3, seed=8)
    for target in TARGETS:
        assert first[target].tolist() == again[target].tolist()
        assert first[target].tolist() != other[target].tolist()


def test_parts_of_whole_batches_make_the_whole(model: TrainedModel, store: Store, rows: NDArray[np.int64]) -> None:
    whole = bald_of(model, store, rows, n_passes=3, seed=0, batch_size=10)
    parts = [bald_of(model, store, rows[at : at + 20], n_passes=3, seed=0, batch_size=10) for at in (0, 20)]
    for target in TARGETS:
        assert np.allclose(np.concatenate([part[target] for part in parts]), whole[target], rtol=1e-6)


def test_it_is_the_information_that_the_masks_name_would_give(
    model: TrainedModel, store: Store, rows: NDArray[np.int64]
) -> None:
    found = bald_of(model, store, rows, n_passes=4, seed=3, batch_size=len(rows))
    seed = int(np.random.SeedSequence([3, int(rows[0])]).generate_state(1, np.uint64)[0])
    scalers, said = scalers_for(model, store, rows), []
    with torch.random.fork_rng(devices=[]), only_dropout(model.net):
        torch.manual_seed(seed)
        for _ in range(4):
            opinions = ask(model.net, store, rows, scalers=scalers, targets=TARGETS, members=(0,))
            said.append(say(model, opinions))
    assert set(found) == set(TARGETS)
    for target in TARGETS:
        p = np.stack([one[target].alpha for one in said])
        p /= p.sum(axis=-1, keepdims=True)
        expected = entropy(p.mean(axis=0), axis=-1) - entropy(p, axis=-1).mean(axis=0)
        assert np.allclose(found[target], expected, atol=1e-12)
        assert found[target].min() >= 0
        assert found[target].max() > 1e-4


def test_clips_with_nothing_to_read_tell_nothing(model: TrainedModel, store: Store, rows: NDArray[np.int64]) -> None:
    nothing = bald_of(model, store, rows, n_passes=2, seed=0, modalities=())
    assert {name: values.tolist() for name, values in nothing.items()} == dict.fromkeys(TARGETS, [0.0] * len(rows))
    eeg = bald_of(model, store, rows, n_passes=2, seed=0, modalities=("eeg",))
    for target in TARGETS:
        assert np.allclose(eeg[target][~store.present("eeg")[rows]], 0.0, atol=1e-12)


def test_no_clips_have_no_values(model: TrainedModel, store: Store) -> None:
    found = bald_of(model, store, np.zeros(0, dtype=np.int64), n_passes=2, seed=0)
    assert {name: values.shape for name, values in found.items()} == dict.fromkeys(TARGETS, (0,))


def test_what_it_can_t_do_is_said(model: TrainedModel, store: Store, rows: NDArray[np.int64]) -> None:
    with pytest.raises(TrainingError, match="n_passes: expected 2 or more, got 1"):
        bald_of(model, store, rows, n_passes=1, seed=0)
    with pytest.raises(StoreError, match="the model reads face, eeg, not gaze"):
        bald_of(model, store, rows, n_passes=2, seed=0, modalities=("gaze",))
    with pytest.raises(TrainingError, match="drops no units"), only_dropout(nn.Sequential(nn.Dropout(0.0))):
        pass


@pytest.mark.parametrize("strategy", [one for one in Strategy if one not in GEOMETRIC])
def test_every_strategy_of_scores_is_content_with_those_of_a_model(
    model: TrainedModel, store: Store, rows: NDArray[np.int64], strategy: Strategy
) -> None:
    """4 in 10 clips lack a modality; with one or the other all can be ranked."""
    scores = replace(score(model, store, rows), bald=bald_of(model, store, rows, n_passes=2, seed=0))
    codes, times = np.zeros(len(rows), dtype=np.int64), np.zeros(len(rows))
    quality = {name: np.where(store.present(name), store.quality(name), np.nan)[rows] for name in ("eeg", "face")}
    seconds, crosses = np.full(len(rows), 8.0), np.zeros(len(rows), dtype=np.bool_)
    pool = Candidates(codes, codes, times, times + 5, quality, seconds, crosses, scores)
    picked = pick(strategy, pool, len(rows), rng=np.random.default_rng(0))
    assert sorted(picked.places.tolist()) == list(range(len(rows)))
    assert picked.excluded == {}
    assert len(set(picked.values.tolist())) > len(rows) // 2
