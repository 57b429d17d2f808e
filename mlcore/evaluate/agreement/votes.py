"""Who answered what about which clip, as columns: most annotators see few of the clips."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from mlcore.errors import TrainingError

Places = NDArray[np.int64]
Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Votes:
    """v answers; the same annotator may answer a clip several times.

    Args:
        clip: (v,) 0..n_clips−1.
        annotator: (v,) 0..n_annotators−1.
        answer: (v,) 0..n_classes−1; classes in the scale's order where they have one.
        n_clips: clips without an answer included.
        n_annotators: those without an answer included.
        n_classes: K ≥ 2.

    Raises:
        TrainingError: columns of different lengths, a value outside its range, or fewer than 2 classes.
    """

    clip: Places
    annotator: Places
    answer: Places
    n_clips: int
    n_annotators: int
    n_classes: int

    def __post_init__(self) -> None:
        if self.n_classes < 2:
            raise TrainingError(f"votes: expected 2 or more classes, got {self.n_classes}")
        if not len(self.clip) == len(self.annotator) == len(self.answer):
            lengths = f"{len(self.clip)}, {len(self.annotator)} and {len(self.answer)}"
            raise TrainingError(f"votes: clip, annotator and answer should have one length, got {lengths}")
        for name, bound in (("clip", self.n_clips), ("annotator", self.n_annotators), ("answer", self.n_classes)):
            values = getattr(self, name)
            if len(values) and not 0 <= values.min() <= values.max() < bound:
                raise TrainingError(f"votes: {name} should lie in 0..{bound - 1}, got {values.min()}..{values.max()}")

    def __len__(self) -> int:
        return len(self.clip)

    def counts(self) -> Floats:
        """(n_clips, K) how many answers each class got."""
        flat = np.bincount(self.clip * self.n_classes + self.answer, minlength=self.n_clips * self.n_classes)
        return flat.reshape(self.n_clips, self.n_classes).astype(np.float64)

    def weighted_shares(self, weight: Floats) -> Floats:
        """(n_clips, K) share of each clip's weight that every class got; rows of NaN where there is none.

        Args:
            weight: (v,) ≥ 0 of each answer.
        """
        size = self.n_clips * self.n_classes
        flat = np.bincount(self.clip * self.n_classes + self.answer, weights=weight, minlength=size)
        table = flat.reshape(self.n_clips, self.n_classes).astype(np.float64)
        totals = table.sum(axis=1, keepdims=True)
        return np.asarray(np.divide(table, totals, out=np.full_like(table, np.nan), where=totals > 0))

    def n_votes(self) -> Places:
        """(n_annotators,) answers of each annotator."""
        return np.bincount(self.annotator, minlength=self.n_annotators).astype(np.int64)

    def answered_by_others(self) -> NDArray[np.bool_]:
        """(v,) whether somebody else answered the same clip too: only such answers tell of an annotator."""
        pairs = np.unique(self.clip * max(self.n_annotators, 1) + self.annotator)
        n_people = np.bincount(pairs // max(self.n_annotators, 1), minlength=self.n_clips)
        return np.asarray(n_people[self.clip] > 1)

    def of_one_annotator(self) -> Votes:
        """The same answers as if one person had given them all."""
        return replace(self, annotator=np.zeros_like(self.annotator), n_annotators=1)


def votes_of(rows: Sequence[tuple[int, int, int]], *, n_clips: int, n_annotators: int, n_classes: int) -> Votes:
    """Columns from rows of (clip, annotator, answer).

    Raises:
        TrainingError: as `Votes`.

    >>> votes_of([(0, 0, 1), (0, 1, 1), (1, 0, 0)], n_clips=2, n_annotators=2, n_classes=2).counts().tolist()
    [[0.0, 2.0], [1.0, 0.0]]
    """
    clip, annotator, answer = np.array(rows, dtype=np.int64).reshape(-1, 3).T
    return Votes(clip, annotator, answer, n_clips=n_clips, n_annotators=n_annotators, n_classes=n_classes)
