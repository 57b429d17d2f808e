"""Tables with a column a channel: Mind Monitor's recordings of a Muse headband, and generic CSV or TSV."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from mlcore.errors import RecordingError
from mlcore.io.grid import grid_with_pauses, on_grid
from mlcore.io.kinds import unique_names
from mlcore.io.notes import doubles_notes, no_unit_notes, not_finite_notes, outside_notes, pause_notes, some
from mlcore.io.recording import EegEvent, EegRecording, Fetch
from mlcore.io.table_head import Column, Role, TableHead, read_table_head
from mlcore.io.table_rows import TableContents, read_rows
from mlcore.io.table_times import Timing, timing_of
from mlcore.io.triggers import events_inside, in_order, number_in, recorded_triggers
from mlcore.types import EegInfo

#: slower than this no brain rhythm is seen
_SLOWEST_EEG_HZ = 50.0
#: a rate that was given may differ from that of the times by this share
_RATE_SHARE = 0.01


def open_table(path: Path, *, sfreq: float | None = None) -> EegRecording:
    """Open a table. It is read once, into an unnamed temporary file (float32: 4 bytes a sample of disk); in memory
    stay its times (8 bytes a row) and some 20 MB of blocks.

    Args:
        path: comma, semicolon or tab separated, headings first. Columns of numbers are channels, their unit in the
            heading ("Fp1 (uV)") or taken as microvolts. A column `time` or `timestamp` gives the times; a column of
            markers the events. Of Mind Monitor's columns the RAW_ ones are read, named without "RAW_", and AUX.
        sfreq: samples per second where the table has no times.

    Raises:
        RecordingError: no table, no EEG, no rate, or cells that are no numbers.
    """
    head = read_table_head(path)
    channels = _channels(path, head, sfreq)
    contents = read_rows(path, head)
    if contents.spool.n_rows == 0:
        raise RecordingError(f"{path.name}: the table holds headings and no samples.")
    names, doubles = unique_names([column.name for column in channels])
    timing = _timing(path, head, contents, sfreq)
    laid = _lay(path, timing, contents, channels)
    info = EegInfo("Muse CSV" if head.is_muse else "CSV", names, _kinds(channels), timing.sfreq, laid.n_samples)
    marks = _marks(timing, contents)
    inside = events_inside(marks, info.duration_s)
    return EegRecording(
        path=path,
        info=info,
        events=in_order(inside, recorded_triggers(info, laid.fetch)),
        fetch=laid.fetch,
        warnings=(
            *doubles_notes(path, doubles),
            *_head_notes(path, head, channels),
            *_row_notes(path, head, contents),
            *_timing_notes(path, timing, head, sfreq),
            *not_finite_notes(path, names, contents.spool.n_not_finite),
            *pause_notes(path, laid.gaps),
            *outside_notes(path, len(marks) - len(inside)),
        ),
        gaps=laid.gaps,
    )


def _channels(path: Path, head: TableHead, sfreq: float | None) -> tuple[Column, ...]:
    channels = head.of(Role.CHANNEL)
    if not channels:
        raise RecordingError(f"{path.name}: no EEG is seen in this table: no column of it holds numbers throughout.")
    if sfreq is not None and not 0 < sfreq < 1e6:
        raise RecordingError(f"{path.name}: {sfreq:g} samples a second were given; that is no rate.")
    if sfreq is None and not head.looks_like_eeg:
        raise RecordingError(
            f"{path.name}: no EEG is seen in this table: none of its columns is called like an electrode or has a unit "
            "of voltage."
        )
    if not head.of(Role.TIME) and not (sfreq or head.sfreq):
        raise RecordingError(f"{path.name}: it has no column 'time'; say its samples per second beside it.")
    return channels


def _kinds(channels: Sequence[Column]) -> tuple[str, ...]:
    return tuple(column.kind for column in channels)


def _timing(path: Path, head: TableHead, contents: TableContents, sfreq: float | None) -> Timing:
    if head.of(Role.TIME):
        return timing_of(path, contents.stamps_s)
    if contents.n_broken:
        raise RecordingError(
            f"{path.name}: {contents.n_broken} of its lines have too few or too many cells; "
            "without a column of times that would shift all that follows."
        )
    rate = sfreq or head.sfreq
    assert rate is not None
    return Timing(rate, ((0, 0.0),), 0.0)


@dataclass(frozen=True, slots=True)
class _Laid:
    fetch: Fetch
    n_samples: int
    gaps: tuple[tuple[float, float], ...]


def _lay(path: Path, timing: Timing, contents: TableContents, channels: Sequence[Column]) -> _Laid:
    """Lay samples on an even grid: as they are where they were taken evenly, else interpolated."""
    factors = np.array([column.factor for column in channels])
    if not timing.is_even:
        return _interpolated(timing, contents, factors)
    grid = grid_with_pauses(path, timing.starts, n_rows=contents.spool.n_rows, sfreq=timing.sfreq)
    return _Laid(on_grid(contents.spool.read, grid, factors), grid.n_samples, grid.gaps)


def _interpolated(timing: Timing, contents: TableContents, factors: NDArray[np.float64]) -> _Laid:
    """Linear between the samples; the pauses stay empty."""
    stamps_s = np.maximum.accumulate(contents.stamps_s - contents.stamps_s[0])
    starts = [row for row, _start_s in timing.starts[1:]]
    gaps = tuple((float(stamps_s[row - 1]), float(stamps_s[row])) for row in starts)
    spool = contents.spool

    def fetch(picks: Sequence[int], first: int, last: int) -> NDArray[np.float64]:
        times_s = np.arange(first, last) / timing.sfreq
        low = max(0, int(np.searchsorted(stamps_s, times_s[0], side="right")) - 1)
        high = min(stamps_s.size, int(np.searchsorted(stamps_s, times_s[-1])) + 1)
        rows = spool.read(picks, low, high)
        out = np.stack([np.interp(times_s, stamps_s[low:high], row) for row in rows])
        for start_s, stop_s in gaps:
            out[:, (times_s > start_s) & (times_s < stop_s)] = 0.0
        return out * factors[list(picks), None]

    return _Laid(fetch, int(stamps_s[-1] * timing.sfreq) + 1, gaps)


def _marks(timing: Timing, contents: TableContents) -> list[EegEvent]:
    times = ((_mark_s(place, time_s, timing, contents), text) for place, time_s, text in contents.marks)
    return [EegEvent(time_s, number_in(text), text) for time_s, text in times]


def _mark_s(place: int, time_s: float, timing: Timing, contents: TableContents) -> float:
    """By its stamp; without times, when the sample after it was taken."""
    if not contents.stamps_s.size:
        return place / timing.sfreq
    return max(0.0, time_s - float(contents.stamps_s[0])) if np.isfinite(time_s) else place / timing.sfreq


def _head_notes(path: Path, head: TableHead, channels: Sequence[Column]) -> list[str]:
    notes = [*no_unit_notes(path, [column.name for column in channels if column.is_voltage and not column.unit])]
    texts = [column.name or f"column {column.index + 1}" for column in head.columns if column.is_text]
    if texts:
        notes.append(f"{path.name}: {some(texts)} hold texts and were left out.")
    return notes


def _row_notes(path: Path, head: TableHead, contents: TableContents) -> list[str]:
    if not contents.n_broken:
        return []
    return [f"{path.name}: {contents.n_broken} lines have too few or too many cells and were left out."]


def _timing_notes(path: Path, timing: Timing, head: TableHead, sfreq: float | None) -> list[str]:
    notes = []
    if timing.sfreq < _SLOWEST_EEG_HZ:
        notes.append(f"{path.name}: {timing.sfreq:.3g} samples a second are too few to see EEG in it.")
    if not timing.is_even:
        notes.append(
            f"{path.name}: its times are up to {1000 * timing.wander_s:.0f} ms off an even rate; the samples were "
            f"interpolated to {timing.sfreq:.4g} a second."
        )
    elif 1000 * timing.wander_s > 1 and timing.wander_s > 1 / timing.sfreq:
        notes.append(
            f"{path.name}: its times waver by up to {1000 * timing.wander_s:.0f} ms; the samples were laid at an even "
            f"rate of {timing.sfreq:.4g} a second."
        )
    if sfreq and head.of(Role.TIME) and abs(timing.sfreq - sfreq) > _RATE_SHARE * sfreq:
        notes.append(
            f"{path.name}: {sfreq:g} samples a second were given, its times say {timing.sfreq:.4g} and were believed."
        )
    return notes
