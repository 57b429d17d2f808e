"""A model's opinion of any clips, read from the store batch by batch."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from contextlib import closing
from dataclasses import dataclass
from functools import partial

import numpy as np
import torch
from numpy.typing import NDArray

from mlcore.acquire import PoolScores
from mlcore.errors import StoreError
from mlcore.evidence import dissonance, total_uncertainty, vacuity
from mlcore.evidence.ensemble import disagreement
from mlcore.nets import ClipInput
from mlcore.store import Store
from mlcore.train.ahead import prepared_ahead
from mlcore.train.model import TrainedModel
from mlcore.train.opinions import Opinion, ask
from mlcore.train.said import Said, absent, join, say, where
from mlcore.train.scaling import Scaler
from mlcore.train.tensors import load_modalities
from mlcore.train.trace_score import Followed, follow, join_traces, join_variance

Rows = NDArray[np.int64]
Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class _Part:
    """One batch: what all modalities say together and each alone; disagreement per target, agreement (n,), traces."""

    together: dict[str, Said]
    alone: dict[str, dict[str, Said]]
    disagreement: dict[str, Floats]
    agreement: Floats
    followed: Followed


def score(
    model: TrainedModel,
    store: Store,
    rows: Rows,
    *,
    modalities: Iterable[str] | None = None,
    batch_size: int = 256,
    on_batch: Callable[[int], None] = lambda n_done: None,
) -> PoolScores:
    """Score clips with every modality that they and the model have.

    A clip without any gets α = 1 (p uniform, vacuity 1) and a trace of NaN; α = 1 as well for a class target that the
    model did not learn. Subjects that the model does not know are standardised by their own clips in the store.

    Args:
        model: its net decides the device.
        store: need not be the one that it was trained on.
        rows: (n,).
        modalities: those that may be read; all if None.
        batch_size: clips read at a time.
        on_batch: called with the number of clips done; may raise to stop.

    Raises:
        StoreError: a modality of the store does not fit the model, or the model has none of that name.
    """
    rows = np.asarray(rows, dtype=np.int64)
    scalers = scalers_for(model, store, rows, modalities=modalities)
    device = next(model.net.parameters()).device
    batches = [rows[start : start + batch_size] for start in range(0, len(rows), batch_size)]
    read = prepared_ahead(partial(load_modalities, store, scalers=scalers, device=device), batches)
    parts: list[_Part] = []
    model.net.eval()
    with closing(read):
        for batch, loaded in zip(batches, read, strict=True):
            parts.append(_score_batch(model, store, batch, scalers, loaded))
            on_batch(min(len(parts) * batch_size, len(rows)))
    return _collect(model, rows, parts, tuple(scalers))


def scalers_for(
    model: TrainedModel, store: Store, rows: Rows, *, modalities: Iterable[str] | None = None
) -> dict[str, Scaler]:
    """Scalers of the modalities that both have, knowing every subject of the rows.

    Raises:
        StoreError: a modality of the store does not fit the model, or the model has none of that name.
    """
    wanted = tuple(model.modalities if modalities is None else modalities)
    unknown = [name for name in wanted if name not in model.modalities]
    if unknown:
        raise StoreError(f"modalities: the model reads {', '.join(model.modalities)}, not {unknown[0]}")
    shared = [name for name in model.modalities if name in wanted and name in store.meta.modalities]
    for name in shared:
        expected, got = model.modalities[name], store.meta.modalities[name]
        if (expected.kind, expected.shape, expected.sfreq) != (got.kind, got.shape, got.sfreq):
            raise StoreError(
                f"{name}: the model reads {expected.kind} {list(expected.shape)} at {expected.sfreq} Hz, "
                f"the store holds {got.kind} {list(got.shape)} at {got.sfreq} Hz"
            )
    return {name: model.scalers[name].knowing(store, name, store.subjects[rows]) for name in shared}


def _score_batch(
    model: TrainedModel, store: Store, rows: Rows, scalers: Mapping[str, Scaler], loaded: Mapping[str, ClipInput]
) -> _Part:
    members = range(len(model.net.members))
    opinions = ask(model.net, store, rows, scalers=scalers, targets=model.targets, members=members, loaded=loaded)
    alone = {name: where(say(model, {name: one}), one.present) for name, one in opinions.items()}
    return _Part(
        together=say(model, opinions) if opinions else {},
        alone=alone,
        disagreement={target: _disagreement(opinions, target) for target in model.targets} if opinions else {},
        agreement=_agreement(model, opinions, len(rows)),
        followed=follow(model, opinions, n_clips=len(rows)),
    )


def _disagreement(opinions: Mapping[str, Opinion], target: str) -> Floats:
    """Mutual information between the class and which network or head is asked, mean over the modalities there are."""
    each = []
    for one in opinions.values():
        alpha = torch.from_numpy(one.evidence[target] + 1)
        found = disagreement(alpha / alpha.sum(-1, keepdim=True)).numpy()
        each.append(np.where(one.present, found, np.nan))
    known = ~np.isnan(each)
    return np.asarray(np.nansum(each, axis=0) / np.maximum(known.sum(axis=0), 1))


def _agreement(model: TrainedModel, opinions: Mapping[str, Opinion], n_rows: int) -> Floats:
    """(cos + 1)/2 between the two modalities' places, mean over networks and heads."""
    pair = (model.config.student_modality, model.config.teacher_modality)
    if not all(name in opinions for name in pair):
        return np.full(n_rows, np.nan)
    one, other = (opinions[name] for name in pair)
    cosine = (one.z * other.z).sum(axis=-1).mean(axis=0)
    return absent(np.clip((cosine + 1) / 2, 0, 1), one.present & other.present)


def _collect(model: TrainedModel, rows: Rows, parts: list[_Part], modalities: tuple[str, ...]) -> PoolScores:
    together = join(model, [part.together for part in parts], n_rows=len(rows))
    alone = {name: join(model, [part.alone[name] for part in parts], n_rows=len(rows)) for name in modalities}
    tensors = {name: torch.from_numpy(one.alpha) for name, one in together.items()}
    entropies = {name: total_uncertainty(values).numpy() for name, values in tensors.items()}
    learnt = model.targets
    relative = [values / np.log(len(model.classes[name])) for name, values in entropies.items()]
    return PoolScores(
        rows=rows,
        alpha={name: one.alpha for name, one in together.items()},
        entropy=entropies,
        mean_entropy=np.mean(relative, axis=0) if relative else np.zeros(len(rows)),
        vacuity={name: vacuity(values).numpy() for name, values in tensors.items()},
        dissonance={name: dissonance(values).numpy() for name, values in tensors.items()},
        agreement=np.concatenate([part.agreement for part in parts]) if parts else np.zeros(0),
        disagreement={
            name: np.concatenate([part.disagreement[name] for part in parts])
            for name in model.targets
            if parts and all(name in part.disagreement for part in parts)
        },
        predicted={name: one.p for name, one in together.items()},
        predicted_by_modality={name: {target: said[target].p for target in learnt} for name, said in alone.items()},
        alpha_by_modality={name: {target: said[target].alpha for target in learnt} for name, said in alone.items()},
        traces=join_traces(model, [part.followed for part in parts]),
        trace_variance=join_variance([part.followed for part in parts]),
    )
