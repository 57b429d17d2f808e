"""Model files: what is written is read back, and so is what the version before wrote."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from safetensors.torch import load_file, save_file

from mlcore.acquire import PoolScores
from mlcore.errors import TrainingError
from mlcore.nets import NetSizes, SpaceSizes
from mlcore.train import RoundConfig, RoundData, StageConfig, TrainedModel, load_model, save_model, score
from mlcore.train.config import Augmentation
from tests.mlcore.train.rounds import SMALL, run

ONCE = StageConfig(n_epochs=1)
PLAIN = replace(
    SMALL,
    sizes=NetSizes(space=SpaceSizes(n_heads=1)),
    augmentation=replace(Augmentation(), eeg_noise=0.25, eeg_channel_dropout=0.05),
    linear_expert=False,
    pool="discounted",
)
#: settings that came after schema 2
NEW = ("more_students", "augmentation", "modality_dropout", "bootstrap_heads", "n_members", "linear_expert", "pool")


def _write_as_before(folder: Path, before: Path) -> None:
    """A model of one network with one head in the files of schema 2."""
    item = json.loads((folder / "model.json").read_text())
    config = {name: value for name, value in item["config"].items() if name not in NEW}
    noise = {name: item["config"]["augmentation"][name] for name in ("eeg_noise", "eeg_channel_dropout")}
    del config["sizes"]["space"]["n_heads"]
    old: dict[str, Any] = {name: value for name, value in item.items() if name != "pools"}
    before.mkdir()
    (before / "model.json").write_text(json.dumps(old | {"schema": 2, "config": config | noise}))
    weights = load_file(folder / "model.safetensors")
    named = {
        name.removeprefix("members.0.").replace(".projections.0.", ".projection."): tensor.squeeze(0)
        if name.endswith(".prototypes")
        else tensor
        for name, tensor in weights.items()
    }
    save_file(named, before / "model.safetensors")


def _assert_equal(one: PoolScores, other: PoolScores) -> None:
    for target, alpha in one.alpha.items():
        assert np.array_equal(alpha, other.alpha[target])
        assert np.array_equal(one.disagreement[target], other.disagreement[target])
    for name, by_target in one.alpha_by_modality.items():
        for target, alpha in by_target.items():
            assert np.array_equal(alpha, other.alpha_by_modality[name][target], equal_nan=True)
    assert np.array_equal(one.agreement, other.agreement, equal_nan=True)


def test_a_committee_is_read_back_as_it_was_written(data: RoundData, folder: Path, tmp_path: Path) -> None:
    run(data, replace(SMALL, n_members=2, teacher=ONCE, student=ONCE), folder)
    model = load_model(folder)
    assert set(model.pools) == {"valence", "arousal"}
    save_model(model, tmp_path)
    for name in ("model.safetensors", "model.json"):
        assert (tmp_path / name).read_bytes() == (folder / name).read_bytes()
    rows = np.arange(data.store.n_clips)
    _assert_equal(score(load_model(tmp_path), data.store, rows), score(model, data.store, rows))


def test_a_model_of_the_version_before_scores_as_it_did(data: RoundData, folder: Path, tmp_path: Path) -> None:
    run(data, PLAIN, folder)
    _write_as_before(folder, tmp_path / "before")
    weights = load_file(tmp_path / "before" / "model.safetensors")
    assert weights["branches.eeg.projection.0.weight"].shape == (64, 64)
    assert weights["banks.valence.prototypes"].shape == (3, 2, 128)
    now, before = load_model(folder), load_model(tmp_path / "before")
    rows = np.arange(data.store.n_clips)
    _assert_equal(score(before, data.store, rows), score(now, data.store, rows))
    assert before.config == replace(now.config, n_members=1)
    assert before.pools == {}
    assert before.trust == now.trust


def test_a_model_of_the_version_before_can_be_written_anew(data: RoundData, folder: Path, tmp_path: Path) -> None:
    run(data, PLAIN, folder)
    _write_as_before(folder, tmp_path / "before")
    before = load_model(tmp_path / "before")
    save_model(before, tmp_path)
    rows = np.arange(data.store.n_clips)
    _assert_equal(score(load_model(tmp_path), data.store, rows), score(before, data.store, rows))


def test_old_weights_that_do_not_fit_are_named(data: RoundData, folder: Path, tmp_path: Path) -> None:
    run(data, replace(PLAIN, teacher=ONCE, student=ONCE), folder)
    _write_as_before(folder, tmp_path / "before")
    weights = load_file(tmp_path / "before" / "model.safetensors")
    del weights["branches.eeg.projection.0.weight"]
    save_file(weights, tmp_path / "before" / "model.safetensors")
    with pytest.raises(TrainingError, match=r"model\.safetensors does not hold the weights of this model"):
        load_model(tmp_path / "before")


@pytest.mark.parametrize("schema", [1, 4, "3", None])
def test_another_schema_is_refused(data: RoundData, config: RoundConfig, folder: Path, schema: object) -> None:
    run(data, replace(config, teacher=ONCE, student=ONCE), folder)
    item = json.loads((folder / "model.json").read_text())
    (folder / "model.json").write_text(json.dumps(item | {"schema": schema}))
    with pytest.raises(TrainingError, match=r"model\.json is not a model of schema 3"):
        load_model(folder)


def test_reading_a_model_moves_no_generator(data: RoundData, folder: Path, tmp_path: Path) -> None:
    run(data, replace(PLAIN, teacher=ONCE, student=ONCE), folder)
    _write_as_before(folder, tmp_path / "before")
    torch.manual_seed(5)
    before = torch.get_rng_state()
    models: list[TrainedModel] = [load_model(folder), load_model(tmp_path / "before")]
    assert torch.equal(torch.get_rng_state(), before)
    assert len(models[0].net.members) == len(models[1].net.members) == 1
