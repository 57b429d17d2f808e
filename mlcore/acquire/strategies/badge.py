"""BADGE: clips whose answers would push the last layer strongly, and in different directions.

The gradient of the loss by the last layer is (p − y) ⊗ z, with the likeliest class for y: K·D numbers a clip. Distances
of such products need the factors alone, see `Outer`; the products are never written down.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from mlcore.acquire.candidates import Floats, Places
from mlcore.acquire.scores import PoolScores
from mlcore.acquire.strategies.choice import Choice, Rated, chunks
from mlcore.acquire.strategies.distances import Outer, Single, squared_norms
from mlcore.acquire.strategies.spread import k_means_pp
from mlcore.acquire.strategies.steps import Course, gather, n_steps, rated, with_a_place
from mlcore.acquire.strategies.uncertain import learnt

#: of more clips those with the largest gradients are looked at
POOL = 100_000
NO_OPINION = "no finite opinion"


def badge(choice: Choice) -> Rated:
    """k-means++ seeding of gradient embeddings, beginning with the longest.

    Several targets: their factors p − y stand side by side, as the gradients of several last layers on the same z
    would. Of more than `POOL` clips those with the longest gradients are looked at: all others lie nearer to the
    origin, and so to one another. A step takes O(n·(K + D)) time, the whole as much memory.

    Source: Ash et al. 2020, arXiv 1906.03671; the factored form is ours.
    """
    usable, excluded = with_a_place(choice)
    squared = _squared_gradients(choice.scores, choice.embedding, usable)
    is_finite = np.isfinite(squared)
    if not is_finite.all():
        excluded = {**excluded, NO_OPINION: usable[~is_finite]}
    usable, squared = usable[is_finite], squared[is_finite]
    part, others = _largest(squared, POOL)
    points = Outer.of(errors(choice.scores, usable[part]), gather(choice.embedding, usable[part]))
    order, gain = _seed(points, choice)
    standing = np.sqrt(squared[others] / max(squared.max(initial=0.0), np.finfo(np.float64).tiny))
    return rated(Course(usable[part][order], usable[part], gain, usable[others], standing), choice, excluded)


def _seed(points: Outer, choice: Choice) -> tuple[Places, Floats]:
    if not len(points):
        return np.zeros(0, dtype=np.int64), np.zeros(0)
    first = int(points.squared_norms.argmax())
    order, squared = k_means_pp(points, first, n_steps(choice, len(points)), rng=choice.rng)
    return order, np.sqrt(squared)


def errors(scores: PoolScores, places: Places) -> Single:
    """p − y of every learnt target side by side (m, ΣK), y the likeliest class."""
    parts = [_errors(scores.alpha[name], places) for name in learnt(scores)]
    return np.concatenate(parts, axis=1)


def _errors(alpha: Floats, places: Places) -> Single:
    found = np.empty((len(places), alpha.shape[1]), dtype=np.float32)
    for rows in chunks(len(places)):
        part = np.asarray(alpha[places[rows]], dtype=np.float64)
        with np.errstate(invalid="ignore", divide="ignore"):
            p = part / part.sum(axis=1, keepdims=True)
        p[np.arange(len(p)), p.argmax(axis=1)] -= 1
        found[rows] = p
    return found


def _squared_gradients(scores: PoolScores, embedding: NDArray[np.floating], places: Places) -> Floats:
    """‖p − y‖²‖z‖² (m,), a block at a time."""
    squared = np.empty(len(places))
    for rows in chunks(len(places)):
        z = np.asarray(embedding[places[rows]], dtype=np.float32)
        squared[rows] = squared_norms(errors(scores, places[rows])) * squared_norms(z)
    return squared


def _largest(values: Floats, limit: int) -> tuple[Places, Places]:
    """Where the `limit` largest stand, and the others; both rising."""
    if len(values) <= limit:
        return np.arange(len(values)), np.zeros(0, dtype=np.int64)
    parted = np.argpartition(-values, limit)
    return np.sort(parted[:limit]), np.sort(parted[limit:])
