"""Scores on disk: a folder of plain .npy columns, there as a whole or not at all."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mlcore.acquire.column_files import open_columns, read_facts, write_columns
from mlcore.acquire.score_columns import Columns, Key, columns_of, scores_of
from mlcore.acquire.scores import PoolScores
from mlcore.errors import StoreError
from mlcore.store.files import let_go, replace_folder
from mlcore.types import JsonObject

#: rows that are copied at a time
CHUNK = 8192


def write_scores(folder: Path, parts: Iterable[PoolScores], *, n_clips: int, facts: JsonObject) -> None:
    """Write scores that come part by part, in one step; memory holds one part.

    Places in the latent space are kept in half precision (they are of unit length, to 0.0005), all else as it is.

    Args:
        folder: replaced.
        parts: end to end the scores of all clips; at least one.
        n_clips: of all parts together.
        facts: what the scores are of; `has_scores` compares them.
    """
    fill = partial(write_columns, batches=map(packed, parts), n_rows=n_clips, facts=facts)
    replace_folder(folder, fill)


def packed(scores: PoolScores) -> Columns:
    """Columns as files hold them."""
    return {key: half(key, column) for key, column in columns_of(scores).items()}


def half(key: Key, column: NDArray[Any]) -> NDArray[Any]:
    """Embeddings in half precision, all else as it is."""
    return column.astype(np.float16) if key == ("embedding",) else column


def open_scores(folder: Path) -> PoolScores:
    """Scores mapped into memory; StoreError names a file that is missing or damaged."""
    return scores_of(open_columns(folder))


def has_scores(folder: Path, facts: JsonObject) -> bool:
    """Whether the scores of just this are there."""
    try:
        return read_facts(folder) == facts and len(open_scores(folder).rows) >= 0
    except (StoreError, TypeError):
        return False


def chunks_of(scores: PoolScores) -> Iterator[PoolScores]:
    """Scores in pieces that fit in memory; at least one, empty where there are no clips."""
    columns = columns_of(scores)
    for start in range(0, max(len(scores.rows), 1), CHUNK):
        yield scores_of({key: np.array(column[start : start + CHUNK]) for key, column in columns.items()})
        for column in columns.values():
            let_go(column)


def read_parts(folders: Iterable[Path]) -> Iterator[PoolScores]:
    """The scores of several folders end to end, piece by piece."""
    for folder in folders:
        yield from chunks_of(open_scores(folder))
