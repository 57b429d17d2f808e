"""Items that wait in an order for a place; whoever comes first and keeps the rules gets it."""

from __future__ import annotations

import math
from typing import Final

import numpy as np

from mlcore.acquire.candidates import Embedding, Floats, Places
from mlcore.acquire.rules import Flags, Leniency, Rules
from mlcore.errors import TrainingError

#: at full diversity a batch is chosen from this many times its places, and one more
_REACH: Final = 9.0
#: looked at in one go: first, and at most
_FEW, _MANY = 1024, 262_144


class Line:
    """Items in their order; what was taken is passed over for good, what a rule forbids only for now."""

    def __init__(self, items: Places, *, seconds: bool = False) -> None:
        """`seconds`: the places are meant for clips that two annotators answer, or the line does not look at that."""
        self._items, self._seconds = items, seconds
        self._first = 0

    def next(self, rules: Rules, leniency: Leniency = Leniency.NONE) -> int | None:
        """The first item that may take a place now."""
        found, _ = self.ahead(rules, leniency, 1, start=0)
        return int(found[0]) if len(found) else None

    def ahead(self, rules: Rules, leniency: Leniency, n: int, *, start: int) -> tuple[Places, int]:
        """The first n items from `start` on that may take a place now, and where to look on."""
        self._pass_over(rules.is_taken)
        at, step, found = max(start, self._first), _FEW, np.zeros(0, dtype=np.int64)
        while len(found) < n and at < len(self._items):
            some = self._items[at : at + step]
            allowed = np.flatnonzero(self.allows(rules, some, leniency))[: n - len(found)]
            found = np.concatenate([found, some[allowed]])
            at += int(allowed[-1]) + 1 if len(found) == n else len(some)
            step = min(2 * step, _MANY)
        return found, at

    def allows(self, rules: Rules, items: Places, leniency: Leniency) -> Flags:
        """(k,) which of k items may take a place."""
        return rules.allows(items, leniency, seconds=self._seconds)

    def _pass_over(self, is_taken: Flags) -> None:
        while self._first < len(self._items) and is_taken[self._items[self._first]]:
            self._first += 1


class DiverseLine(Line):
    """A line of candidates from whose best those come first that are unlike what the batch has.

    From a window of the next (1 + 9d) × places items, the one with the largest (1 − d)·u + d·δ/max δ: u falls from 1 at
    the window's head to 0 at its end, δ is the distance to the nearest clip that the batch has already. d = 0 keeps the
    order, d = 1 is farthest-first traversal (Gonzalez 1985) of the window.
    """

    def __init__(self, items: Places, *, diversity: float, embedding: Embedding | None) -> None:
        """`embedding`: (n, D) of the candidates; None is as d = 0."""
        super().__init__(items)
        self._diversity = 0.0 if embedding is None else diversity
        self._embedding = embedding
        self._nearest = np.zeros(0)
        self.begin([], n_places=1)

    def begin(self, taken: list[int], *, n_places: int) -> None:
        """A new batch, in which these candidates have a place and so many are to be filled."""
        self._size = max(1, math.ceil(n_places * (1.0 + _REACH * self._diversity)))
        self._seen = self._vectors(np.array(taken, dtype=np.int64))
        self._open(Leniency.NONE, np.zeros(0, dtype=np.int64), 0)

    def next(self, rules: Rules, leniency: Leniency = Leniency.NONE) -> int | None:
        """The best item of the window that may take a place now; the window moves on when none is left in it."""
        if leniency != self._leniency:
            self._open(leniency, np.zeros(0, dtype=np.int64), 0)
        allowed = self.allows(rules, self._window, leniency)
        if not allowed.any():
            if not rules.has_room(leniency):
                return None
            self._open(leniency, *self.ahead(rules, leniency, self._size, start=self._end))
            allowed = np.ones(len(self._window), dtype=np.bool_)
        return int(self._window[self._best(allowed)]) if len(self._window) else None

    def note(self, item: int) -> None:
        """A candidate got a place: what is like it is wanted less."""
        vector = self._vectors(np.array([item]))
        self._seen = np.concatenate([self._seen, vector])
        self._nearest = np.minimum(self._nearest, _distances(self._vectors_here, vector))

    def _open(self, leniency: Leniency, window: Places, end: int) -> None:
        self._leniency, self._window, self._end = leniency, window, end
        self._vectors_here = self._vectors(window)
        self._nearest = _distances(self._vectors_here, self._seen)

    def _best(self, allowed: Flags) -> int:
        gain = 1.0 - np.arange(len(allowed)) / max(1, len(allowed))
        if len(self._seen) and self._diversity:
            farthest = self._nearest[allowed].max()
            apart = self._nearest / farthest if farthest > 0 else np.zeros(len(allowed))
            gain = (1.0 - self._diversity) * gain + self._diversity * apart
        return int(np.where(allowed, gain, -np.inf).argmax())

    def _vectors(self, items: Places) -> Floats:
        if self._embedding is None or not self._diversity:
            return np.zeros((len(items), 0))
        vectors = np.asarray(self._embedding[items], dtype=np.float64)
        n_odd = int((~np.isfinite(vectors).all(axis=1)).sum())
        if n_odd:
            raise TrainingError(f"embedding: expected finite numbers, got others for {n_odd} of {len(items)} clips")
        return vectors


def _distances(vectors: Floats, others: Floats) -> Floats:
    """(k,) Euclidean distance of each of k vectors to the nearest of the others; infinite where there are none."""
    nearest = np.full(len(vectors), np.inf)
    for other in others:
        nearest = np.minimum(nearest, np.linalg.norm(vectors - other, axis=1))
    return nearest
