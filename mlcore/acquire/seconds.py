"""What an answer is expected to cost: seconds of an annotator, from what answers have cost so far."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from mlcore.acquire.candidates import Floats, Places
from mlcore.acquire.codes import Codes
from mlcore.errors import TrainingError

#: what a person needs beside watching the clip once, as long as nothing is known
ANSWER_S: Final = 4.0
#: a group speaks with n/(n + this) of its own median
_SHRINKAGE: Final = 5.0
#: an answer that took this many times the usual, or its inverse, is counted as this: people fetch coffee
_LONGEST: Final = 8.0


@dataclass(frozen=True, slots=True)
class Costs:
    """Factors on a clip's length plus `ANSWER_S`, each the exponential of what it holds.

    Args:
        overall: of every answer.
        by_duration: of clips whose length in seconds is 2ᵇ or more and less than 2ᵇ⁺¹, by b.
        by_ask: by what is asked from, an index into `codes.ASKS`.
        by_subject: by code of the subject.
        mean: from the usual cost to the mean cost; answers that take long take very long.
    """

    overall: float
    by_duration: dict[int, float]
    by_ask: dict[int, float]
    by_subject: dict[int, float]
    mean: float

    def of(self, subject: Places, ask: Codes, duration_s: Floats) -> Floats:
        """Seconds expected of each of n clips, (n,); a group that was never seen costs what the others cost."""
        log_factor = self.overall + self.mean
        by_group = _looked_up(self.by_duration, _octave(duration_s)) + _looked_up(self.by_ask, ask)
        by_group += _looked_up(self.by_subject, subject)
        return np.asarray(_base_s(duration_s) * np.exp(log_factor + by_group))


def measure_costs(subject: Places, ask: Codes, duration_s: Floats, seconds: Floats) -> Costs:
    """Learn from a answers what they cost.

    r = ln(seconds / (duration + `ANSWER_S`)) is explained in four steps, each by the median of what the steps before
    left, shrunk by n/(n + 5) towards nothing: all answers, then by octave of duration, by ask, by subject. Medians and
    a limit of 8 times the usual keep an answer during which somebody left the room from counting. A last factor makes
    the predicted total equal to the total spent (after the limit). Without answers a clip costs its length plus
    `ANSWER_S`.

    Args:
        subject: (a,) codes.
        ask: (a,) what was asked from, indices into `codes.ASKS`.
        duration_s: (a,) length of the clip.
        seconds: (a,) from showing the clip to the answer.

    Raises:
        TrainingError: a cost or duration that is not a positive number.

    >>> nothing = np.zeros(0)
    >>> costs = measure_costs(nothing.astype(int), nothing.astype(np.uint8), nothing, nothing)
    >>> costs.of(np.array([3]), np.array([0], dtype=np.uint8), np.array([6.0])).tolist()
    [10.0]
    """
    for name, column in (("duration_s", duration_s), ("seconds", seconds)):
        if n_odd := int((~(np.isfinite(column) & (column > 0))).sum()):
            raise TrainingError(f"{name}: expected positive numbers, got others for {n_odd} of {len(column)} answers")
    left = np.log(seconds / _base_s(duration_s))
    overall = _shrunken(left)
    left = np.clip(left - overall, -np.log(_LONGEST), np.log(_LONGEST))
    limited_s = _base_s(duration_s) * np.exp(left + overall)
    groups = []
    for codes in (_octave(duration_s), ask, subject):
        factors = {int(group): _shrunken(left[codes == group]) for group in np.unique(codes)}
        left = left - _looked_up(factors, codes)
        groups.append(factors)
    predicted_s = limited_s / np.exp(left)
    mean = float(np.log(limited_s.sum() / predicted_s.sum())) if len(left) else 0.0
    return Costs(overall, groups[0], groups[1], groups[2], mean)


def _base_s(duration_s: Floats) -> Floats:
    return np.asarray(duration_s + ANSWER_S)


def _octave(duration_s: Floats) -> Places:
    return np.floor(np.log2(duration_s)).astype(np.int64)


def _shrunken(values: Floats) -> float:
    n = len(values)
    return float(np.median(values)) * n / (n + _SHRINKAGE) if n else 0.0


def _looked_up(factors: dict[int, float], codes: NDArray[np.integer]) -> Floats:
    found, place = np.unique(codes, return_inverse=True)
    return np.array([factors.get(int(group), 0.0) for group in found])[place]
