"""One batch after another: who gets its places, and why."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from mlcore.acquire.candidates import Candidates, Floats, Places
from mlcore.acquire.codes import code
from mlcore.acquire.gate import mean_dissonance
from mlcore.acquire.lines import DiverseLine, Line
from mlcore.acquire.pool import Pool
from mlcore.acquire.relabel import worth
from mlcore.acquire.repeats import repeats_of_others, repeats_of_own
from mlcore.acquire.rules import Items, Leniency, Rules
from mlcore.types import AcquisitionConfig, Route, Strategy, Term

#: what these choose is diverse, or random, already: it is left as it is
_AS_THEY_COME: Final = frozenset({Strategy.RANDOM, Strategy.CORE_SET, Strategy.BADGE, Strategy.TYPICLUST})


@dataclass(frozen=True, slots=True)
class Seat:
    """One place in a batch, and what bought it.

    Args:
        item: a candidate 0..n−1, or n + the row of an answered clip.
        term: what bought the place.
        value: what its price was told by; NaN where nothing told it.
        reserved_for: code of the only person who may answer it, −1 = anybody.
    """

    item: int
    term: Term
    value: float = math.nan
    reserved_for: int = -1


class Composer:
    """Batches from one pool; each candidate and each answered clip gets one place at most."""

    def __init__(self, pool: Pool, config: AcquisitionConfig, *, order: Places, rng: np.random.Generator) -> None:
        """`order`: served candidates as the strategy wants them."""
        self._pool, self._config, self._rng = pool, config, rng
        candidates, answered = pool.candidates, pool.answered
        items = Items.of(candidates, None if answered is None else answered.clips)
        self.rules = Rules(items, config, is_served=pool.gated.is_served)
        self.term = policy_term(candidates, config)
        self._n_before, self._n_again, self._n_of = 0, 0, dict.fromkeys(Term, 0)
        #: shares are rounded from a random start: one small batch has what is rare in it as often as many have
        self._phase = float(rng.random())
        as_it_comes = config.strategy in _AS_THEY_COME or candidates.scores is None
        diversity = 0.0 if as_it_comes else config.diversity
        self._policy = DiverseLine(order, diversity=diversity, embedding=candidates.embedding)
        self._audit = Line(order[np.argsort(pool.audit_order[order], kind="stable")], seconds=True)
        self._second = self._ambiguous(order)
        self._take_answered()

    def batch(self, n_places: int) -> list[Seat]:
        """Fill so many places, in order of asking; fewer where no candidate is left."""
        n_places = min(n_places, self.rules.n_left)
        self.rules.begin(n_places)
        audit = self._by_audit(self._due(Term.AUDIT, self._config.audit_share, n_places))
        repeats = self._by_repeats(n_places, room=n_places - len(audit))
        n_second = self._due(Term.SECOND_OPINION, self._config.second_opinion_share, n_places)
        room = n_places - len(audit) - len(repeats)
        second = self._filled(self._second, Term.SECOND_OPINION, min(n_second, room))
        rare = [*audit, *repeats, *second]
        self._n_again = self._due(Term.RELABEL, self._config.relabel_share, n_places)
        often = self._by_policy(n_places - len(rare), taken=[*audit, *second])
        self._n_before += n_places
        for seat in (*rare, *often):
            self._n_of[seat.term] += 1
        return spread([audit, repeats, second], often, self._rng)

    def _ambiguous(self, order: Places) -> Line:
        self._dissonance = mean_dissonance(self._pool.candidates)
        ambiguous = order[self._pool.gated.route[order] == code(Route.SECOND_OPINION)]
        self.rules.hold_back(ambiguous)
        return Line(ambiguous[np.argsort(-self._dissonance[ambiguous], kind="stable")], seconds=True)

    def _take_answered(self) -> None:
        answered, n, nobody = self._pool.answered, self._pool.candidates.n_clips, np.zeros(0, dtype=np.int64)
        self._worth = None if answered is None else worth(answered, self._pool.candidates)
        others = nobody if answered is None else repeats_of_others(answered, self._rng)
        own, owners = (nobody, nobody) if answered is None else repeats_of_own(answered, self._rng)
        again = nobody if self._worth is None else _falling(self._worth.answered)
        self._others, self._own, self._again = Line(n + others), Line(n + own), Line(n + again)
        self._owner_of = dict(zip((n + own).tolist(), owners.tolist(), strict=True))

    def _due(self, term: Term, share: float, n_places: int, *, ahead: float = 0.0) -> int:
        """How many places a share has now: rounded over all batches, and never much more than its share of this one."""
        phase = (self._phase + ahead) % 1.0
        due = math.floor(share * (self._n_before + n_places) + phase + 1e-9) - self._n_of[term]
        return max(0, min(due, math.ceil(share * n_places - 1e-9)))

    def _by_audit(self, n_places: int) -> list[Seat]:
        found = [self._take(self._audit, Term.AUDIT, leniencies=Leniency) for _ in range(n_places)]
        return [seat for seat in found if seat is not None]

    def _by_repeats(self, n_places: int, *, room: int) -> list[Seat]:
        """Half of them others', half one's own; what the one lacks the other gets."""
        half = self._config.repeat_share / 2
        n_own = min(room, self._due(Term.REPEAT_OWN, half, n_places))
        n_other = min(room - n_own, self._due(Term.REPEAT_OTHER, half, n_places, ahead=0.5))
        seats = self._filled(self._own, Term.REPEAT_OWN, n_own)
        seats += self._filled(self._others, Term.REPEAT_OTHER, n_own + n_other - len(seats))
        return seats + self._filled(self._own, Term.REPEAT_OWN, n_own + n_other - len(seats))

    def _filled(self, line: Line, term: Term, n_places: int) -> list[Seat]:
        found = [self._take(line, term) for _ in range(n_places)]
        return [seat for seat in found if seat is not None]

    def _by_policy(self, n_places: int, *, taken: Sequence[Seat]) -> list[Seat]:
        """What the strategy wants, or another answer where that is worth more."""
        self._policy.begin([seat.item for seat in taken], n_places=n_places)
        seats: list[Seat] = []
        for leniency in Leniency:
            while len(seats) < n_places and (item := self._policy.next(self.rules, leniency)) is not None:
                seats.append(self._again_or_new(item))
        return seats

    def _again_or_new(self, item: int) -> Seat:
        again = None if self._worth is None or not self._n_again else self._again.next(self.rules)
        if self._worth is not None and again is not None:
            value = float(self._worth.answered[again - self._pool.candidates.n_clips])
            if value > self._worth.new[item]:
                self.rules.take(again)
                self._n_again -= 1
                return Seat(again, Term.RELABEL, value)
        self.rules.take(item)
        self._policy.note(item)
        value = float(self._pool.picked.values[item])
        return Seat(item, Term.REST if math.isnan(value) else self.term, value)

    def _take(self, line: Line, term: Term, *, leniencies: Iterable[Leniency] = (Leniency.NONE,)) -> Seat | None:
        for leniency in leniencies:
            item = line.next(self.rules, leniency)
            if item is not None:
                self.rules.take(item)
                value = float(self._dissonance[item]) if term is Term.SECOND_OPINION else math.nan
                owner = self._owner_of[item] if term is Term.REPEAT_OWN else -1
                return Seat(item, term, value, owner)
        return None


def policy_term(candidates: Candidates, config: AcquisitionConfig) -> Term:
    """What the strategy's places are bought by."""
    if config.strategy is Strategy.RANDOM:
        return Term.REST
    return Term.COLD_START if candidates.scores is None else Term.POLICY


def spread(rare: Sequence[Sequence[Seat]], often: Sequence[Seat], rng: np.random.Generator) -> list[Seat]:
    """All in one order: `often` as it is, each kind of `rare` at random places, one in each equal stretch."""
    keys = [(np.arange(len(kind)) + rng.random(len(kind))) / max(1, len(kind)) for kind in rare]
    keys.append((np.arange(len(often)) + 0.5) / max(1, len(often)))
    seats = [seat for kind in (*rare, often) for seat in kind]
    return [seats[at] for at in np.argsort(np.concatenate(keys), kind="stable")]


def _falling(values: Floats) -> Places:
    """Places of the values that are not NaN, largest first."""
    order = np.argsort(-values, kind="stable")
    return order[~np.isnan(values[order])]
