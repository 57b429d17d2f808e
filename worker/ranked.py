"""From candidates and an order of asking to rows: ranked clips with their scores, and predictions."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from annotator.domain.ranking import RankedClip
from annotator.domain.rounds import ClipPrediction
from annotator.domain.said import told
from mlcore.acquire import PoolScores
from mlcore.acquire.batch import Composition
from mlcore.acquire.candidates import Candidates, Places
from mlcore.acquire.codes import ASKS, REASONS, ROUTES, TERMS
from mlcore.acquire.gate import Gated
from mlcore.acquire.score_columns import take_rows
from mlcore.types import JsonObject

#: clips whose scores are put into words at a time
CHUNK = 4096
#: of each target, by the field of `PoolScores` that holds it
BY_TARGET = {
    "entropy_by_target": "entropy",
    "vacuity": "vacuity",
    "dissonance": "dissonance",
    "disagreement": "disagreement",
    "bald": "bald",
}
NO_OPINION = {"entropy": None, "unscored": "no usable modality"}


class Pool:
    """Clips that may come into a ranking, and what is said of each."""

    def __init__(self, candidates: Candidates, clip_ids: Places, gated: Gated) -> None:
        self.candidates, self.clip_ids, self.gated = candidates, clip_ids, gated

    def told(self, places: Places, values: NDArray[np.float64]) -> list[JsonObject]:
        """Why each of some clips stands where it does, as an entry keeps it: finite numbers only."""
        scores = self.candidates.scores
        said = [{} for _ in places] if scores is None else scores_in_words(take_rows(scores, places))
        return [
            {**words, **measured, "value": _or_none(value), "gate": REASONS[reason].value}
            for words, measured, value, reason in zip(
                said, self._measured(places), values.tolist(), self.gated.reason[places].tolist(), strict=True
            )
        ]

    def _measured(self, places: Places) -> list[JsonObject]:
        quality = {name: column[places] for name, column in self.candidates.quality.items()}
        by_modality = _by_key(quality, len(places))
        seconds = np.round(self.candidates.seconds[places], 1).tolist()
        return [{"quality": one, "seconds": cost} for one, cost in zip(by_modality, seconds, strict=True)]


def ranked_clips(composed: Composition, pool: Pool, again: Pool | None) -> Iterator[RankedClip]:
    """The clips in the order of asking, read from the files chunk by chunk.

    Args:
        composed: the order.
        pool: the candidates.
        again: the clips with answers, where some are asked about again.
    """
    for start in range(0, composed.n_places, CHUNK):
        yield from _chunk(composed, slice(start, start + CHUNK), pool, again)


def _chunk(composed: Composition, rows: slice, pool: Pool, again: Pool | None) -> Iterator[RankedClip]:
    place, answered = composed.place[rows], composed.answered_place[rows]
    said: list[JsonObject] = [{}] * len(place)
    clip_ids = np.zeros(len(place), dtype=np.int64)
    for which, source in ((place, pool), (answered, again)):
        mine = np.flatnonzero(which >= 0)
        if source is not None and len(mine):
            clip_ids[mine] = source.clip_ids[which[mine]]
            for at, words in zip(mine.tolist(), source.told(which[mine], composed.value[rows][mine]), strict=True):
                said[at] = words
    columns = (composed.term, composed.route, composed.ask, composed.reserved_for, composed.pass_number)
    for clip, words, term, route, ask, who, pass_number in zip(
        clip_ids.tolist(), said, *(column[rows].tolist() for column in columns), strict=True
    ):
        yield RankedClip(
            clip, words, TERMS[term], ROUTES[route], ASKS[ask], None if who < 0 else int(who), int(pass_number)
        )


def told_of(pool: Pool) -> dict[int, JsonObject]:
    """Clip -> what an entry of a ranking would say of it, had it been drawn at random."""
    places = np.arange(len(pool.clip_ids))
    words = pool.told(places, np.full(len(places), np.nan))
    asks = [ASKS[ask].value for ask in pool.gated.ask.tolist()]
    return {clip: told(said, ask) for clip, said, ask in zip(pool.clip_ids.tolist(), words, asks, strict=True)}


def of_pool(pool: Pool) -> Iterator[ClipPrediction]:
    """Nothing before the first model."""
    return iter(()) if pool.candidates.scores is None else predictions(pool.candidates.scores, pool.clip_ids)


def predictions(scores: PoolScores, clip_ids: Places) -> Iterator[ClipPrediction]:
    """Of every clip that the model could read something of; the others are NaN."""
    readable = np.flatnonzero(np.isfinite(scores.mean_entropy))
    for start in range(0, len(readable), CHUNK):
        places = readable[start : start + CHUNK]
        part = take_rows(scores, places)
        shares = {name: part.probabilities(name).tolist() for name in part.alpha}
        alpha = {name: values.tolist() for name, values in part.alpha.items()}
        for at, clip in enumerate(clip_ids[places].tolist()):
            yield (
                clip,
                {name: values[at] for name, values in shares.items()},
                {name: values[at] for name, values in alpha.items()},
            )


def scores_in_words(scores: PoolScores) -> list[JsonObject]:
    """What the model says of each of n clips; of a clip that it can't read, that it says nothing."""
    n_clips = len(scores.rows)
    named = {name: _by_key(getattr(scores, field), n_clips) for name, field in BY_TARGET.items()}
    named["evidence"] = _by_key(evidence(scores), n_clips)
    kept = [name for name in named if name != "bald" or scores.bald]
    agreement = [_or_none(value) for value in scores.agreement.tolist()]
    return [
        {"entropy": entropy, **{name: named[name][at] for name in kept}, "agreement": agreement[at]}
        if np.isfinite(entropy)
        else dict(NO_OPINION)
        for at, entropy in enumerate(scores.mean_entropy.tolist())
    ]


def evidence(scores: PoolScores) -> dict[str, NDArray[np.float64]]:
    """Σ(α − 1) of each modality, mean over the targets (n,): how much the networks make of it; NaN without it."""
    return {
        modality: np.mean([(alpha - 1).sum(axis=1) for alpha in by_target.values()], axis=0)
        for modality, by_target in scores.alpha_by_modality.items()
        if by_target
    }


def _by_key(columns: Any, n_clips: int) -> list[dict[str, float]]:
    """Columns (n,) by key -> per clip the finite ones by key."""
    names = list(columns)
    rows: Sequence[Sequence[float]] = list(zip(*(columns[name].tolist() for name in names), strict=True))
    if not names:
        return [{} for _ in range(n_clips)]
    return [{name: value for name, value in zip(names, row, strict=True) if value - value == 0.0} for row in rows]


def _or_none(value: float) -> float | None:
    return value if np.isfinite(value) else None
