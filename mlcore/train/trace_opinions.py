"""How networks and experts follow the traces of clips, before it is brought together; standardised scale."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from mlcore.nets import ClipInput
from mlcore.store import ModalityMeta
from mlcore.train.committee import Committee
from mlcore.train.trace_features import features_of
from mlcore.train.traces import read_steps

Floats = NDArray[np.float64]


def follow_each(committee: Committee, modality: str, x: ClipInput, *, members: Sequence[int]) -> dict[str, Floats]:
    """Every trace target by every head of some networks; -> (R, n, T) each. Without trace targets nothing is read."""
    names = committee.trace_values if members else {}
    if not names:
        return {}
    nets = [committee.member(number) for number in members]
    with torch.no_grad():
        said = [net.branch(modality).follow(read_steps(net, modality, x)) for net in nets]
    return {name: _doubles(torch.cat([one[name] for one in said])) for name in names}


def follow_experts(committee: Committee, modality: str, x: ClipInput, *, meta: ModalityMeta) -> dict[str, Floats]:
    """Every trace target by the modality's linear expert, zeros where there is none; -> (n, T) each."""
    return {
        name: _follow_expert(committee, modality, name, x, meta=meta, n_values=n_values)
        for name, n_values in committee.trace_values.items()
    }


def _follow_expert(
    committee: Committee, modality: str, target: str, x: ClipInput, *, meta: ModalityMeta, n_values: int
) -> Floats:
    if not committee.has_experts():
        return np.zeros((len(x), n_values))
    features = torch.from_numpy(features_of(x, meta, n_values=n_values)).float()
    with torch.no_grad():
        return _doubles(committee.follow_expert(modality, target, features.to(x.summary.device)))


def _doubles(values: Tensor) -> Floats:
    return values.cpu().double().numpy()
