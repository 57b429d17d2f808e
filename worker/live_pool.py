"""The pool as the serving round left it, opened once a process, and the answers since as mlcore reads them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from pathlib import Path

import numpy as np
from django.conf import settings

from annotator.models import Ranking
from annotator.queries import live as queries
from mlcore.acquire.candidates import Places
from mlcore.acquire.gate import Gated, gate
from mlcore.acquire.live import LivePool, NewAnswers, prepare
from mlcore.acquire.pool_file import open_pool
from mlcore.types import AcquisitionConfig, Dimension, JsonObject, Strategy, Term
from worker import bridge
from worker.answers import verdicts_on

#: places of the round's order that stay what they were bought for: the model has no say in them
KEPT = (Term.AUDIT, Term.REPEAT_OTHER, Term.REPEAT_OWN, Term.RELABEL, Term.SECOND_OPINION)


def config_of(base: Ranking) -> AcquisitionConfig:
    """As the round was ranked: its policy may be another than was asked for, where that lacked what it needs."""
    return replace(AcquisitionConfig.from_json(base.config), strategy=Strategy(base.policy))


@dataclass(frozen=True, slots=True)
class OpenedRound:
    pool: LivePool
    clip_ids: Places
    #: rows by rising clip id
    by_id: Places
    gated: Gated
    #: where the round's order has its last place that keeps its term
    last_kept: int

    def places_of(self, clip_ids: Sequence[int]) -> Places:
        """Rows of those of these clips that the pool has."""
        ids = np.array(clip_ids, dtype=np.int64)
        at = np.searchsorted(self.clip_ids, ids, sorter=self.by_id)
        found = self.by_id[np.minimum(at, len(self.by_id) - 1)]
        return np.asarray(found[self.clip_ids[found] == ids])


def open_round(base: Ranking) -> OpenedRound | None:
    """None where the round left no pool behind: it is older than this, or had nothing to score."""
    assert base.round is not None
    folder = Path(settings.MODEL_ROOT) / base.round.model_path / "pool"
    return _opened(base.pk, str(folder)) if base.round.model_path and folder.is_dir() else None


@lru_cache(maxsize=4)
def _opened(base_id: int, folder: str) -> OpenedRound | None:
    file = open_pool(Path(folder))
    candidates = file.candidates
    if not candidates.n_clips or candidates.scores is None or candidates.embedding is None:
        return None
    base = Ranking.objects.select_related("study").get(pk=base_id)
    gated = gate(candidates, config_of(base), verdicts=verdicts_on(base.study, file.clip_ids))
    by_id = np.argsort(file.clip_ids, kind="stable")
    return OpenedRound(prepare(candidates), file.clip_ids, by_id, gated, queries.last_rank_of(base, KEPT))


def new_answers(
    opened: OpenedRound, votes: Mapping[int, Sequence[JsonObject]], dimensions: Sequence[Dimension]
) -> tuple[NewAnswers, int]:
    """The answers as shares, and how many they are; those about clips that the pool does not have are left out."""
    places = opened.places_of(list(votes))
    given = [votes[int(clip_id)] for clip_id in opened.clip_ids[places]]
    known = set(opened.pool.scores.alpha)
    targets = {one.key: bridge.vote_shares(given, one).astype(np.float64) for one in dimensions if one.key in known}
    weights = np.array([len(answers) for answers in given], dtype=np.float64)
    return NewAnswers(places, targets, weights), int(weights.sum())
