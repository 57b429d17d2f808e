"""GDF files.

Read here and not by MNE-Python, which wants one type and one rate for all signals and runs its window-wise resampling
over the rest.
"""

from __future__ import annotations

from pathlib import Path

from mlcore.io.edf import info_of
from mlcore.io.gdf_header import read_gdf_events, read_gdf_header
from mlcore.io.grid import even_grid, on_grid
from mlcore.io.notes import outside_notes
from mlcore.io.record_layout import lay_out
from mlcore.io.recording import EegEvent, EegRecording
from mlcore.io.triggers import events_inside, in_order, recorded_triggers


def open_gdf(path: Path) -> EegRecording:
    """Open a GDF file; samples stay in it, a read holds some 10 MB beside what it returns.

    Raises:
        RecordingError: damaged, cut short, or not what its name says.
    """
    header = read_gdf_header(path)
    layout = lay_out(
        path, header.signals, data_start=header.data_start, n_records=header.n_records, record_s=header.record_s
    )
    file = layout.file
    grid = even_grid(file.n_rows, file.sfreq)
    info = info_of(layout, "GDF", grid)
    data_stop = file.data_start + file.n_records * file.record_bytes
    table = read_gdf_events(path, header, data_stop=data_stop, sfreq=file.sfreq)
    marks = [EegEvent(time_s, code, str(code)) for time_s, code in zip(*table, strict=True)]
    inside = events_inside(marks, info.duration_s)
    fetch = on_grid(file.read, grid)
    return EegRecording(
        path=path,
        info=info,
        events=in_order(inside, recorded_triggers(info, fetch)),
        fetch=fetch,
        warnings=(*layout.notes, *outside_notes(path, len(marks) - len(inside))),
    )
