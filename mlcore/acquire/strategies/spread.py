"""Choosing points that lie far from one another, one after the other: O(n) memory and one pass a step."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from mlcore.acquire.candidates import Floats, Places
from mlcore.acquire.strategies.distances import Points


def k_centre(points: Points, squared: Floats, n_steps: int) -> tuple[Places, Floats]:
    """Greedy k-centre: always the point that is farthest from all centres so far; the first of equals.

    Args:
        points: n of them.
        squared: (n,) squared distance of each to the nearest centre there is already.
        n_steps: how many are chosen, at most n.

    Returns:
        The places (n_steps,) in the order of choosing, and the squared distances (n,) to the nearest centre afterwards.

    Source: Gonzalez 1985, doi 10.1016/0304-3975(85)90224-5; as an acquisition, Sener and Savarese 2018, arXiv
    1708.00489.
    """
    squared, is_free = squared.copy(), np.ones(len(points), dtype=np.bool_)
    order = np.zeros(n_steps, dtype=np.int64)
    for step in range(n_steps):
        place = int(np.where(is_free, squared, -1.0).argmax())
        order[step], is_free[place] = place, False
        np.minimum(squared, points.squared_to(place), out=squared)
    return order, squared


def k_means_pp(points: Points, first: int, n_steps: int, *, rng: np.random.Generator) -> tuple[Places, Floats]:
    """k-means++ seeding: each next point with a probability ∝ its squared distance to those chosen.

    Where all that are left lie on chosen ones, each is as likely as another.

    Args:
        points: n of them.
        first: place of the first.
        n_steps: how many are chosen, the first included, 1..n.
        rng: one draw a step.

    Returns:
        The places (n_steps,) in the order of choosing, and the squared distances (n,) to the nearest of them.

    Source: Arthur and Vassilvitskii 2007, "k-means++: the advantages of careful seeding".
    """
    is_free = np.ones(len(points), dtype=np.bool_)
    order, squared = np.full(n_steps, first, dtype=np.int64), np.full(len(points), np.inf)
    for step in range(n_steps):
        place = first if step == 0 else _draw(squared, is_free, rng)
        order[step], is_free[place] = place, False
        np.minimum(squared, points.squared_to(place), out=squared)
    return order, squared


def _draw(squared: Floats, is_free: NDArray[np.bool_], rng: np.random.Generator) -> int:
    """A free place, ∝ its squared distance."""
    weights = np.where(is_free, squared, 0.0)
    if not weights.any():
        weights = is_free.astype(np.float64)
    total = np.cumsum(weights)
    place = int(np.searchsorted(total, rng.random() * total[-1], side="right"))
    return place if place < len(total) and weights[place] > 0 else int(np.flatnonzero(weights)[-1])
