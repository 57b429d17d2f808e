"""Configuration, validation fold, class weights, batches, device, model files."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from mlcore.errors import StoreError, TrainingError
from mlcore.train import LossWeights, RoundConfig, RoundData, StageConfig, load_model, score
from mlcore.train.loop import learning_rate
from mlcore.train.split import choose_fold
from mlcore.train.stages import shuffled, with_company
from mlcore.train.tensors import class_weights, pick_device
from tests.factories.stores import make_store
from tests.mlcore.train.rounds import data_of, run


def test_the_configuration_survives_json() -> None:
    config = replace(RoundConfig(), weights=LossWeights(alignment=0.7), teacher=StageConfig(n_epochs=7))
    assert RoundConfig.from_json(json.loads(json.dumps(config.to_json()))) == config


def test_what_is_left_out_keeps_its_default_and_whole_numbers_serve_as_floats() -> None:
    config = RoundConfig.from_json({"student": {"n_epochs": 5}, "weights": {"task": 2}})
    assert config == replace(
        RoundConfig(), student=replace(RoundConfig().student, n_epochs=5), weights=LossWeights(task=2.0)
    )


@pytest.mark.parametrize(
    ("item", "message"),
    [
        ({"student": {"epochs": 5}}, "there is no setting student.epochs"),
        ({"batch_size": "32"}, "batch_size: expected int"),
        ({"use_unlabelled": 1}, "use_unlabelled: expected bool"),
        ({"weights": 3}, "weights"),
        ({"teacher": {"n_epochs": 0}}, "n_epochs >= 1"),
    ],
)
def test_wrong_settings_are_named(item: dict[str, Any], message: str) -> None:
    with pytest.raises(TrainingError, match=message):
        RoundConfig.from_json(item)


def test_three_subjects_are_split_by_subject() -> None:
    subjects = np.repeat(["a", "b", "c", "d", "e"], 10)
    fold = choose_fold(subjects, np.arange(50) // 5, np.arange(50)[:, None] % 3, share=0.2, seed=0)
    assert fold.by == "subject"
    assert fold.validation.sum() == 10
    assert not set(subjects[fold.train]) & set(subjects[fold.validation])


def test_two_subjects_are_split_by_trial() -> None:
    trials = np.arange(40) // 4
    fold = choose_fold(np.repeat(["a", "b"], 20), trials, np.arange(40)[:, None] % 3, share=0.2, seed=0)
    assert fold.by == "trial"
    assert fold.validation.sum() == 8
    assert not set(trials[fold.train]) & set(trials[fold.validation])


def test_one_trial_holds_nothing_back() -> None:
    fold = choose_fold(np.array(["a"] * 6), np.zeros(6, np.int64), np.arange(6)[:, None] % 2, share=0.2, seed=0)
    assert fold.by == "none"
    assert fold.train.all()


def test_the_only_clips_of_a_class_stay_in_training() -> None:
    subjects = np.repeat(["a", "b", "c"], 10)
    hard = (subjects == "b").astype(np.int64)[:, None]
    for seed in range(10):
        fold = choose_fold(subjects, np.arange(30), hard, share=0.3, seed=seed)
        assert "b" not in subjects[fold.validation]


def test_class_weights_even_out_the_classes() -> None:
    target = np.array([[1.0, 0, 0]] * 6 + [[0, 1.0, 0]] * 2 + [[np.nan] * 3])
    weights = class_weights(target, balance=1.0)
    assert weights[0] * 6 == pytest.approx(weights[1] * 2)
    assert (weights[0] * 6 + weights[1] * 2) / 8 == pytest.approx(1.0)
    assert class_weights(target, balance=0.0).tolist() == [1.0, 1.0, 1.0]


@pytest.mark.parametrize("n_rows", [2, 31, 32, 33, 65])
def test_batches_hold_every_clip_once_and_none_is_alone(n_rows: int) -> None:
    batches = list(shuffled(torch.arange(100, 100 + n_rows), 32))
    assert sorted(torch.cat(batches).tolist()) == list(range(100, 100 + n_rows))
    assert min(len(batch) for batch in batches) >= 2
    assert max(len(batch) for batch in batches) <= 32


def test_labelled_clips_get_as_much_company_as_there_is() -> None:
    batches = list(with_company(torch.arange(40), torch.arange(40, 50), 16))
    assert sorted(torch.cat(batches).tolist()) == list(range(50))
    alone = list(with_company(torch.arange(40), torch.arange(0), 16))
    assert sorted(torch.cat(alone).tolist()) == list(range(40))


def test_the_learning_rate_falls_from_full_to_a_twentieth() -> None:
    config = StageConfig(n_epochs=10, learning_rate=1.0)
    rates = [learning_rate(config, epoch) for epoch in range(11)]
    assert rates == sorted(rates, reverse=True)
    assert rates[0] == 1.0
    assert rates[-1] == pytest.approx(0.05)


def test_devices() -> None:
    assert pick_device("cpu").type == "cpu"
    assert pick_device("auto").type == ("cuda" if torch.cuda.is_available() else "cpu")
    with pytest.raises(TrainingError, match="expected auto, cpu or cuda"):
        pick_device("tpu")


@pytest.mark.skipif(torch.cuda.is_available(), reason="this machine has the device")
def test_a_gpu_that_is_not_there_is_a_sentence() -> None:
    with pytest.raises(TrainingError, match="no CUDA device"):
        pick_device("cuda")


@pytest.mark.parametrize(("name", "content"), [("model.json", "{"), ("model.json", "[]"), ("model.safetensors", "x")])
def test_a_damaged_model_names_its_file(
    data: RoundData, config: RoundConfig, folder: Path, name: str, content: str
) -> None:
    run(data, config, folder)
    (folder / name).write_text(content)
    with pytest.raises(TrainingError, match=name):
        load_model(folder)


def test_a_missing_model_names_its_file(tmp_path: Path) -> None:
    with pytest.raises(TrainingError, match=r"model\.json"):
        load_model(tmp_path)


def test_a_store_of_another_shape_is_refused(
    data: RoundData, config: RoundConfig, folder: Path, tmp_path: Path
) -> None:
    run(data, config, folder)
    other, _ = make_store(tmp_path / "other", n_subjects=1, clips_per_subject=3, n_face_features=9)
    with pytest.raises(StoreError, match="face: the model reads sequence"):
        score(load_model(folder), other, np.arange(3))


def test_a_modality_that_learnt_nothing_counts_little_in_the_fusion(
    config: RoundConfig, folder: Path, tmp_path: Path
) -> None:
    store, truth = make_store(tmp_path / "deaf", n_subjects=6, clips_per_subject=24, eeg_snr=0.0, seed=2)
    mute = data_of(store, truth, test_subjects=2, rng=np.random.default_rng(0))
    result = run(mute, replace(config, teacher=StageConfig(n_epochs=15)), folder)
    trust = result.metrics["validation"]["trust"]
    assert trust["face"] == 1.0
    assert trust["eeg"] < 0.5
    assert load_model(folder).trust == trust


def test_without_a_validation_fold_every_modality_is_trusted(
    data: RoundData, config: RoundConfig, folder: Path
) -> None:
    result = run(data, replace(config, validation_share=0.0), folder)
    assert result.metrics["validation"]["trust"] == {"face": 1.0, "eeg": 1.0}
