"""A model's opinion of any clips, read from the store batch by batch."""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterable
from contextlib import closing
from dataclasses import dataclass, replace
from functools import partial

import numpy as np
from numpy.typing import NDArray

from mlcore.acquire import PoolScores
from mlcore.acquire.score_columns import join_scores
from mlcore.store import Store
from mlcore.train.ahead import prepared_ahead
from mlcore.train.dropout import bald_of_batch, seed_of_batch
from mlcore.train.judge import judge
from mlcore.train.model import TrainedModel
from mlcore.train.opinions import ask
from mlcore.train.readable import scalers_for
from mlcore.train.tensors import load_modalities

Rows = NDArray[np.int64]
#: clips that are read at a time
BATCH_SIZE = 256


@dataclass(frozen=True, slots=True)
class Dropouts:
    """How the information about the network is asked for (BALD).

    Args:
        n_passes: networks drawn by dropout; 0 = none of it.
        seed: decides the draws; those of a batch depend on it and on the batch's first row alone.
    """

    n_passes: int = 0
    seed: int = 0


def score(
    model: TrainedModel,
    store: Store,
    rows: Rows,
    *,
    modalities: Iterable[str] | None = None,
    batch_size: int = BATCH_SIZE,
    on_batch: Callable[[int], None] = lambda n_done: None,
    with_embedding: bool = False,
    n_dropout_passes: int = 0,
    seed: int = 0,
) -> PoolScores:
    """Score clips with every modality that they and the model have.

    A clip without any gets α = 1 (p uniform, vacuity 1) and a trace of NaN; α = 1 as well for a class target that the
    model did not learn. Subjects that the model does not know are standardised by their own clips in the store.

    Args:
        model: its net decides the device.
        store: need not be the one that it was trained on.
        rows: (n,).
        modalities: those that may be read; all if None.
        batch_size: clips read at a time.
        on_batch: called with the number of clips done; may raise to stop.
        with_embedding: whether to keep the clips' places in the shared space.
        n_dropout_passes: passes with dropout for `bald`; 0 = none.
        seed: of those passes.

    Raises:
        StoreError: a modality of the store does not fit the model, or the model has none of that name.
    """
    rows = np.asarray(rows, dtype=np.int64)
    found = score_parts(
        model,
        store,
        rows,
        modalities=modalities,
        batch_size=batch_size,
        with_embedding=with_embedding,
        dropouts=Dropouts(n_dropout_passes, seed),
    )
    parts: list[PoolScores] = []
    n_done = 0
    for part in found:
        parts.append(part)
        n_done += len(part.rows)
        on_batch(n_done)
    return join_scores(parts)


def score_parts(
    model: TrainedModel,
    store: Store,
    rows: Rows,
    *,
    modalities: Iterable[str] | None = None,
    batch_size: int = BATCH_SIZE,
    with_embedding: bool = False,
    dropouts: Dropouts = Dropouts(),
) -> Generator[PoolScores, None, None]:
    """Score clips as `score` does, and give each batch as it is done: memory holds two batches.

    What a batch gives is a function of its own rows to the bit: rows that are cut into stretches of whole batches and
    scored apart, by whichever process, give the same as one call for all of them. There is at least one batch, an
    empty one of no rows.

    Raises:
        StoreError: a modality of the store does not fit the model, or the model has none of that name.
    """
    rows = np.asarray(rows, dtype=np.int64)
    scalers = scalers_for(model, store, rows, modalities=modalities)
    device = next(model.net.parameters()).device
    batches = [rows[start : start + batch_size] for start in range(0, len(rows), batch_size)]
    read = prepared_ahead(partial(load_modalities, store, scalers=scalers, device=device), batches)
    members = range(len(model.net.members))
    model.net.eval()
    if not batches:
        yield judge(model, rows, {}, tuple(scalers), with_embedding=with_embedding)
    with closing(read):
        for batch, loaded in zip(batches, read, strict=True):
            opinions = ask(
                model.net, store, batch, scalers=scalers, targets=model.targets, members=members, loaded=loaded
            )
            scores = judge(model, batch, opinions, tuple(scalers), with_embedding=with_embedding)
            if dropouts.n_passes:
                seed = seed_of_batch(dropouts.seed, batch)
                bald = bald_of_batch(
                    model, store, batch, scalers=scalers, loaded=loaded, n_passes=dropouts.n_passes, seed=seed
                )
                scores = replace(scores, bald=bald)
            yield scores
