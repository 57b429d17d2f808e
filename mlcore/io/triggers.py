"""Events from trigger channels and from annotations."""

from __future__ import annotations

import re
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from mlcore.io.recording import EegEvent

#: BioSemi's Status has 24 bits: 16 of triggers, above them the amplifier's state (epoch, speed, battery)
TRIGGER_BITS = 0xFFFF
_NUMBER = re.compile(r"(\d+)\D*$")


def trigger_events(samples: NDArray[np.float64], sfreq: float) -> tuple[EegEvent, ...]:
    """Events of a trigger channel: each change to a value above the resting one.

    Args:
        samples: (T,) raw values of the channel; bits above the 16th are ignored.
        sfreq: samples per second.

    Returns:
        One event a change, its value as recorded. The resting value need not be 0 (see `_resting_value`).
        A channel that begins with a trigger gives no event for it: nothing changed.
    """
    values = np.nan_to_num(samples).astype(np.int64) & TRIGGER_BITS
    starts = np.flatnonzero(np.diff(values)) + 1  # (E,) first sample of every run but the first
    if starts.size == 0:
        return ()
    resting = _resting_value(values, starts)
    return tuple(
        EegEvent(float(start) / sfreq, int(values[start]), str(values[start]))
        for start in starts
        if values[start] > resting
    )


def _resting_value(values: NDArray[np.int64], starts: NDArray[np.intp]) -> int:
    """The value to which the channel returns most often; of those that differ by one return, the lowest.

    Time spent says little: a level may be held for the whole of a stimulus. A recording that begins inside a
    trigger has as many triggers as rests, or one more.
    """
    runs = values[np.concatenate(([0], starts))]
    levels, n_runs = np.unique(runs, return_counts=True)
    return int(levels[n_runs >= n_runs.max() - 1][0])


def annotation_events(
    onsets_s: Sequence[float], descriptions: Sequence[str], *, duration_s: float
) -> tuple[EegEvent, ...]:
    """Events of text markers; those outside the recording are dropped, a closing number becomes the value."""
    return tuple(
        EegEvent(float(onset_s), number_in(text), str(text))
        for onset_s, text in zip(onsets_s, descriptions, strict=True)
        if 0.0 <= onset_s <= duration_s
    )


def number_in(text: str) -> int | None:
    """The last number of a marker's text.

    >>> number_in("Stimulus/S253"), number_in("start")
    (253, None)
    """
    found = _NUMBER.search(text)
    return int(found[1]) if found and len(found[1]) < 10 else None


def in_order(*groups: tuple[EegEvent, ...]) -> tuple[EegEvent, ...]:
    """All events by time."""
    return tuple(sorted((event for group in groups for event in group), key=lambda event: event.time_s))
