"""The pool as the serving round left it, opened once a process, and the answers since as mlcore reads them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from pathlib import Path

import numpy as np
from django.conf import settings

from annotator.domain.rounds import Vote
from annotator.models import Ranking
from annotator.queries import live as queries
from mlcore.acquire.candidates import Places
from mlcore.acquire.codes import code
from mlcore.acquire.gate import Gated, gate
from mlcore.acquire.live import LivePool, NewAnswers, prepare
from mlcore.acquire.pool_file import open_pool
from mlcore.acquire.scores import PoolScores
from mlcore.types import AcquisitionConfig, Dimension, Route, Strategy, Term
from worker.answers import verdicts_on
from worker.voters import Floats, Voters, open_voters
from worker.votes import columns_of, plain_shares

#: places of the round's order that stay what they were bought for: the model has no say in them
KEPT = (Term.AUDIT, Term.REPEAT_OTHER, Term.REPEAT_OWN, Term.RELABEL, Term.SECOND_OPINION)

#: clips that an update looks at, so that it takes as long in a longer pool
MOST_CONSIDERED = 65_536


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
    #: rows, rising, of the main route's clips that the round was least certain of: what an update looks at
    considered: Places
    #: where the round's order has its last place that keeps its term
    last_kept: int
    #: what the round weighed answers by, by question; empty where each counts the same
    voters: Mapping[str, Voters]

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
    return OpenedRound(
        prepare(candidates),
        file.clip_ids,
        by_id,
        gated,
        considered=_least_certain(candidates.scores, gated),
        last_kept=queries.last_rank_of(base, KEPT),
        voters=open_voters(Path(folder).parent),
    )


def _least_certain(scores: PoolScores, gated: Gated) -> Places:
    """An update of a million clips would take seconds, and moves few of them from the bottom to the first hundred."""
    main = np.flatnonzero(gated.route == code(Route.MAIN))
    if len(main) <= MOST_CONSIDERED:
        return main
    best = np.argpartition(-scores.mean_entropy[main], MOST_CONSIDERED)[:MOST_CONSIDERED]
    return np.sort(main[best])


def new_answers(
    opened: OpenedRound, votes: Mapping[int, Sequence[Vote]], dimensions: Sequence[Dimension]
) -> tuple[NewAnswers, int]:
    """The answers as the round would weigh them, and how many they are; those about clips out of the pool are left out.

    What the round found of each annotator is held: an answer changes what is believed of its clip, not of people.
    """
    places = opened.places_of(list(votes))
    given = [votes[int(clip_id)] for clip_id in opened.clip_ids[places]]
    known = [one for one in dimensions if one.key in opened.pool.scores.alpha]
    judged = {one.key: _judged(given, one, opened.voters.get(one.key)) for one in known}
    targets, weights = ({key: pair[part] for key, pair in judged.items()} for part in (0, 1))
    return NewAnswers(places, targets, weights), sum(len(answers) for answers in given)


def _judged(given: Sequence[Sequence[Vote]], question: Dimension, voters: Voters | None) -> tuple[Floats, Floats]:
    """Targets and weights of the clips; without a vote model the shares of the answers, and how many there are."""
    if voters is None:
        return plain_shares(given, question)
    columns = columns_of(given, question)
    return voters.judge(columns.votes, columns.annotators)
