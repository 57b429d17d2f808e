"""Events from trigger channels and from annotations."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence

import numpy as np
from numpy.typing import NDArray

from mlcore.io.recording import EegEvent, Fetch
from mlcore.types import EegInfo

#: BioSemi's Status has 24 bits: 16 of triggers, above them the amplifier's state (epoch, speed, battery)
TRIGGER_BITS = 0xFFFF
#: more stretches of one value than people set in a day
_MOST_RUNS = 200_000
_BLOCK_SAMPLES = 1 << 18
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
    return _run_events(_runs([samples]), sfreq)


def recorded_triggers(info: EegInfo, fetch: Fetch) -> tuple[EegEvent, ...]:
    """Events of the first trigger channel that has any, read block by block.

    A channel that changes without end is no trigger channel, whatever it is called: it gives no events.
    """
    for index, kind in enumerate(info.kinds):
        if kind == "stim":
            events = _run_events(_runs(_blocks(info, fetch, index)), info.sfreq)
            if events:
                return events
    return ()


def _blocks(info: EegInfo, fetch: Fetch, index: int) -> Iterator[NDArray[np.float64]]:
    for first in range(0, info.n_samples, _BLOCK_SAMPLES):
        yield fetch([index], first, min(info.n_samples, first + _BLOCK_SAMPLES))[0]


def _runs(blocks: Iterable[NDArray[np.float64]]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """(R,) first samples of stretches of one value, and the values; the first stretch begins at 0."""
    starts, values = [np.zeros(0, dtype=np.int64)], [np.zeros(0, dtype=np.int64)]
    done, n_runs, before = 0, 0, None
    for block in blocks:
        raw = np.rint(np.nan_to_num(block, posinf=0.0, neginf=0.0)).astype(np.int64) & TRIGGER_BITS
        changes = np.flatnonzero(np.diff(raw, prepend=raw[:1] - 1 if before is None else before))
        starts.append(changes + done)
        values.append(raw[changes])
        done, before, n_runs = done + raw.size, raw[-1:], n_runs + changes.size
        if n_runs > _MOST_RUNS:
            return starts[0], values[0]
    return np.concatenate(starts), np.concatenate(values)


def _run_events(runs: tuple[NDArray[np.int64], NDArray[np.int64]], sfreq: float) -> tuple[EegEvent, ...]:
    starts, values = runs
    if starts.size < 2:
        return ()
    resting = _resting_value(values)
    pairs = zip(starts[1:].tolist(), values[1:].tolist(), strict=True)
    return tuple(EegEvent(start / sfreq, value, str(value)) for start, value in pairs if value > resting)


def _resting_value(runs: NDArray[np.int64]) -> int:
    """The value to which the channel returns most often; of those that differ by one return, the lowest.

    Time spent says little: a level may be held for the whole of a stimulus. A recording that begins inside a
    trigger has as many triggers as rests, or one more.
    """
    levels, n_runs = np.unique(runs, return_counts=True)
    return int(levels[n_runs >= n_runs.max() - 1][0])


def annotation_events(
    onsets_s: Sequence[float], descriptions: Sequence[str], *, duration_s: float
) -> tuple[EegEvent, ...]:
    """Events of text markers; those outside the recording are left out, a closing number becomes the value."""
    pairs = zip(onsets_s, descriptions, strict=True)
    return events_inside((EegEvent(float(onset_s), number_in(text), str(text)) for onset_s, text in pairs), duration_s)


def events_inside(events: Iterable[EegEvent], duration_s: float) -> tuple[EegEvent, ...]:
    """Those that lie in the recording."""
    return tuple(event for event in events if 0.0 <= event.time_s <= duration_s)


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
