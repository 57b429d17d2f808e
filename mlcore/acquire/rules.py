"""What clips may stand beside one another in a batch: apart in time within a recording, not too many of one person."""

from __future__ import annotations

import math
from dataclasses import dataclass
from enum import IntEnum

import numpy as np
from numpy.typing import NDArray

from mlcore.acquire.candidates import Candidates, Floats, Places
from mlcore.types import AcquisitionConfig

Flags = NDArray[np.bool_]


class Leniency(IntEnum):
    """Which rules have given way so that no place stays empty; each includes those before it."""

    #: every rule holds
    NONE = 0
    #: the cap per subject rises to an even split over the subjects who have clips left
    EVEN_SPLIT = 1
    #: more clips for two annotators than their share
    SECOND_OPINION = 2
    #: any number of clips of one subject
    ANY_SUBJECT = 3
    #: clips of one recording may lie close together
    ANY_GAP = 4


@dataclass(frozen=True, slots=True)
class Items:
    """What may take a place, row by row: the n candidates, then the m answered clips."""

    subject: Places
    session: Places
    start_s: Floats
    stop_s: Floats
    n_candidates: int

    @classmethod
    def of(cls, candidates: Candidates, answered: Candidates | None) -> Items:
        """Both kinds in one table, subjects and sessions as codes 0.. without holes."""
        both = [candidates] if answered is None else [candidates, answered]
        subject, session = (
            np.unique(np.concatenate([getattr(one, name) for one in both]), return_inverse=True)[1]
            for name in ("subject", "session")
        )
        start_s, stop_s = (np.concatenate([getattr(one, name) for one in both]) for name in ("start_s", "stop_s"))
        return cls(subject, session, start_s, stop_s, candidates.n_clips)


class Rules:
    """Keeps track of what was taken, in all and in the batch at hand.

    The distance of two clips is the time between the end of one and the beginning of the other, 0 if they overlap.
    Asking costs O(1) an item; taking one costs the number of its neighbours in time.
    """

    def __init__(self, items: Items, config: AcquisitionConfig, *, is_served: Flags) -> None:
        """`is_served`: (n,) which candidates annotators are given."""
        self._items, self._config = items, config
        n_items = len(items.subject)
        self._is_taken = np.zeros(n_items, dtype=np.bool_)
        self._is_second = np.zeros(n_items, dtype=np.bool_)
        #: the last batch in which a clip of the same recording nearby was taken
        self._crowded_in = np.full(n_items, -1, dtype=np.int32)
        n_subjects = int(items.subject.max(initial=-1)) + 1
        self._n_left = np.bincount(items.subject[: items.n_candidates][is_served], minlength=n_subjects)
        self._n_of_subject = np.zeros_like(self._n_left)
        self._by_time = np.lexsort((items.start_s, items.session))
        self._starts_s = items.start_s[self._by_time]
        self._session_ends = np.cumsum(np.bincount(items.session))
        self._longest_s = float((items.stop_s - items.start_s).max(initial=0.0))
        self._batch, self._caps = -1, (0, 0)

    @property
    def n_left(self) -> int:
        """Served candidates that have no place yet."""
        return int(self._n_left.sum())

    @property
    def is_taken(self) -> Flags:
        """(n + m,) which items have a place."""
        return self._is_taken

    def hold_back(self, items: Places) -> None:
        """These take a place that is not meant for them only once SECOND_OPINION has given way."""
        self._is_second[items] = True

    def begin(self, n_places: int) -> None:
        """A new batch of so many places."""
        self._batch += 1
        self._n_of_subject[:] = 0
        cap = max(1, math.floor(self._config.max_subject_share * n_places + 1e-9))
        even = math.ceil(n_places / max(1, int((self._n_left > 0).sum())))
        self._caps = (cap, max(cap, even))

    def allows(self, items: Places, leniency: Leniency, *, seconds: bool = False) -> Flags:
        """(k,) which of k items may take a place; `seconds`: it is meant for those that two annotators answer."""
        free = ~self._is_taken[items]
        if leniency < Leniency.ANY_GAP:
            free &= self._crowded_in[items] != self._batch
        if leniency < Leniency.ANY_SUBJECT:
            cap = self._caps[min(leniency, Leniency.EVEN_SPLIT)]
            free &= self._n_of_subject[self._items.subject[items]] < cap
        if leniency < Leniency.SECOND_OPINION and not seconds:
            free &= ~self._is_second[items]
        return free

    def has_room(self, leniency: Leniency) -> bool:
        """Whether any candidate may take a place as far as the cap goes; spares a look at a million of them."""
        open_subjects = self._n_left > 0
        if leniency < Leniency.ANY_SUBJECT:
            open_subjects &= self._n_of_subject < self._caps[min(leniency, Leniency.EVEN_SPLIT)]
        return bool(open_subjects.any())

    def take(self, item: int) -> None:
        """Give an item a place in the batch at hand."""
        subject = self._items.subject[item]
        self._is_taken[item] = True
        self._n_of_subject[subject] += 1
        if item < self._items.n_candidates:
            self._n_left[subject] -= 1
        self._crowded_in[self._near(item)] = self._batch

    def _near(self, item: int) -> Places:
        items, gap_s = self._items, self._config.min_gap_s
        session, start_s, stop_s = items.session[item], items.start_s[item], items.stop_s[item]
        first = self._session_ends[session - 1] if session else 0
        same = slice(first, self._session_ends[session])
        # a little wider than need be: what is near is decided below, whatever the rounding
        reach_s = (start_s - gap_s - self._longest_s - 1e-3, stop_s + gap_s + 1e-3)
        begin, end = np.searchsorted(self._starts_s[same], reach_s)
        around = self._by_time[same][begin:end]
        apart_s = np.maximum(items.start_s[around] - stop_s, start_s - items.stop_s[around])
        return np.asarray(around[np.maximum(apart_s, 0.0) < gap_s])
