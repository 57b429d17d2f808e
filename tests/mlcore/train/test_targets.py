"""What a store's answers stand for as distributions."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import scipy.special

from mlcore.errors import TrainingError
from mlcore.store import (
    ClipTable,
    ModalityKind,
    ModalityMeta,
    ShardMeta,
    Store,
    TargetKind,
    TargetMeta,
    open_store,
    write_shard,
)
from mlcore.train.targets import as_distributions, class_names, soft_levels


@pytest.fixture
def store(tmp_path: Path) -> Store:
    targets = {
        "mood": TargetMeta(TargetKind.CLASS, classes=("low", "high")),
        "sam": TargetMeta(TargetKind.ORDINAL, levels=5),
        "votes": TargetMeta(TargetKind.DISTRIBUTION, classes=("a", "b", "c")),
        "course": TargetMeta(TargetKind.TRACE, sfreq=4.0),
    }
    n_clips = 3
    table = ClipTable(
        clip_id=np.array(["x", "y", "z"]),
        subject=np.full(n_clips, "s"),
        session=np.full(n_clips, "1"),
        trial=np.arange(n_clips),
        start_s=np.zeros(n_clips),
        stop_s=np.ones(n_clips),
        present={"v": np.ones(n_clips, dtype=np.bool_)},
        quality={"v": np.ones(n_clips)},
        targets={"mood": np.array([1, -1, 0]), "sam": np.array([-1, 1, 4])},
    )
    arrays = {
        "v": np.zeros((n_clips, 2), dtype=np.float32),
        "votes": np.array([[0.5, 0.25, 0.25], [np.nan] * 3, [0, 0, 1.0]]),
        "course": np.zeros((n_clips, 8)),
    }
    write_shard(tmp_path / "one", ShardMeta({"v": ModalityMeta(ModalityKind.VECTOR, (2,))}, targets), table, arrays)
    return open_store(tmp_path)


def test_every_kind_comes_down_to_distributions(store: Store) -> None:
    nothing = [np.nan, np.nan]
    np.testing.assert_array_equal(as_distributions(store, "mood"), [[0, 1], nothing, [1, 0]])
    np.testing.assert_array_equal(as_distributions(store, "votes"), store.target("votes"))
    expected = scipy.special.softmax([-np.abs(np.arange(1, 6) - level) for level in (1, 4)], axis=1)
    np.testing.assert_allclose(as_distributions(store, "sam"), [np.full(5, np.nan), *expected], atol=1e-15)
    assert class_names(store, "sam") == ("1", "2", "3", "4", "5")
    assert class_names(store, "mood") == ("low", "high")


@pytest.mark.parametrize("n_levels", [2, 5, 9])
@pytest.mark.parametrize("width", [0.01, 1.0, 3.0])
def test_a_level_is_likeliest_and_its_neighbours_come_next(n_levels: int, width: float) -> None:
    soft = soft_levels(n_levels, width=width)
    np.testing.assert_allclose(soft.sum(axis=1), 1.0)
    for level, row in enumerate(soft):
        distance = np.abs(np.arange(n_levels) - level)
        assert np.all(np.diff(row[np.argsort(distance, kind="stable")]) <= 1e-15)
        assert row.argmax() == level
    np.testing.assert_allclose(soft, soft[::-1, ::-1])


@pytest.mark.parametrize(
    ("name", "message"), [("course", "a trace over time"), ("joy", "no target 'joy' in the store: it has course, mood")]
)
def test_what_has_no_classes_is_refused(store: Store, name: str, message: str) -> None:
    with pytest.raises(TrainingError, match=message):
        as_distributions(store, name)


def test_a_scale_needs_levels_and_width() -> None:
    with pytest.raises(TrainingError, match="got 1 and 1"):
        soft_levels(1)
    with pytest.raises(TrainingError, match="got 3 and 0"):
        soft_levels(3, width=0)
