"""Mean and spread of one subject's features, from all of its own clips and no label."""

from __future__ import annotations

import numpy as np

from mlcore.compare.contract import Floats, Rows
from mlcore.store import Store

_SMALLEST = 1e-6

#: mean and standard deviation (F,)
Scale = tuple[Floats, Floats]


def rows_of(store: Store, modality: str, subject: str) -> Rows:
    """A subject's clips (n,) that have the modality."""
    return np.flatnonzero((store.subjects == subject) & store.present(modality))


def measure_scale(features: Floats) -> Scale:
    """Mean and standard deviation of features (n, F), NaN left out; 0 and 1 where nothing is known or varies."""
    known = ~np.isnan(features)
    n_known = np.maximum(known.sum(axis=0), 1)
    mean = np.where(known, features, 0.0).sum(axis=0) / n_known
    spread = np.sqrt((np.where(known, features - mean, 0.0) ** 2).sum(axis=0) / n_known)
    return mean, np.where(spread > _SMALLEST, spread, 1.0)
