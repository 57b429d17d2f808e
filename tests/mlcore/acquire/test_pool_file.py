"""A round's pool on disk."""

from __future__ import annotations

from dataclasses import fields, replace
from pathlib import Path

import numpy as np
import pytest

from mlcore.acquire.candidates import Candidates
from mlcore.acquire.pool_file import open_pool, write_pool
from mlcore.acquire.score_columns import columns_of
from mlcore.errors import StoreError
from tests.factories.pools import make_candidates

N_CLIPS = 20_000  # more than are copied at a time
CLIP_IDS = np.arange(N_CLIPS)[::-1] + 7


def check_same(found: Candidates, written: Candidates) -> None:
    for name in ("subject", "session", "start_s", "stop_s", "seconds", "crosses_change"):
        assert np.array_equal(getattr(found, name), getattr(written, name))
    assert set(found.quality) == set(written.quality)
    for name, column in written.quality.items():
        assert np.array_equal(found.quality[name], column, equal_nan=True)
    assert found.scores is not None
    assert written.scores is not None
    mine, theirs = columns_of(found.scores), columns_of(written.scores)
    assert set(mine) == set(theirs)
    for key in set(theirs) - {("embedding",)}:
        assert np.array_equal(mine[key], theirs[key], equal_nan=True)


def test_every_column_comes_back(tmp_path: Path) -> None:
    written = make_candidates(N_CLIPS)
    write_pool(tmp_path / "pool", written, clip_ids=CLIP_IDS, facts={"round": 3})
    found = open_pool(tmp_path / "pool")
    check_same(found.candidates, written)
    assert np.array_equal(found.clip_ids, CLIP_IDS)
    assert found.facts == {"round": 3}
    for mine, theirs in (
        (found.candidates.embedding, written.embedding),
        (found.candidates.known, written.known),
    ):
        assert mine is not None
        assert theirs is not None
        assert mine.dtype == np.float16
        assert np.array_equal(mine, theirs.astype(np.float16))


def test_columns_are_mapped_and_can_not_be_written_to(tmp_path: Path) -> None:
    write_pool(tmp_path / "pool", make_candidates(50), clip_ids=np.arange(50))
    found = open_pool(tmp_path / "pool").candidates
    assert found.scores is not None
    assert found.scores.embedding is found.embedding
    for one in fields(Candidates):
        value = getattr(found, one.name)
        if isinstance(value, np.ndarray):
            assert isinstance(value, np.memmap)
            assert not value.flags.writeable
    assert isinstance(found.scores.alpha_by_modality["face"]["valence"], np.memmap)


def test_a_pool_that_was_opened_can_be_written_again_over_itself(tmp_path: Path) -> None:
    write_pool(tmp_path / "pool", make_candidates(50), clip_ids=np.arange(50))
    first = open_pool(tmp_path / "pool")
    write_pool(tmp_path / "pool", first.candidates, clip_ids=first.clip_ids, facts={"again": True})
    second = open_pool(tmp_path / "pool")
    check_same(second.candidates, make_candidates(50))
    assert second.facts == {"again": True}


def test_a_pool_before_the_first_model_has_no_scores(tmp_path: Path) -> None:
    bare = replace(make_candidates(9), scores=None, embedding=None, known=None)
    write_pool(tmp_path / "pool", bare, clip_ids=np.arange(9))
    found = open_pool(tmp_path / "pool").candidates
    assert (found.scores, found.embedding, found.known, found.n_clips) == (None, None, None, 9)


def test_an_empty_pool_is_one(tmp_path: Path) -> None:
    write_pool(tmp_path / "pool", make_candidates(0, n_known=0), clip_ids=np.arange(0))
    assert open_pool(tmp_path / "pool").candidates.n_clips == 0


def test_columns_of_different_lengths_are_refused(tmp_path: Path) -> None:
    made = make_candidates(9)
    with pytest.raises(StoreError, match="seconds: expected 9 rows, got 8"):
        write_pool(tmp_path / "pool", replace(made, seconds=made.seconds[:8]), clip_ids=np.arange(9))
    with pytest.raises(StoreError, match="clip_id: expected 9 rows, got 3"):
        write_pool(tmp_path / "pool", made, clip_ids=np.arange(3))
    assert list(tmp_path.iterdir()) == []


def test_what_holds_no_pool_is_named(tmp_path: Path) -> None:
    with pytest.raises(StoreError, match=r"columns\.json can't be read"):
        open_pool(tmp_path)
