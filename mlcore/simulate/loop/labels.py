"""What has been asked and said so far in a loop."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from mlcore.simulate.loop.oracle import BAD_SIGNAL, N_ANNOTATORS, N_PASSES, Answers

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Asked:
    """Questions that were answered, in order, each column (a,).

    Args:
        place: rows of the pool.
        annotator: who answered.
        pass_number: 0 for a person's first answer about a clip, else 1.
        said: class, `CANT_TELL` or `BAD_SIGNAL`.
        seconds: what it cost.
        step: when, counted in batches.
    """

    place: Integers
    annotator: Integers
    pass_number: Integers
    said: Integers
    seconds: Floats
    step: Integers


@dataclass(slots=True)
class Labels:
    """Answers about the n clips of a pool as they come in; the answers themselves were drawn beforehand.

    Args:
        answers: what would be said about each clip of the pool.
        n_classes: K.
    """

    answers: Answers
    n_classes: int
    counts: Floats = field(init=False)
    is_asked: NDArray[np.bool_] = field(init=False)
    is_bad: NDArray[np.bool_] = field(init=False)
    _rows: list[tuple[int, int, int, int, float, int]] = field(default_factory=list)
    _turns: Integers = field(init=False)

    def __post_init__(self) -> None:
        n_clips = len(self.answers.first)
        self.counts = np.zeros((n_clips, self.n_classes))
        self.is_asked = np.zeros(n_clips, dtype=np.bool_)
        self.is_bad = np.zeros(n_clips, dtype=np.bool_)
        self._turns = np.zeros(n_clips, dtype=np.int64)

    def ask(self, place: int, *, step: int, own: bool = False) -> None:
        """Ask about a clip: whoever is its first annotator, then the others in turn; `own` asks the last one again."""
        annotator, number = self._who(place, own=own)
        said = int(self.answers.said[number, annotator, place])
        seconds = float(self.answers.seconds[number, annotator, place])
        self._turns[place] += number == 0
        self._rows.append((place, annotator, number, said, seconds, step))
        self.is_asked[place] = True
        self.is_bad[place] |= said == BAD_SIGNAL
        if said >= 0:
            self.counts[place, said] += 1.0

    def _who(self, place: int, *, own: bool) -> tuple[int, int]:
        """The annotator whose turn it is, and their pass."""
        first, turn = int(self.answers.first[place]), int(self._turns[place])
        if own and turn:
            return (first + turn - 1) % N_ANNOTATORS, N_PASSES - 1
        return (first + turn) % N_ANNOTATORS, 0

    @property
    def n_answers(self) -> int:
        """Answers so far, "bad signal" and "can't tell" included."""
        return len(self._rows)

    @property
    def n_labels(self) -> int:
        """Answers so far that name a class."""
        return int(self.counts.sum())

    @property
    def seconds(self) -> float:
        """Annotators' time so far."""
        return float(sum(row[4] for row in self._rows))

    @property
    def learnt(self) -> Integers:
        """Places that have a class."""
        return np.flatnonzero(self.counts.sum(axis=1) > 0)

    def asked(self, since: int = 0) -> Asked:
        """The answers from the `since`-th on."""
        rows = self._rows[since:]

        def column(number: int) -> Integers:
            return np.array([row[number] for row in rows], dtype=np.int64)

        seconds = np.array([row[4] for row in rows], dtype=np.float64)
        return Asked(column(0), column(1), column(2), column(3), seconds, column(5))
