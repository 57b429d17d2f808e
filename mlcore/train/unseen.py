"""What a model says of labelled clips by networks that have not learnt from them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from mlcore.acquire import PoolScores
from mlcore.acquire.score_columns import blank_rows, join_scores, take_rows
from mlcore.train.data import RoundData
from mlcore.train.judge import judge
from mlcore.train.measures import batches_of
from mlcore.train.model import TrainedModel
from mlcore.train.opinions import ask
from mlcore.train.split import Fold


def score_unseen(data: RoundData, model: TrainedModel, folds: Sequence[Fold]) -> PoolScores:
    """Scores of the labelled clips, row by row: each by a network whose validation fold it was in.

    A model that has learnt from an answer agrees with it; whether an answer is probably wrong only the others can say.
    The prediction is that of the evidence alone: linear experts and pools have seen every label. Clips that every
    network learnt from are NaN throughout.

    Args:
        data: of the round.
        model: as it was fitted to the folds.
        folds: the validation fold of each network, over the labelled clips.
    """
    alone = replace(model, config=replace(model.config, pool="discounted"))
    n_clips, nobody = len(data.labelled_rows), np.zeros(0, dtype=np.int64)
    judges = np.full(n_clips, -1, dtype=np.int64)
    for number, fold in enumerate(folds):
        judges[fold.validation] = number
    order = np.argsort(judges, kind="stable")
    parts = list(_parts(data, alone, judges, order)) or [judge(alone, nobody, {}, tuple(model.modalities))]
    whole = take_rows(join_scores(parts), np.argsort(order))
    return blank_rows(whole, judges < 0)


def _parts(
    data: RoundData, model: TrainedModel, judges: NDArray[np.int64], order: NDArray[np.int64]
) -> Iterator[PoolScores]:
    """In the order of the judges; who has none is judged by the first network, and blanked by the caller."""
    for number in np.unique(judges):
        mine = order[judges[order] == number]
        for batch in batches_of(len(mine)):
            rows = data.labelled_rows[mine[batch]]
            members = (max(int(number), 0),)
            opinions = ask(model.net, data.store, rows, scalers=model.scalers, targets=model.targets, members=members)
            yield judge(model, rows, opinions, tuple(model.modalities))
