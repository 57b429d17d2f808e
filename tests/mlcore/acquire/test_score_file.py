"""Scores as columns, in parts and on disk: what comes back is what went in."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from mlcore.acquire import PoolScores
from mlcore.acquire.column_files import JSON_NAME
from mlcore.acquire.score_columns import columns_of, join_scores, scores_of, take_rows
from mlcore.acquire.score_file import chunks_of, has_scores, open_scores, read_parts, write_scores
from mlcore.errors import StoreError
from tests.factories.pools import make_scores

FACTS = {"model": "abc"}


def same(one: PoolScores, other: PoolScores) -> bool:
    """To the bit, NaN included."""
    mine, theirs = columns_of(one), columns_of(other)
    return set(mine) == set(theirs) and all(
        column.dtype == theirs[key].dtype and column.tobytes() == theirs[key].tobytes() for key, column in mine.items()
    )


def halved(scores: PoolScores) -> PoolScores:
    return replace(scores, embedding=scores.embedding.astype(np.float16))


def test_columns_are_the_scores_and_back() -> None:
    scores = make_scores(7)
    columns = columns_of(scores)
    assert columns["alpha_by_modality", "eeg", "valence"] is scores.alpha_by_modality["eeg"]["valence"]
    assert same(scores_of(columns), scores)


def test_what_was_not_asked_for_is_no_column() -> None:
    plain = replace(make_scores(4), bald={}, embedding=np.zeros((0, 0)))
    assert not {key[0] for key in columns_of(plain)} & {"bald", "embedding", "trace_variance", "traces"}
    assert scores_of(columns_of(plain)).embedding.shape == (0, 0)


def test_parts_end_to_end_are_the_whole() -> None:
    whole = make_scores(20)
    parts = [take_rows(whole, slice(start, start + 7)) for start in range(0, 20, 7)]
    assert same(join_scores(parts), whole)


def test_modalities_of_a_model_without_class_targets_keep_their_names() -> None:
    bare = PoolScores(np.arange(3), {}, {}, np.zeros(3), {}, np.zeros(3), alpha_by_modality={"eeg": {}})
    assert join_scores([bare, bare]).alpha_by_modality == {"eeg": {}}


def test_nothing_can_not_be_joined() -> None:
    with pytest.raises(ValueError, match="parts: expected at least one"):
        join_scores([])


def test_scores_come_back_from_the_disk_to_the_bit_and_places_in_half_precision(tmp_path: Path) -> None:
    whole = make_scores(20)
    write_scores(tmp_path / "s", chunks_of(whole), n_clips=20, facts=FACTS)
    found = open_scores(tmp_path / "s")
    assert same(found, halved(whole))
    assert np.abs(found.embedding - whole.embedding).max() < 5e-4
    assert isinstance(found.mean_entropy, np.memmap)


def test_merging_files_gives_what_one_file_would_hold(tmp_path: Path) -> None:
    whole = make_scores(50)
    write_scores(tmp_path / "whole", [whole], n_clips=50, facts=FACTS)
    folders = []
    for number, start in enumerate(range(0, 50, 16)):
        part = take_rows(whole, slice(start, start + 16))
        folders.append(tmp_path / f"part-{number}")
        write_scores(folders[-1], [part], n_clips=len(part.rows), facts=FACTS)
    write_scores(tmp_path / "merged", read_parts(folders), n_clips=50, facts=FACTS)
    names = sorted(path.name for path in (tmp_path / "whole").iterdir())
    assert names == sorted(path.name for path in (tmp_path / "merged").iterdir())
    for name in names:
        assert (tmp_path / "merged" / name).read_bytes() == (tmp_path / "whole" / name).read_bytes()


def test_scores_of_no_clips_can_be_kept(tmp_path: Path) -> None:
    write_scores(tmp_path / "s", [make_scores(0)], n_clips=0, facts=FACTS)
    assert len(open_scores(tmp_path / "s").rows) == 0


def test_files_say_what_they_are_of(tmp_path: Path) -> None:
    write_scores(tmp_path / "s", [make_scores(3)], n_clips=3, facts=FACTS)
    assert has_scores(tmp_path / "s", FACTS)
    assert not has_scores(tmp_path / "s", {"model": "other"})
    assert not has_scores(tmp_path / "nowhere", FACTS)
    (tmp_path / "s" / "mean_entropy.npy").write_bytes(b"")
    assert not has_scores(tmp_path / "s", FACTS)


def test_rows_that_are_missing_or_too_many_are_refused(tmp_path: Path) -> None:
    with pytest.raises(StoreError, match="expected 5 rows, got 4"):
        write_scores(tmp_path / "s", [make_scores(4)], n_clips=5, facts=FACTS)
    assert list(tmp_path.iterdir()) == []


def test_a_batch_unlike_the_first_is_refused(tmp_path: Path) -> None:
    other = replace(make_scores(2), bald={})
    with pytest.raises(StoreError, match=r"bald\.valence is None"):
        write_scores(tmp_path / "s", [make_scores(2), other], n_clips=4, facts=FACTS)


def test_a_damaged_file_is_named(tmp_path: Path) -> None:
    write_scores(tmp_path / "s", [make_scores(3)], n_clips=3, facts=FACTS)
    item = json.loads((tmp_path / "s" / JSON_NAME).read_text())
    (tmp_path / "s" / JSON_NAME).write_text(json.dumps(item | {"n_rows": 4}))
    with pytest.raises(StoreError, match=r"rows\.npy: expected 4 rows, got 3"):
        open_scores(tmp_path / "s")


def _dying() -> Iterator[PoolScores]:
    yield make_scores(3)
    os.kill(os.getpid(), signal.SIGKILL)


def test_a_writer_that_is_killed_leaves_what_stood_there(tmp_path: Path) -> None:
    write_scores(tmp_path / "s", [make_scores(3)], n_clips=3, facts=FACTS)
    program = (
        "from pathlib import Path; from mlcore.acquire.score_file import write_scores; "
        "from tests.mlcore.acquire.test_score_file import _dying; "
        f"write_scores(Path({str(tmp_path / 's')!r}), _dying(), n_clips=6, facts={{}})"
    )
    assert subprocess.run([sys.executable, "-c", program], check=False).returncode == -signal.SIGKILL
    assert has_scores(tmp_path / "s", FACTS)
    assert same(open_scores(tmp_path / "s"), halved(make_scores(3)))
