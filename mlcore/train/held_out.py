"""What networks say of labelled clips that they have not learnt from."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from mlcore.train.data import RoundData
from mlcore.train.model import TrainedModel
from mlcore.train.opinions import Opinion, ask
from mlcore.train.split import Fold

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class HeldOut:
    """Labelled clips that some network held back.

    Args:
        places: (n,) places among the labelled clips.
        evidence: per modality and class target (n, K), mean over the heads of the networks that held the clip.
        log_evidence: likewise (n, K), mean of the logarithms.
        quality: per modality (n,), 0 where absent.
        traces: per modality and trace target (n, T), as the evidence, on the standardised scale.
    """

    places: NDArray[np.int64]
    evidence: Mapping[str, Mapping[str, Floats]]
    log_evidence: Mapping[str, Mapping[str, Floats]]
    quality: Mapping[str, Floats]
    traces: Mapping[str, Mapping[str, Floats]]


def ask_held_out(data: RoundData, model: TrainedModel, folds: Sequence[Fold]) -> HeldOut:
    """Ask each network about its own validation fold."""
    places = {number: np.flatnonzero(fold.validation) for number, fold in enumerate(folds) if fold.validation.any()}
    asked = [_ask_member(data, model, number, mine) for number, mine in places.items()]
    return HeldOut(
        places=np.concatenate([np.zeros(0, dtype=np.int64), *places.values()]),
        evidence=_by_target(model, lambda modality, target: _joined(asked, model, modality, target)),
        log_evidence=_by_target(model, lambda modality, target: _joined_logs(asked, model, modality, target)),
        quality={
            modality: np.concatenate([np.zeros(0), *(one[modality].quality for one in asked)])
            for modality in model.modalities
        },
        traces={
            modality: {target: _joined_traces(asked, model, modality, target) for target in model.traces}
            for modality in model.modalities
        },
    )


def _by_target(model: TrainedModel, found: Callable[[str, str], Floats]) -> dict[str, dict[str, Floats]]:
    return {modality: {target: found(modality, target) for target in model.targets} for modality in model.modalities}


def _joined(asked: Sequence[Mapping[str, Opinion]], model: TrainedModel, modality: str, target: str) -> Floats:
    nobody = np.zeros((0, len(model.classes[target])))
    return np.concatenate([nobody, *(one[modality].mean_evidence(target) for one in asked)])


def _joined_logs(asked: Sequence[Mapping[str, Opinion]], model: TrainedModel, modality: str, target: str) -> Floats:
    nobody = np.zeros((0, len(model.classes[target])))
    return np.concatenate([nobody, *(one[modality].mean_log_evidence(target) for one in asked)])


def _joined_traces(asked: Sequence[Mapping[str, Opinion]], model: TrainedModel, modality: str, target: str) -> Floats:
    nobody = np.zeros((0, model.traces[target].n_values))
    return np.concatenate([nobody, *(one[modality].traces[target].mean(axis=0) for one in asked)])


def _ask_member(data: RoundData, model: TrainedModel, number: int, places: NDArray[np.int64]) -> dict[str, Opinion]:
    rows = data.labelled_rows[places]
    return ask(model.net, data.store, rows, scalers=model.scalers, targets=model.targets, members=(number,))
