"""k-means, and how typical a point is of its neighbourhood."""

from __future__ import annotations

import numpy as np

from mlcore.acquire.candidates import Floats, Places
from mlcore.acquire.strategies.distances import Embedded, Single, nearest
from mlcore.acquire.strategies.spread import k_means_pp

#: rounds of k-means at most; it seldom needs as many
_ROUNDS = 30
N_NEIGHBOURS = 20
#: keeps points that lie on one another finite
_EPSILON = 1e-7
#: rows of a block of distances
_BLOCK = 512


def k_means(x: Single, n_clusters: int, *, rng: np.random.Generator) -> Places:
    """Cluster (n,) in 0..n_clusters−1 of each of n > 0 points (n, D): k-means++ seeding, then Lloyd's rounds.

    A cluster that loses all its points stays where it was and may end up empty.
    """
    points = Embedded.at(x)
    seeds, _ = k_means_pp(points, int(rng.integers(len(x))), min(n_clusters, len(x)), rng=rng)
    centres = x[seeds].copy()
    clusters = np.full(len(x), -1, dtype=np.int64)
    for _ in range(_ROUNDS):
        before, (_, clusters) = clusters, nearest(x, centres)
        if np.array_equal(before, clusters):
            break
        _move(centres, x, clusters)
    return clusters


def _move(centres: Single, x: Single, clusters: Places) -> None:
    """Every centre to the mean of its points."""
    order = np.argsort(clusters, kind="stable")
    names, starts, counts = np.unique(clusters[order], return_index=True, return_counts=True)
    centres[names] = np.add.reduceat(x[order], starts, axis=0) / counts[:, None]


def typicality(x: Single, *, n_neighbours: int = N_NEIGHBOURS) -> Floats:
    """1 / mean distance to the nearest neighbours (n,) of n points (n, D) of a cluster; 1 for a point alone.

    >>> typicality(np.array([[0.0], [1.0], [3.0]], dtype=np.float32), n_neighbours=2).round(3)
    array([0.5  , 0.667, 0.4  ])

    Source: Hacohen, Dekel and Weinshall 2022, arXiv 2202.02794.
    """
    n_nearest = min(n_neighbours, len(x) - 1)
    if n_nearest < 1:
        return np.ones(len(x))
    points = x.astype(np.float64)
    points -= points.mean(axis=0)
    norms, found = np.einsum("nd,nd->n", points, points), np.empty(len(x))
    for start in range(0, len(x), _BLOCK):
        rows = slice(start, start + _BLOCK)
        squared = norms[rows, None] + norms - 2 * points[rows] @ points.T
        squared[np.arange(len(squared)), np.arange(start, start + len(squared))] = np.inf
        closest = np.partition(squared, n_nearest - 1, axis=1)[:, :n_nearest]
        found[rows] = np.sqrt(np.maximum(closest, 0.0)).mean(axis=1)
    return np.asarray(1 / (found + _EPSILON))
