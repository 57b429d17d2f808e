"""What is settled after training, on labelled clips that the voice in question has not learnt from."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from mlcore.evaluate import hard_classes
from mlcore.train.data import RoundData
from mlcore.train.experts import Expert, fit_expert
from mlcore.train.held_out import HeldOut, ask_held_out
from mlcore.train.model import TrainedModel
from mlcore.train.pool import Pool, Voice, fit_pool
from mlcore.train.settle_traces import settle_traces
from mlcore.train.split import Fold
from mlcore.train.tensors import load_summaries

Floats = NDArray[np.float64]
#: share that a modality keeps in the fusion however badly it did on the clips held back, which are few
LEAST_TRUST = 0.1


def settle(data: RoundData, model: TrainedModel, folds: Sequence[Fold]) -> TrainedModel:
    """The model with its experts fitted, its modalities' trust, and the coefficients of its pools."""
    held = ask_held_out(data, model, folds)
    targets = {name: np.asarray(data.targets[name], dtype=np.float64) for name in model.targets}
    experts = _fit_experts(data, model, folds) if model.net.has_experts() else {}
    for (modality, target), expert in experts.items():
        model.net.set_expert(modality, target, expert.model)
    pools = {name: _fit_pool(held, experts, name, values) for name, values in targets.items()}
    settled = replace(model, trust=_trust(held, targets), pools=pools)
    return settle_traces(data, settled, folds=folds, held=held)


def _fit_experts(data: RoundData, model: TrainedModel, folds: Sequence[Fold]) -> dict[tuple[str, str], Expert]:
    store, rows = data.store, data.labelled_rows
    experts = {}
    for modality in model.modalities:
        x = load_summaries(store, modality, rows, scaler=model.scalers[modality])
        present = store.present(modality)[rows]
        for target in model.targets:
            y = np.asarray(data.targets[target], dtype=np.float64)
            usable = present & ~np.isnan(y).any(axis=1)
            if usable.any():
                balance = model.config.class_balance
                experts[modality, target] = fit_expert(
                    x, y, usable=usable, folds=folds, balance=balance, clip_weights=data.weight_of(target)
                )
    return experts


def _fit_pool(held: HeldOut, experts: Mapping[tuple[str, str], Expert], target: str, values: Floats) -> Pool:
    voices = {}
    for modality, by_target in held.log_evidence.items():
        own, expert = by_target[target], experts.get((modality, target))
        logits = np.zeros_like(own) if expert is None else np.nan_to_num(expert.held_out[held.places])
        voices[modality] = Voice(own, logits, held.quality[modality])
    return fit_pool(voices, values[held.places], has_experts=bool(experts))


def _trust(held: HeldOut, targets: Mapping[str, Floats]) -> dict[str, float]:
    """What each modality's evidence counts in the fusion, by its balanced accuracy above chance on held-back clips.

    The best modality counts 1 and the others in proportion, never less than `LEAST_TRUST`: a modality from which
    nothing could be learnt should not water down the other. 1 for all where nothing was held back.
    """
    skill = {name: _skill(held, name, targets) for name in held.evidence}
    best = max(skill.values(), default=0.0)
    return {name: max(value / best, LEAST_TRUST) if best > 0 else 1.0 for name, value in skill.items()}


def _skill(held: HeldOut, modality: str, targets: Mapping[str, Floats]) -> float:
    """Mean over the targets of (balanced accuracy − 1/K) / (1 − 1/K), K the classes that occur; never below 0."""
    found = []
    for name, evidence in held.evidence[modality].items():
        true = hard_classes(targets[name][held.places])
        judged = (true >= 0) & (held.quality[modality] > 0)
        classes = np.unique(true[judged])
        if len(classes) < 2:
            continue
        said = evidence[judged].argmax(axis=1)
        recalls = [float((said[true[judged] == one] == one).mean()) for one in classes]
        chance = 1 / len(classes)
        found.append((float(np.mean(recalls)) - chance) / (1 - chance))
    return max(float(np.mean(found)), 0.0) if found else 0.0
