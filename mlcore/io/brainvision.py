"""BrainVision recordings (.vhdr, .eeg, .vmrk): MNE-Python reads the samples; markers and pauses are read here."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import mne

from mlcore.io.brainvision_header import (
    BrainVisionHeader,
    BrainVisionMarker,
    read_brainvision_header,
    read_brainvision_markers,
)
from mlcore.io.grid import TimeGrid, grid_with_pauses, on_grid
from mlcore.io.mne_files import float_notes, mne_fetch, mne_info
from mlcore.io.notes import doubles_notes, outside_notes, pause_notes
from mlcore.io.recording import EegEvent, EegRecording
from mlcore.io.triggers import events_inside, in_order, number_in, recorded_triggers
from mlcore.types import EegInfo

_NAME = "BrainVision"


def open_brainvision(path: Path) -> EegRecording:
    """Open a recording by its .vhdr; samples stay in the .eeg, a read holds some 10 MB beside what it returns.

    A recorder that was paused begins a new segment and notes when: the pause stays in the times.

    Raises:
        RecordingError: damaged, cut short, its data missing or in another folder.
    """
    header = read_brainvision_header(path)
    raw = mne.io.read_raw_brainvision(path, preload=False, overrides=_overrides(header), verbose="warning")
    rows_info, doubles = mne_info(raw, _NAME)
    rows_fetch = mne_fetch(raw)
    bad = float_notes(raw, rows_info, path=path, fetch=rows_fetch)
    markers = read_brainvision_markers(header.marker_path) if header.marker_path else ()
    grid, hints = _grid(path, markers, n_rows=rows_info.n_samples, sfreq=rows_info.sfreq)
    info = EegInfo(_NAME, rows_info.channels, rows_info.kinds, rows_info.sfreq, grid.n_samples)
    fetch = on_grid(rows_fetch, grid)
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
            *bad,
            *hints,
            *pause_notes(path, grid.gaps),
            *outside_notes(path, len(marks) - len(inside)),
        ),
        gaps=grid.gaps,
    )


def _overrides(header: BrainVisionHeader) -> dict[str, object]:
    """MNE follows the files that were checked, and leaves the markers alone."""
    return {"data_fname": header.data_path.name, "marker_fname": False}


def _grid(
    path: Path, markers: Sequence[BrainVisionMarker], *, n_rows: int, sfreq: float
) -> tuple[TimeGrid, tuple[str, ...]]:
    """Segments by the recorder's clock; one that doesn't say when it began follows the one before at once."""
    segments = sorted((m for m in markers if m.begins_segment and 0 <= m.row < n_rows), key=lambda marker: marker.row)
    origin = next((marker.began for marker in segments if marker.row == 0), None)
    later = [marker for marker in segments if marker.row > 0]
    starts, n_unknown = [(0, 0.0)], 0
    for marker in later:
        if origin is None or marker.began is None:
            n_unknown += 1
        else:
            starts.append((marker.row, (marker.began - origin).total_seconds()))
    if n_unknown:
        note = f"{path.name}: {n_unknown} pauses of unknown length; times after them are too early."
        return grid_with_pauses(path, starts[:1], n_rows=n_rows, sfreq=sfreq), (note,)
    return grid_with_pauses(path, starts, n_rows=n_rows, sfreq=sfreq), ()


def _marks(markers: Sequence[BrainVisionMarker], grid: TimeGrid) -> list[EegEvent]:
    marks = [marker for marker in markers if not marker.begins_segment]
    texts = [(grid.time_s(marker.row), f"{marker.kind}/{marker.description}") for marker in marks]
    return [EegEvent(time_s, number_in(text), text) for time_s, text in texts]
