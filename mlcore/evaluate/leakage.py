"""Whether a fold was learnt from what it is tested on."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mlcore.errors import TrainingError
from mlcore.evaluate.splits import Split, SplitBy

Floats = NDArray[np.float64]
#: windows that touch share a boundary, up to rounding of their times
_TOUCHING_S = 1e-6


@dataclass(frozen=True, slots=True)
class Spans:
    """Where each clip lies in its recording.

    Args:
        recording: (N,) keys, equal for clips of one recording (one clock).
        start_s: (N,) seconds on the recording's clock.
        stop_s: (N,) seconds, above `start_s`.
    """

    recording: NDArray[Any]
    start_s: Floats
    stop_s: Floats


def check_split(
    split: Split,
    *,
    subjects: NDArray[np.str_],
    trials_key: NDArray[Any],
    by: SplitBy,
    spans: Spans | None = None,
) -> None:
    """Refuse a split whose two sides share what they must not share.

    Args:
        split: what is to be checked.
        subjects: (N,) who, of every clip.
        trials_key: (N,) keys that differ between trials of all subjects and sessions, as `trial_keys` makes them.
        by: SUBJECT: no subject and no trial on both sides; TRIAL: no trial on both sides.
        spans: also no two windows of one recording that overlap in time, whatever trials they are said to be of.

    Raises:
        TrainingError: names what stands on both sides.
    """
    if by is SplitBy.SUBJECT:
        _check_apart(split, subjects, "subject")
    _check_apart(split, np.arange(len(trials_key)), "clip")
    _check_apart(split, trials_key, "trial")
    if spans is not None:
        _check_spans(split, spans)


def _check_apart(split: Split, keys: NDArray[Any], what: str) -> None:
    shared = np.intersect1d(keys[split.train], keys[split.test])
    if len(shared):
        raise TrainingError(
            f"fold {split.number} leaks: {what} {shared[0]} is learnt from and tested"
            f" ({len(shared)} {what}{'s' if len(shared) > 1 else ''} in all); put each on one side"
        )


def _check_spans(split: Split, spans: Spans) -> None:
    train_keys, test_keys = spans.recording[split.train], spans.recording[split.test]
    for recording in np.intersect1d(train_keys, test_keys):
        train, test = split.train[train_keys == recording], split.test[test_keys == recording]
        overlapping = test[_overlaps(train, test, spans)]
        if len(overlapping):
            raise TrainingError(
                f"fold {split.number} leaks: {len(overlapping)} tested windows of recording {recording} overlap in time"
                f" with learnt ones, the first at {spans.start_s[overlapping[0]]:.3f} s; put overlapping windows on one"
                " side"
            )


def _overlaps(train: NDArray[np.int64], test: NDArray[np.int64], spans: Spans) -> NDArray[np.bool_]:
    """Which tested windows meet a learnt one: windows that began before it stops, less those that stopped before it."""
    began = np.searchsorted(np.sort(spans.start_s[train]), spans.stop_s[test] - _TOUCHING_S, side="left")
    ended = np.searchsorted(np.sort(spans.stop_s[train]), spans.start_s[test] + _TOUCHING_S, side="right")
    meets: NDArray[np.bool_] = began > ended
    return meets
