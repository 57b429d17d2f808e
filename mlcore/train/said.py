"""What is said of clips in the end: a Dirichlet opinion and the probabilities that are given as the answer."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from mlcore.train.model import TrainedModel
from mlcore.train.opinions import Opinion, fuse_evidence

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Said:
    """Of one class target.

    Args:
        alpha: α (n, K) of the opinion.
        p: (n, K) predicted probabilities.
    """

    alpha: Floats
    p: Floats


def say(model: TrainedModel, opinions: Mapping[str, Opinion]) -> dict[str, Said]:
    """What several modalities say, or one: the same path; by target."""
    return {target: _say_of(model, opinions, target) for target in model.targets}


def _say_of(model: TrainedModel, opinions: Mapping[str, Opinion], target: str) -> Said:
    fused = fuse_evidence(
        {name: one.mean_evidence(target) for name, one in opinions.items()},
        {name: one.quality for name, one in opinions.items()},
        trust=model.trust,
        power=model.config.conflict_power,
    )
    if target not in model.pools or model.config.pool == "discounted":
        return _by_evidence(fused + 1)
    p = model.pools[target].probabilities({name: one.voice(target) for name, one in opinions.items()})
    return Said(np.asarray(1 + fused.sum(axis=1, keepdims=True) * p), p)


def _by_evidence(alpha: Floats) -> Said:
    return Said(alpha, np.asarray(alpha / alpha.sum(axis=1, keepdims=True)))


def where(said: Mapping[str, Said], keep: NDArray[np.bool_]) -> dict[str, Said]:
    """The same, NaN in the rows that are not kept."""
    return {target: Said(absent(one.alpha, keep), absent(one.p, keep)) for target, one in said.items()}


def absent(values: Floats, keep: NDArray[np.bool_]) -> Floats:
    """Rows that are not kept become NaN."""
    shape = (-1,) + (1,) * (values.ndim - 1)
    return np.where(keep.reshape(shape), values, np.nan)


def join(model: TrainedModel, parts: Sequence[Mapping[str, Said]], *, n_rows: int) -> dict[str, Said]:
    """Batches end to end; α = 1 of a target of which nobody says anything."""
    return {target: _join_one(target, len(names), parts, n_rows) for target, names in model.classes.items()}


def _join_one(target: str, n_classes: int, parts: Sequence[Mapping[str, Said]], n_rows: int) -> Said:
    if not parts or any(target not in part for part in parts):
        return _by_evidence(np.ones((n_rows, n_classes)))
    alpha = np.concatenate([part[target].alpha for part in parts])
    return Said(alpha, np.concatenate([part[target].p for part in parts]))
