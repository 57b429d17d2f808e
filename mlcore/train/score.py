"""A model's opinion of any clips, read from the store batch by batch."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from mlcore.acquire import PoolScores
from mlcore.errors import StoreError
from mlcore.evidence import dissonance, fuse, total_uncertainty, vacuity
from mlcore.nets import Reading, alpha_of, evidence_of
from mlcore.store import Store
from mlcore.train.model import TrainedModel
from mlcore.train.objective import read_inputs
from mlcore.train.scaling import Scaler
from mlcore.train.tensors import load_inputs

Rows = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class _Part:
    """Opinions of one batch: alphas per target (n, K), fused and by modality, and the agreement (n,)."""

    fused: dict[str, Tensor]
    by_modality: dict[str, dict[str, Tensor]]
    agreement: Tensor


def score(
    model: TrainedModel,
    store: Store,
    rows: Rows,
    *,
    batch_size: int = 256,
    on_batch: Callable[[int], None] = lambda n_done: None,
) -> PoolScores:
    """Score clips with every modality that they and the model have.

    A clip without any gets α = 1 (p uniform, vacuity 1), as does a target that the model did not learn. Subjects that
    the model does not know are standardised by their own clips in the store.

    Args:
        model: its net decides the device.
        store: need not be the one that it was trained on.
        rows: (n,).
        batch_size: clips read at a time.
        on_batch: called with the number of clips done; may raise to stop.

    Raises:
        StoreError: a modality of the store does not fit the model.
    """
    rows = np.asarray(rows, dtype=np.int64)
    scalers = _scalers(model, store, rows)
    parts = []
    model.net.eval()
    for start in range(0, len(rows), batch_size):
        parts.append(_score_batch(model, store, rows[start : start + batch_size], scalers))
        on_batch(min(start + batch_size, len(rows)))
    return _collect(model, rows, parts, tuple(scalers))


def _scalers(model: TrainedModel, store: Store, rows: Rows) -> dict[str, Scaler]:
    """Scalers of the modalities that both have, knowing every subject of the rows."""
    shared = [name for name in model.modalities if name in store.meta.modalities]
    for name in shared:
        expected, got = model.modalities[name], store.meta.modalities[name]
        if (expected.kind, expected.shape, expected.sfreq) != (got.kind, got.shape, got.sfreq):
            raise StoreError(
                f"{name}: the model reads {expected.kind} {list(expected.shape)} at {expected.sfreq} Hz, "
                f"the store holds {got.kind} {list(got.shape)} at {got.sfreq} Hz"
            )
    return {name: model.scalers[name].knowing(store, name, store.subjects[rows]) for name in shared}


def _score_batch(model: TrainedModel, store: Store, rows: Rows, scalers: Mapping[str, Scaler]) -> _Part:
    readings = {name: _read(model, store, name, rows, scaler) for name, scaler in scalers.items()}
    present = {name: torch.from_numpy(store.present(name)[rows]) for name in scalers}
    quality = {name: torch.from_numpy(store.quality(name)[rows]).float() * present[name] for name in scalers}
    weight = {name: quality[name] * model.trust.get(name, 1.0) for name in scalers}
    power = model.config.conflict_power
    return _Part(
        fused={target: _fused(readings, weight, target, power=power) for target in model.targets} if readings else {},
        by_modality={
            name: {target: _where(alpha_of(logits), present[name]) for target, logits in reading.logits.items()}
            for name, reading in readings.items()
        },
        agreement=_agreement(model, readings, present, len(rows)),
    )


def _read(model: TrainedModel, store: Store, modality: str, rows: Rows, scaler: Scaler) -> Reading:
    """Reading of one batch, in double precision on the CPU: closed forms lose digits in single precision."""
    device = next(model.net.parameters()).device
    with torch.no_grad():
        reading = read_inputs(model.net, modality, load_inputs(store, modality, rows, scaler=scaler, device=device))
    logits = {target: values.cpu().double() for target, values in reading.logits.items()}
    return Reading(reading.feature.cpu(), reading.z.cpu().double(), logits)


def _fused(readings: Mapping[str, Reading], quality: Mapping[str, Tensor], target: str, *, power: float) -> Tensor:
    evidence = torch.stack([evidence_of(reading.logits[target]) for reading in readings.values()])
    weight = torch.stack([quality[name] for name in readings]).double()
    return fuse(evidence, weight, conflict_power=power) + 1


def _agreement(
    model: TrainedModel, readings: Mapping[str, Reading], present: Mapping[str, Tensor], n_rows: int
) -> Tensor:
    pair = (model.config.student_modality, model.config.teacher_modality)
    if not all(name in readings for name in pair):
        return torch.full((n_rows,), torch.nan, dtype=torch.float64)
    cosine = (readings[pair[0]].z * readings[pair[1]].z).sum(-1)
    return _where(((cosine + 1) / 2).clamp(0, 1), present[pair[0]] & present[pair[1]])


def _where(values: Tensor, keep: Tensor) -> Tensor:
    """Rows that are not kept become NaN."""
    shape = (-1,) + (1,) * (values.ndim - 1)
    return torch.where(keep.view(shape), values, torch.full_like(values, torch.nan))


def _collect(model: TrainedModel, rows: Rows, parts: list[_Part], modalities: tuple[str, ...]) -> PoolScores:
    alpha = {name: _alpha(name, model, len(rows), [part.fused for part in parts]) for name in model.classes}
    entropies = {name: total_uncertainty(values) for name, values in alpha.items()}
    relative = [values / np.log(len(model.classes[name])) for name, values in entropies.items()]
    return PoolScores(
        rows=rows,
        alpha={name: values.numpy() for name, values in alpha.items()},
        entropy={name: values.numpy() for name, values in entropies.items()},
        mean_entropy=torch.stack(relative).mean(0).numpy(),
        vacuity={name: vacuity(values).numpy() for name, values in alpha.items()},
        dissonance={name: dissonance(values).numpy() for name, values in alpha.items()},
        agreement=torch.cat([part.agreement for part in parts]).numpy() if parts else np.zeros(0),
        alpha_by_modality={
            modality: {
                target: _alpha(target, model, len(rows), [part.by_modality[modality] for part in parts]).numpy()
                for target in model.targets
            }
            for modality in modalities
        },
    )


def _alpha(target: str, model: TrainedModel, n_rows: int, parts: list[dict[str, Tensor]]) -> Tensor:
    if parts and all(target in part for part in parts):
        return torch.cat([part[target] for part in parts])
    return torch.ones(n_rows, len(model.classes[target]), dtype=torch.float64)
