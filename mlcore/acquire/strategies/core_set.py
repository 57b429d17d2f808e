"""Core-set: clips such that no other lies far from all that are known."""

from __future__ import annotations

import numpy as np

from mlcore.acquire.candidates import Floats
from mlcore.acquire.strategies.choice import Choice, Rated
from mlcore.acquire.strategies.distances import Embedded, Single, nearest
from mlcore.acquire.strategies.spread import k_centre
from mlcore.acquire.strategies.steps import Course, gather, n_steps, random_part, rated, with_a_place

#: of more clips a random part is looked at: 100,000 × 64 in single precision are 25 MiB, 10 ms a step
POOL = 100_000
#: farther than any two places can be
_FAR = 1e60


def core_set(choice: Choice) -> Rated:
    """Greedy k-centre against the clips that have an answer and those chosen before.

    The first, where nothing is known, is the one nearest to the mean. Of more than `POOL` clips a random part is looked
    at. A step takes O(n·D) time and O(n) memory; the distances to m known clips O(n·m·D) time, in blocks.

    Source: Sener and Savarese 2018, arXiv 1708.00489.
    """
    usable, excluded = with_a_place(choice)
    looked_at, beyond = random_part(usable, POOL, choice.rng)
    points = Embedded.at(gather(choice.embedding, looked_at))
    order, squared = k_centre(points, _before(points, choice), n_steps(choice, len(looked_at)))
    course = Course(looked_at[order], looked_at, np.sqrt(squared), beyond, choice.rng.random(len(beyond)))
    return rated(course, choice, excluded)


def _before(points: Embedded, choice: Choice) -> Floats:
    """Squared distances (n,) before the first step."""
    known = known_places(choice)
    if len(known):
        return nearest(points.x, known)[0]
    squared = np.full(len(points), _FAR)
    if len(points):
        mean = points.x.mean(axis=0, dtype=np.float64).astype(np.float32)
        squared[nearest(points.x, mean[None])[0].argmin()] = np.inf
    return squared


def known_places(choice: Choice) -> Single:
    """Where the clips lie that have an answer (m, D); those without a finite place are left out."""
    known = gather(choice.known, np.arange(len(choice.known)))
    return known[np.isfinite(known).all(axis=1)]
