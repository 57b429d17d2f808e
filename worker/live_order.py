"""What is asked next once the model was corrected: the strategy's clips, and the round's rare places among them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace

import numpy as np
from django.conf import settings

from annotator.domain.ranking import RankedClip
from annotator.models import RankEntry, Ranking, Study
from annotator.queries import live as queries
from mlcore.acquire import pick
from mlcore.acquire.batch import Composition, compose
from mlcore.acquire.candidates import Candidates, Picked, Places
from mlcore.acquire.codes import ASKS, ROUTES, TERMS
from mlcore.acquire.gate import Gated
from mlcore.acquire.live import Correction, corrected_candidates, entropy_of
from mlcore.errors import TrainingError
from mlcore.types import AcquisitionConfig, Ask, JsonObject, Route, Strategy, Term
from worker.live_pool import KEPT, OpenedRound

#: of so many of the most uncertain clips the strategy makes its choice
WIDTH = 2048


def most_uncertain(
    opened: OpenedRound, base: Ranking, corrections: Mapping[str, Correction], *, besides: Places, n: int
) -> Places:
    """Of the clips that an update looks at those still wanted and uncertain: n at least where there are, or `WIDTH`."""
    places = opened.considered[~np.isin(opened.considered, besides)]
    value = np.asarray(entropy_of(opened.pool, corrections, places).mean)
    width = WIDTH
    while True:
        best = np.argpartition(-value, width)[:width] if width < len(value) else np.arange(len(value))
        best = places[np.sort(best)]
        ids = opened.clip_ids[best]
        found = best[np.isin(ids, list(queries.still_open(base, ids.tolist())))]
        if len(found) >= n or width >= len(places):
            return np.asarray(found)
        width *= 4


def by_strategy(
    opened: OpenedRound,
    base: Ranking,
    places: Places,
    config: AcquisitionConfig,
    *,
    corrections: Mapping[str, Correction],
    rng: np.random.Generator,
) -> Iterator[RankedClip]:
    """These clips in the order of the study's strategy, batch by batch under its rules."""
    candidates = corrected_candidates(opened.pool, corrections, places)
    gated = Gated(*(getattr(opened.gated, name)[places] for name in ("route", "ask", "reason")))
    alone = replace(config, audit_share=0.0, repeat_share=0.0, second_opinion_share=0.0)
    n = min(settings.LIVE_HEAD_CLIPS, len(places))
    composed = compose(
        candidates,
        _pick(candidates, config, rng=rng),
        alone,
        gated=gated,
        audit_order=np.zeros(len(places)),
        n_composed=n,
        rng=rng,
    )
    return _ranked(base, candidates, opened.clip_ids[places], composed, n)


def _pick(candidates: Candidates, config: AcquisitionConfig, *, rng: np.random.Generator) -> Picked:
    """By the study's strategy; by entropy where these clips lack what it needs, as when none has both modalities."""
    n = candidates.n_clips
    try:
        return pick(config.strategy, candidates, n, rng=rng, min_quality=config.min_quality)
    except TrainingError:
        if config.strategy is Strategy.ENTROPY:
            raise
        return pick(Strategy.ENTROPY, candidates, n, rng=rng)


def _ranked(
    base: Ranking, candidates: Candidates, clip_ids: Places, composed: Composition, n: int
) -> Iterator[RankedClip]:
    chosen = composed.place[:n]
    entries = queries.entries_of(base, [int(clip_id) for clip_id in clip_ids[chosen]])
    for at, place in enumerate(chosen):
        clip_id = int(clip_ids[place])
        yield RankedClip(
            clip_id,
            scores=_scores(entries[clip_id], candidates, int(place)),
            term=TERMS[composed.term[at]],
            route=ROUTES[composed.route[at]],
            ask=ASKS[composed.ask[at]],
        )


def _scores(entry: RankEntry, candidates: Candidates, place: int) -> JsonObject:
    """What the round's ranking said of the clip, with the entropy as the answers since leave it."""
    assert candidates.scores is not None
    by_target = {name: float(values[place]) for name, values in candidates.scores.entropy.items()}
    now = {"entropy": float(candidates.scores.mean_entropy[place]), "entropy_by_target": by_target}
    return {**entry.scores, **now, "entropy_of_round": entry.scores.get("entropy")}


def in_the_rounds_pattern(
    study: Study, opened: OpenedRound, base: Ranking, fresh: Iterator[RankedClip], *, n: int
) -> list[RankedClip]:
    """Which places are audit, repeat or second opinion is as the round composed it, counted from what is used up.

    A head is replaced after every answer: counted from its own beginning, its rare places would never be reached.
    """
    pattern = queries.terms_from(base, queries.n_given_out(study, base), n)
    kept = {
        term: iter(queries.open_entries_of(base, term, pattern.count(term), last_rank=opened.last_kept))
        for term in KEPT
        if term in pattern
    }
    return interleaved(pattern, {term: map(_as_it_was, entries) for term, entries in kept.items()}, fresh, n=n)


def _as_it_was(entry: RankEntry) -> RankedClip:
    return RankedClip(
        entry.clip_id, scores=entry.scores, term=Term(entry.term), route=Route(entry.route), ask=Ask(entry.ask)
    )


def interleaved(
    pattern: Iterable[Term],
    kept: Mapping[Term, Iterator[RankedClip]],
    fresh: Iterator[RankedClip],
    *,
    n: int,
) -> list[RankedClip]:
    """n clips, none twice: at each place the next of its term, or of the fresh ones where there is none."""
    taken: dict[int, RankedClip] = {}
    nothing: Iterator[RankedClip] = iter(())
    for term in pattern:
        clip = _next_new(kept.get(term, nothing), taken) or _next_new(fresh, taken)
        if clip is not None:
            taken[clip.clip_id] = clip
    while len(taken) < n and (clip := _next_new(fresh, taken)) is not None:
        taken[clip.clip_id] = clip
    return list(taken.values())


def _next_new(clips: Iterator[RankedClip], taken: Mapping[int, RankedClip]) -> RankedClip | None:
    return next((clip for clip in clips if clip.clip_id not in taken), None)
