from __future__ import annotations

import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from mlcore.errors import StoreError
from mlcore.store import RowStream, open_store, write_shard
from mlcore.store import files as store_files
from tests.mlcore.store import samples

#: writes a second version of a shard and dies the hard way when every file is there but not yet in place
DIE_BEFORE_RENAME = """
import os, sys
from pathlib import Path
from mlcore.store import files, write_shard
from tests.mlcore.store import samples
files._put = lambda beside, folder: os._exit(9)
write_shard(Path(sys.argv[1]), samples.META, samples.table(4, seed=5), samples.arrays(4, seed=5))
"""


def content(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir()}


def test_a_writer_killed_before_the_rename_leaves_the_old_shard(tmp_path: Path) -> None:
    folder = tmp_path / "store" / "shard"
    write_shard(folder, samples.META, samples.table(3), samples.arrays(3))
    before = content(folder)

    done = subprocess.run([sys.executable, "-c", DIE_BEFORE_RENAME, str(folder)], check=False, timeout=60)
    assert done.returncode == 9
    assert content(folder) == before
    assert len(list(folder.parent.iterdir())) == 2  # what the dead writer left is hidden
    assert open_store(folder.parent).n_clips == 3


def test_a_disk_that_refuses_leaves_the_old_shard_and_nothing_else(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "shard"
    write_shard(folder, samples.META, samples.table(3), samples.arrays(3))
    before = content(folder)

    def full(*_: Any, **__: Any) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(np, "save", full)
    with pytest.raises(OSError, match="No space left"):
        write_shard(folder, samples.META, samples.table(4, seed=5), samples.arrays(4, seed=5))
    assert content(folder) == before
    assert list(tmp_path.iterdir()) == [folder]


@pytest.mark.parametrize("can_exchange", [True, False])
def test_writing_again_replaces_the_shard_whole(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, *, can_exchange: bool
) -> None:
    if not can_exchange:
        monkeypatch.setattr(store_files, "_exchange", lambda *_: False)
    folder = tmp_path / "shard"
    write_shard(folder, samples.META, samples.table(3), samples.arrays(3))
    old = open_store(folder)
    before = old.gather("eeg", [0, 1, 2])
    write_shard(folder, samples.META, samples.table(5, seed=5), samples.arrays(5, seed=5))

    assert open_store(folder).n_clips == 5
    assert list(tmp_path.iterdir()) == [folder]
    # whoever had it open goes on reading what they opened, and is told where they had not yet read
    np.testing.assert_array_equal(old.gather("eeg", [0, 1, 2]), before)
    with pytest.raises(StoreError, match=r"face\.npy was written again since the store was opened"):
        old.gather("face", np.flatnonzero(old.present("face")))


@pytest.mark.parametrize(
    ("name", "value", "sentence"),
    [
        ("eeg", np.zeros((4, 3, 7), np.float32), r"eeg: expected shape \(4, 3, 8\), got \(4, 3, 7\)"),
        ("eeg", np.zeros((3, 3, 8), np.float32), r"eeg: expected shape \(4, 3, 8\), got \(3, 3, 8\)"),
        ("eeg", np.zeros((4, 3, 8)), "eeg: expected float32, got float64"),
        ("votes", np.zeros((4, 3)), r"votes: expected shape \(4, 2\), got \(4, 3\)"),
        ("votes", np.full((4, 2), 0.6), "votes: a row is neither a distribution that sums to 1 nor all NaN"),
        ("votes", np.array([[np.nan, 1.0]] * 4), "votes: a row is neither"),
        ("course", np.zeros((4, 2), dtype=int), "course: expected a float type, got int64"),
        ("other", np.zeros(4), "expected arrays .*course.*, got .*other"),
    ],
)
def test_what_does_not_fit_is_not_written(tmp_path: Path, name: str, value: Any, sentence: str) -> None:
    arrays = samples.arrays(4) | {name: value}
    with pytest.raises(StoreError, match=sentence):
        write_shard(tmp_path / "shard", samples.META, samples.table(4), arrays)
    assert list(tmp_path.iterdir()) == []


def test_nan_is_refused_where_a_clip_is_present_and_only_there(tmp_path: Path) -> None:
    clips, arrays = samples.table(6), samples.arrays(6)
    present = np.array([True, False, True, True, False, True])
    clips = replace(clips, present={**clips.present, "eeg": present})
    arrays["eeg"][1] = np.nan
    write_shard(tmp_path / "a", samples.META, clips, arrays)
    assert np.isfinite(open_store(tmp_path / "a").gather("eeg", np.arange(6))).all()

    arrays["eeg"][3, 1, 1] = np.inf
    with pytest.raises(StoreError, match="eeg: 1 present clips hold NaN or infinite values, the first in row 3"):
        write_shard(tmp_path / "b", samples.META, clips, arrays)


def test_a_table_with_columns_of_different_lengths_is_refused() -> None:
    with pytest.raises(StoreError, match=r"column trial: expected 3 rows, got shape \(2,\)"):
        replace(samples.table(3), trial=np.array([1, 2]))


def test_a_table_without_the_meta_s_modalities_is_refused(tmp_path: Path) -> None:
    with pytest.raises(StoreError, match="clip table: expected present and quality of"):
        write_shard(tmp_path / "a", samples.META, replace(samples.table(3), present={}), samples.arrays(3))


def streamed(arrays: samples.Arrays, name: str) -> RowStream:
    return RowStream(arrays[name].shape, iter(arrays[name]))


def test_rows_that_come_one_after_another_give_the_same_shard(tmp_path: Path) -> None:
    clips, arrays = samples.table(6), samples.arrays(6)
    write_shard(tmp_path / "whole", samples.META, clips, arrays)
    write_shard(tmp_path / "rows", samples.META, clips, {**arrays, "eeg": streamed(arrays, "eeg")})
    whole, rows = open_store(tmp_path / "whole"), open_store(tmp_path / "rows")
    np.testing.assert_array_equal(rows.gather("eeg", np.arange(6)), whole.gather("eeg", np.arange(6)))
    stored = np.load(tmp_path / "rows" / "eeg.npy", allow_pickle=False)
    np.testing.assert_array_equal(stored, np.where(clips.present["eeg"][:, None, None], arrays["eeg"], 0))


@pytest.mark.parametrize(
    ("rows", "sentence"),
    [
        (np.zeros((3, 3, 8), np.float32), "eeg: expected 4 rows, the stream gave 3"),
        (np.zeros((6, 3, 8), np.float32), "eeg: expected 4 rows, the stream gave more"),
        (np.zeros((4, 3, 7), np.float32), r"eeg: expected rows \(3, 8\) of float32, row 0 is \(3, 7\) of float32"),
        (np.zeros((4, 3, 8)), r"eeg: expected rows \(3, 8\) of float32, row 0 is \(3, 8\) of float64"),
        (np.full((4, 3, 8), np.nan, np.float32), "eeg: the present clip in row 0 holds NaN or infinite values"),
    ],
)
def test_a_stream_that_does_not_fit_leaves_nothing(tmp_path: Path, rows: NDArray[Any], sentence: str) -> None:
    clips = replace(samples.table(4), present=dict.fromkeys(samples.META.modalities, np.ones(4, dtype=bool)))
    arrays: dict[str, NDArray[Any] | RowStream] = {**samples.arrays(4), "eeg": RowStream((4, 3, 8), iter(rows))}
    with pytest.raises(StoreError, match=sentence):
        write_shard(tmp_path / "shard", samples.META, clips, arrays)
    assert list(tmp_path.iterdir()) == []


def test_a_stream_of_another_shape_is_refused_before_it_is_read(tmp_path: Path) -> None:
    rows = iter(samples.arrays(4)["eeg"])
    arrays: dict[str, NDArray[Any] | RowStream] = {**samples.arrays(4), "eeg": RowStream((5, 3, 8), rows)}
    with pytest.raises(StoreError, match=r"eeg: expected shape \(4, 3, 8\), got \(5, 3, 8\)"):
        write_shard(tmp_path / "a", samples.META, samples.table(4), arrays)
    assert len(list(rows)) == 4
