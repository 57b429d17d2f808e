"""A model's traces of a batch of clips, and how far its networks and heads are apart."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from mlcore.train.model import TrainedModel
from mlcore.train.opinions import Opinion
from mlcore.train.trace_pool import TracePool

Floats = NDArray[np.float64]
Mask = NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class Followed:
    """The traces of n clips, on their own scales.

    Args:
        traces: per trace target (n, T), NaN rows where no modality may be read.
        variance: (n,) over networks and heads, mean over steps, modalities and trace targets; NaN likewise, and (0,)
            where there is no trace target.
    """

    traces: dict[str, Floats]
    variance: Floats


def follow(model: TrainedModel, opinions: Mapping[str, Opinion], *, n_clips: int) -> Followed:
    """Bring the modalities' answers together."""
    if not model.traces:
        return Followed({}, np.zeros(0))
    if not opinions:
        nothing = {name: np.full((n_clips, scale.n_values), np.nan) for name, scale in model.traces.items()}
        return Followed(nothing, np.full(n_clips, np.nan))
    heard = _heard(opinions)
    return Followed(
        {name: scale.restore(_answer(model, opinions, name, heard)) for name, scale in model.traces.items()},
        np.mean([scale.spread**2 * _variance(opinions, name, heard) for name, scale in model.traces.items()], axis=0),
    )


def _heard(opinions: Mapping[str, Opinion]) -> dict[str, Mask]:
    """Where each modality is read (n,): present and of some quality, or the best that there is of the clip."""
    has_quality = np.any([one.quality > 0 for one in opinions.values()], axis=0)
    return {name: np.where(has_quality, one.quality > 0, one.present) for name, one in opinions.items()}


def _answer(model: TrainedModel, opinions: Mapping[str, Opinion], target: str, heard: Mapping[str, Mask]) -> Floats:
    pool = TracePool() if model.config.pool == "discounted" else model.trace_pools.get(target, TracePool())
    return pool.answer({name: one.trace_voice(target, heard[name]) for name, one in opinions.items()})


def _variance(opinions: Mapping[str, Opinion], target: str, heard: Mapping[str, Mask]) -> Floats:
    """Variance over networks and heads (n,), mean over the steps and over the modalities that are heard."""
    each = np.stack([one.traces[target].var(axis=0).mean(axis=-1) for one in opinions.values()])
    counts = np.stack([heard[name] for name in opinions])
    n_heard = counts.sum(axis=0)
    return np.asarray((counts * each).sum(axis=0) / np.where(n_heard > 0, n_heard, np.nan))
