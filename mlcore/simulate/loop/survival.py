"""Costs to a target that some runs never reach: their median, and how it compares with another strategy's."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray

Floats = NDArray[np.float64]
N_RESAMPLES = 2000


@dataclass(frozen=True, slots=True)
class Times:
    """When each of n runs reached its target.

    Args:
        cost: (n,) at which it did, or up to which it was watched in vain.
        is_reached: (n,)
    """

    cost: Floats
    is_reached: NDArray[np.bool_]

    @classmethod
    def of(cls, reached: Sequence[float | None], watched: Sequence[float]) -> Times:
        """Costs, None = not within what was watched; a cost beyond that was not seen either."""
        seen = [one is not None and one <= most for one, most in zip(reached, watched, strict=True)]
        costs = [one if ok and one is not None else most for one, most, ok in zip(reached, watched, seen, strict=True)]
        return cls(np.array(costs, dtype=np.float64), np.array(seen, dtype=np.bool_))


def median_cost(times: Times) -> float:
    """Kaplan–Meier's median: the least cost at which S = Π (1 − d_i/n_i) is at most one half; infinite if it never is.

    d_i runs reach their target at cost i, n_i were still on their way; a run that was watched in vain up to the same
    cost counts among them.

    Source: Kaplan and Meier 1958, doi 10.1080/01621459.1958.10501452.

    >>> median_cost(Times.of([10.0, 20.0, None, 30.0], [40.0, 40.0, 15.0, 40.0]))
    20.0
    """
    return float(median_costs(times, np.ones((1, len(times.cost))))[0])


def median_costs(times: Times, weights: Floats) -> Floats:
    """The same for R draws of the runs at once: weights (R, n) say how often each run was drawn; (R,)."""
    costs = np.unique(times.cost[times.is_reached])  # (c,)
    reached = weights @ (times.is_reached[:, None] & (times.cost[:, None] == costs))  # (R, c)
    on_their_way = weights @ (times.cost[:, None] >= costs)
    surviving = np.cumprod(1.0 - reached / np.maximum(on_their_way, 1e-12), axis=1)
    is_half = np.column_stack([surviving <= 0.5 + 1e-12, np.ones(len(weights), dtype=np.bool_)])
    return np.asarray(np.append(costs, np.inf)[is_half.argmax(axis=1)])


def ratio_interval(times: Times, other: Times, rng: Generator, *, level: float = 0.95) -> tuple[float, float] | None:
    """Percentile interval of median/median when seeds are drawn with replacement, the same of both (paired).

    An end may be infinite (the first strategy's median is never seen in so many draws). None where more than half the
    draws have no ratio since the other's median is never seen.
    """
    n_runs = len(times.cost)
    weights = rng.multinomial(n_runs, np.full(n_runs, 1.0 / n_runs), size=N_RESAMPLES).astype(np.float64)
    medians, others = median_costs(times, weights), median_costs(other, weights)
    known = medians[np.isfinite(others)] / others[np.isfinite(others)]
    if len(known) < N_RESAMPLES / 2:
        return None
    tail = (1.0 - level) / 2.0
    # neighbours are not averaged: between a number and infinity there is no mean
    low = float(np.quantile(known, tail, method="lower"))
    high = float(np.quantile(known, 1.0 - tail, method="higher"))
    return low, high


def ratio(median: float, other: float) -> float:
    """One median over another; infinite where the first is never seen, NaN where the other is not."""
    return float("nan") if np.isinf(other) else median / other
