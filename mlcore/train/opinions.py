"""What networks and experts say of clips, before it is brought together."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from mlcore.evidence import fuse
from mlcore.nets import ClipInput, evidence_of
from mlcore.store import Store
from mlcore.train.committee import Committee
from mlcore.train.objective import read_inputs
from mlcore.train.pool import Voice
from mlcore.train.scaling import Scaler
from mlcore.train.tensors import load_modalities
from mlcore.train.trace_opinions import follow_each, follow_experts
from mlcore.train.trace_pool import TraceVoice

Rows = NDArray[np.int64]
Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Opinion:
    """What one modality says of n clips; meaningless where they lack it.

    Args:
        evidence: per class target of every network and head (R, n, K).
        logits: per class target of the linear expert (n, K); zeros where there is none.
        z: (R, n, d), of every network and head.
        present: (n,) bool.
        quality: (n,) in 0..1, 0 where absent.
        traces: per trace target of every network and head (R, n, T), on the standardised scale.
        expert_traces: per trace target of the linear expert (n, T); zeros where there is none.
    """

    evidence: Mapping[str, Floats]
    logits: Mapping[str, Floats]
    z: Floats
    present: NDArray[np.bool_]
    quality: Floats
    traces: Mapping[str, Floats] = field(default_factory=dict)
    expert_traces: Mapping[str, Floats] = field(default_factory=dict)

    def mean_evidence(self, target: str) -> Floats:
        """Mean over networks and heads (n, K)."""
        return np.asarray(self.evidence[target].mean(axis=0))

    def mean_log_evidence(self, target: str) -> Floats:
        """Mean over networks and heads of ln e (n, K): no single loud head decides where the opinion points."""
        return np.asarray(np.log(self.evidence[target]).mean(axis=0))

    def voice(self, target: str) -> Voice:
        """As the pool hears it."""
        return Voice(self.mean_log_evidence(target), self.logits[target], self.quality)

    def trace_voice(self, target: str, heard: NDArray[np.bool_]) -> TraceVoice:
        """As the pool of a trace hears it, on the clips (n,) that it may be heard on."""
        return TraceVoice(self.traces[target].mean(axis=0), self.expert_traces[target], heard)


def fuse_evidence(
    evidence: Mapping[str, Floats], quality: Mapping[str, Floats], *, trust: Mapping[str, float], power: float
) -> Floats:
    """Discounted fusion of the modalities' evidence, each (n, K), see `mlcore.evidence.fuse`; -> (n, K)."""
    every = torch.from_numpy(np.stack([*evidence.values()]))
    weight = torch.from_numpy(np.stack([quality[name] * trust.get(name, 1.0) for name in evidence]))
    fused: Floats = fuse(every, weight, conflict_power=power).numpy()
    return fused


def ask(
    committee: Committee,
    store: Store,
    rows: Rows,
    *,
    scalers: Mapping[str, Scaler],
    targets: Iterable[str],
    members: Iterable[int],
    loaded: Mapping[str, ClipInput] | None = None,
) -> dict[str, Opinion]:
    """Opinions of some networks, and of the experts, on clips; by modality. Traces are all that the networks follow.

    In double precision from the heads on: closed forms lose digits in single precision. Clips that somebody `loaded`
    by `load_modalities` are not read again.
    """
    names, numbers = tuple(targets), tuple(members)
    device = next(committee.parameters()).device
    inputs = load_modalities(store, rows, scalers=scalers, device=device) if loaded is None else loaded
    return {
        modality: _ask_one(committee, store, modality, rows, x=inputs[modality], targets=names, members=numbers)
        for modality in scalers
    }


def _ask_one(
    committee: Committee,
    store: Store,
    modality: str,
    rows: Rows,
    *,
    x: ClipInput,
    targets: tuple[str, ...],
    members: tuple[int, ...],
) -> Opinion:
    with torch.no_grad():
        readings = [read_inputs(committee.member(number), modality, x) for number in members]
    present = store.present(modality)[rows]
    return Opinion(
        evidence={name: _evidence([one.logits[name] for one in readings]) for name in targets},
        logits={name: _expert(committee, modality, name, x) for name in targets},
        z=_doubles(torch.cat([one.z for one in readings])),
        present=present,
        quality=store.quality(modality)[rows] * present,
        traces=follow_each(committee, modality, x, members=members),
        expert_traces=follow_experts(committee, modality, x, meta=store.meta.modalities[modality]),
    )


def _evidence(logits: list[Tensor]) -> Floats:
    return _doubles(evidence_of(torch.cat(logits).double()))


def _expert(committee: Committee, modality: str, target: str, x: ClipInput) -> Floats:
    if not committee.has_experts():
        return np.zeros((len(x), committee.member(0).bank(target).n_classes))
    with torch.no_grad():
        return _doubles(committee.ask_expert(modality, target, x.summary))


def _doubles(values: Tensor) -> Floats:
    return values.cpu().double().numpy()
