"""What a loop's points say: the score over answers, labels or seconds, the area under it, and when it got somewhere."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from mlcore.simulate.loop.run import Run

Floats = NDArray[np.float64]
#: what may be counted along a curve, as fields of a point
AXES = ("answers", "labels", "seconds")
#: a point's score is the mean of so many around it before it is asked whether a target was reached
SMOOTHED = 3


@dataclass(frozen=True, slots=True)
class Curve:
    """A score over a cost.

    Args:
        cost: (n,) rising.
        score: (n,)
    """

    cost: Floats
    score: Floats

    @classmethod
    def of(cls, run: Run, axis: str) -> Curve:
        """A run's curve over one of `AXES`."""
        points = [point.to_json() for point in run.points]
        return cls(
            np.array([point[axis] for point in points], dtype=np.float64), np.array([p["score"] for p in points])
        )

    def at(self, cost: Floats) -> Floats:
        """The score at some costs, straight between points; the last one from where nothing more could be asked."""
        return np.interp(cost, self.cost, self.score)

    def area(self, first: float, last: float) -> float:
        """Mean score between two costs, ∫ score d cost / (last − first) by trapezoids; the score if they are one."""
        if last <= first:
            return float(self.at(np.array([first]))[0])
        inside = self.cost[(self.cost > first) & (self.cost < last)]
        grid = np.concatenate([[first], inside, [last]])
        return float(np.trapezoid(self.at(grid), grid) / (last - first))

    def reached(self, target: float) -> float | None:
        """The least cost at which the smoothed curve is at the target; None where it never is."""
        score = smoothed(self.score)
        above = np.flatnonzero(score >= target)
        if not len(above):
            return None
        place = int(above[0])
        if place == 0:
            return float(self.cost[0])
        share = (target - score[place - 1]) / (score[place] - score[place - 1])
        return float(self.cost[place - 1] + share * (self.cost[place] - self.cost[place - 1]))


def smoothed(score: Floats) -> Floats:
    """Each score's mean with its neighbours; the ends have one neighbour.

    >>> smoothed(np.array([0.0, 3.0, 6.0, 0.0])).tolist()
    [1.5, 3.0, 3.0, 3.0]
    """
    reach = SMOOTHED // 2
    return np.array([score[max(0, place - reach) : place + reach + 1].mean() for place in range(len(score))])


def common_range(runs: Sequence[Run], axis: str) -> tuple[float, float]:
    """From where every run has begun to where the longest ends; answers at most as many as there are clips."""
    curves = [Curve.of(run, axis) for run in runs]
    first, last = max(float(one.cost[0]) for one in curves), max(float(one.cost[-1]) for one in curves)
    return first, min(last, float(runs[0].n_pool)) if axis == "answers" else last
