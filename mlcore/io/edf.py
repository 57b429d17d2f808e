"""EDF, EDF+ and BDF files.

Read here and not by MNE-Python, which resamples signals of another rate anew in every window, runs the records of a
discontinuous file together, and takes values in a unit it doesn't know for volts.
"""

from __future__ import annotations

from pathlib import Path

from mlcore.io.edf_annotations import RecordTexts, read_annotations, record_starts
from mlcore.io.edf_header import EdfHeader, read_edf_header
from mlcore.io.grid import TimeGrid, even_grid, grid_with_pauses, on_grid
from mlcore.io.notes import outside_notes, pause_notes
from mlcore.io.record_layout import RecordLayout, lay_out
from mlcore.io.recording import EegEvent, EegRecording
from mlcore.io.records import RecordFile
from mlcore.io.triggers import annotation_events, in_order, recorded_triggers
from mlcore.types import EegInfo


def open_edf(path: Path) -> EegRecording:
    """Open an EDF, EDF+ or BDF file; samples stay in it, a read holds some 10 MB beside what it returns.

    Raises:
        RecordingError: damaged, cut short, or not what its name says.
    """
    header = read_edf_header(path)
    layout = lay_out(
        path, header.signals, data_start=header.n_bytes, n_records=header.n_records, record_s=header.record_s
    )
    texts = read_annotations(layout.file, layout.annotations)
    grid = _grid(header, layout.file, texts)
    info = info_of(layout, header.name, grid)
    fetch = on_grid(layout.file.read, grid)
    marks = _marks(texts, info)
    return EegRecording(
        path=path,
        info=info,
        events=in_order(marks, recorded_triggers(info, fetch)),
        fetch=fetch,
        warnings=(
            *layout.notes,
            *texts.notes,
            *outside_notes(path, len(texts.marks) - len(marks)),
            *pause_notes(path, grid.gaps),
        ),
        gaps=grid.gaps,
    )


def info_of(layout: RecordLayout, name: str, grid: TimeGrid) -> EegInfo:
    """What a file of records holds."""
    return EegInfo(
        format=name,
        channels=tuple(signal.name for signal in layout.file.signals),
        kinds=tuple(signal.kind for signal in layout.file.signals),
        sfreq=layout.file.sfreq,
        n_samples=grid.n_samples,
    )


def _grid(header: EdfHeader, file: RecordFile, texts: RecordTexts) -> TimeGrid:
    if not header.is_discontinuous:
        return even_grid(file.n_rows, file.sfreq)
    starts_s = record_starts(texts, file)
    begins = [(record * file.n_per_record, start_s) for record, start_s in enumerate(starts_s)]
    return grid_with_pauses(file.path, begins, n_rows=file.n_rows, sfreq=file.sfreq)


def _marks(texts: RecordTexts, info: EegInfo) -> tuple[EegEvent, ...]:
    """Texts count from the header's start; the first sample may come a fraction of a second later."""
    origin_s = texts.starts_s[0] if texts.starts_s else 0.0
    onsets_s = [mark.onset_s - origin_s for mark in texts.marks]
    return annotation_events(onsets_s, [mark.text for mark in texts.marks], duration_s=info.duration_s)
