"""How compact and how far apart classes lie in a latent space."""

from __future__ import annotations

from enum import StrEnum

import numpy as np
from numpy.typing import NDArray
from scipy.spatial.distance import cdist

from mlcore.evaluate.class_report import known_rows

Floats = NDArray[np.float64]
Classes = NDArray[np.int64]
#: clips whose distances to all others are in memory at once: 1,024 × 100,000 float64 are 0.8 GB
_AT_ONCE = 1024


class Distance(StrEnum):
    """1 − cos(a, b), which fits latents on the unit sphere, or ‖a − b‖."""

    COSINE = "cosine"
    EUCLIDEAN = "euclidean"


def silhouette(z: Floats, classes: Classes, *, distance: Distance = Distance.COSINE) -> float:
    """Mean over clips of (b − a) / max(a, b).

    a is a clip's mean distance to the others of its class, b the smallest of its mean distances to another class; a
    clip that is alone in its class counts 0.

    Args:
        z: (n, d) latents; rows with NaN (absent modality) are left out.
        classes: (n,) class indexes; −1 (no class, as `hard_classes` says it) is left out.
        distance: what "far" means.

    Returns:
        −1..1; NaN where fewer than two classes are left.

    Source: Rousseeuw 1987, J. Comput. Appl. Math. 20, 53, doi 10.1016/0377-0427(87)90125-7.
    """
    kept = known_rows(z) & (classes >= 0)
    points = _unit(z[kept]) if distance is Distance.COSINE else z[kept]
    _, members = np.unique(classes[kept], return_inverse=True)
    if not len(members) or members.max() < 1:
        return float("nan")
    parts = [_widths(points, members, start, distance) for start in range(0, len(points), _AT_ONCE)]
    return float(np.concatenate(parts).mean())


def _widths(points: Floats, members: Classes, start: int, distance: Distance) -> Floats:
    """Silhouette widths of the clips from `start` on."""
    rows = np.arange(start, min(start + _AT_ONCE, len(points)))
    own, sizes = members[rows], np.bincount(members)
    totals = _distances(points, rows, distance) @ np.eye(len(sizes))[members]
    within = totals[rows - start, own] / np.maximum(sizes[own] - 1, 1)
    means = totals / sizes
    means[rows - start, own] = np.inf
    between = means.min(axis=1)
    widest = np.maximum(within, between)
    widths: Floats = np.where((sizes[own] > 1) & (widest > 0), (between - within) / np.where(widest > 0, widest, 1), 0)
    return widths


def _distances(points: Floats, rows: Classes, distance: Distance) -> Floats:
    """Distances (m, n) of some clips to all; to itself exactly 0."""
    some = points[rows]
    far: Floats = 1 - some @ points.T if distance is Distance.COSINE else cdist(some, points)
    far[np.arange(len(rows)), rows] = 0
    return np.maximum(far, 0)


def _unit(z: Floats) -> Floats:
    length = np.linalg.norm(z, axis=1, keepdims=True)
    unit: Floats = z / np.where(length > 0, length, 1)
    return unit
