from __future__ import annotations

import json
from pathlib import Path

import jsonschema
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from mlcore.store import (
    UNLABELLED,
    ClipTable,
    ModalityKind,
    ModalityMeta,
    ShardMeta,
    TargetKind,
    TargetMeta,
    describe,
    open_store,
    write_shard,
)
from tests.mlcore.store import samples

FILES = {"meta.json", "clips.parquet", "eeg.npy", "face.npy", "crops.npy", "powers.npy", "votes.npy", "course.npy"}

#: written from the description of the form, not from the code
SCHEMA = {
    "type": "object",
    "required": ["schema", "modalities", "targets"],
    "properties": {
        "schema": {"const": 1},
        "modalities": {
            "type": "object",
            "minProperties": 1,
            "additionalProperties": {
                "type": "object",
                "required": ["kind", "shape", "dtype", "sfreq", "unit", "channels"],
                "properties": {
                    "kind": {"enum": ["waveform", "sequence", "frames", "vector"]},
                    "shape": {"type": "array", "items": {"type": "integer", "minimum": 1}},
                    "sfreq": {"type": ["number", "null"]},
                    "channels": {"type": "array", "items": {"type": "string"}},
                },
            },
        },
        "targets": {
            "type": "object",
            "additionalProperties": {
                "oneOf": [
                    {"required": ["classes"], "properties": {"kind": {"enum": ["class", "distribution"]}}},
                    {"required": ["levels"], "properties": {"kind": {"const": "ordinal"}}},
                    {"required": ["sfreq"], "properties": {"kind": {"const": "trace"}}},
                ]
            },
        },
    },
}


def test_others_read_the_same_values_with_numpy_and_parquet_alone(tmp_path: Path) -> None:
    clips, arrays = samples.table(11), samples.arrays(11)
    write_shard(tmp_path / "a", samples.META, clips, arrays)

    assert {path.name for path in (tmp_path / "a").iterdir()} == FILES
    for name, array in arrays.items():
        read = np.load(tmp_path / "a" / f"{name}.npy", allow_pickle=False)
        assert read.dtype == array.dtype
        np.testing.assert_array_equal(read, array)
    rows = pq.read_table(tmp_path / "a" / "clips.parquet").to_pydict()
    assert rows["clip_id"] == list(clips.clip_id)
    assert rows["session"] == ["s0/Sitzung ä"] * 11
    assert rows["stop_s"] == list(clips.stop_s)
    assert rows["eeg__present"] == list(clips.present["eeg"])
    assert rows["face__quality"] == list(clips.quality["face"])
    assert rows["sam"] == [None if value == UNLABELLED else value for value in clips.targets["sam"]]
    assert None in rows["valence3"]


def test_meta_json_follows_the_described_form(tmp_path: Path) -> None:
    write_shard(tmp_path / "a", samples.META, samples.table(2), samples.arrays(2))
    item = json.loads((tmp_path / "a" / "meta.json").read_text(encoding="utf-8"))
    jsonschema.validate(item, SCHEMA)
    assert item["modalities"]["eeg"] == {
        "kind": "waveform",
        "shape": [3, 8],
        "dtype": "float32",
        "sfreq": 128.0,
        "unit": "µV",
        "channels": ["Fp1", "Cz", "O2"],
    }
    assert item["targets"]["course"] == {"kind": "trace", "sfreq": 4.0}


def test_a_shard_written_by_hand_opens(tmp_path: Path) -> None:
    folder = tmp_path / "theirs"
    folder.mkdir()
    meta = {
        "schema": 1,
        "modalities": {
            "eeg": {"kind": "vector", "shape": [2], "dtype": "float32", "sfreq": None, "unit": "", "channels": []}
        },
        "targets": {"mood": {"kind": "class", "classes": ["low", "high"]}},
    }
    (folder / "meta.json").write_text(json.dumps(meta), encoding="utf-8")
    columns = {
        "clip_id": ["x", "y"],
        "subject": ["1", "2"],
        "session": ["a", "b"],
        "trial": pa.array([1, 1], pa.int32()),
        "start_s": [0.0, 0.0],
        "stop_s": [1.0, 2.0],
        "eeg__present": [True, False],
        "eeg__quality": pa.array([1.0, 0.0], pa.float32()),
        "mood": pa.array([None, 1], pa.int8()),
        "their own column": ["p", "q"],
    }
    pq.write_table(pa.table(columns), folder / "clips.parquet")
    np.save(folder / "eeg.npy", np.array([[1, 2], [np.nan, 4]], dtype=np.float32))

    store = open_store(folder)
    assert store.target("mood").tolist() == [UNLABELLED, 1]
    assert store.gather("eeg", [1, 0]).tolist() == [[0.0, 0.0], [1.0, 2.0]]


names = st.text(st.characters(codec="utf-8", exclude_characters="\x00"), min_size=1, max_size=12)


@st.composite
def shards(draw: st.DrawFn) -> tuple[ShardMeta, ClipTable, samples.Arrays]:
    n = draw(st.integers(0, 5))
    shape = (draw(st.integers(1, 3)), draw(st.integers(1, 4)))
    dtype = draw(st.sampled_from(["float16", "float32", "float64", "int16", "uint8"]))
    numbers = hnp.from_dtype(np.dtype(dtype)).filter(np.isfinite)
    values = draw(hnp.arrays(dtype, (n, *shape), elements=numbers))
    start_s = draw(hnp.arrays(np.float64, n, elements=st.floats(-1e6, 1e6)))
    clips = ClipTable(
        clip_id=np.array(draw(st.lists(names, min_size=n, max_size=n, unique=True)), dtype=object),
        subject=np.array(draw(st.lists(names, min_size=n, max_size=n)), dtype=object),
        session=np.array(draw(st.lists(names, min_size=n, max_size=n)), dtype=object),
        trial=draw(hnp.arrays(np.int64, n)),
        start_s=start_s,
        stop_s=start_s + 1.0,
        present={"track": np.ones(n, dtype=bool)},
        quality={"track": draw(hnp.arrays(np.float64, n, elements=st.floats(0, 1)))},
        targets={"sam": draw(hnp.arrays(np.int64, n, elements=st.sampled_from([UNLABELLED, 1, 5, 9])))},
    )
    meta = ShardMeta(
        {"track": ModalityMeta(ModalityKind.SEQUENCE, shape, dtype, draw(st.floats(0.1, 1e4)))},
        {"sam": TargetMeta(TargetKind.ORDINAL, levels=9)},
    )
    return meta, clips, {"track": values}


@settings(max_examples=40, deadline=None)
@given(shards())
def test_what_is_written_is_read(
    tmp_path_factory: pytest.TempPathFactory, shard: tuple[ShardMeta, ClipTable, samples.Arrays]
) -> None:
    meta, clips, arrays = shard
    folder = tmp_path_factory.mktemp("store") / "shard"
    write_shard(folder, meta, clips, arrays)
    store = open_store(folder)

    assert store.meta == meta
    assert store.n_clips == len(clips)
    for read, written in (
        (store.clip_ids, clips.clip_id),
        (store.subjects, clips.subject),
        (store.sessions, clips.session),
        (store.trials, clips.trial),
        (store.start_s, clips.start_s),
        (store.stop_s, clips.stop_s),
        (store.quality("track"), clips.quality["track"]),
        (store.target("sam"), clips.targets["sam"]),
        (store.gather("track", np.arange(len(clips))), arrays["track"]),
    ):
        assert read.tolist() == written.tolist()


def test_describe_counts_clips_people_and_answers(tmp_path: Path) -> None:
    for number in range(2):
        clips = samples.table(10, seed=number, prefix=f"p{number}")
        write_shard(tmp_path / f"{number}", samples.META, clips, samples.arrays(10, seed=number))
    store = open_store(tmp_path)
    found = describe(store)

    assert json.loads(json.dumps(found)) == found
    assert {key: found[key] for key in ("n_shards", "n_clips", "n_subjects", "n_sessions")} == {
        "n_shards": 2,
        "n_clips": 20,
        "n_subjects": 2,
        "n_sessions": 2,
    }
    assert found["hours"] == pytest.approx(100 / 3600, abs=1e-4)
    assert found["modalities"]["eeg"]["n_present"] == int(store.present("eeg").sum())
    answers = store.target("valence3")
    assert found["targets"]["valence3"]["counts"] == {
        "unpleasant": int((answers == 0).sum()),
        "neutral": int((answers == 1).sum()),
        "pleasant": int((answers == 2).sum()),
    }
    assert found["targets"]["votes"]["n_labelled"] == 2 * 6
