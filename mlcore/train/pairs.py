"""Centre and scale of each subject: found, kept as JSON, and looked up for every clip."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
#: centre and scale along the channel, feature or summary axis, (F,) each
Pair = tuple[Floats, Floats]
_SMALLEST = 1e-6


def mean_and_spread(values: Floats) -> Pair:
    """Mean and standard deviation (S,) of rows (n, S), NaN left out; 0 and 1 where nothing is known or varies."""
    known = ~np.isnan(values)
    n_known = np.maximum(known.sum(axis=0), 1)
    mean = np.where(known, values, 0.0).sum(axis=0) / n_known
    spread = np.sqrt((np.where(known, values - mean, 0.0) ** 2).sum(axis=0) / n_known)
    return mean, safe(spread)


def safe(scale: Floats, flag: int | None = None) -> Floats:
    """A scale that can be divided by: 1 where nothing varies, and for the flag."""
    divisor = np.where(scale > _SMALLEST, scale, 1.0)
    if flag is not None:
        divisor[flag] = 1.0
    return divisor


def unknown(n_features: int) -> Pair:
    """0 and 1: what somebody without a clip is standardised by."""
    return np.zeros(n_features), np.ones(n_features)


def as_json(pairs: Mapping[str, Pair]) -> dict[str, list[list[float]]]:
    """Plain lists; `from_json` reads them back exactly."""
    return {name: [first.tolist(), second.tolist()] for name, (first, second) in pairs.items()}


def from_json(item: Mapping[str, Any]) -> dict[str, Pair]:
    """Read what `as_json` wrote."""
    return {
        name: (np.array(pair[0], dtype=np.float64), np.array(pair[1], dtype=np.float64)) for name, pair in item.items()
    }


def of_each(pairs: Mapping[str, Pair], subjects: Iterable[str]) -> Pair:
    """Both values of each clip's subject (n, F); looked up once a subject."""
    names, place = np.unique(np.asarray([*subjects], dtype=np.str_), return_inverse=True)
    if not len(names):
        return np.zeros((0, 0)), np.zeros((0, 0))
    first, second = (np.stack(values) for values in zip(*(pairs[str(name)] for name in names), strict=True))
    return first[place], second[place]
