"""How a figure falls as a disturbance grows."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from mlcore.errors import TrainingError
from mlcore.types import JsonObject


@dataclass(frozen=True, slots=True)
class RobustnessCurve:
    """Scores of one method at rising severities of one disturbance.

    Args:
        disturbance: what was done, with its unit, e.g. "video shifted by s".
        severities: two or more, strictly rising; the first is the undisturbed case.
        scores: one a severity; higher is better.

    Raises:
        TrainingError: lengths differ, severities don't rise, or a number is missing.
    """

    disturbance: str
    severities: tuple[float, ...]
    scores: tuple[float, ...]

    def __post_init__(self) -> None:
        if len(self.severities) < 2 or len(self.severities) != len(self.scores):
            raise TrainingError(
                f"{self.disturbance}: expected 2 or more severities with a score each, got {len(self.severities)} and"
                f" {len(self.scores)}"
            )
        if not np.isfinite([*self.severities, *self.scores]).all() or (np.diff(self.severities) <= 0).any():
            raise TrainingError(f"{self.disturbance}: expected finite scores at strictly rising severities")

    @property
    def area(self) -> float:
        """Mean height: area by trapezoids over the range of severities, in the score's unit."""
        reach = self.severities[-1] - self.severities[0]
        return float(np.trapezoid(self.scores, self.severities)) / reach

    @property
    def relative_drop(self) -> float:
        """(first − last) / |first|: 0 where nothing is lost; NaN where the first score is 0."""
        first, last = self.scores[0], self.scores[-1]
        return (first - last) / abs(first) if first else float("nan")

    def to_json(self) -> JsonObject:
        """Plain values with the two figures."""
        return {
            "disturbance": self.disturbance,
            "severities": list(self.severities),
            "scores": list(self.scores),
            "area": self.area,
            "relative_drop": None if self.scores[0] == 0 else self.relative_drop,
        }
