from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from mlcore.errors import TrainingError
from mlcore.evaluate import Split, subject_folds, trial_folds, trial_keys

#: (subject, session, trial) of each clip, and whether it has a label
CLIPS = st.lists(st.tuples(st.integers(0, 6), st.integers(0, 1), st.integers(0, 2), st.booleans()), max_size=60)


@given(CLIPS, st.integers(2, 6), st.integers(0, 5))
def test_subject_folds_test_each_labelled_clip_once_and_share_nobody(
    clips: list[tuple[int, int, int, bool]], n_folds: int, seed: int
) -> None:
    subjects, _, _, labelled = _columns(clips)
    if len(np.unique(subjects[labelled])) < n_folds:
        with pytest.raises(TrainingError, match=f"{n_folds} folds by subject"):
            subject_folds(subjects, labelled, n_folds=n_folds, seed=seed)
        return
    _check_partition(subject_folds(subjects, labelled, n_folds=n_folds, seed=seed), labelled, subjects, n_folds)


@given(CLIPS, st.integers(2, 6), st.integers(0, 5))
def test_trial_folds_test_each_labelled_clip_once_and_share_no_trial(
    clips: list[tuple[int, int, int, bool]], n_folds: int, seed: int
) -> None:
    subjects, sessions, trials, labelled = _columns(clips)
    keys = trial_keys(subjects, sessions, trials)
    if len(np.unique(keys[labelled])) < n_folds:
        with pytest.raises(TrainingError, match=f"{n_folds} folds by trial"):
            trial_folds(subjects, sessions, trials, labelled, n_folds=n_folds, seed=seed)
        return
    splits = trial_folds(subjects, sessions, trials, labelled, n_folds=n_folds, seed=seed)
    _check_partition(splits, labelled, keys, n_folds)


@given(st.lists(st.integers(1, 12), min_size=4, max_size=20), st.integers(0, 5))
def test_folds_are_balanced(sizes: list[int], seed: int) -> None:
    """Dealing the largest first leaves no two folds further apart than the largest group."""
    subjects = np.repeat([f"s{number}" for number in range(len(sizes))], sizes)
    splits = subject_folds(subjects, np.arange(len(subjects)), n_folds=4, seed=seed)
    tested = [len(split.test) for split in splits]
    assert max(tested) - min(tested) <= max(sizes)


def test_groups_of_one_size_fill_the_folds_evenly() -> None:
    subjects = np.repeat([f"s{number}" for number in range(10)], 6)
    splits = subject_folds(subjects, np.arange(60), n_folds=5, seed=3)
    assert [len(split.test) for split in splits] == [12] * 5


def test_as_many_folds_as_subjects_leave_out_one_each() -> None:
    subjects = np.repeat(["a", "b", "c", "d"], [5, 1, 3, 2])
    splits = subject_folds(subjects, np.arange(11), n_folds=4, seed=0)
    assert sorted(np.unique(subjects[split.test]).tolist() for split in splits) == [["a"], ["b"], ["c"], ["d"]]


def test_the_seed_decides() -> None:
    subjects = np.repeat([f"s{number:02}" for number in range(20)], 2)
    dealt = [
        [split.test.tolist() for split in subject_folds(subjects, np.arange(40), n_folds=5, seed=seed)]
        for seed in (0, 0, 1)
    ]
    assert dealt[0] == dealt[1]
    assert dealt[0] != dealt[2]


def test_clips_without_a_label_are_on_no_side() -> None:
    subjects = np.repeat(["a", "b"], 3)
    splits = subject_folds(subjects, np.array([0, 2, 4]), n_folds=2, seed=0)
    assert sorted(split.test.tolist() for split in splits) == [[0, 2], [4]]
    assert sorted(split.train.tolist() for split in splits) == [[0, 2], [4]]


def test_trials_of_the_same_number_are_told_apart_by_subject_and_session() -> None:
    subjects, sessions = np.array(["a", "a", "a", "b", "a"]), np.array(["1", "1", "2", "1", "1"])
    keys = trial_keys(subjects, sessions, np.array([7, 8, 7, 7, 7]))
    assert keys.tolist() == [0, 1, 2, 3, 0]


def test_one_fold_is_refused() -> None:
    with pytest.raises(TrainingError, match="expected 2 or more, got 1"):
        subject_folds(np.array(["a", "b"]), np.arange(2), n_folds=1, seed=0)


def _columns(
    clips: list[tuple[int, int, int, bool]],
) -> tuple[NDArray[np.str_], NDArray[np.str_], NDArray[np.int64], NDArray[np.int64]]:
    subjects = np.array([f"s{clip[0]}" for clip in clips], dtype=str)
    sessions = np.array([f"r{clip[1]}" for clip in clips], dtype=str)
    labelled = np.flatnonzero(np.array([clip[3] for clip in clips], dtype=bool))
    return subjects, sessions, np.array([clip[2] for clip in clips], dtype=np.int64), labelled


def _check_partition(
    splits: tuple[Split, ...], labelled: NDArray[np.int64], keys: NDArray[np.str_] | NDArray[np.int64], n_folds: int
) -> None:
    assert [split.number for split in splits] == list(range(n_folds))
    assert sorted(np.concatenate([split.test for split in splits]).tolist()) == labelled.tolist()
    for split in splits:
        assert len(split.test) > 0
        assert np.array_equal(np.union1d(split.train, split.test), labelled)
        assert not set(keys[split.train].tolist()) & set(keys[split.test].tolist())
        assert np.all(np.diff(split.train) > 0)
        assert np.all(np.diff(split.test) > 0)
