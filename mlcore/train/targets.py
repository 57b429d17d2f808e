"""The answers that a store carries, as distributions to learn from."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from mlcore.errors import TrainingError
from mlcore.store import UNLABELLED, Store, TargetKind, TargetMeta
from mlcore.train.data import RoundData

#: levels over which the weight of a neighbour falls to 1/e
ORDINAL_WIDTH = 1.0


def target_meta(store: Store, name: str) -> TargetMeta:
    """What the store says of a target that can be learnt as classes.

    Raises:
        TrainingError: no such target, or a trace, which has no classes.
    """
    meta = store.meta.targets.get(name)
    if meta is None:
        known = ", ".join(sorted(store.meta.targets)) or "none"
        raise TrainingError(f"there is no target {name!r} in the store: it has {known}")
    if meta.kind is TargetKind.TRACE:
        raise TrainingError(f"target {name!r} is a trace over time, which has no classes: choose another target")
    return meta


def class_names(store: Store, name: str) -> tuple[str, ...]:
    """Names of the K classes of a target; the levels of an ordinal scale are called "1" … "levels".

    Raises:
        TrainingError: as `target_meta`.
    """
    meta = target_meta(store, name)
    if meta.kind is TargetKind.ORDINAL:
        return tuple(str(level) for level in range(1, meta.levels + 1))
    return meta.classes


def as_distributions(store: Store, name: str, *, width: float = ORDINAL_WIDTH) -> NDArray[np.float64]:
    """A target of every clip as a distribution over its classes.

    A class is one-hot, a distribution stays as it is, and a level of an ordinal scale becomes a class with neighbours
    (see `soft_levels`).

    Args:
        store: the clips.
        name: a class, distribution or ordinal target.
        width: of the neighbourhood of a level, in levels, > 0.

    Returns:
        (N, K), rows of NaN where nobody answered.

    Raises:
        TrainingError: no such target, or a trace.
    """
    meta = target_meta(store, name)
    answers = store.target(name)
    if meta.kind is TargetKind.DISTRIBUTION:
        return np.asarray(answers, dtype=np.float64)
    if meta.kind is TargetKind.CLASS:
        return _rows_of(np.eye(len(meta.classes)), answers)
    return _rows_of(soft_levels(meta.levels, width=width), np.where(answers == UNLABELLED, UNLABELLED, answers - 1))


def stored_round(store: Store, names: Sequence[str]) -> RoundData:
    """A round on all the answers that a store carries: nothing is held out for a test, the pool is what has no answer.

    Args:
        store: the clips.
        names: one or more targets; a clip counts as labelled where one of them is.

    Raises:
        TrainingError: no target was named, or one of them is not there.
    """
    if not names:
        raise TrainingError("a round needs at least one target")
    traces = {name: np.asarray(store.target(name), dtype=np.float64) for name in names if _is_trace(store, name)}
    answers = {name: as_distributions(store, name) for name in names if name not in traces}
    told = [~np.isnan(values).any(axis=1) for values in answers.values()]
    told += [~np.isnan(values).all(axis=1) for values in traces.values()]
    is_labelled = np.any(told, axis=0)
    labelled = np.flatnonzero(is_labelled)
    return RoundData(
        store=store,
        classes={name: class_names(store, name) for name in answers},
        labelled_rows=labelled,
        targets={name: values[labelled] for name, values in answers.items()},
        test_rows=np.zeros(0, dtype=np.int64),
        test_targets={name: values[:0] for name, values in answers.items()},
        pool_rows=np.flatnonzero(~is_labelled),
        traces={name: values[labelled] for name, values in traces.items()},
    )


def _is_trace(store: Store, name: str) -> bool:
    meta = store.meta.targets.get(name)
    return meta is not None and meta.kind is TargetKind.TRACE


def soft_levels(n_levels: int, *, width: float = ORDINAL_WIDTH) -> NDArray[np.float64]:
    """Row y − 1 is the distribution that an answer y on an ordinal scale stands for.

    p(l | y) = exp(−|l − y| / w) / Σ_m exp(−|m − y| / w): a geometric decay to both sides, cut at the scale's ends and
    renormalised, so that y is always the likeliest level and a near miss costs less than a far one.

    Args:
        n_levels: of the scale, ≥ 2.
        width: w in levels, > 0; towards 0 it becomes one-hot.

    Returns:
        (levels, levels), each row summing to 1.

    Raises:
        TrainingError: fewer than 2 levels, or no width.

    Source: the soft ordinal labels of Diaz & Marathe 2019, doi:10.1109/CVPR.2019.00487, with φ = |l − y|.

    >>> soft_levels(3).round(3).tolist()
    [[0.665, 0.245, 0.09], [0.212, 0.576, 0.212], [0.09, 0.245, 0.665]]
    """
    if n_levels < 2 or not width > 0:
        raise TrainingError(f"soft levels: expected 2 or more levels and a width above 0, got {n_levels} and {width}")
    levels = np.arange(n_levels)
    weights = np.exp(-np.abs(levels[:, None] - levels[None, :]) / width)
    return np.asarray(weights / weights.sum(axis=1, keepdims=True))


def _rows_of(table: NDArray[np.float64], index: NDArray[np.int64]) -> NDArray[np.float64]:
    """(N, K): the table's row of each clip, NaN where it has no answer."""
    return np.where((index == UNLABELLED)[:, None], np.nan, table[index])
