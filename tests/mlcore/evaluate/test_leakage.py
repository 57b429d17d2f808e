from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from mlcore.errors import TrainingError
from mlcore.evaluate import Spans, Split, SplitBy, check_split, subject_folds, trial_folds, trial_keys

SUBJECTS = np.repeat(["a", "b", "c", "d"], 6)
SESSIONS = np.repeat("1", 24)
#: two trials a subject, three clips a trial
TRIALS = np.tile(np.repeat([0, 1], 3), 4)
KEYS = trial_keys(SUBJECTS, SESSIONS, TRIALS)
#: clips of 4 s every 2 s; the second trial begins 20 s after the first
STARTS = np.tile([0.0, 2.0, 4.0, 20.0, 22.0, 24.0], 4)
SPANS = Spans(SUBJECTS, STARTS, STARTS + 4.0)


def test_dealt_folds_pass() -> None:
    rows = np.arange(24)
    for split in subject_folds(SUBJECTS, rows, n_folds=4, seed=0):
        check_split(split, subjects=SUBJECTS, trials_key=KEYS, by=SplitBy.SUBJECT, spans=SPANS)
    for split in trial_folds(SUBJECTS, SESSIONS, TRIALS, rows, n_folds=4, seed=0):
        check_split(split, subjects=SUBJECTS, trials_key=KEYS, by=SplitBy.TRIAL, spans=SPANS)


def test_a_split_by_trial_leaks_subjects() -> None:
    split = _split(np.arange(3, 24), np.arange(3))
    check_split(split, subjects=SUBJECTS, trials_key=KEYS, by=SplitBy.TRIAL, spans=SPANS)
    with pytest.raises(TrainingError, match=r"fold 2 leaks: subject a is learnt from and tested \(1 subject in all\)"):
        check_split(split, subjects=SUBJECTS, trials_key=KEYS, by=SplitBy.SUBJECT)


def test_a_split_by_clip_leaks_trials() -> None:
    """What a shuffled split of clips does: windows of one trial on both sides."""
    order = np.random.default_rng(0).permutation(24)
    with pytest.raises(TrainingError, match=r"trial [0-7] is learnt from and tested"):
        check_split(_split(order[:18], order[18:]), subjects=SUBJECTS, trials_key=KEYS, by=SplitBy.TRIAL)


def test_a_clip_on_both_sides_is_found() -> None:
    alone = np.arange(24)
    split = _split(np.arange(20), np.arange(18, 24))
    with pytest.raises(TrainingError, match=r"clip 18 is learnt from and tested \(2 clips in all\)"):
        check_split(split, subjects=alone.astype(str), trials_key=alone, by=SplitBy.TRIAL)


def test_windows_that_overlap_in_time_leak_whatever_trial_they_are_said_to_be_of() -> None:
    """Each clip is called a trial of its own: only their times betray that clip 1 holds half of clip 0."""
    keys = np.arange(24)
    split = _split(np.arange(1, 24), np.array([0]))
    check_split(split, subjects=SUBJECTS, trials_key=keys, by=SplitBy.TRIAL)
    with pytest.raises(TrainingError, match=r"1 tested windows of recording a overlap .* first at 0\.000 s"):
        check_split(split, subjects=SUBJECTS, trials_key=keys, by=SplitBy.TRIAL, spans=SPANS)


def test_windows_that_touch_or_are_of_another_recording_do_not_overlap() -> None:
    spans = Spans(np.array(["r", "r", "q"]), np.array([0.0, 0.1 + 0.2, 0.0]), np.array([0.3, 1.0, 1.0]))
    split = _split(np.array([1, 2]), np.array([0]))
    check_split(split, subjects=np.array(["a"] * 3), trials_key=np.arange(3), by=SplitBy.TRIAL, spans=spans)


def test_overlaps_are_those_of_every_pair() -> None:
    rng = np.random.default_rng(1)
    for _ in range(200):
        start = rng.integers(0, 30, 6).astype(float)
        spans = Spans(np.zeros(6), start, start + rng.integers(1, 6, 6))
        meets = any(
            spans.start_s[i] < spans.stop_s[j] and spans.start_s[j] < spans.stop_s[i]
            for i in (0, 1, 2)
            for j in (3, 4, 5)
        )
        assert _leaks(_split(np.arange(3), np.arange(3, 6)), spans) == meets


def _leaks(split: Split, spans: Spans) -> bool:
    try:
        check_split(split, subjects=np.zeros(6, dtype=str), trials_key=np.arange(6), by=SplitBy.TRIAL, spans=spans)
    except TrainingError:
        return True
    return False


def _split(train: NDArray[np.int64], test: NDArray[np.int64]) -> Split:
    return Split(2, train=np.sort(train), test=np.sort(test))
