"""The order of asking before there is a model: a batch that is typical of the data, then the clips as they come."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from mlcore.acquire.batch import Composition, compose
from mlcore.acquire.candidates import Candidates, Picked
from mlcore.acquire.gate import Gated
from mlcore.acquire.strategies import cold_start
from mlcore.types import AcquisitionConfig, Strategy


def first_order(
    candidates: Candidates, config: AcquisitionConfig, *, gated: Gated, rng: np.random.Generator
) -> Composition:
    """Put a pool into the order in which it is asked about before the first round.

    One batch by `cold_start`, under the rules of a batch as far as they need no model: the gap within a recording and
    the cap per subject. There is no random slice, as there is no model to judge by it, and nothing to repeat. Behind it
    the served clips that are left in the order of the candidates, then the quality list, its best signal first, and
    those about whom nobody is asked. A study that asks at random has no such batch.

    Args:
        candidates: n clips, in the order in which they come where nothing else orders them; with features.
        config: strategy, size and rules of a batch.
        gated: where each candidate goes.
        rng: what `cold_start` draws from.

    Raises:
        TrainingError: the candidates have no features.
    """
    nothing = Picked(np.zeros(0, dtype=np.int64), np.full(candidates.n_clips, np.nan))
    is_random = config.strategy is Strategy.RANDOM
    first = nothing if is_random else _first_batch(candidates, config, gated=gated, rng=rng)
    return _composed(candidates, first, config, gated=gated, rng=rng, n_places=0)


def _first_batch(
    candidates: Candidates, config: AcquisitionConfig, *, gated: Gated, rng: np.random.Generator
) -> Picked:
    """The clips of one batch in its order; no other has a value."""
    is_served, n_places = gated.is_served, config.batch_size
    wanted = cold_start(candidates, n_places, rng=rng, among=np.flatnonzero(is_served))
    composed = _composed(candidates, wanted, config, gated=gated, rng=rng, n_places=n_places)
    batch = composed.place[: min(n_places, int(is_served.sum()))]
    values = np.full(candidates.n_clips, np.nan)
    values[batch] = wanted.values[batch]
    return Picked(batch, values)


def _composed(
    candidates: Candidates,
    picked: Picked,
    config: AcquisitionConfig,
    *,
    gated: Gated,
    rng: np.random.Generator,
    n_places: int,
) -> Composition:
    """Clips in the order picked, the first places by the rules of one batch."""
    alone = replace(
        config,
        strategy=Strategy.TYPICLUST,
        audit_share=0.0,
        repeat_share=0.0,
        second_opinion_share=0.0,
        relabel_share=0.0,
    )
    keys = np.zeros(candidates.n_clips)
    return compose(candidates, picked, alone, gated=gated, audit_order=keys, n_composed=n_places, rng=rng)
