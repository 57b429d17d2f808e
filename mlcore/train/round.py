"""One round: train on labels, judge on the test subjects, score the pool."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from mlcore.acquire import PoolScores
from mlcore.evaluate import Evaluation, report
from mlcore.train.config import RoundConfig
from mlcore.train.data import Hooks, Learnt, Progress, RoundData, RoundResult
from mlcore.train.fit import Fit, fit_model
from mlcore.train.loop import SCORING_SHARE, Run
from mlcore.train.model import save_model
from mlcore.train.score import score
from mlcore.train.split import Fold
from mlcore.train.unseen import score_unseen
from mlcore.train.usable import check_data
from mlcore.types import JsonObject


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
    fit, metrics = _learn(data, config, seed=seed, folder=folder, hooks=Hooks(on_progress, should_stop))
    pool = score(fit.model, data.store, data.pool_rows, on_batch=_teller(data, fit.run, before=len(data.test_rows)))
    return RoundResult(metrics, fit.run.history, pool, folder)


def learn_round(
    data: RoundData,
    config: RoundConfig,
    *,
    seed: int,
    folder: Path,
    on_progress: Callable[[Progress], None],
    should_stop: Callable[[], bool],
) -> Learnt:
    """Train and evaluate as `run_round` does, and leave the pool to whoever scores it with the saved model."""
    fit, metrics = _learn(data, config, seed=seed, folder=folder, hooks=Hooks(on_progress, should_stop))
    return Learnt(metrics, fit.run.history, score_unseen(data, fit.model, fit.folds), folder)


def _learn(data: RoundData, config: RoundConfig, *, seed: int, folder: Path, hooks: Hooks) -> tuple[Fit, JsonObject]:
    check_data(data)
    fit = fit_model(data, config, seed=seed, folder=folder, hooks=hooks)
    save_model(fit.model, folder)
    test = score(fit.model, data.store, data.test_rows, on_batch=_teller(data, fit.run, before=0))
    metrics = test_metrics(data, test, fit.model.targets, seed=seed)
    validation = _told(fit.folds) | {"trust": dict(fit.model.trust), "pools": fit.model.pools_json()}
    return fit, metrics | {"validation": validation, "stages": fit.stages, "notes": fit.notes}


def _told(folds: tuple[Fold, ...]) -> JsonObject:
    """For the metrics: how the epochs were chosen."""
    return folds[0].to_json() if len(folds) == 1 else {"by": folds[0].by, "folds": [fold.to_json() for fold in folds]}


def _teller(data: RoundData, run: Run, *, before: int) -> Callable[[int], None]:
    n_rows = len(data.test_rows) + len(data.pool_rows)
    return lambda n_done: _tell_scoring(run, before + n_done, n_rows)


def _tell_scoring(run: Run, n_done: int, n_rows: int) -> None:
    run.stop_if_asked()
    last = run.history[-1]
    share = n_done / max(n_rows, 1)
    run.hooks.on_progress(
        Progress(
            "scoring", n_done, n_rows, last["loss"], last["validation_loss"], 1 - SCORING_SHARE * (1 - share), None
        )
    )


def test_metrics(data: RoundData, scores: PoolScores, targets: Iterable[str], *, seed: int) -> JsonObject:
    """Report on the test rows: fused at the top level, each modality alone and fused under "by_modality"."""
    learnt = tuple(targets)
    fused = _evaluation(data, {name: scores.probabilities(name) for name in learnt})
    alone = {name: _evaluation(data, scores.probabilities_by_modality(name)) for name in scores.alpha_by_modality}
    whole = report(fused, seed=seed)
    parts = {name: report(one, seed=seed) for name, one in (alone | {"fused": fused}).items()}
    kept = ("n_clips", "by_target", "mean_balanced_accuracy")
    return whole | {"by_modality": {name: {key: part[key] for key in kept} for name, part in parts.items()}}


def _evaluation(data: RoundData, said: Mapping[str, NDArray[np.float64]]) -> Evaluation:
    return Evaluation(
        subjects=data.store.subjects[data.test_rows],
        trials=data.trials()[data.test_rows],
        targets={name: _doubles(data.test_targets[name]) for name in said},
        probabilities=said,
    )


def _doubles(values: NDArray[np.floating]) -> NDArray[np.float64]:
    return np.ascontiguousarray(values, dtype=np.float64)
