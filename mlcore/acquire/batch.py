"""The whole order of asking: batches composed by rules, then the rest of the pool."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mlcore.acquire.answered import Answered
from mlcore.acquire.candidates import Candidates, Floats, Picked, Places
from mlcore.acquire.codes import Codes, code
from mlcore.acquire.composer import Composer, Seat
from mlcore.acquire.gate import Gated
from mlcore.acquire.pool import Pool
from mlcore.types import AcquisitionConfig, Route, Term


@dataclass(frozen=True, slots=True)
class Composition:
    """N places in order of asking: each of the n candidates once, and repeats among them.

    Args:
        place: (N,) row of the candidates; −1 where an answered clip is asked about again.
        answered_place: (N,) row of `Answered.clips` then, else −1; none twice.
        term: (N,) indices into `codes.TERMS`: what bought the place.
        route: (N,) indices into `codes.ROUTES`. A repeat, a second answer and an audit clip are MAIN: asked once.
        ask: (N,) indices into `codes.ASKS`.
        value: (N,) what the term went by: the strategy's score, the dissonance (SECOND_OPINION), what another answer is
            worth (RELABEL); NaN where nothing told it.
        reserved_for: (N,) code of the only annotator who may answer (REPEAT_OWN), −1 = anybody.
        pass_number: (N,) 1 for REPEAT_OWN, else 0.
    """

    place: Places
    answered_place: Places
    term: Codes
    route: Codes
    ask: Codes
    value: Floats
    reserved_for: Places
    pass_number: Codes

    @property
    def n_places(self) -> int:
        """N."""
        return len(self.place)


def compose(
    candidates: Candidates,
    picked: Picked,
    config: AcquisitionConfig,
    *,
    gated: Gated,
    audit_order: Floats,
    n_composed: int,
    rng: np.random.Generator,
    answered: Answered | None = None,
) -> Composition:
    """Put the pool into the order in which it is asked about.

    The first `n_composed` places are made up `config.batch_size` at a time. A batch is filled in this order, its kinds
    then spread through it:

    1. audit: the served clips with the smallest keys, whatever their score;
    2. repeats: half another's, half one's own (`repeats`); what one kind lacks the other gets;
    3. second opinions: clips of that route, by falling dissonance, at most their share;
    4. the strategy's, in its order or, by `config.diversity`, unlike one another (`lines.DiverseLine`); at each place a
       second answer on an old clip is asked for instead where it is worth more (`relabel`), for at most
       `config.relabel_share` of the places: a weak model overrates what such answers teach it.

    Shares are rounded over batches, from a random start. Two clips of one recording in a batch are at least
    `config.min_gap_s` apart, and at most `config.max_subject_share` of its places go to one subject. Where the strategy
    or the audit can't fill a place under these rules, they give way one after the other, as `rules.Leniency` lists
    them; repeats and second answers never make a rule give way. Then come the served clips that are left in the
    strategy's order, the quality list, its best signal first, and those about whom nobody is asked.

    Args:
        candidates: n clips.
        picked: what the strategy says of all served candidates; its places come first, the others by falling value.
        config: shares and rules.
        gated: where each candidate goes.
        audit_order: (n,) keys that stay with a clip from round to round (`audit.audit_keys`).
        n_composed: so many places are composed.
        rng: draws repeats, the start of rounding, and where in a batch the rare kinds stand.
        answered: clips with answers; None = neither repeats nor second answers.

    Raises:
        TrainingError: columns of different lengths, an infinite value, or a number that can't be used where one is
            needed.
    """
    pool = Pool(candidates, picked, gated, audit_order, answered)
    order = pool.wanted()
    composer = Composer(pool, config, order=order, rng=rng)
    seats: list[Seat] = []
    while len(seats) < n_composed and composer.rules.n_left:
        seats += composer.batch(min(config.batch_size, n_composed - len(seats)))
    rest = order[~composer.rules.is_taken[order]]
    return _joined([_composed(seats, pool), _scored(rest, pool, composer.term), _unserved(pool)])


def _composed(seats: Sequence[Seat], pool: Pool) -> Composition:
    n, gated = pool.candidates.n_clips, pool.gated
    item = np.array([seat.item for seat in seats], dtype=np.int64)
    term = np.array([code(seat.term) for seat in seats], dtype=np.uint8)
    is_new = item < n
    route, ask = np.full(len(item), code(Route.MAIN), dtype=np.uint8), np.zeros(len(item), dtype=np.uint8)
    route[is_new], ask[is_new] = gated.route[item[is_new]], gated.ask[item[is_new]]
    route[term == code(Term.AUDIT)] = code(Route.MAIN)
    if pool.answered is not None:
        ask[~is_new] = pool.answered.gated.ask[item[~is_new] - n]
    return Composition(
        place=np.where(is_new, item, -1),
        answered_place=np.where(is_new, -1, item - n),
        term=term,
        route=route,
        ask=ask,
        value=np.array([seat.value for seat in seats], dtype=np.float64),
        reserved_for=np.array([seat.reserved_for for seat in seats], dtype=np.int64),
        pass_number=(term == code(Term.REPEAT_OWN)).astype(np.uint8),
    )


def _scored(rest: Places, pool: Pool, term: Term) -> Composition:
    """What is served after the composed batches."""
    values = pool.picked.values[rest]
    terms = np.where(np.isnan(values), code(Term.REST), code(term)).astype(np.uint8)
    return _plain(rest, terms, values, pool.gated)


def _unserved(pool: Pool) -> Composition:
    places = pool.unserved()
    terms = np.full(len(places), code(Term.REST), dtype=np.uint8)
    return _plain(places, terms, np.full(len(places), np.nan), pool.gated)


def _plain(place: Places, term: Codes, value: Floats, gated: Gated) -> Composition:
    n = len(place)
    nobody = np.full(n, -1, dtype=np.int64)
    passes = np.zeros(n, dtype=np.uint8)
    return Composition(place, nobody, term, gated.route[place], gated.ask[place], value, nobody, passes)


def _joined(parts: Sequence[Composition]) -> Composition:
    def column(name: str) -> NDArray[Any]:
        return np.concatenate([getattr(part, name) for part in parts])

    return Composition(*(column(name) for name in Composition.__slots__))
