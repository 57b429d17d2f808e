"""What is settled after training for traces, on labelled clips that the voice in question has not learnt from."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from mlcore.store import ModalityKind
from mlcore.train.data import RoundData
from mlcore.train.held_out import HeldOut
from mlcore.train.model import TrainedModel
from mlcore.train.split import Fold
from mlcore.train.trace_experts import TraceExpert, fit_trace_expert
from mlcore.train.trace_features import trace_features
from mlcore.train.trace_pool import TracePool, TraceVoice, fit_trace_pool

Floats = NDArray[np.float64]
Experts = Mapping[tuple[str, str], TraceExpert]


def settle_traces(data: RoundData, model: TrainedModel, *, folds: Sequence[Fold], held: HeldOut) -> TrainedModel:
    """The model with the experts of its traces fitted, and the coefficients of their pools."""
    truth = {name: scale.standardise(data.traces[name]) for name, scale in model.traces.items()}
    experts = _fit_experts(data, model, truth, folds) if model.net.has_experts() else {}
    for (modality, target), expert in experts.items():
        model.net.set_expert(modality, target, expert.model)
    return replace(model, trace_pools={name: _fit_pool(held, experts, name, y) for name, y in truth.items()})


def _fit_experts(
    data: RoundData, model: TrainedModel, truth: Mapping[str, Floats], folds: Sequence[Fold]
) -> dict[tuple[str, str], TraceExpert]:
    experts = {}
    for target, y in truth.items():
        for modality in model.modalities:
            usable = data.store.present(modality)[data.labelled_rows]
            if (usable[:, None] & ~np.isnan(y)).any():
                x = _features(data, model, modality, n_values=y.shape[1])
                experts[modality, target] = fit_trace_expert(x, y, usable=usable, folds=folds)
    return experts


def _features(data: RoundData, model: TrainedModel, modality: str, *, n_values: int) -> Floats:
    """Of the labelled clips (n, T, S)."""
    rows, scaler = data.labelled_rows, model.scalers[modality]
    clips, subjects = data.store.gather(modality, rows), data.store.subjects[rows]
    is_track = scaler.meta.kind is ModalityKind.SEQUENCE
    tracks = scaler.apply(clips, subjects) if is_track else None
    return trace_features(scaler.summaries(clips, subjects), tracks, n_values=n_values)


def _fit_pool(held: HeldOut, experts: Experts, target: str, truth: Floats) -> TracePool:
    voices = {}
    for modality, by_target in held.traces.items():
        networks, expert = by_target[target], experts.get((modality, target))
        said = np.zeros_like(networks) if expert is None else np.nan_to_num(expert.held_out[held.places])
        voices[modality] = TraceVoice(networks, said, held.quality[modality] > 0)
    return fit_trace_pool(voices, truth[held.places], has_experts=bool(experts))
