"""What the queue serves now: by which policy and model, how many answers that knows, and what comes next.

A constant number of queries, and none that grows with the ranking but one: how many clips each route has is counted
once for each ranking and kept, because a published ranking never changes but by growing.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from django.core.cache import cache
from django.db.models import Count, Max
from django.utils.translation import gettext_lazy as _

from annotator.domain import live
from annotator.enums import RankingPolicy
from annotator.models import RankEntry, Ranking, Round, Study
from annotator.queries.live import state_of
from mlcore.types import Ask, Route, Term

if TYPE_CHECKING:
    from django_stubs_ext import StrPromise

SERVED = tuple(route.value for route in Route if route.is_served)
KEPT_S = 24 * 3600

TERM_NAMES: Mapping[str, StrPromise] = {
    Term.TEST: _("test subjects"),
    Term.POLICY: _("by their score"),
    Term.AUDIT: _("at random"),
    Term.COLD_START: _("typical of a region"),
    Term.RELABEL: _("asked again"),
    Term.REPEAT_OTHER: _("repeats of another's"),
    Term.REPEAT_OWN: _("repeats of one's own"),
    Term.SECOND_OPINION: _("second opinions"),
    Term.REST: _("in random order"),
}
ROUTE_NAMES: Mapping[str, StrPromise] = {
    Route.MAIN: _("to be asked about"),
    Route.SECOND_OPINION: _("for a second opinion"),
    Route.QUALITY: _("on the quality list"),
    Route.NOWHERE: _("for nobody"),
}
ASK_NAMES: Mapping[str, StrPromise] = {
    Ask.BOTH: _("by all there is"),
    Ask.FACE: _("by the face only"),
    Ask.EEG: _("by the EEG only"),
}


@dataclass(frozen=True, slots=True)
class Share:
    """So many clips of a sort."""

    key: str
    name: str
    n: int


@dataclass(frozen=True, slots=True)
class Serving:
    #: the short ranking made since, where there is one, else the whole one
    ranking: Ranking
    #: the round whose model orders; None before the first
    round: Round | None
    n_known: int
    n_since: int
    #: of the clips that come next, by what bought them and by what they are judged
    by_term: tuple[Share, ...]
    by_ask: tuple[Share, ...]
    #: of all clips of the whole ranking
    by_route: tuple[Share, ...]

    @property
    def policy_text(self) -> str:
        return str(RankingPolicy(self.ranking.policy).label)

    @property
    def is_head(self) -> bool:
        return self.ranking.base_id is not None

    @property
    def n_next(self) -> int:
        return sum(share.n for share in self.by_term)

    @property
    def n_quality(self) -> int:
        return sum(share.n for share in self.by_route if share.key == Route.QUALITY)


def serving_of(study: Study) -> Serving | None:
    """None before the first import opened the queue."""
    serving = live.serving_ranking(study)
    if serving is None:
        return None
    base, state = serving.base or serving, state_of(study, serving)
    coming = _coming(study, base, serving if serving.base else None)
    return Serving(
        ranking=serving,
        round=base.round,
        n_known=state.n_labels,
        n_since=state.n_waiting,
        by_term=_shares((term for _, term, _ in coming), TERM_NAMES),
        by_ask=_shares((ask for _, _, ask in coming), ASK_NAMES),
        by_route=_shares_of(_routes(base), ROUTE_NAMES),
    )


def _coming(study: Study, base: Ranking, head: Ranking | None) -> list[tuple[int, str, str]]:
    """(clip, term, ask) of the next batch: what is open, in the order of serving, each clip once."""
    n = _batch_size(study, base)
    # a ranking without a score says so of its entries only since terms are kept
    orders = [(study.test_ranking_id, Term.TEST), (head.pk if head else None, None), (base.pk, _without_score(base))]
    found: dict[int, tuple[int, str, str]] = {}
    for ranking_id, term in orders:
        for clip_id, own, ask in _open(ranking_id, n + len(found)):
            found.setdefault(clip_id, (clip_id, term if term and own == Term.POLICY else own, ask))
    return list(found.values())[:n]


def _without_score(ranking: Ranking) -> Term | None:
    return Term.REST if ranking.policy == RankingPolicy.RANDOM else None


def _batch_size(study: Study, ranking: Ranking) -> int:
    return int(ranking.config.get("batch_size", study.acquisition_config.batch_size))


def _open(ranking_id: int | None, n: int) -> list[tuple[int, str, str]]:
    """Walks the index of open entries, and no further than n."""
    if ranking_id is None:
        return []
    entries = RankEntry.objects.filter(ranking=ranking_id, is_open=True, route__in=SERVED).order_by("rank")
    return list(entries.values_list("clip_id", "term", "ask")[:n])


def _routes(ranking: Ranking) -> dict[str, int]:
    entries = RankEntry.objects.filter(ranking=ranking)
    key = f"routes:{ranking.pk}:{entries.aggregate(last=Max('rank'))['last']}"
    found: dict[str, int] | None = cache.get(key)
    if found is None:
        found = dict(entries.order_by().values_list("route").annotate(n=Count("pk")))
        cache.set(key, found, KEPT_S)
    return found


def _shares(keys: Iterable[str], names: Mapping[str, StrPromise]) -> tuple[Share, ...]:
    return _shares_of(Counter(keys), names)


def _shares_of(counts: Mapping[str, int], names: Mapping[str, StrPromise]) -> tuple[Share, ...]:
    return tuple(Share(str(key), str(name), counts[key]) for key, name in names.items() if counts.get(key))
