"""Scores as named columns, and columns as scores: for files, for joining batches, for picking rows."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import fields, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mlcore.acquire.scores import PoolScores

#: where a column belongs in `PoolScores`: the field, then the keys within it
Key = tuple[str, ...]
Columns = dict[Key, NDArray[Any]]


def columns_of(scores: PoolScores) -> Columns:
    """Every column of n rows, under its field and keys; what was not asked for is left out."""
    found: Columns = {}
    for one in fields(scores):
        _add(found, (one.name,), getattr(scores, one.name))
    absent = _absent(scores)
    return {key: column for key, column in found.items() if key[0] not in absent}


def _absent(scores: PoolScores) -> set[str]:
    """What there is none of: places without a dimension, the variance of no trace."""
    has = {"embedding": scores.embedding.shape[1] > 0, "trace_variance": bool(scores.traces)}
    return {name for name, is_there in has.items() if not is_there}


def _add(found: Columns, key: Key, value: Any) -> None:
    if isinstance(value, Mapping):
        for name, inner in value.items():
            _add(found, (*key, name), inner)
    else:
        found[key] = value


def scores_of(columns: Mapping[Key, NDArray[Any]]) -> PoolScores:
    """The scores that these are the columns of."""
    values: dict[str, Any] = {"alpha": {}, "entropy": {}, "vacuity": {}}
    for (name, *keys), column in columns.items():
        if not keys:
            values[name] = column
            continue
        inner = values.setdefault(name, {})
        for key in keys[:-1]:
            inner = inner.setdefault(key, {})
        inner[keys[-1]] = column
    return PoolScores(**values)


def map_columns(scores: PoolScores, change: Callable[[NDArray[Any]], NDArray[Any]]) -> PoolScores:
    """Every column changed in the same way."""
    return scores_of({key: change(column) for key, column in columns_of(scores).items()})


def take_rows(scores: PoolScores, places: NDArray[np.int64] | slice) -> PoolScores:
    """The scores of some clips, in the order of their places."""
    return map_columns(scores, lambda column: np.asarray(column[places]))


def blank_rows(scores: PoolScores, which: NDArray[np.bool_]) -> PoolScores:
    """The scores with NaN in some rows (n,), so that nothing ranks them; their places in the store stay."""
    return map_columns(scores, lambda column: _blanked(column, which))


def _blanked(column: NDArray[Any], which: NDArray[np.bool_]) -> NDArray[Any]:
    if column.dtype.kind != "f" or not which.any():
        return column
    blank = np.array(column)
    blank[which] = np.nan
    return blank


def join_scores(parts: Sequence[PoolScores]) -> PoolScores:
    """Parts end to end: what one of them lacks, the whole lacks.

    Raises:
        ValueError: there is no part.
    """
    if not parts:
        raise ValueError("parts: expected at least one, got none")
    each = [columns_of(part) for part in parts]
    shared = [key for key in each[0] if all(key in other for other in each)]
    whole = scores_of({key: np.concatenate([columns[key] for columns in each]) for key in shared})
    # a model of traces alone has modalities, but no class target: their names are kept
    return replace(
        whole,
        alpha_by_modality={name: whole.alpha_by_modality.get(name, {}) for name in parts[0].alpha_by_modality},
        predicted_by_modality={
            name: whole.predicted_by_modality.get(name, {}) for name in parts[0].predicted_by_modality
        },
    )
