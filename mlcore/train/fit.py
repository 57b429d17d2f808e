"""Training a model: its networks stage by stage, its linear experts, and how their opinions are brought together."""

from __future__ import annotations

from collections.abc import Callable, Sequence
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
from mlcore.train.data import Hooks, RoundData
from mlcore.train.loop import Run, Stage, run_stage
from mlcore.train.material import Material, gather_material
from mlcore.train.model import TrainedModel, build_committee
from mlcore.train.scaling import fit_scaler
from mlcore.train.settle import settle
from mlcore.train.signature import signature_of
from mlcore.train.split import Fold, choose_fold, choose_folds
from mlcore.train.stages import lone_student_stage, student_stage, teacher_stage
from mlcore.train.tensors import pick_device
from mlcore.train.trace_scale import fit_trace_scale
from mlcore.train.usable import Usable, find_usable
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
    signature = signature_of(data, config, seed=seed)
    run = Run(model.net, folder, signature, hooks, names, read_checkpoint(folder, signature=signature))
    for number, fold in enumerate(folds):
        if run.is_past(stage_name([*makers][-1], number)):
            continue
        material = gather_material(data, model, fold, seed=draw_seed(seed, number))
        for stage, make in makers.items():
            if not run.is_past(stage_name(stage, number)):
                made = make(model.net.member(number), material, config)
                run_stage(replace(made, name=stage_name(stage, number)), run)
    return run, {name: _stage_summary(run, name) for name in names}


def draw_seed(seed: int, number: int) -> int:
    """What a network's own draws start from; no two networks of any two rounds share it."""
    return int(np.random.SeedSequence((seed, number)).generate_state(1)[0])


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
    shown = [hard_classes(_doubles(data.targets[target])) for target in usable.targets]
    shown += [_is_scored(data.traces[trace]).astype(np.int64) - 1 for trace in usable.traces]
    columns = [
        np.where(data.store.present(modality)[rows], classes, -1) for modality in usable.modalities for classes in shown
    ]
    subjects, trials, hard = data.store.subjects[rows], data.trials()[rows], np.stack(columns, axis=1)
    if config.n_members == 1:
        return (choose_fold(subjects, trials, hard, share=config.validation_share, seed=seed),)
    return choose_folds(subjects, trials, hard, n_folds=config.n_members, seed=seed)


def _is_scored(trace: NDArray[np.floating]) -> NDArray[np.bool_]:
    """Clips (n,) of which a trace holds at least one value; to a fold they are all of one class."""
    return np.asarray(~np.isnan(trace).all(axis=1))


def _untrained(data: RoundData, config: RoundConfig, usable: Usable, folds: Sequence[Fold]) -> TrainedModel:
    """The model with its scalers fitted: the common scales on training rows, each subject's on its own clips."""
    store = data.store
    modalities = {name: store.meta.modalities[name] for name in usable.modalities}
    everyone = np.unique(store.subjects[np.concatenate([data.labelled_rows, data.pool_rows, data.test_rows])])
    learnt_by_some = np.logical_or.reduce([fold.train for fold in folds])
    train_rows = data.labelled_rows[learnt_by_some]
    scalers = {
        name: fit_scaler(store, name, train_rows=train_rows, subjects=everyone, limit=config.clip_limit)
        for name in modalities
    }
    traces = {name: fit_trace_scale(data.traces[name][learnt_by_some]) for name in usable.traces}
    return TrainedModel(
        net=build_committee(modalities, data.classes, usable.targets, config, traces=traces),
        config=config,
        classes=data.classes,
        targets=usable.targets,
        modalities=modalities,
        scalers=scalers,
        feature_versions=store.meta.versions,
        traces=traces,
    )


def _doubles(values: NDArray[np.floating]) -> NDArray[np.float64]:
    return np.ascontiguousarray(values, dtype=np.float64)
