"""Training a model: its networks stage by stage, its linear experts, and how their opinions are brought together."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray

from mlcore.evaluate import hard_classes
from mlcore.nets import ConcordNet
from mlcore.train.checkpoint import read_checkpoint
from mlcore.train.config import RoundConfig
from mlcore.train.data import Hooks, RoundData, Rows, Usable, find_usable
from mlcore.train.held_out import settle
from mlcore.train.loop import Run, Stage, run_stage
from mlcore.train.model import TrainedModel, build_committee
from mlcore.train.scaling import fit_scaler
from mlcore.train.split import Fold, choose_fold, choose_folds
from mlcore.train.stages import Material, lone_student_stage, student_stage, teacher_stage
from mlcore.train.tensors import Clips, class_weights, load_clips, pick_device
from mlcore.types import JsonObject

StageMaker = Callable[[ConcordNet, Material, RoundConfig], Stage]


@dataclass(frozen=True, slots=True)
class Fit:
    """A trained model and how it came about.

    Args:
        model: ready to score.
        folds: validation fold of each network.
        run: its history, and whom to tell.
        stages: per stage how many epochs it took and which was kept.
        notes: what could not be used, in sentences.
    """

    model: TrainedModel
    folds: tuple[Fold, ...]
    run: Run
    stages: JsonObject
    notes: list[str]


def fit_model(data: RoundData, config: RoundConfig, *, seed: int, folder: Path, hooks: Hooks) -> Fit:
    """Train; again with the same arguments and folder, go on where it stopped.

    On a CPU with a fixed number of threads the model is a function of data, configuration and seed to the bit. torch's
    global generators are left as they were found.

    Args:
        data: rows and labels; test rows are not read but for the scale of their subjects, labels of test rows never.
        config: every weight and size.
        seed: decides validation folds, weights, batches and dropout.
        folder: made if need be; holds the checkpoint.
        hooks: progress and stopping.

    Raises:
        TrainingError: there is nothing to learn from, in one sentence.
        Cancelled: the caller said so; the checkpoint stays.
    """
    usable = find_usable(data, modalities=config.modalities)
    folder.mkdir(parents=True, exist_ok=True)
    device = pick_device(config.device)
    with torch.random.fork_rng(devices=[torch.cuda.current_device()] if device.type == "cuda" else []):
        torch.manual_seed(seed)
        folds = choose(data, config, usable, seed=seed)
        model = _untrained(data, config, usable, folds)
        model.net.to(device)
        run, stages = _train(data, model, folds, seed=seed, folder=folder, hooks=hooks)
    return Fit(settle(data, model, folds), folds, run, stages, usable.notes)


def _train(
    data: RoundData, model: TrainedModel, folds: Sequence[Fold], *, seed: int, folder: Path, hooks: Hooks
) -> tuple[Run, JsonObject]:
    config = model.config
    makers = _stages(model)
    names = tuple(stage_name(stage, number) for number in range(len(folds)) for stage in makers)
    signature = _signature(data, config, seed=seed)
    run = Run(model.net, folder, signature, hooks, names, read_checkpoint(folder, signature=signature))
    for number, fold in enumerate(folds):
        if run.is_past(stage_name([*makers][-1], number)):
            continue
        material = _material(data, model, fold, seed=seed + number)
        for stage, make in makers.items():
            if not run.is_past(stage_name(stage, number)):
                made = make(model.net.member(number), material, config)
                run_stage(replace(made, name=stage_name(stage, number)), run)
    return run, {name: _stage_summary(run, name) for name in names}


def stage_name(stage: str, number: int) -> str:
    """What the stage of a network is called: "teacher", "student", then "teacher 2", "student 2", …"""
    return stage if number == 0 else f"{stage} {number + 1}"


def _stages(model: TrainedModel) -> dict[str, StageMaker]:
    """Teacher, then its students; students alone where the labelled clips have nothing for a teacher."""
    config, stages = model.config, dict[str, StageMaker]()
    has_teacher = config.teacher_modality in model.modalities
    if has_teacher:
        stages["teacher"] = teacher_stage
    for modality in (config.student_modality, *config.more_students):
        if modality in model.modalities:
            name = "student" if modality == config.student_modality else f"student of {modality}"
            stages[name] = partial(student_stage if has_teacher else lone_student_stage, modality=modality)
    return stages


def _stage_summary(run: Run, name: str) -> JsonObject:
    """How many epochs a stage took and which one was kept: the best by validation loss, else the last."""
    rows = [row for row in run.history if row["stage"] == name]
    known = [row for row in rows if row["validation_loss"] is not None]
    kept = min(known, key=lambda row: float(row["validation_loss"])) if known else rows[-1]
    return {"n_epochs": len(rows), "best_epoch": kept["epoch"], "validation_loss": kept["validation_loss"]}


def choose(data: RoundData, config: RoundConfig, usable: Usable, *, seed: int) -> tuple[Fold, ...]:
    """The validation fold of each network, over the labelled clips."""
    rows = data.labelled_rows
    columns = [
        np.where(data.store.present(modality)[rows], hard_classes(_doubles(data.targets[target])), -1)
        for modality in usable.modalities
        for target in usable.targets
    ]
    subjects, trials, hard = data.store.subjects[rows], data.trials()[rows], np.stack(columns, axis=1)
    if config.n_members == 1:
        return (choose_fold(subjects, trials, hard, share=config.validation_share, seed=seed),)
    return choose_folds(subjects, trials, hard, n_folds=config.n_members, seed=seed)


def _untrained(data: RoundData, config: RoundConfig, usable: Usable, folds: Sequence[Fold]) -> TrainedModel:
    """The model with its scalers fitted: the common scale on training rows, each subject's on its own clips."""
    store = data.store
    modalities = {name: store.meta.modalities[name] for name in usable.modalities}
    everyone = np.unique(store.subjects[np.concatenate([data.labelled_rows, data.pool_rows, data.test_rows])])
    learnt_by_some = np.logical_or.reduce([fold.train for fold in folds])
    train_rows = data.labelled_rows[learnt_by_some]
    scalers = {
        name: fit_scaler(store, name, train_rows=train_rows, subjects=everyone, limit=config.clip_limit)
        for name in modalities
    }
    return TrainedModel(
        net=build_committee(modalities, data.classes, usable.targets, config),
        config=config,
        classes=data.classes,
        targets=usable.targets,
        modalities=modalities,
        scalers=scalers,
        feature_versions=store.meta.versions,
    )


def _material(data: RoundData, model: TrainedModel, fold: Fold, *, seed: int) -> Material:
    device = next(model.net.parameters()).device
    targets = {name: _doubles(data.targets[name]) for name in model.targets}
    weights = {
        name: class_weights(values[fold.train], balance=model.config.class_balance) for name, values in targets.items()
    }
    trials = data.trials()

    def load(
        rows: Rows, wanted: Mapping[str, NDArray[np.float64]], by_class: Mapping[str, NDArray[np.float64]]
    ) -> Clips:
        return load_clips(
            data.store, model.scalers, rows, targets=wanted, class_weights=by_class, trials=trials[rows], device=device
        )

    extra = _unlabelled_rows(data, model, fold, seed=seed)
    unscored = {name: np.full((len(extra), values.shape[1]), np.nan) for name, values in targets.items()}
    train = {name: np.concatenate([values[fold.train], unscored[name]]) for name, values in targets.items()}
    held = {name: values[fold.validation] for name, values in targets.items()}
    flat = {name: np.ones_like(values) for name, values in weights.items()}
    return Material(
        train=load(np.concatenate([data.labelled_rows[fold.train], extra]), train, weights),
        n_labelled=int(fold.train.sum()),
        validation=load(data.labelled_rows[fold.validation], held, flat),
        modalities=model.modalities,
        seed=seed,
    )


def _unlabelled_rows(data: RoundData, model: TrainedModel, fold: Fold, *, seed: int) -> Rows:
    """Pool clips with both modalities, of nobody who is in the validation fold or among the test subjects."""
    config, store = model.config, data.store
    students = [name for name in model.modalities if name != config.teacher_modality]
    if not config.use_unlabelled or config.teacher_modality not in model.modalities or not students:
        return np.zeros(0, dtype=np.int64)
    held_back = data.labelled_rows[fold.validation] if fold.by == "subject" else np.zeros(0, dtype=np.int64)
    outside = np.unique(store.subjects[np.concatenate([held_back, data.test_rows])])
    has_student = np.logical_or.reduce([store.present(name) for name in students])
    is_paired = store.present(config.teacher_modality) & has_student
    rows = data.pool_rows[is_paired[data.pool_rows] & ~np.isin(store.subjects[data.pool_rows], outside)]
    chosen = np.random.default_rng(seed).permutation(len(rows))[: config.max_unlabelled_clips]
    return np.asarray(rows[np.sort(chosen)])


def _signature(data: RoundData, config: RoundConfig, *, seed: int) -> str:
    """SHA-256 of what training depends on: configuration, seed, clips, labels (test labels are no part of it)."""
    digest = hashlib.sha256(json.dumps([config.to_json(), seed, torch.__version__]).encode())
    digest.update("\n".join(data.store.clip_ids).encode())
    digest.update(json.dumps({name: list(names) for name, names in data.classes.items()}).encode())
    for rows in (data.labelled_rows, data.pool_rows, data.test_rows):
        digest.update(np.asarray(rows, dtype=np.int64).tobytes())
    for name in sorted(data.targets):
        digest.update(_doubles(data.targets[name]).tobytes())
    return digest.hexdigest()


def _doubles(values: NDArray[np.floating]) -> NDArray[np.float64]:
    return np.ascontiguousarray(values, dtype=np.float64)
