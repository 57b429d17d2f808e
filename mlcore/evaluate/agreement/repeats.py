"""Whether annotators agree with themselves: the same clip, shown to the same person again."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from mlcore.errors import TrainingError
from mlcore.evaluate.agreement.votes import Places, Votes
from mlcore.evaluate.proportions import wilson_interval
from mlcore.types import JsonObject


@dataclass(frozen=True, slots=True)
class Repeatability:
    """How often somebody gave the same answer again.

    Args:
        n_pairs: pairs of an earlier answer and the next one of the same person to the same clip.
        n_same: pairs of equal answers.
        mean_step: mean distance of the two in classes, which means something where they are ordered.
    """

    n_pairs: int
    n_same: int
    mean_step: float

    def to_json(self) -> JsonObject:
        """{"n_pairs", "agreement", "interval" (95 %), "mean_step"}; null where there is no pair."""
        interval = wilson_interval(self.n_same, self.n_pairs)
        return {
            "n_pairs": self.n_pairs,
            "agreement": self.n_same / self.n_pairs if self.n_pairs else None,
            "interval": interval.to_json() if interval else None,
            "mean_step": self.mean_step if self.n_pairs else None,
        }


def repeatability(votes: Votes, pass_number: Places) -> list[Repeatability]:
    """Of each annotator, by the passes' order.

    Args:
        votes: the answers.
        pass_number: (v,) 0 for a first answer, 1.. for repeats.

    Raises:
        TrainingError: not one pass for each vote.
    """
    if len(pass_number) != len(votes):
        raise TrainingError(f"pass_number: expected {len(votes)}, one a vote, got {len(pass_number)}")
    order = np.lexsort((pass_number, votes.clip, votes.annotator))
    clip, annotator, answer = votes.clip[order], votes.annotator[order], votes.answer[order]
    again = np.flatnonzero((np.diff(clip) == 0) & (np.diff(annotator) == 0))
    who, step = annotator[again], np.abs(answer[again + 1] - answer[again])
    return [_of(step[who == one]) for one in range(votes.n_annotators)]


def _of(step: NDArray[np.int64]) -> Repeatability:
    return Repeatability(len(step), int((step == 0).sum()), float(step.mean()) if len(step) else 0.0)
