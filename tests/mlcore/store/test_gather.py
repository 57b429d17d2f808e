from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mlcore.errors import StoreError
from mlcore.store import ShardMeta, Store, open_store, write_shard
from mlcore.store.files import ArrayMaps
from tests.factories.stores import make_store
from tests.mlcore.store import samples

SIZES = (4, 1, 0, 6)


def write_all(folder: Path) -> list[Path]:
    paths = [folder / f"shard-{number}" for number in range(len(SIZES))]
    for number, (path, size) in enumerate(zip(paths, SIZES, strict=True)):
        clips = samples.table(size, seed=number, prefix=f"p{number}")
        write_shard(path, samples.META, clips, samples.arrays(size, seed=number))
    return paths


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("shards")
    write_all(path)
    return path


@pytest.fixture(scope="module")
def store(folder: Path) -> Store:
    return open_store(folder)


@settings(max_examples=60, deadline=None)
@given(
    rows=st.lists(st.integers(0, sum(SIZES) - 1), max_size=30),
    modality=st.sampled_from(sorted(samples.META.modalities)),
)
def test_gather_equals_taking_rows_from_all_shards_joined(store: Store, rows: list[int], modality: str) -> None:
    joined = np.concatenate([samples.arrays(size, seed=number)[modality] for number, size in enumerate(SIZES)])
    absent = ~store.present(modality)
    joined[absent] = 0
    got = store.gather(modality, rows)
    assert got.dtype == joined.dtype
    np.testing.assert_array_equal(got, joined[np.array(rows, dtype=int)])


def test_columns_and_targets_run_through_the_shards_in_order(store: Store) -> None:
    assert store.clip_ids.tolist() == [f"p{number}-{row}" for number, size in enumerate(SIZES) for row in range(size)]
    votes = np.concatenate([samples.arrays(size, seed=number)["votes"] for number, size in enumerate(SIZES)])
    np.testing.assert_array_equal(store.target("votes"), votes)


def test_a_list_of_shards_keeps_its_own_order(folder: Path) -> None:
    store = open_store([folder / "shard-3", folder / "shard-0"])
    assert store.subjects.tolist() == ["p3"] * 6 + ["p0"] * 4


def test_what_gather_returns_may_be_changed(store: Store) -> None:
    first = store.gather("eeg", [0, 1])
    first += 1.0
    assert not np.array_equal(first, store.gather("eeg", [0, 1]))


@pytest.mark.parametrize("rows", [[-1], [sum(SIZES)], [[0, 1]], [0.5], [True]])
def test_rows_that_are_none_are_refused(store: Store, rows: list[int]) -> None:
    with pytest.raises(StoreError, match="rows: expected"):
        store.gather("eeg", rows)


def test_unknown_names_are_answered_with_those_there_are(store: Store) -> None:
    with pytest.raises(StoreError, match="no modality 'ecg': the store has crops, eeg, face, powers"):
        store.gather("ecg", [0])
    with pytest.raises(StoreError, match="no target 'mood': the store has course, sam"):
        store.target("mood")


def test_a_shard_without_a_modality_has_it_nowhere_present(tmp_path: Path) -> None:
    only_eeg = ShardMeta({"eeg": samples.META.modalities["eeg"]})
    write_shard(tmp_path / "a", samples.META, samples.table(3), samples.arrays(3))
    eeg = {"eeg": samples.arrays(2)["eeg"]}
    write_shard(tmp_path / "b", only_eeg, samples.table(2, prefix="p1", meta=only_eeg), eeg)
    store = open_store(tmp_path)

    assert store.present("face")[3:].tolist() == [False, False]
    assert store.quality("face")[3:].tolist() == [0.0, 0.0]
    assert not store.gather("face", [3, 4]).any()
    assert store.target("sam")[3:].tolist() == [-1, -1]
    assert np.isnan(store.target("votes")[3:]).all()


def test_few_files_are_open_however_many_shards(folder: Path) -> None:
    opened = open_store(folder)
    maps = ArrayMaps(1)
    for shard in opened.shards:
        maps.register(shard.path("eeg"))
    small = Store(opened.shards, opened.meta, opened.bounds, maps)
    rows = [0, 10, 4, 9, 1]
    np.testing.assert_array_equal(small.gather("eeg", rows), opened.gather("eeg", rows))


def test_the_simulated_store_gives_each_subject_every_class(tmp_path: Path) -> None:
    store, truth = make_store(tmp_path, n_subjects=3, clips_per_subject=9, missing_share=0.3, seed=4)
    assert store.n_clips == 27
    for classes in truth.values():
        assert np.bincount(classes).tolist() == [9, 9, 9]
    assert (store.present("eeg") | store.present("face")).all()
    again, _ = make_store(tmp_path / "again", n_subjects=3, clips_per_subject=9, missing_share=0.3, seed=4)
    np.testing.assert_array_equal(again.gather("eeg", [5]), store.gather("eeg", [5]))
