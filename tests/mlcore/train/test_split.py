"""Validation folds of several networks, as properties."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from mlcore.train.split import MIN_SUBJECTS, Fold, choose_folds

Rows = NDArray[np.int64]


@st.composite
def clips(draw: st.DrawFn) -> tuple[NDArray[np.str_], Rows, Rows]:
    """Subjects (n,), trials (n,) that are one subject's each, and classes (n, 2) with −1 for none."""
    n_clips = draw(st.integers(1, 30))
    subject = np.array(draw(st.lists(st.integers(0, 5), min_size=n_clips, max_size=n_clips)))
    trial = subject * 10 + np.array(draw(st.lists(st.integers(0, 3), min_size=n_clips, max_size=n_clips)))
    hard = draw(st.lists(st.tuples(st.integers(-1, 2), st.integers(-1, 1)), min_size=n_clips, max_size=n_clips))
    return np.array([f"s{one}" for one in subject]), trial, np.array(hard)


n_folds_of = st.integers(2, 4)
seeds = st.integers(0, 2**32 - 1)


@given(clips(), n_folds_of, seeds)
def test_no_clip_is_held_by_two_networks(drawn: tuple[NDArray[np.str_], Rows, Rows], n_folds: int, seed: int) -> None:
    folds = choose_folds(*drawn, n_folds=n_folds, seed=seed)
    assert len(folds) == n_folds
    assert np.sum([fold.validation for fold in folds], axis=0).max() <= 1
    assert all(np.array_equal(fold.train, ~fold.validation) for fold in folds)
    assert all(fold.train.any() for fold in folds)


@given(clips(), n_folds_of, seeds)
def test_training_shares_no_group_with_validation_and_keeps_every_class(
    drawn: tuple[NDArray[np.str_], Rows, Rows], n_folds: int, seed: int
) -> None:
    subjects, trials, hard = drawn
    enough = len(np.unique(subjects)) >= max(MIN_SUBJECTS, n_folds)
    for fold in choose_folds(*drawn, n_folds=n_folds, seed=seed):
        assert fold.by == ("none" if not fold.validation.any() else "subject" if enough else "trial")
        groups = subjects if enough else trials
        assert set(groups[fold.train]).isdisjoint(groups[fold.validation])
        for column in hard.T:
            assert set(column[fold.train]) | {-1} == set(column) | {-1}


@given(clips(), n_folds_of, seeds)
def test_where_classes_allow_every_clip_is_held_by_exactly_one(
    drawn: tuple[NDArray[np.str_], Rows, Rows], n_folds: int, seed: int
) -> None:
    """Every group shows the one class that there is; with two groups or more none is beyond sparing."""
    subjects, trials, hard = drawn
    folds = choose_folds(subjects, trials, np.zeros_like(hard), n_folds=n_folds, seed=seed)
    n_held = np.sum([fold.validation for fold in folds], axis=0)
    assert (n_held == (1 if len(np.unique(trials)) > 1 else 0)).all()


@given(st.integers(3, 9), n_folds_of, seeds)
def test_equal_subjects_are_dealt_evenly(n_subjects: int, n_folds: int, seed: int) -> None:
    subjects = np.repeat([f"s{one}" for one in range(n_subjects)], 6)
    hard = np.arange(6 * n_subjects)[:, None] % 3
    folds = choose_folds(subjects, np.arange(len(subjects)), hard, n_folds=n_folds, seed=seed)
    sizes = [int(fold.validation.sum()) for fold in folds]
    assert sum(sizes) == 6 * n_subjects
    assert max(sizes) - min(sizes) <= (6 if n_subjects >= n_folds else 1)


def test_the_only_clips_of_a_class_are_held_by_nobody() -> None:
    subjects = np.repeat(["a", "b", "c", "d"], 5)
    hard = (subjects == "b").astype(np.int64)[:, None]
    for seed in range(10):
        folds = choose_folds(subjects, np.arange(20), hard, n_folds=3, seed=seed)
        held = np.logical_or.reduce([fold.validation for fold in folds])
        assert set(subjects[held]) == {"a", "c", "d"}


def test_the_seed_decides() -> None:
    subjects = np.repeat([f"s{one}" for one in range(9)], 4)
    hard = np.arange(36)[:, None] % 2

    def deal(seed: int) -> list[list[bool]]:
        folds: tuple[Fold, ...] = choose_folds(subjects, np.arange(36), hard, n_folds=3, seed=seed)
        return [fold.validation.tolist() for fold in folds]

    assert deal(4) == deal(4)
    assert len({str(deal(seed)) for seed in range(5)}) > 1


@pytest.mark.parametrize(("n_subjects", "by"), [(2, "trial"), (3, "trial"), (4, "subject")])
def test_fewer_subjects_than_folds_are_split_by_trial(n_subjects: int, by: str) -> None:
    subjects = np.repeat([f"s{one}" for one in range(n_subjects)], 12)
    trials = np.arange(len(subjects)) // 3
    folds = choose_folds(subjects, trials, np.arange(len(subjects))[:, None] % 3, n_folds=4, seed=0)
    assert {fold.by for fold in folds} == {by}
