"""Agreement beyond chance of any number of annotators, each of whom may have missed any clip."""

from __future__ import annotations

from enum import StrEnum

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]


class Scale(StrEnum):
    """What a difference between two answers means."""

    NOMINAL = "nominal"
    #: levels in order, their distances unknown
    ORDINAL = "ordinal"
    #: levels at equal distances
    INTERVAL = "interval"


def krippendorff_alpha(counts: Floats, scale: Scale = Scale.NOMINAL) -> float:
    """α = 1 − observed / expected disagreement.

    Observed is the mean δ² over all pairs of answers to the same clip (each clip's pairs weigh 1/(its answers − 1) per
    answer), expected the mean δ² over all pairs of answers whatsoever. δ² is 1 for different classes (nominal),
    (k − c)² (interval), or the square of the answers that lie between c and k, both counted half (ordinal).

    Args:
        counts: (n_clips, K) answers of each class, as `Votes.counts`; clips with fewer than 2 are left out.
        scale: of the classes.

    Returns:
        1 perfect, 0 as by chance, below 0 systematic disagreement; NaN without pairs, or where all answers are alike.

    Source: Krippendorff 2011, Computing Krippendorff's alpha-reliability; Content Analysis, 3rd ed., ch. 11.

    >>> krippendorff_alpha(np.array([[2.0, 0.0], [0.0, 2.0]]))
    1.0
    """
    paired = counts[counts.sum(axis=1) > 1]
    m = paired.sum(axis=1)
    coincidences = np.asarray((paired.T / np.maximum(m - 1, 1)) @ paired)
    coincidences -= np.diag((paired / np.maximum(m - 1, 1)[:, None]).sum(axis=0))
    n_by_class = paired.sum(axis=0)
    by_chance = (np.outer(n_by_class, n_by_class) - np.diag(n_by_class)) / max(n_by_class.sum() - 1, 1)
    squared = _squared_distances(n_by_class, scale)
    expected = float((by_chance * squared).sum())
    return 1.0 - float((coincidences * squared).sum()) / expected if expected > 0 else float("nan")


def _squared_distances(n_by_class: Floats, scale: Scale) -> Floats:
    """δ² (K, K)."""
    levels = np.arange(len(n_by_class), dtype=np.float64)
    if scale is Scale.NOMINAL:
        return 1.0 - np.eye(len(levels))
    places = levels if scale is Scale.INTERVAL else np.cumsum(n_by_class) - n_by_class / 2
    return np.asarray(np.subtract.outer(places, places) ** 2)
