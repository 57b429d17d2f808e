"""BrainVision recordings: .vhdr, .eeg, .vmrk.

Read here and not by MNE-Python, which runs the segments of a paused recorder together, reads past a truncation, follows
file names out of the folder, and refuses channels that share a name.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from mlcore.io.brainvision_header import BrainVisionHeader, read_brainvision_header
from mlcore.io.brainvision_markers import BrainVisionMarker, read_brainvision_markers, segment_grid
from mlcore.io.grid import TimeGrid, on_grid
from mlcore.io.kinds import unique_names
from mlcore.io.notes import doubles_notes, not_finite_notes, outside_notes, pause_notes
from mlcore.io.recording import EegEvent, EegRecording
from mlcore.io.records import read_at
from mlcore.io.scan import count_not_finite
from mlcore.io.triggers import events_inside, in_order, number_in, recorded_triggers
from mlcore.types import EegInfo

_BLOCK_BYTES = 8_000_000


@dataclass(frozen=True, slots=True)
class _Rows:
    """Raw samples of the data file, block by block."""

    header: BrainVisionHeader

    def read(self, picks: Sequence[int], first: int, last: int) -> NDArray[np.float64]:
        """(C, T) raw values of some channels."""
        if self.header.is_vectorized:
            return np.stack([self._line(pick, first, last) for pick in picks]).astype(np.float64)
        out = np.empty((len(picks), last - first))
        step = max(1, _BLOCK_BYTES // self._row_bytes)
        for start in range(first, last, step):
            stop = min(last, start + step)
            out[:, start - first : stop - first] = self._block(start, stop)[:, list(picks)].T
        return out

    @property
    def _row_bytes(self) -> int:
        return len(self.header.channels) * np.dtype(self.header.dtype).itemsize

    def _block(self, first: int, last: int) -> NDArray[np.generic]:
        content = read_at(self.header.data_path, first * self._row_bytes, (last - first) * self._row_bytes)
        return np.frombuffer(content, self.header.dtype).reshape(last - first, len(self.header.channels))

    def _line(self, pick: int, first: int, last: int) -> NDArray[np.generic]:
        item_bytes = np.dtype(self.header.dtype).itemsize
        place = (pick * self.header.n_rows + first) * item_bytes
        return np.frombuffer(read_at(self.header.data_path, place, (last - first) * item_bytes), self.header.dtype)


def open_brainvision(path: Path) -> EegRecording:
    """Open a recording by its .vhdr; samples stay in the .eeg, a read holds some 10 MB beside what it returns.

    A recorder that was paused begins a new segment and notes when: the pause stays in the times.

    Raises:
        RecordingError: damaged, cut short, its data missing or in another folder, or stored as text.
    """
    header = read_brainvision_header(path)
    markers = read_brainvision_markers(header.marker_path) if header.marker_path else ()
    grid, cuts, hints = segment_grid(path, markers, n_rows=header.n_rows, sfreq=header.sfreq)
    names, doubles = unique_names([channel.name for channel in header.channels])
    kinds = tuple(channel.kind for channel in header.channels)
    info = EegInfo("BrainVision", names, kinds, header.sfreq, grid.n_samples)
    rows = _Rows(header)
    fetch = on_grid(rows.read, grid, np.array([channel.factor for channel in header.channels]))
    marks = _marks(markers, grid)
    inside = events_inside(marks, info.duration_s)
    return EegRecording(
        path=path,
        info=info,
        events=in_order(inside, recorded_triggers(info, fetch)),
        fetch=fetch,
        warnings=(
            *header.notes,
            *doubles_notes(path, doubles),
            *_float_notes(path, names, rows),
            *hints,
            *pause_notes(path, grid.gaps),
            *outside_notes(path, len(marks) - len(inside)),
        ),
        gaps=grid.gaps,
        cuts=cuts,
    )


def _float_notes(path: Path, names: Sequence[str], rows: _Rows) -> tuple[str, ...]:
    """Whole numbers are not looked through."""
    if np.dtype(rows.header.dtype).kind != "f":
        return ()
    counts = count_not_finite(rows.read, n_channels=len(names), n_samples=rows.header.n_rows)
    return not_finite_notes(path, names, counts)


def _marks(markers: Sequence[BrainVisionMarker], grid: TimeGrid) -> list[EegEvent]:
    marks = [marker for marker in markers if not marker.begins_segment]
    texts = [(grid.time_s(marker.row), f"{marker.kind}/{marker.description}") for marker in marks]
    return [EegEvent(time_s, number_in(text), text) for time_s, text in texts]
