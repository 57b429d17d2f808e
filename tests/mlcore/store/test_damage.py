"""A store that is damaged, mismatched or malicious says which file, and never half opens."""

from __future__ import annotations

import json
import pickle
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from mlcore.errors import StoreError
from mlcore.store import ShardMeta, open_store, write_shard
from tests.mlcore.store import samples


@pytest.fixture
def shard(tmp_path: Path) -> Path:
    write_shard(tmp_path / "shard", samples.META, samples.table(6), samples.arrays(6))
    return tmp_path / "shard"


def keep(share: float) -> Callable[[bytes], bytes]:
    return lambda data: data[: int(len(data) * share)]


@pytest.mark.parametrize("name", ["meta.json", "clips.parquet", "eeg.npy", "votes.npy"])
@pytest.mark.parametrize(
    "damage", [keep(0), keep(0.5), lambda data: b"\x00" * len(data), lambda data: b"junk" + data[4:-8] + b"junkjunk"]
)
def test_a_damaged_file_is_named(shard: Path, name: str, damage: Callable[[bytes], bytes]) -> None:
    path = shard / name
    path.write_bytes(damage(path.read_bytes()))
    with pytest.raises(StoreError, match=re.escape(str(path))):
        open_store(shard)


@pytest.mark.parametrize("name", ["clips.parquet", "crops.npy", "course.npy"])
def test_a_missing_file_is_named(shard: Path, name: str) -> None:
    (shard / name).unlink()
    with pytest.raises(StoreError, match=re.escape(str(shard / name))):
        open_store(shard)


def test_a_changed_page_of_the_table_is_noticed(shard: Path) -> None:
    path = shard / "clips.parquet"
    data = bytearray(path.read_bytes())
    place = data.index(b"s0-0")
    data[place + 3 : place + 4] = b"9"
    path.write_bytes(bytes(data))
    with pytest.raises(StoreError, match=re.escape(str(path))):
        open_store(shard)


class Bomb:
    """Unpickling this would leave a mark."""

    def __init__(self, mark: Path) -> None:
        self.mark = mark

    def __reduce__(self) -> tuple[Callable[..., Any], tuple[Any, ...]]:
        return Path.touch, (self.mark,)


def test_pickled_objects_are_refused_and_not_run(shard: Path, tmp_path: Path) -> None:
    mark = tmp_path / "it ran"
    for write in (
        lambda path: np.save(path, np.array([Bomb(mark)] * 6, dtype=object), allow_pickle=True),
        lambda path: path.write_bytes(pickle.dumps(Bomb(mark))),
    ):
        write(shard / "eeg.npy")
        with pytest.raises(StoreError, match=r"eeg\.npy can't be read"):
            open_store(shard)
    assert not mark.exists()


def test_an_archive_of_arrays_is_refused(shard: Path) -> None:
    with (shard / "eeg.npy").open("wb") as file:
        np.savez(file, a=np.zeros(3))
    with pytest.raises(StoreError, match=r"eeg\.npy can't be read as a numpy array: it is an archive"):
        open_store(shard)


def test_an_array_of_another_shape_or_type_is_refused(shard: Path) -> None:
    np.save(shard / "eeg.npy", np.zeros((6, 3, 9), dtype=np.float32))
    with pytest.raises(StoreError, match=r"eeg\.npy: eeg: expected shape \(6, 3, 8\), got \(6, 3, 9\)"):
        open_store(shard)
    np.save(shard / "eeg.npy", np.zeros((6, 3, 8)))
    with pytest.raises(StoreError, match="expected float32, got float64"):
        open_store(shard)


@pytest.mark.parametrize(
    ("where", "value", "sentence"),
    [
        (("schema",), 2, "schema: this version reads 1, got 2"),
        (("modalities",), [], "modalities: expected an object, got list"),
        (("modalities",), {}, "modalities: expected at least one"),
        (("modalities", "eeg", "kind"), "movie", "modalities.eeg.kind: expected one of waveform, .* got 'movie'"),
        (("modalities", "eeg", "shape"), [3], r"modalities.eeg.shape: a waveform has 2 sizes of 1 or more, got \[3\]"),
        (("modalities", "eeg", "shape"), [3, 0], "modalities.eeg.shape: a waveform has 2 sizes"),
        (("modalities", "eeg", "shape"), "3x8", "modalities.eeg.shape: expected a list, got str"),
        (("modalities", "eeg", "dtype"), "object", "modalities.eeg.dtype: expected one of .* got 'object'"),
        (("modalities", "eeg", "sfreq"), "fast", "modalities.eeg.sfreq: expected a number, got 'fast'"),
        (("modalities", "eeg", "channels"), ["Cz"], "modalities.eeg.channels: .*3 names.*got 1"),
        (("modalities", "../eeg"), {}, "modalities.../eeg"),
        (("targets", "sam", "levels"), 1, "targets.sam.levels: an ordinal target needs at least 2, got 1"),
        (("targets", "valence3", "classes"), ["one"], "targets.valence3.classes: a class target needs at least 2"),
        (("targets", "course", "sfreq"), 0, "targets.course.sfreq: a trace target needs a rate above 0 Hz"),
        (("targets", "votes", "kind"), None, "targets.votes.kind: expected one of"),
    ],
)
def test_a_wrong_field_of_the_meta_is_named(shard: Path, where: tuple[str, ...], value: Any, sentence: str) -> None:
    path = shard / "meta.json"
    item = json.loads(path.read_text(encoding="utf-8"))
    inner = item
    for key in where[:-1]:
        inner = inner[key]
    inner[where[-1]] = value
    path.write_text(json.dumps(item), encoding="utf-8")
    with pytest.raises(StoreError, match=re.escape(str(path)) + ": " + sentence):
        open_store(shard)


def test_a_name_cannot_lead_out_of_the_folder() -> None:
    with pytest.raises(StoreError, match=r"'\.\./eeg' can't name a modality"):
        ShardMeta({"../eeg": samples.META.modalities["eeg"]})


def change(path: Path, **columns: Any) -> None:
    rows = pq.read_table(path).to_pydict()
    changed = {name: values for name, values in {**rows, **columns}.items() if values is not None}
    pq.write_table(pa.table(changed), path)


@pytest.mark.parametrize(
    ("columns", "sentence"),
    [
        ({"subject": None}, "column subject is missing"),
        ({"eeg__present": None}, "column eeg__present is missing"),
        ({"trial": [1.5] * 6}, "column trial: expected int64, got double"),
        ({"subject": [7] * 6}, "column subject: expected text"),
        ({"start_s": [None, 1.0, 1.0, 1.0, 1.0, 1.0]}, "column start_s: 1 rows have no value"),
        ({"clip_id": ["x"] * 6}, "column clip_id: an id comes twice"),
        ({"stop_s": [0.0] * 6}, "column stop_s: a clip does not end after it starts"),
        ({"face__quality": [1.5] * 6}, r"column face__quality: expected values in 0\.\.1"),
        ({"valence3": [3] * 6}, r"column valence3: expected answers in 0\.\.2"),
        ({"sam": [0] * 6}, r"column sam: expected answers in 1\.\.9"),
    ],
)
def test_a_wrong_column_is_named(shard: Path, columns: dict[str, Any], sentence: str) -> None:
    path = shard / "clips.parquet"
    change(path, **columns)
    with pytest.raises(StoreError, match=re.escape(str(path)) + ": " + sentence):
        open_store(shard)


def write_eeg(folder: Path, n_times: int, *, prefix: str) -> None:
    meta = samples.eeg_only(n_times)
    values = {"eeg": np.ones((2, 3, n_times), dtype=np.float32)}
    write_shard(folder, meta, samples.table(2, prefix=prefix, meta=meta), values)


def test_shards_of_different_shapes_are_refused_by_name(tmp_path: Path) -> None:
    write_eeg(tmp_path / "a", 8, prefix="p0")
    write_eeg(tmp_path / "b", 9, prefix="p1")
    sentence = rf"shard {re.escape(str(tmp_path / 'b'))} .*eeg has shape \[3, 9\], but \[3, 8\] in shard .*a;"
    with pytest.raises(StoreError, match=sentence):
        open_store(tmp_path)


def test_a_clip_in_two_shards_is_refused(tmp_path: Path) -> None:
    write_eeg(tmp_path / "a", 8, prefix="p0")
    write_eeg(tmp_path / "b", 8, prefix="p0")
    with pytest.raises(StoreError, match=r"clip p0-0 is in shard .* and in another one"):
        open_store(tmp_path)


def test_traces_of_different_lengths_are_refused(tmp_path: Path) -> None:
    for number, length in enumerate((20, 21)):
        arrays = samples.arrays(3, seed=number) | {"course": np.zeros((3, length), dtype=np.float32)}
        write_shard(tmp_path / str(number), samples.META, samples.table(3, prefix=f"p{number}"), arrays)
    with pytest.raises(StoreError, match=r"traces of 21 values, but .* of 20"):
        open_store(tmp_path).target("course")


@pytest.mark.parametrize("kind", ["nowhere", "empty", "list"])
def test_no_store_is_said_so(tmp_path: Path, kind: str) -> None:
    (tmp_path / "empty").mkdir()
    given: Any = [] if kind == "list" else tmp_path / kind
    with pytest.raises(StoreError, match=r"holds no clip store|at least one shard"):
        open_store(given)


def test_a_shard_whose_meta_was_lost_is_not_passed_over(shard: Path) -> None:
    write_shard(shard.parent / "other", samples.META, samples.table(2, prefix="p1"), samples.arrays(2))
    (shard / "meta.json").unlink()
    with pytest.raises(StoreError, match=re.escape(str(shard / "meta.json"))):
        open_store(shard.parent)
