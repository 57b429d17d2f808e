"""What a network's stages learn from: its labelled clips, unlabelled company for the student, its validation fold."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np
import torch
from numpy.typing import NDArray

from mlcore.store import ModalityMeta
from mlcore.train.data import RoundData, Rows
from mlcore.train.model import TrainedModel
from mlcore.train.split import Fold
from mlcore.train.tensors import Clips, class_weights, load_clips

Floats = NDArray[np.float64]
Answers = Mapping[str, Floats]


@dataclass(frozen=True, slots=True)
class Material:
    """What both stages learn from.

    Args:
        train: labelled clips, then unlabelled ones (weights 0, traces NaN).
        n_labelled: how many of `train` are labelled.
        validation: the fold that chooses the epoch; may be empty.
        modalities: what each modality is.
        seed: of what each head draws; not of the run's generators, which a resumed run finds elsewhere.
    """

    train: Clips
    n_labelled: int
    validation: Clips
    modalities: Mapping[str, ModalityMeta]
    seed: int


def gather_material(data: RoundData, model: TrainedModel, fold: Fold, *, seed: int) -> Material:
    """Read the clips of one network's fold; its traces come on the model's scale."""
    targets = {name: _doubles(data.targets[name]) for name in model.targets}
    traces = {name: scale.standardise(data.traces[name]) for name, scale in model.traces.items()}
    weights = {
        name: class_weights(values[fold.train], balance=model.config.class_balance) for name, values in targets.items()
    }
    flat = {name: np.ones_like(values) for name, values in weights.items()}
    extra = _unlabelled_rows(data, model, fold, seed=seed)
    counted = {name: data.weight_of(name) for name in targets}
    rows = np.concatenate([data.labelled_rows[fold.train], extra])
    train, followed = (_and_unscored(one, fold.train, n_extra=len(extra)) for one in (targets, traces))
    held, held_traces, held_counted = (
        {name: y[fold.validation] for name, y in one.items()} for one in (targets, traces, counted)
    )
    # nobody answered the unlabelled clips: what they would count is never asked
    heard = {name: np.concatenate([w[fold.train], np.zeros(len(extra))]) for name, w in counted.items()}
    return Material(
        train=_load(data, model, rows, targets=train, weights=(weights, heard), traces=followed),
        n_labelled=int(fold.train.sum()),
        validation=_load(
            data,
            model,
            data.labelled_rows[fold.validation],
            targets=held,
            weights=(flat, held_counted),
            traces=held_traces,
        ),
        modalities=model.modalities,
        seed=seed,
    )


def _and_unscored(answers: Answers, where: NDArray[np.bool_], *, n_extra: int) -> dict[str, Floats]:
    """The answers of some clips, then NaN for clips that nobody answered."""
    return {name: np.concatenate([y[where], np.full((n_extra, y.shape[1]), np.nan)]) for name, y in answers.items()}


def _load(
    data: RoundData,
    model: TrainedModel,
    rows: Rows,
    *,
    targets: Answers,
    weights: tuple[Answers, Answers],
    traces: Answers,
) -> Clips:
    """`weights`: of the classes, and of the clips."""
    device = next(model.net.parameters()).device
    clips = load_clips(
        data.store,
        model.scalers,
        rows,
        targets=targets,
        class_weights=weights[0],
        clip_weights=weights[1],
        trials=data.trials()[rows],
        device=device,
    )
    on_device = {name: torch.from_numpy(values.astype(np.float32)).to(device) for name, values in traces.items()}
    return replace(clips, traces=on_device)


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
    return np.asarray(rows[np.sort(chosen)], dtype=np.int64)


def _doubles(values: NDArray[np.floating]) -> Floats:
    return np.ascontiguousarray(values, dtype=np.float64)
