"""The task that takes new answers into the order of asking: the round's model, corrected, and no network run."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from django.conf import settings
from django.db import transaction

from annotator.domain import live
from annotator.domain.ranking import RankedClip
from annotator.jobs import app
from annotator.models import Ranking, Study
from annotator.queries import live as queries
from mlcore.acquire.live import correct
from mlcore.types import Strategy
from worker.live_order import by_strategy, in_the_rounds_pattern, most_uncertain
from worker.live_pool import config_of, new_answers, open_round
from worker.reading import Reading

#: what goes by the prediction alone, or by it and what an answer can't change; the others keep the round's order
LIVE_STRATEGIES = frozenset(
    {
        Strategy.ENTROPY,
        Strategy.MARGIN,
        Strategy.LEAST_CONFIDENCE,
        Strategy.POWER_ENTROPY,
        Strategy.CONSISTENCY,
        Strategy.GATED_CONSISTENCY,
        Strategy.COST_AWARE,
    }
)


@app.task(name=live.TASK)
def live_update(study_id: int) -> None:
    """Until the serving ranking knows every answer, or somebody else is at it, who will see to it."""
    study = Study.objects.filter(pk=study_id).first()
    while study is not None and live.is_behind(study) and update(study_id):
        study = Study.objects.filter(pk=study_id).first()


@transaction.atomic
def update(study_id: int) -> bool:
    """One update; False where another worker is at this study's."""
    if not live.try_to_hold_updates(study_id):
        return False
    study = Study.objects.select_related("active_ranking__round").get(pk=study_id)
    base = study.active_ranking
    seen = live.answers_version(study)  # before the answers are read: one that comes meanwhile is looked at again
    if base is None or base.round is None:
        return True
    head = _head(study, base)
    if head is None:
        _keep_the_rounds_order(study, base, seen)
    else:
        live.publish(study, base=base, ordered=head.clips, n_labels=base.n_labels + head.n_new, answers_seen=seen)
    return True


def _keep_the_rounds_order(study: Study, base: Ranking, seen: int) -> None:
    """Nothing came that changes it; a head made of answers that were taken back since would."""
    if study.head_ranking_id is not None:
        live.drop_head(study, base=base)
    live.note_seen(base, seen)


@dataclass(frozen=True, slots=True)
class Head:
    clips: Sequence[RankedClip]
    #: answers that went into it
    n_new: int


def _head(study: Study, base: Ranking) -> Head | None:
    """None where the round's order stays: nothing to correct it by, or nothing that could be corrected."""
    assert base.round is not None
    config = config_of(base)
    opened = open_round(base) if config.strategy in LIVE_STRATEGIES else None
    if opened is None:
        return None
    reading = Reading.of(base.round)
    answers, n_new = new_answers(opened, reading.read(queries.answers_since(base.round)), reading.questions)
    corrections = correct(opened.pool, answers)
    if not corrections:
        return None
    rng = np.random.default_rng([base.round.seed, n_new])
    n = settings.LIVE_HEAD_CLIPS
    wide = most_uncertain(opened, base, corrections, besides=answers.places, n=n)
    fresh = by_strategy(opened, base, wide, config, corrections=corrections, rng=rng)
    return Head(in_the_rounds_pattern(study, opened, base, fresh, n=n), n_new)
