"""Three networks: who held what back, who learnt what, and what is settled on clips that were held back."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from numpy.typing import NDArray
from sklearn.metrics import recall_score
from torch import Tensor

from mlcore.nets import summary_width
from mlcore.store import Store
from mlcore.train import RoundConfig, RoundData, StageConfig
from mlcore.train.committee import Committee
from mlcore.train.data import Hooks, Progress
from mlcore.train.experts import fit_expert
from mlcore.train.fit import Fit, choose, fit_model, stage_name
from mlcore.train.linear import LinearModel
from mlcore.train.opinions import ask
from mlcore.train.pool import Voice, fit_pool
from mlcore.train.settle import LEAST_TRUST
from mlcore.train.usable import find_usable
from tests.factories.stores import Classes
from tests.mlcore.train.rounds import SMALL, data_of, run

Floats = NDArray[np.float64]
ONCE = StageConfig(n_epochs=1)
THREE = replace(SMALL, n_members=3, teacher=ONCE, student=ONCE)


def _fitted(data: RoundData, config: RoundConfig, folder: Path) -> Fit:
    hooks = Hooks(on_progress=lambda progress: None, should_stop=lambda: False)
    return fit_model(data, config, seed=0, folder=folder, hooks=hooks)


def _member(fit: Fit, number: int) -> dict[str, Tensor]:
    return fit.model.net.member(number).state_dict()


def _equal(one: Mapping[str, Tensor], other: Mapping[str, Tensor]) -> bool:
    return one.keys() == other.keys() and all(torch.equal(one[name], other[name]) for name in one)


@pytest.fixture(scope="module")
def settled(learnable: tuple[Store, Classes], tmp_path_factory: pytest.TempPathFactory) -> tuple[RoundData, Fit]:
    data = data_of(*learnable, test_subjects=2, rng=np.random.default_rng(0))
    longer = replace(THREE, teacher=StageConfig(n_epochs=8), student=StageConfig(n_epochs=4))
    return data, _fitted(data, longer, tmp_path_factory.mktemp("settled"))


def test_every_labelled_clip_is_held_back_by_exactly_one_network(settled: tuple[RoundData, Fit]) -> None:
    data, fit = settled
    assert len(fit.folds) == 3
    assert (np.sum([fold.validation for fold in fit.folds], axis=0) == 1).all()
    subjects = data.store.subjects[data.labelled_rows]
    for fold in fit.folds:
        assert fold.by == "subject"
        assert set(subjects[fold.train]).isdisjoint(subjects[fold.validation])


def test_a_label_reaches_every_network_but_the_one_that_held_the_clip(data: RoundData, tmp_path: Path) -> None:
    """With one epoch a stage there is no epoch to choose."""
    before = _fitted(data, THREE, tmp_path / "before")
    place = int(np.flatnonzero(before.folds[1].validation & data.store.present("face")[data.labelled_rows])[0])
    targets = {name: values.copy() for name, values in data.targets.items()}
    targets["valence"][place] = np.roll(targets["valence"][place], 1)
    after = _fitted(replace(data, targets=targets), THREE, tmp_path / "after")
    assert [fold.validation.tolist() for fold in after.folds] == [fold.validation.tolist() for fold in before.folds]
    assert [_equal(_member(before, one), _member(after, one)) for one in range(3)] == [False, True, False]


def test_networks_learn_on_their_own_folds_and_from_other_weights(settled: tuple[RoundData, Fit]) -> None:
    _, fit = settled
    assert not any(_equal(_member(fit, one), _member(fit, other)) for one, other in [(0, 1), (0, 2), (1, 2)])


def test_stages_are_numbered_from_the_second_network_on(data: RoundData, tmp_path: Path) -> None:
    told: list[Progress] = []
    result = run(data, THREE, tmp_path, on_progress=told.append)
    names = ["teacher", "student", "teacher 2", "student 2", "teacher 3", "student 3"]
    assert [row["stage"] for row in result.history] == names
    assert [one.stage for one in told if one.stage != "scoring"] == names
    assert list(result.metrics["stages"]) == names
    assert [stage_name("teacher", one) for one in range(3)] == names[::2]
    fractions = [one.fraction for one in told]
    assert fractions == sorted(fractions)
    assert fractions[-1] == pytest.approx(1.0)


def test_one_network_and_three_choose_their_folds_as_configured(data: RoundData) -> None:
    usable = find_usable(data, modalities=THREE.modalities)
    (alone,) = choose(data, replace(THREE, n_members=1, validation_share=0.25), usable, seed=0)
    assert alone.validation.mean() == pytest.approx(0.25, abs=0.1)
    assert [fold.validation.mean() for fold in choose(data, THREE, usable, seed=0)] == pytest.approx(
        [1 / 3] * 3, abs=0.2
    )


def _held_evidence(data: RoundData, fit: Fit, modality: str, target: str) -> Floats:
    """Evidence (n, K) on every labelled clip, by the network that held it back."""
    evidence = np.full((len(data.labelled_rows), 3), np.nan)
    model = fit.model
    for number, fold in enumerate(fit.folds):
        rows = data.labelled_rows[fold.validation]
        said = ask(model.net, data.store, rows, scalers=model.scalers, targets=model.targets, members=(number,))
        evidence[fold.validation] = said[modality].mean_evidence(target)
    return evidence


def _held_log_evidence(data: RoundData, fit: Fit, modality: str, target: str) -> Floats:
    """Mean of the heads' ln e (n, K) on every labelled clip, by the network that held it back."""
    logs = np.full((len(data.labelled_rows), 3), np.nan)
    model = fit.model
    for number, fold in enumerate(fit.folds):
        rows = data.labelled_rows[fold.validation]
        said = ask(model.net, data.store, rows, scalers=model.scalers, targets=model.targets, members=(number,))
        logs[fold.validation] = np.log(said[modality].evidence[target]).mean(axis=0)
    return logs


def test_trust_is_what_each_modality_showed_on_clips_held_back(settled: tuple[RoundData, Fit]) -> None:
    data, fit = settled
    skill = {}
    for modality in ("face", "eeg"):
        present = data.store.present(modality)[data.labelled_rows]
        each = []
        for target, y in data.targets.items():
            said = _held_evidence(data, fit, modality, target).argmax(axis=1)[present]
            recall = recall_score(y.argmax(axis=1)[present], said, average="macro")
            each.append((recall - 1 / 3) / (2 / 3))
        skill[modality] = max(np.mean(each), 0.0)
    best = max(skill.values())
    assert best > 0
    assert fit.model.trust == pytest.approx({name: max(one / best, LEAST_TRUST) for name, one in skill.items()})


def test_the_pool_is_fitted_to_what_networks_and_experts_say_of_clips_they_have_not_learnt_from(
    settled: tuple[RoundData, Fit],
) -> None:
    data, fit = settled
    model, store, rows = fit.model, data.store, data.labelled_rows
    y = np.asarray(data.targets["valence"], dtype=np.float64)
    order = np.concatenate([np.flatnonzero(fold.validation) for fold in fit.folds])
    voices = {}
    for name in model.modalities:
        x = model.scalers[name].summaries(store.gather(name, rows), store.subjects[rows])
        usable = store.present(name)[rows]
        expert = fit_expert(x, y, usable=usable, folds=fit.folds, balance=model.config.class_balance)
        logs, quality = (
            _held_log_evidence(data, fit, name, "valence")[order],
            (store.quality(name)[rows] * usable)[order],
        )
        voices[name] = Voice(logs, expert.held_out[order], quality)
    expected = fit_pool(voices, y[order], has_experts=True)
    found = model.pools["valence"]
    assert found.together == pytest.approx(expected.together)
    assert all(found.alone[name] == pytest.approx(expected.alone[name]) for name in model.modalities)


def test_experts_say_what_the_linear_model_says(data: RoundData) -> None:
    modalities = {name: data.store.meta.modalities[name] for name in ("face", "eeg")}
    committee = Committee(modalities, {"valence": 3}, THREE)
    rng = np.random.default_rng(0)
    width = summary_width(modalities["face"])
    x = rng.standard_normal((4, width))
    summary = torch.from_numpy(x).float()
    assert not committee.ask_expert("face", "valence", summary).any()  # before it is fitted it says nothing
    model = LinearModel(rng.standard_normal((width, 3)), rng.standard_normal(3))
    committee.set_expert("face", "valence", model)
    said = committee.ask_expert("face", "valence", summary).detach().numpy()
    assert np.allclose(said, model.logits(x), atol=1e-4)


def test_experts_take_nothing_from_the_generator_that_training_goes_on_with(data: RoundData) -> None:
    modalities = {name: data.store.meta.modalities[name] for name in ("face", "eeg")}
    left: list[Tensor] = []
    for linear_expert in (True, False):
        torch.manual_seed(3)
        Committee(modalities, {"valence": 3}, replace(THREE, linear_expert=linear_expert))
        left.append(torch.get_rng_state())
    assert torch.equal(left[0], left[1])
