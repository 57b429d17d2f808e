"""What strategies that choose step by step have in common: which clips they look at, and what their values mean."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from mlcore.acquire.candidates import Floats, Places
from mlcore.acquire.strategies.choice import Choice, Rated, chunks
from mlcore.acquire.strategies.distances import Single

#: so many clips are chosen step by step; the rest follow by what they would add after that
MAX_STEPS = 2_000
#: coordinates beyond this have no square in single precision
_LARGEST = 1e15
NO_PLACE = "no finite embedding"


@dataclass(frozen=True, slots=True)
class Course:
    """How a stepwise choice went.

    Args:
        order: (s,) places in the order of choosing.
        looked_at: (l,) places that could have been chosen.
        gain: (l,) ≥ 0, what each of them would add now.
        beyond: (b,) places that were not looked at.
        standing: (b,) in 0..1, how they stand among themselves.
    """

    order: Places
    looked_at: Places
    gain: Floats
    beyond: Places
    standing: Floats


def rated(course: Course, choice: Choice, excluded: Mapping[str, Places]) -> Rated:
    """The values (n,) that order the clips as the course did.

    From 2 down to 1 those chosen, in the order of choosing; below 1 those looked at and not chosen; below 0 those not
    looked at; NaN the others.
    """
    values = np.full(choice.candidates.n_clips, np.nan)
    values[course.beyond] = course.standing - 1.001
    top = course.gain.max(initial=0.0)
    values[course.looked_at] = 0.999 * (course.gain / top if top > 0 else course.gain)
    values[course.order] = 2 - np.arange(len(course.order)) / max(len(course.order), 1)
    return Rated(values, excluded)


def with_a_place(choice: Choice) -> tuple[Places, dict[str, Places]]:
    """Places among those asked for whose embedding can be reckoned with, rising, and why the others are left out."""
    embedding, is_usable = choice.embedding, np.zeros(len(choice.among), dtype=np.bool_)
    for rows in chunks(len(choice.among)):
        is_usable[rows] = (np.abs(embedding[choice.among[rows]]) < _LARGEST).all(axis=1)
    lost = choice.among[~is_usable]
    return choice.among[is_usable], {NO_PLACE: lost} if len(lost) else {}


def gather(embedding: NDArray[np.floating], places: Places) -> Single:
    """Rows (m, D) in single precision; the only copy that is made."""
    found = np.empty((len(places), embedding.shape[1]), dtype=np.float32)
    for rows in chunks(len(places)):
        found[rows] = embedding[places[rows]]
    return found


def random_part(places: Places, limit: int, rng: np.random.Generator) -> tuple[Places, Places]:
    """At most `limit` of the places, drawn without replacement, and the others; both rising."""
    if len(places) <= limit:
        return places, places[:0]
    is_drawn = np.zeros(len(places), dtype=np.bool_)
    is_drawn[rng.choice(len(places), limit, replace=False)] = True
    return places[is_drawn], places[~is_drawn]


def n_steps(choice: Choice, n_usable: int) -> int:
    """How many are chosen step by step; one at least, after which the others can be told apart."""
    return min(max(choice.n_picks, 1), n_usable, MAX_STEPS)
