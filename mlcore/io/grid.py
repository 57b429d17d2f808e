"""Recordings with pauses: where each recorded sample lies on an even grid of time."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from mlcore.errors import RecordingError
from mlcore.io.recording import Fetch

#: nobody records longer without a new file; what claims more is damaged
_LONGEST_S = 14 * 86_400.0


@dataclass(frozen=True, slots=True)
class Segment:
    """Samples that were recorded without a pause."""

    #: index of its first sample among the recorded ones
    row: int
    #: place of that sample on the grid
    place: int
    n_samples: int


@dataclass(frozen=True, slots=True)
class TimeGrid:
    """Segments in order of time, none over another; between them nothing was recorded."""

    segments: tuple[Segment, ...]
    sfreq: float

    @property
    def n_samples(self) -> int:
        """Length of the grid, pauses included."""
        last = self.segments[-1]
        return last.place + last.n_samples

    @property
    def gaps(self) -> tuple[tuple[float, float], ...]:
        """Pauses as (start_s, stop_s)."""
        pairs = zip(self.segments, self.segments[1:], strict=False)
        ends = ((before.place + before.n_samples, after.place) for before, after in pairs)
        return tuple((stop / self.sfreq, start / self.sfreq) for stop, start in ends if start > stop)

    def time_s(self, row: float) -> float:
        """Time of a recorded sample; a fraction of a sample and a row past the end are carried on."""
        inside = [segment for segment in self.segments if segment.row <= row]
        segment = inside[-1] if inside else self.segments[0]
        return (segment.place + row - segment.row) / self.sfreq

    def pieces(self, first: int, last: int) -> Iterator[tuple[int, int, int]]:
        """(place, row, row after the last) of what was recorded between two places of the grid."""
        for segment in self.segments:
            start = max(first, segment.place)
            stop = min(last, segment.place + segment.n_samples)
            if start < stop:
                row = segment.row + start - segment.place
                yield start, row, row + stop - start


def on_grid(rows: Fetch, grid: TimeGrid, factors: NDArray[np.float64] | None = None) -> Fetch:
    """Reader of a recording whose samples lie on a grid; pauses are zeros.

    Args:
        rows: reads recorded samples (channels, first row, row after the last).
        grid: where they lie.
        factors: (C,) what to multiply each channel of the file with.
    """

    def fetch(picks: Sequence[int], first: int, last: int) -> NDArray[np.float64]:
        out = np.zeros((len(picks), last - first))
        for place, row, row_stop in grid.pieces(first, last):
            out[:, place - first : place - first + row_stop - row] = rows(picks, row, row_stop)
        if factors is not None:
            out *= factors[list(picks), None]
        return out

    return fetch


def even_grid(n_samples: int, sfreq: float) -> TimeGrid:
    """The grid of a recording without a pause."""
    return TimeGrid((Segment(0, 0, n_samples),), sfreq)


def grid_with_pauses(path: Path, starts: Sequence[tuple[int, float]], *, n_rows: int, sfreq: float) -> TimeGrid:
    """The grid of a recording whose segments begin at known times.

    Args:
        path: of the file, for the error.
        starts: (index of the first recorded sample, time in seconds) of each segment, in order; the first is (0, 0.0).
        n_rows: recorded samples altogether.
        sfreq: samples per second.

    Raises:
        RecordingError: the times run backwards, or further than anybody records.
    """
    stops = [row for row, _start_s in starts[1:]] + [n_rows]
    segments: list[Segment] = []
    for (row, start_s), stop in zip(starts, stops, strict=True):
        if not abs(start_s) <= _LONGEST_S:
            raise RecordingError(f"{path.name}: it claims a pause of more than {_LONGEST_S / 86_400:.0f} days.")
        _append(path, segments, Segment(row, round(start_s * sfreq), stop - row))
    return TimeGrid(tuple(segments), sfreq)


def _append(path: Path, segments: list[Segment], segment: Segment) -> None:
    """Add a segment; one that follows without a pause (or half a sample's rounding) prolongs the one before."""
    if not segments:
        segments.append(segment)
        return
    before = segments[-1]
    end = before.place + before.n_samples
    if segment.place < end - 1:
        raise RecordingError(
            f"{path.name}: its times run backwards: what follows sample {segment.row} begins before that sample ends."
        )
    if segment.place <= end + 1:
        segments[-1] = Segment(before.row, before.place, before.n_samples + segment.n_samples)
    else:
        segments.append(segment)
