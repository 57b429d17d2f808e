"""The task that puts a study's clips in order before its first round: by quality and features, without a model."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import numpy as np

from annotator.domain import cold_start, pool, rounds
from annotator.domain.ranking import RankedClip
from annotator.jobs import app
from annotator.models import Study
from mlcore.acquire import first_order
from mlcore.acquire.candidates import Candidates, Places
from mlcore.acquire.features import pooled_features
from mlcore.errors import ConcordError
from mlcore.store import Store
from mlcore.types import Strategy
from worker.answers import places_of
from worker.candidates import candidates_of
from worker.publishing import gated_with_costs
from worker.ranked import Pool, ranked_clips
from worker.round_input import Clips, clips_in_store


@app.task(name=cold_start.TASK)
def order_clips(study_id: int) -> None:
    """Until the order knows all that there is, or somebody else is at it, who will see to it."""
    with cold_start.turn(study_id) as is_ours:
        while is_ours and (study := cold_start.study_behind(study_id)) is not None:
            put_in_order(study)


def put_in_order(study: Study) -> None:
    """One order; what can't be read, as shards of different versions, leaves the order that serves."""
    seen = cold_start.what_there_is(study)
    try:
        ordered = ordered_clips(study)
    except (ConcordError, OSError) as error:
        cold_start.keep_order(study, seen=seen, reason=str(error))
    else:
        cold_start.publish(study, ordered=ordered, seen=seen)


def ordered_clips(study: Study) -> Iterator[RankedClip]:
    """Every clip outside the test subjects that has come in whole, as it is to be asked about.

    The same seed and the same clips give the same order, whenever they came in.
    """
    clips, store = _clips_in_random_order(study)
    config = cold_start.settings_of(study)
    candidates, gated = gated_with_costs(
        candidates_of(clips, store, scores=None, known=None), config, study, np.ascontiguousarray(clips["clip"])
    )
    if config.strategy is not Strategy.RANDOM:
        candidates = _with_features(candidates, store, clips, among=np.flatnonzero(gated.is_served))
    order = first_order(candidates, config, gated=gated, rng=np.random.default_rng(study.seed))
    return ranked_clips(order, Pool(candidates, clips["clip"], gated), None)


def _clips_in_random_order(study: Study) -> tuple[Clips, Store]:
    """As they are asked about where nothing else orders them."""
    found = rounds.ready_clips(study.pk).filter(subject__is_test=False)
    clips, store, _ = clips_in_store(found, after_rebuilding="its clips are put in order by themselves")
    places = places_of(clips["clip"], pool.in_random_order(study))
    return clips[places[places >= 0]], store


def _with_features(candidates: Candidates, store: Store, clips: Clips, *, among: Places) -> Candidates:
    """With where these clips lie; of the others nothing is read."""
    quality = {name: values[among] for name, values in candidates.quality.items()}
    subject = _by_first_appearance(candidates.subject)
    found = pooled_features(store, clips["row"][among], subject=subject[among], quality=quality)
    embedding = np.full((candidates.n_clips, found.shape[1]), np.nan, dtype=np.float32)
    embedding[among] = found
    return replace(candidates, subject=subject, embedding=embedding)


def _by_first_appearance(codes: Places) -> Places:
    """The same groups, numbered as they come: ids tell who was imported first, and nothing may depend on that."""
    _, first, group = np.unique(codes, return_index=True, return_inverse=True)
    rank: Places = np.argsort(np.argsort(first))
    return rank[group]
