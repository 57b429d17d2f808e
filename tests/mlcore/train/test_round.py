"""A whole round: it learns, it says what it did, and it does not peek."""

from __future__ import annotations

import json
import shutil
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from numpy.typing import NDArray
from safetensors.torch import load_file

from mlcore.errors import TrainingError
from mlcore.store import Store, open_store, write_shard
from mlcore.train import LossWeights, Progress, RoundConfig, RoundData, StageConfig, load_model, score
from mlcore.train.fit import choose
from mlcore.train.usable import find_usable
from tests.factories.stores import Classes, make_store
from tests.mlcore.train.rounds import data_of, run, with_labels

ALWAYS_MIDDLE = np.array([0, 1, 0], dtype=np.float32)


def test_it_learns_what_can_be_learnt(tmp_path: Path, learnable: tuple[Store, Classes], config: RoundConfig) -> None:
    data = data_of(*learnable, test_subjects=2, rng=np.random.default_rng(0), labelled_share=0.8)
    longer = replace(config, teacher=StageConfig(n_epochs=25), student=StageConfig(n_epochs=25))
    metrics = run(data, longer, tmp_path).metrics
    assert metrics["by_modality"]["face"]["mean_balanced_accuracy"] > 0.7
    assert metrics["by_modality"]["eeg"]["mean_balanced_accuracy"] > 0.6
    assert metrics["mean_balanced_accuracy"] > 0.7


def test_what_cannot_be_learnt_stays_at_chance(tmp_path: Path, config: RoundConfig) -> None:
    """A leak between test and training would show here."""
    store, truth = make_store(tmp_path / "noise", n_subjects=6, clips_per_subject=24, eeg_snr=0.0, face_snr=0.0)
    data = data_of(store, truth, test_subjects=3, rng=np.random.default_rng(0))
    metrics = run(data, replace(config, teacher=StageConfig(n_epochs=8)), tmp_path / "round").metrics
    assert 0.15 < metrics["mean_balanced_accuracy"] < 0.55


def test_metrics_stand_beside_their_numbers(data: RoundData, config: RoundConfig, folder: Path) -> None:
    metrics = run(data, config, folder).metrics
    assert (metrics["n_subjects"], metrics["n_trials"], metrics["n_clips"]) == (2, 8, 32)
    assert metrics["interval"] is None
    assert set(metrics["by_target"]) == {"valence", "arousal"}
    assert set(metrics["by_modality"]) == {"eeg", "face", "fused"}
    assert metrics["by_modality"]["fused"]["by_target"] == metrics["by_target"]
    n_with_eeg = int(data.store.present("eeg")[data.test_rows].sum())
    assert metrics["by_modality"]["eeg"]["n_clips"] == n_with_eeg < 32
    assert metrics["validation"]["by"] == "subject"
    assert json.loads(json.dumps(metrics, allow_nan=False)) == metrics


def test_the_pool_is_scored(data: RoundData, config: RoundConfig, folder: Path) -> None:
    pool = run(data, config, folder).pool
    assert pool.rows.tolist() == data.pool_rows.tolist()
    relative = [pool.entropy[name] / np.log(3) for name in ("valence", "arousal")]
    assert np.allclose(pool.mean_entropy, np.mean(relative, axis=0))
    assert np.all((pool.mean_entropy > 0) & (pool.mean_entropy <= 1))
    assert np.all((pool.vacuity["valence"] > 0) & (pool.vacuity["valence"] <= 1))
    both = data.store.present("eeg")[pool.rows] & data.store.present("face")[pool.rows]
    assert np.array_equal(np.isfinite(pool.agreement), both)
    assert np.all((pool.agreement[both] >= 0) & (pool.agreement[both] <= 1))


def test_history_and_progress_tell_the_same_story(data: RoundData, config: RoundConfig, folder: Path) -> None:
    told: list[Progress] = []
    history = run(data, config, folder, on_progress=told.append).history
    stages = [(row["stage"], row["epoch"]) for row in history]
    assert stages == [(stage, epoch) for stage in ("teacher", "student") for epoch in (1, 2, 3)]
    epochs = [one for one in told if one.stage != "scoring"]
    assert [(one.loss, one.validation_loss) for one in epochs] == [
        (row["loss"], row["validation_loss"]) for row in history
    ]
    fractions = [one.fraction for one in told]
    assert fractions == sorted(fractions)
    assert fractions[-1] == pytest.approx(1.0)
    assert all(one.seconds_left is not None and one.seconds_left >= 0 for one in epochs)


@pytest.mark.parametrize("n_members", [1, 3])
def test_the_same_seed_gives_the_same_bits_and_another_does_not(
    data: RoundData, config: RoundConfig, tmp_path: Path, n_members: int
) -> None:
    config = replace(config, n_members=n_members)
    first, again = (run(data, config, tmp_path / name, seed=5) for name in "ab")
    other = run(data, config, tmp_path / "c", seed=6)
    assert first.metrics == again.metrics
    assert first.history == again.history
    assert np.array_equal(first.pool.mean_entropy, again.pool.mean_entropy)
    assert _weights(first.model_folder) == _weights(again.model_folder)
    assert _weights(first.model_folder) != _weights(other.model_folder)


def test_global_random_state_is_left_alone(data: RoundData, config: RoundConfig, folder: Path) -> None:
    torch.manual_seed(11)
    before = torch.get_rng_state()
    run(data, config, folder)
    load_model(folder)
    assert torch.equal(torch.get_rng_state(), before)


@pytest.mark.parametrize("n_members", [1, 3])
def test_test_clips_and_their_labels_change_nothing_about_training(
    data: RoundData, config: RoundConfig, tmp_path: Path, n_members: int
) -> None:
    config = replace(config, n_members=n_members)
    honest = run(data, config, tmp_path / "honest")
    rng = np.random.default_rng(0)
    spoilt = replace(
        data,
        store=_with_spoilt_rows(data.store, data.test_rows, tmp_path / "spoilt"),
        test_targets={name: rng.permutation(values) for name, values in data.test_targets.items()},
    )
    other = run(spoilt, config, tmp_path / "other")
    assert _weights(other.model_folder) == _weights(honest.model_folder)
    assert other.history == honest.history
    assert np.array_equal(other.pool.mean_entropy, honest.pool.mean_entropy)
    assert other.metrics["by_target"] != honest.metrics["by_target"]


def test_validation_labels_choose_the_epoch_and_nothing_else(
    data: RoundData, config: RoundConfig, tmp_path: Path
) -> None:
    """With one epoch a stage there is nothing to choose: the validation fold must then not matter."""
    once = replace(config, teacher=StageConfig(n_epochs=1), student=StageConfig(n_epochs=1), linear_expert=False)
    first = run(data, once, tmp_path / "a")
    held = _validation_rows(data, once)
    targets = {name: values.copy() for name, values in data.targets.items()}
    targets["valence"][held] = np.roll(targets["valence"][held], 1, axis=1)
    second = run(replace(data, targets=targets), once, tmp_path / "b")
    assert first.history[0]["validation_loss"] != second.history[0]["validation_loss"]
    assert first.history[0]["loss"] == second.history[0]["loss"]
    assert _weights(first.model_folder) == _weights(second.model_folder)


def test_soft_and_partly_scored_targets_are_taken(data: RoundData, config: RoundConfig, folder: Path) -> None:
    targets = {name: values.copy() for name, values in data.targets.items()}
    targets["valence"][::3] = [0.5, 0.5, 0.0]
    targets["arousal"][::4] = np.nan
    result = run(replace(data, targets=targets), config, folder)
    assert np.isfinite([row["loss"] for row in result.history]).all()


@pytest.mark.parametrize("term", ["similarity", "uncertainty", "distillation", "alignment", "diversity", "task"])
def test_every_term_reaches_the_weights(data: RoundData, config: RoundConfig, tmp_path: Path, term: str) -> None:
    short = replace(config, teacher=StageConfig(n_epochs=1), student=StageConfig(n_epochs=1))
    without = replace(short, weights=replace(LossWeights(), **{term: 0.0}))
    assert _weights(run(data, short, tmp_path / "a").model_folder) != _weights(
        run(data, without, tmp_path / "b").model_folder
    )


def test_the_teacher_and_its_prototypes_are_frozen_in_stage_two(
    data: RoundData, config: RoundConfig, tmp_path: Path
) -> None:
    longer = replace(config, student=StageConfig(n_epochs=5, patience=5))
    short, long = (
        load_file(run(data, one, tmp_path / name).model_folder / "model.safetensors")
        for name, one in {"short": config, "long": longer}.items()
    )
    frozen = [name for name in short if name.startswith(("members.0.branches.face", "members.0.banks"))]
    assert all(torch.equal(short[name], long[name]) for name in frozen)
    assert not torch.equal(
        short["members.0.branches.eeg.encoder.spatial.weight"], long["members.0.branches.eeg.encoder.spatial.weight"]
    )


def test_without_faces_the_student_learns_alone(data: RoundData, config: RoundConfig, folder: Path) -> None:
    result = run(_lacking(data, "face"), config, folder)
    assert {row["stage"] for row in result.history} == {"student"}
    assert set(result.metrics["by_modality"]) == {"eeg", "fused"}
    assert np.isnan(result.pool.agreement).all()
    assert any("face" in note for note in result.metrics["notes"])


def test_without_eeg_there_is_only_the_teacher(data: RoundData, config: RoundConfig, folder: Path) -> None:
    result = run(_lacking(data, "eeg"), config, folder)
    assert {row["stage"] for row in result.history} == {"teacher"}
    assert set(result.metrics["by_modality"]) == {"face", "fused"}


def test_clips_without_a_known_modality_get_a_vacuous_opinion(
    data: RoundData, config: RoundConfig, folder: Path
) -> None:
    result = run(_lacking(data, "eeg"), config, folder)
    unseen = ~data.store.present("face")[data.pool_rows]
    assert unseen.any()
    assert np.all(result.pool.vacuity["valence"][unseen] == 1.0)
    assert np.all(result.pool.vacuity["valence"][~unseen] < 1.0)


def test_a_target_with_one_class_is_left_out_and_said(data: RoundData, config: RoundConfig, folder: Path) -> None:
    targets = {**data.targets, "arousal": np.tile(ALWAYS_MIDDLE, (len(data.labelled_rows), 1))}
    result = run(replace(data, targets=targets), config, folder)
    assert set(result.metrics["by_target"]) == {"valence"}
    assert any(note.startswith("arousal") for note in result.metrics["notes"])
    assert np.all(result.pool.alpha["arousal"] == 1.0)


def test_few_subjects_are_validated_by_trial(data: RoundData, config: RoundConfig, folder: Path) -> None:
    subjects = data.store.subjects[data.labelled_rows]
    two = with_labels(data, np.isin(subjects, np.unique(subjects)[:2]))
    assert run(two, config, folder).metrics["validation"]["by"] == "trial"


def test_without_test_clips_or_pool_the_round_still_stands(data: RoundData, config: RoundConfig, folder: Path) -> None:
    nothing = np.zeros(0, dtype=np.int64)
    empty = {name: np.zeros((0, 3), dtype=np.float32) for name in data.classes}
    result = run(replace(data, test_rows=nothing, test_targets=empty, pool_rows=nothing), config, folder)
    assert result.metrics["mean_balanced_accuracy"] is None
    assert result.pool.mean_entropy.shape == (0,)


def test_a_saved_model_scores_as_the_round_did(data: RoundData, config: RoundConfig, folder: Path) -> None:
    pool = run(data, config, folder).pool
    again = score(load_model(folder), data.store, data.pool_rows)
    assert np.array_equal(again.mean_entropy, pool.mean_entropy)
    assert np.array_equal(again.agreement, pool.agreement, equal_nan=True)


def test_scores_do_not_depend_on_the_batch(data: RoundData, config: RoundConfig, folder: Path) -> None:
    run(data, config, folder)
    model = load_model(folder)
    whole = score(model, data.store, data.pool_rows)
    singly = score(model, data.store, data.pool_rows, batch_size=1)
    assert np.allclose(whole.mean_entropy, singly.mean_entropy, atol=1e-5)


def test_new_people_are_scored_by_their_own_scale(
    data: RoundData, config: RoundConfig, folder: Path, tmp_path: Path
) -> None:
    run(data, config, folder)
    other, _ = make_store(tmp_path / "other", n_subjects=1, clips_per_subject=4, seed=9)
    renamed = _with_subject(other, "someone new", tmp_path / "renamed")
    scores = score(load_model(folder), renamed, np.arange(4))
    assert np.all(scores.vacuity["valence"] < 1.0)


def test_no_labels_is_refused(data: RoundData, config: RoundConfig, folder: Path) -> None:
    with pytest.raises(TrainingError, match="no labelled clips"):
        run(with_labels(data, np.zeros(len(data.labelled_rows), dtype=np.bool_)), config, folder)


def test_one_class_in_every_target_is_refused(data: RoundData, config: RoundConfig, folder: Path) -> None:
    same = {name: np.tile(ALWAYS_MIDDLE, (len(data.labelled_rows), 1)) for name in data.classes}
    with pytest.raises(TrainingError, match="fewer than 2 classes of every target"):
        run(replace(data, targets=same), config, folder)


def test_labels_without_any_modality_are_refused(data: RoundData, config: RoundConfig, folder: Path) -> None:
    with pytest.raises(TrainingError, match="none of the modalities"):
        run(data, replace(config, teacher_modality="gaze", student_modality="skin"), folder)


def test_a_test_subject_among_the_labels_is_refused(data: RoundData, config: RoundConfig, folder: Path) -> None:
    rows = data.labelled_rows[:1]
    leaky = replace(data, test_rows=rows, test_targets={name: values[:1] for name, values in data.targets.items()})
    with pytest.raises(TrainingError, match="also among the labelled clips"):
        run(leaky, config, folder)


def test_targets_that_are_no_distributions_are_refused(data: RoundData, config: RoundConfig, folder: Path) -> None:
    doubled = {name: 2 * values for name, values in data.targets.items()}
    with pytest.raises(TrainingError, match="neither a distribution nor all NaN"):
        run(replace(data, targets=doubled), config, folder)


def _weights(folder: Path) -> bytes:
    return (folder / "model.safetensors").read_bytes()


def _lacking(data: RoundData, without: str) -> RoundData:
    """The same round, with only those labelled clips that lack a modality."""
    return with_labels(data, ~data.store.present(without)[data.labelled_rows])


def _validation_rows(data: RoundData, config: RoundConfig) -> NDArray[np.bool_]:
    return choose(data, config, find_usable(data, modalities=("face", "eeg")), seed=0)[0].validation


def _with_spoilt_rows(store: Store, rows: NDArray[np.int64], folder: Path) -> Store:
    """A copy in which the given rows hold other signals, of another size."""
    for shard in store.shards:
        shutil.copytree(shard.folder, folder / shard.folder.name)
        arrays = {name: np.load(shard.path(name)) for name in shard.meta.modalities}
        mine = np.isin(shard.table.clip_id, store.clip_ids[rows])
        for name, array in arrays.items():
            array[mine & shard.table.present[name]] = 7.0 * array[mine & shard.table.present[name]][::-1] + 3.0
        write_shard(folder / shard.folder.name, shard.meta, shard.table, arrays)
    return open_store(folder)


def _with_subject(store: Store, subject: str, folder: Path) -> Store:
    shard = store.shards[0]
    table = replace(shard.table, subject=np.full(len(shard.table), subject))
    write_shard(folder / "one", shard.meta, table, {name: np.load(shard.path(name)) for name in shard.meta.modalities})
    return open_store(folder)
