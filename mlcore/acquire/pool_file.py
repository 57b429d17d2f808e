"""The pool of a round on disk: every column of the candidates and which clips they are, mapped into memory.

Whoever ranks between rounds (new answers, other settings) starts from here, without the networks.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np

from mlcore.acquire.candidates import Candidates, Embedding, Places
from mlcore.acquire.column_files import open_columns, read_facts, write_columns
from mlcore.acquire.score_columns import Columns, Key, columns_of, scores_of
from mlcore.acquire.score_file import CHUNK
from mlcore.acquire.scores import PoolScores
from mlcore.errors import StoreError
from mlcore.store.files import let_go, map_array, replace_folder
from mlcore.types import JsonObject

KNOWN_NAME = "known.npy"
_CLIP_ID, _EMBEDDING = ("clip_id",), ("embedding",)
_PLAIN = ("subject", "session", "start_s", "stop_s", "seconds", "crosses_change")


@dataclass(frozen=True, slots=True)
class PoolFile:
    """A pool as `write_pool` left it.

    Args:
        candidates: its arrays are memory-mapped and can't be written to.
        clip_ids: (n,) whole numbers.
        facts: whatever was kept beside it.
    """

    candidates: Candidates
    clip_ids: Places
    facts: JsonObject = field(default_factory=dict)


def write_pool(folder: Path, candidates: Candidates, *, clip_ids: Places, facts: JsonObject | None = None) -> None:
    """Write a pool in one step: after a crash at any moment there is the old folder, the new one, or none.

    Copied piece by piece, so that candidates that are memory-mapped themselves need no memory. Places in the latent
    space are kept once, in half precision; all else to the bit.

    Args:
        folder: replaced.
        candidates: n clips.
        clip_ids: (n,)
        facts: plain values to keep beside it.

    Raises:
        StoreError: the columns differ in length.
    """
    columns = _columns(candidates, np.asarray(clip_ids, dtype=np.int64))
    for key, column in columns.items():
        if len(column) != candidates.n_clips:
            raise StoreError(f"{'.'.join(key)}: expected {candidates.n_clips} rows, got {len(column)}")

    def fill(beside: Path) -> None:
        write_columns(beside, _pieces(columns, candidates.n_clips), n_rows=candidates.n_clips, facts=facts or {})
        if candidates.known is not None:
            np.save(beside / KNOWN_NAME, np.asarray(candidates.known, dtype=np.float16))

    replace_folder(folder, fill)


def open_pool(folder: Path) -> PoolFile:
    """Open a pool; pages are read when touched.

    Raises:
        StoreError: a file is missing or damaged; it is named.
    """
    columns = open_columns(folder)
    try:
        candidates = _candidates(columns)
        clip_ids = columns[_CLIP_ID]
    except (KeyError, TypeError) as error:
        raise StoreError(f"{folder} holds no pool: column {error} is missing") from error
    known = map_array(folder / KNOWN_NAME) if (folder / KNOWN_NAME).exists() else None
    return PoolFile(replace(candidates, known=known), clip_ids, read_facts(folder))


def _columns(candidates: Candidates, clip_ids: Places) -> Columns:
    columns: Columns = {_CLIP_ID: clip_ids} | {(name,): getattr(candidates, name) for name in _PLAIN}
    columns |= {("quality", name): column for name, column in candidates.quality.items()}
    if candidates.scores is not None:
        found = columns_of(candidates.scores)
        columns |= {("scores", *key): column for key, column in found.items() if key != _EMBEDDING}
    embedding = _embedding_of(candidates)
    return columns if embedding is None else columns | {_EMBEDDING: embedding}


def _embedding_of(candidates: Candidates) -> Embedding | None:
    """The candidates' own, else that of their scores."""
    if candidates.embedding is not None:
        return candidates.embedding
    scored = candidates.scores.embedding if candidates.scores is not None else None
    return scored if scored is not None and scored.shape[1] > 0 else None


def _pieces(columns: Columns, n_clips: int) -> Iterator[Columns]:
    for start in range(0, max(n_clips, 1), CHUNK):
        yield {key: _piece(key, columns, slice(start, start + CHUNK)) for key in columns}
        for column in columns.values():
            let_go(column)


def _piece(key: Key, columns: Columns, rows: slice) -> Embedding:
    piece = np.asarray(columns[key][rows])
    return piece.astype(np.float16) if key == _EMBEDDING else piece


def _candidates(columns: Columns) -> Candidates:
    embedding = columns.get(_EMBEDDING)
    return Candidates(
        **{name: columns[name,] for name in _PLAIN},
        quality={key[1]: column for key, column in columns.items() if key[0] == "quality"},
        scores=_scores({key[1:]: column for key, column in columns.items() if key[0] == "scores"}, embedding),
        embedding=embedding,
    )


def _scores(columns: Mapping[Key, Embedding], embedding: Embedding | None) -> PoolScores | None:
    if not columns:
        return None
    scores = scores_of(columns)
    return scores if embedding is None else replace(scores, embedding=embedding)
