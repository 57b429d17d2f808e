"""From opinions of a batch of clips to their scores."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from mlcore.acquire import PoolScores
from mlcore.evidence import dissonance, total_uncertainty, vacuity
from mlcore.evidence.ensemble import disagreement
from mlcore.train.model import TrainedModel
from mlcore.train.opinions import Opinion
from mlcore.train.said import Said, absent, join, say, where
from mlcore.train.trace_score import follow

Rows = NDArray[np.int64]
Floats = NDArray[np.float64]


def judge(
    model: TrainedModel,
    rows: Rows,
    opinions: Mapping[str, Opinion],
    modalities: tuple[str, ...],
    *,
    with_embedding: bool = False,
) -> PoolScores:
    """The scores of n clips.

    Args:
        model: how opinions are brought together.
        rows: (n,) rows of the store.
        opinions: what each modality says of the clips; none where nothing may be read.
        modalities: those that may be read.
        with_embedding: whether to keep the clips' places in the shared space.
    """
    together = join(model, [say(model, opinions)] if opinions else [], n_rows=len(rows))
    alone = {name: join(model, _said_alone(model, name, opinions), n_rows=len(rows)) for name in modalities}
    followed = follow(model, opinions, n_clips=len(rows))
    scores = PoolScores(
        rows=rows,
        **_of_dirichlets(model, {name: one.alpha for name, one in together.items()}, len(rows)),
        agreement=_agreement(model, opinions, len(rows)),
        disagreement={target: _disagreement(opinions, target) for target in model.targets} if opinions else {},
        predicted={name: one.p for name, one in together.items()},
        predicted_by_modality={
            name: {target: said[target].p for target in model.targets} for name, said in alone.items()
        },
        alpha_by_modality={
            name: {target: said[target].alpha for target in model.targets} for name, said in alone.items()
        },
        traces=followed.traces,
        trace_variance=followed.variance,
    )
    return replace(scores, embedding=_embedding(model, opinions, len(rows))) if with_embedding else scores


def _said_alone(model: TrainedModel, name: str, opinions: Mapping[str, Opinion]) -> list[dict[str, Said]]:
    if name not in opinions:
        return []
    return [where(say(model, {name: opinions[name]}), opinions[name].present)]


def _of_dirichlets(model: TrainedModel, alpha: Mapping[str, Floats], n_rows: int) -> dict[str, Any]:
    tensors = {name: torch.from_numpy(values) for name, values in alpha.items()}
    entropy = {name: total_uncertainty(values).numpy() for name, values in tensors.items()}
    relative = [values / np.log(len(model.classes[name])) for name, values in entropy.items()]
    return {
        "alpha": alpha,
        "entropy": entropy,
        "mean_entropy": np.mean(relative, axis=0) if relative else np.zeros(n_rows),
        "vacuity": {name: vacuity(values).numpy() for name, values in tensors.items()},
        "dissonance": {name: dissonance(values).numpy() for name, values in tensors.items()},
    }


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


def _embedding(model: TrainedModel, opinions: Mapping[str, Opinion], n_rows: int) -> NDArray[np.float32]:
    """(n, D) places by the first network's first head, the model's modalities side by side; zeros where absent."""
    width = model.config.sizes.space.space_dim
    places = np.zeros((n_rows, len(model.modalities), width), dtype=np.float32)
    for number, name in enumerate(model.modalities):
        if name in opinions:
            places[:, number] = np.where(opinions[name].present[:, None], opinions[name].z[0], 0.0)
    return places.reshape(n_rows, len(model.modalities) * width)
