"""Clips to be asked about again: do two people agree, and does one agree with themselves?"""

from __future__ import annotations

import heapq
from collections.abc import Iterator

import numpy as np

from mlcore.acquire.answered import OWN_REPEAT_AFTER_S, Answered
from mlcore.acquire.candidates import Places


def repeats_of_others(answered: Answered, rng: np.random.Generator) -> Places:
    """Rows of clips that one person answered and another may answer now, in random order.

    Random, not by score: how far two people agree on chosen clips says nothing about the rest.
    """
    return rng.permutation(np.flatnonzero((answered.n_people() == 1) & answered.others_can())).astype(np.int64)


def repeats_of_own(answered: Answered, rng: np.random.Generator) -> tuple[Places, Places]:
    """Rows of clips, each once, and who is to answer each of them again.

    Of the answers that each person who labels now gave once and at least `OWN_REPEAT_AFTER_S` ago, in random order.
    People take turns; whoever has repeated least so far is next.

    Returns:
        (r,) rows and (r,) codes of people.
    """
    people = rng.permutation(np.unique(answered.asked_now)).tolist()
    waiting = {person: _ready(answered, person, rng) for person in people}
    turns = [(answered.n_repeats_of(person), place, person) for place, person in enumerate(people)]
    heapq.heapify(turns)
    chosen: dict[int, int] = {}
    while turns:
        n_repeats, place, person = heapq.heappop(turns)
        clip = next((clip for clip in waiting[person] if clip not in chosen), None)
        if clip is not None:
            chosen[clip] = person
            heapq.heappush(turns, (n_repeats + 1, place, person))
    return np.array(list(chosen), dtype=np.int64), np.array(list(chosen.values()), dtype=np.int64)


def _ready(answered: Answered, person: int, rng: np.random.Generator) -> Iterator[int]:
    clips, age_s = answered.once_by(person)
    ready = clips[(age_s >= OWN_REPEAT_AFTER_S) & answered.gated.is_served[clips]]
    return iter(rng.permutation(ready).tolist())
