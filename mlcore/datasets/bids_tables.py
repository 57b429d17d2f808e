"""BIDS tables: channels.tsv (types, units, bad channels) and the rows of events.tsv."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from mlcore.datasets.layout import inside, open_file
from mlcore.datasets.tables import Row, Table, number, read_table
from mlcore.errors import LayoutError, RecordingError
from mlcore.io.eeg import EegRecording
from mlcore.types import RecordingSpec

#: BIDS types -> MNE's kinds
_KINDS = {
    "eeg": "eeg",
    "eog": "eog",
    "heog": "eog",
    "veog": "eog",
    "ecg": "ecg",
    "emg": "emg",
    "trig": "stim",
    "gsr": "gsr",
    "resp": "resp",
    "temp": "temperature",
    "misc": "misc",
    "ref": "misc",
    "other": "misc",
    "eyegaze": "misc",
    "pupil": "misc",
}
_VOLTS = {"v": 1.0, "mv": 1e-3, "uv": 1e-6, "µv": 1e-6, "μv": 1e-6, "nv": 1e-9}
#: EEGLAB files say no unit; MNE takes them as µV
_UNITLESS_FORMAT, _TAKEN_AS = "EEGLAB", 1e-6
_BAD = "bad"


def bad_channels(path: Path, root: Path) -> tuple[tuple[str, ...], str]:
    """Names of the channels that channels.tsv calls bad, and why it could not be read ("" if it was)."""
    try:
        rows = read_table(inside(root, path), delimiters="\t").rows
    except LayoutError as error:
        return (), str(error)
    return tuple(row["name"] for row in rows if row.get("status", "").lower() == _BAD and row.get("name")), ""


def table_of(path: Path | None) -> Table:
    """A table of a recording; an empty one where there is none.

    Raises:
        RecordingError: it can't be read.
    """
    try:
        return read_table(path, delimiters="\t") if path else Table((), ())
    except LayoutError as error:
        raise RecordingError(str(error)) from error


def companion_ending(spec: RecordingSpec, root: Path, ending: str) -> Path | None:
    """The companion whose name ends so."""
    return next((root / path for path in spec.companion_paths if path.lower().endswith(ending)), None)


def open_eeg(spec: RecordingSpec, root: Path) -> EegRecording:
    """The EEG file, with the kinds that channels.tsv gives, and its units where the file has none.

    Raises:
        RecordingError: the file or channels.tsv can't be read.
    """
    recording = open_file(spec, root)
    path = companion_ending(spec, root, "channels.tsv")
    rows = {row.get("name", ""): row for row in table_of(path).rows}
    strangers = [name for name in rows if name not in recording.info.channels]
    if path and strangers:
        note = f"{path.name}: {len(strangers)} of its channels are not in the file, {strangers[0]!r} among them."
        recording = replace(recording, warnings=(*recording.warnings, note))
    return _scaled(_typed(recording, rows), rows)


def _typed(recording: EegRecording, rows: dict[str, Row]) -> EegRecording:
    info = recording.info
    kinds = tuple(
        _KINDS.get(rows.get(name, {}).get("type", "").lower(), kind)
        for name, kind in zip(info.channels, info.kinds, strict=True)
    )
    return replace(recording, info=replace(info, kinds=kinds))


def _scaled(recording: EegRecording, rows: dict[str, Row]) -> EegRecording:
    units = [rows.get(name, {}).get("units", "").lower() for name in recording.info.channels]
    factors = np.array([_VOLTS.get(unit, _TAKEN_AS) / _TAKEN_AS for unit in units])
    if recording.info.format != _UNITLESS_FORMAT or (factors == 1.0).all():
        return recording

    def fetch(picks: Sequence[int], first: int, last: int) -> NDArray[np.float64]:
        scaled: NDArray[np.float64] = recording.fetch(picks, first, last) * factors[list(picks), None]
        return scaled

    return replace(recording, fetch=fetch)


@dataclass(frozen=True, slots=True)
class Event:
    """One row of events.tsv; onset on the EEG clock."""

    onset_s: float
    duration_s: float
    cells: Row

    def names(self, *columns: str) -> str:
        """The first of these columns that says something."""
        said = (self.cells.get(column, "") for column in columns)
        return next((text for text in said if text and text.lower() != "n/a"), "")


def events_of(table: Table) -> tuple[Event, ...]:
    """Rows with an onset, by time; those before the recording are kept, a missing duration is 0."""
    timed = ((number(row.get("onset")), row) for row in table.rows)
    events = [Event(onset, number(row.get("duration")) or 0.0, row) for onset, row in timed if onset is not None]
    return tuple(sorted(events, key=lambda event: event.onset_s))
