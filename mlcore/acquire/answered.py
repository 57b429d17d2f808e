"""Clips that have answers, and the answers: what repeats and second answers are chosen from."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

import numpy as np
from numpy.typing import NDArray

from mlcore.acquire.candidates import Candidates, Floats, Places
from mlcore.acquire.gate import Gated
from mlcore.errors import TrainingError

#: an answer is asked for again from its giver after a night, when it is not remembered any more
OWN_REPEAT_AFTER_S: Final = 20 * 3600.0
#: a clip on which so many people have spoken is not asked about again: they differ because it is ambiguous
MOST_PEOPLE: Final = 5


@dataclass(frozen=True, slots=True)
class Answered:
    """m clips with answers and the a answers that stand (neither withdrawn nor "bad signal"), row by row.

    A clip for which more people are wanted anyway is a candidate still, and not here.

    Args:
        clips: the clips, with codes of subject and session from the same tables as the candidates'; `clips.scores` is
            what the model says of them, best by folds that did not learn from them: a model that has seen an answer
            agrees with it.
        gated: where the gate sends them.
        clip: (a,) rows of `clips`.
        annotator: (a,) codes of the people.
        pass_number: (a,) 0 for a person's first answer on the clip, 1.. for their repeats.
        age_s: (a,) seconds since it was given.
        labels: class target -> (a,) class index, −1 where the answer names no class.
        asked_now: (A,) codes of the people who label now.

    Raises:
        TrainingError: columns of different lengths, or an answer on a row that there is not.
    """

    clips: Candidates
    gated: Gated
    clip: Places
    annotator: Places
    pass_number: Places
    age_s: Floats
    labels: Mapping[str, Places] = field(default_factory=dict)
    asked_now: Places = field(default_factory=lambda: np.zeros(0, dtype=np.int64))

    def __post_init__(self) -> None:
        columns = {"annotator": self.annotator, "pass_number": self.pass_number, "age_s": self.age_s, **self.labels}
        for name, column in columns.items():
            if len(column) != len(self.clip):
                raise TrainingError(f"{name}: expected {len(self.clip)} answers, got {len(column)}")
        if len(self.clip) and not 0 <= self.clip.min() <= self.clip.max() < self.clips.n_clips:
            raise TrainingError(f"clip: an answer is on none of the {self.clips.n_clips} clips")

    def n_people(self) -> Places:
        """(m,) how many people answered each clip."""
        return np.bincount(self.clip[self._is_first], minlength=self.clips.n_clips)

    def others_can(self) -> NDArray[np.bool_]:
        """(m,) whether the clip may be served and somebody who labels now has not answered it."""
        of_now = self._is_first & np.isin(self.annotator, self.asked_now)
        n_of_now = np.bincount(self.clip[of_now], minlength=self.clips.n_clips)
        return np.asarray(self.gated.is_served & (n_of_now < len(np.unique(self.asked_now))), dtype=np.bool_)

    def once_by(self, annotator: int) -> tuple[Places, Floats]:
        """Clips that a person answered exactly once, and the ages (s) of these answers."""
        mine = np.flatnonzero(self.annotator == annotator)
        clips, first, n_answers = np.unique(self.clip[mine], return_index=True, return_counts=True)
        once = n_answers == 1
        return clips[once], self.age_s[mine[first[once]]]

    def n_repeats_of(self, annotator: int) -> int:
        """How often a person has answered a clip again so far."""
        return int(((self.annotator == annotator) & (self.pass_number > 0)).sum())

    @property
    def _is_first(self) -> NDArray[np.bool_]:
        return np.asarray(self.pass_number == 0, dtype=np.bool_)
