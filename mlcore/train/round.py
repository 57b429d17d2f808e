"""One round: train teacher and student on labels, judge them on the test subjects, score the pool."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray

from mlcore.acquire import PoolScores
from mlcore.evaluate import Evaluation, hard_classes, report
from mlcore.nets import ConcordNet
from mlcore.train.checkpoint import read_checkpoint
from mlcore.train.config import RoundConfig
from mlcore.train.data import Hooks, Progress, RoundData, RoundResult, Rows, Usable, check_data, find_usable
from mlcore.train.loop import SCORING_SHARE, Run, Stage, run_stage
from mlcore.train.model import TrainedModel, build_net, save_model
from mlcore.train.scaling import fit_scaler
from mlcore.train.score import score
from mlcore.train.split import Fold, choose_fold
from mlcore.train.stages import Material, lone_student_stage, student_stage, teacher_stage
from mlcore.train.tensors import Clips, class_weights, load_clips, pick_device
from mlcore.types import JsonObject

Doubles = Mapping[str, NDArray[np.float64]]
#: share that a modality keeps in the fusion however badly it did on the validation fold, which is small
LEAST_TRUST = 0.1
StageMaker = Callable[[ConcordNet, Material, RoundConfig], Stage]


def run_round(
    data: RoundData,
    config: RoundConfig,
    *,
    seed: int,
    folder: Path,
    on_progress: Callable[[Progress], None],
    should_stop: Callable[[], bool],
) -> RoundResult:
    """Train, evaluate, score; again with the same arguments and folder, go on where it stopped.

    On a CPU with a fixed number of threads the result is a function of data, configuration and seed to the bit,
    whether or not it was interrupted. torch's global generators are left as they were found.

    Args:
        data: rows and labels; test rows are read for evaluation only.
        config: every weight and size.
        seed: decides validation fold, weights, batches and dropout.
        folder: made if need be; holds the checkpoint, then model.safetensors and model.json.
        on_progress: called after each epoch and each scored batch.
        should_stop: asked before each step.

    Returns:
        Metrics on the test rows (see `mlcore.evaluate.report`), with "by_modality", "validation", "stages" and
        "notes" beside them; the history of the epochs; the pool's scores; the model's folder.

    Raises:
        TrainingError: there is nothing to learn from, in one sentence.
        Cancelled: `should_stop` said so; the checkpoint stays.
    """
    check_data(data)
    usable = find_usable(data, modalities=(config.teacher_modality, config.student_modality))
    folder.mkdir(parents=True, exist_ok=True)
    hooks = Hooks(on_progress, should_stop)
    device = pick_device(config.device)
    with torch.random.fork_rng(devices=[torch.cuda.current_device()] if device.type == "cuda" else []):
        torch.manual_seed(seed)
        model, fold, run, stages = _train(data, config, usable, seed=seed, folder=folder, hooks=hooks, device=device)
    model = replace(model, trust=trust_of(data, model, fold))
    save_model(model, folder)
    pool, metrics = _judge(data, model, run, seed=seed)
    metrics |= {"validation": fold.to_json() | {"trust": dict(model.trust)}, "stages": stages, "notes": usable.notes}
    return RoundResult(metrics, run.history, pool, folder)


def _train(
    data: RoundData,
    config: RoundConfig,
    usable: Usable,
    *,
    seed: int,
    folder: Path,
    hooks: Hooks,
    device: torch.device,
) -> tuple[TrainedModel, Fold, Run, JsonObject]:
    fold = _fold(data, config, usable, seed=seed)
    model = _untrained(data, config, usable, fold)
    model.net.to(device)
    material = _material(data, model, fold, seed=seed, device=device)
    makers = _stages(usable, config)
    signature = _signature(data, config, seed=seed)
    run = Run(model.net, folder, signature, hooks, tuple(makers), read_checkpoint(folder, signature=signature))
    ends: JsonObject = {}
    for name, make in makers.items():
        if not run.is_past(name):
            run_stage(make(model.net, material, config), run)
        ends[name] = _stage_summary(run, name)
    return model, fold, run, ends


def _stages(usable: Usable, config: RoundConfig) -> dict[str, StageMaker]:
    """Teacher then student; alone where the labelled clips have only one modality."""
    stages: dict[str, StageMaker] = {}
    if config.teacher_modality in usable.modalities:
        stages["teacher"] = teacher_stage
    if config.student_modality in usable.modalities:
        stages["student"] = student_stage if stages else lone_student_stage
    return stages


def _stage_summary(run: Run, name: str) -> JsonObject:
    """How many epochs a stage took and which one was kept: the best by validation loss, else the last."""
    rows = [row for row in run.history if row["stage"] == name]
    known = [row for row in rows if row["validation_loss"] is not None]
    kept = min(known, key=lambda row: float(row["validation_loss"])) if known else rows[-1]
    return {"n_epochs": len(rows), "best_epoch": kept["epoch"], "validation_loss": kept["validation_loss"]}


def _fold(data: RoundData, config: RoundConfig, usable: Usable, *, seed: int) -> Fold:
    rows = data.labelled_rows
    columns = [
        np.where(data.store.present(modality)[rows], hard_classes(_doubles(data.targets[target])), -1)
        for modality in usable.modalities
        for target in usable.targets
    ]
    return choose_fold(
        data.store.subjects[rows],
        data.trials()[rows],
        np.stack(columns, axis=1),
        share=config.validation_share,
        seed=seed,
    )


def _untrained(data: RoundData, config: RoundConfig, usable: Usable, fold: Fold) -> TrainedModel:
    """The model with its scalers fitted: the common scale on training rows, each subject's on its own clips."""
    store = data.store
    modalities = {name: store.meta.modalities[name] for name in usable.modalities}
    everyone = np.unique(store.subjects[np.concatenate([data.labelled_rows, data.pool_rows, data.test_rows])])
    train_rows = data.labelled_rows[fold.train]
    scalers = {
        name: fit_scaler(store, name, train_rows=train_rows, subjects=everyone, limit=config.clip_limit)
        for name in modalities
    }
    return TrainedModel(
        net=build_net(modalities, data.classes, usable.targets, config),
        config=config,
        classes=data.classes,
        targets=usable.targets,
        modalities=modalities,
        scalers=scalers,
        feature_versions=store.meta.versions,
    )


def _material(data: RoundData, model: TrainedModel, fold: Fold, *, seed: int, device: torch.device) -> Material:
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
    )


def _unlabelled_rows(data: RoundData, model: TrainedModel, fold: Fold, *, seed: int) -> Rows:
    """Pool clips with both modalities, of nobody who is in the validation fold or among the test subjects."""
    config, store = model.config, data.store
    pair = (config.teacher_modality, config.student_modality)
    if not config.use_unlabelled or not all(name in model.modalities for name in pair):
        return np.zeros(0, dtype=np.int64)
    held_back = data.labelled_rows[fold.validation] if fold.by == "subject" else np.zeros(0, dtype=np.int64)
    outside = set(store.subjects[np.concatenate([held_back, data.test_rows])])
    is_paired = store.present(pair[0]) & store.present(pair[1])
    rows = np.array([row for row in data.pool_rows if is_paired[row] and store.subjects[row] not in outside], np.int64)
    chosen = np.random.default_rng(seed).permutation(len(rows))[: config.max_unlabelled_clips]
    return rows[np.sort(chosen)]


def _judge(data: RoundData, model: TrainedModel, run: Run, *, seed: int) -> tuple[PoolScores, JsonObject]:
    n_rows = len(data.test_rows) + len(data.pool_rows)

    def told(before: int) -> Callable[[int], None]:
        return lambda n_done: _tell_scoring(run, before + n_done, n_rows)

    test = score(model, data.store, data.test_rows, on_batch=told(0))
    pool = score(model, data.store, data.pool_rows, on_batch=told(len(data.test_rows)))
    return pool, test_metrics(data, test, model.targets, seed=seed)


def _tell_scoring(run: Run, n_done: int, n_rows: int) -> None:
    run.stop_if_asked()
    last = run.history[-1]
    share = n_done / n_rows
    run.hooks.on_progress(
        Progress(
            "scoring", n_done, n_rows, last["loss"], last["validation_loss"], 1 - SCORING_SHARE * (1 - share), None
        )
    )


def test_metrics(data: RoundData, scores: PoolScores, targets: Iterable[str], *, seed: int) -> JsonObject:
    """Report on the test rows: fused at the top level, each modality alone and fused under "by_modality"."""
    learnt = tuple(targets)
    fused = _evaluation(data, {name: scores.alpha[name] for name in learnt})
    alone = {name: _evaluation(data, alphas) for name, alphas in scores.alpha_by_modality.items()}
    whole = report(fused, seed=seed)
    parts = {name: report(one, seed=seed) for name, one in (alone | {"fused": fused}).items()}
    kept = ("n_clips", "by_target", "mean_balanced_accuracy")
    return whole | {"by_modality": {name: {key: part[key] for key in kept} for name, part in parts.items()}}


def trust_of(data: RoundData, model: TrainedModel, fold: Fold) -> dict[str, float]:
    """What each modality's opinion counts in the fusion, by its balanced accuracy above chance on the validation fold.

    The best modality counts 1 and the others in proportion, never less than `LEAST_TRUST`: a modality from which
    nothing could be learnt should not water down the other. 1 for all where nothing was held back.
    """
    rows = data.labelled_rows[fold.validation]
    scores = score(model, data.store, rows)
    skill = {name: _skill(data, alphas, fold) for name, alphas in scores.alpha_by_modality.items()}
    best = max(skill.values(), default=0.0)
    return {name: max(value / best, LEAST_TRUST) if best > 0 else 1.0 for name, value in skill.items()}


def _skill(data: RoundData, alphas: Mapping[str, NDArray[np.float64]], fold: Fold) -> float:
    """Mean over the targets of (balanced accuracy − 1/K) / (1 − 1/K), K the classes that occur; never below 0."""
    found = []
    for name, alpha in alphas.items():
        true = hard_classes(_doubles(data.targets[name])[fold.validation])
        judged = (true >= 0) & ~np.isnan(alpha).any(axis=1)
        classes = np.unique(true[judged])
        if len(classes) < 2:
            continue
        said = alpha[judged].argmax(axis=1)
        recalls = [float((said[true[judged] == one] == one).mean()) for one in classes]
        chance = 1 / len(classes)
        found.append((float(np.mean(recalls)) - chance) / (1 - chance))
    return max(float(np.mean(found)), 0.0) if found else 0.0


def _evaluation(data: RoundData, alphas: Mapping[str, NDArray[np.float64]]) -> Evaluation:
    return Evaluation(
        subjects=data.store.subjects[data.test_rows],
        trials=data.trials()[data.test_rows],
        targets={name: _doubles(data.test_targets[name]) for name in alphas},
        probabilities={name: alpha / alpha.sum(axis=1, keepdims=True) for name, alpha in alphas.items()},
    )


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
