"""EEGLAB sets: a .set of MATLAB 5 or 7.3, its samples inside or in an .fdt beside it."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path, PureWindowsPath
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from mlcore.errors import RecordingError
from mlcore.io.grid import TimeGrid, grid_with_pauses, on_grid
from mlcore.io.kinds import channel_kind, unique_names
from mlcore.io.mat5 import read_mat5
from mlcore.io.mat73 import HDF5_MAGIC, MAGIC_PLACE, Hdf5Samples, read_mat73
from mlcore.io.notes import doubles_notes, not_finite_notes, outside_notes, pause_notes
from mlcore.io.recording import EegEvent, EegRecording, Fetch
from mlcore.io.records import read_at
from mlcore.io.scan import count_not_finite
from mlcore.io.spool import SampleSpool
from mlcore.io.triggers import events_inside, in_order, number_in, recorded_triggers
from mlcore.io.units import VOLTAGE_KINDS
from mlcore.types import EegInfo

_WANTED = frozenset(
    ("EEG", "nbchan", "trials", "pnts", "srate", "chanlocs", "event", "data", "labels", "type", "latency", "duration")
)
_KINDS = frozenset(("eeg", "eog", "ecg", "emg", "misc", "stim", "gsr", "resp", "bio"))
_MAX_CHANNELS = 5000
_MAX_SFREQ = 1e6
_BOUNDARY = "boundary"


class _Rows(Protocol):
    """Where the samples lie: (T, C), in microvolts."""

    @property
    def n_rows(self) -> int: ...

    def read(self, picks: Sequence[int], first: int, last: int) -> NDArray[np.float64]: ...


@dataclass(frozen=True, slots=True)
class _FdtSamples:
    """float32 samples of an .fdt, channel by channel within a moment."""

    path: Path
    n_channels: int
    n_rows: int

    def read(self, picks: Sequence[int], first: int, last: int) -> NDArray[np.float64]:
        row_bytes = 4 * self.n_channels
        content = read_at(self.path, first * row_bytes, (last - first) * row_bytes)
        rows = np.frombuffer(content, "<f4").reshape(-1, self.n_channels)
        return np.ascontiguousarray(rows[:, list(picks)].T, dtype=np.float64)


@dataclass(frozen=True, slots=True)
class _Header:
    n_channels: int
    sfreq: float
    labels: tuple[str, ...]
    types: tuple[str, ...]
    events: tuple[dict[str, Any], ...]


def open_eeglab(path: Path) -> EegRecording:
    """Open a set. Samples stay in the .fdt or the 7.3 file; those inside a MATLAB 5 file go to an unnamed temporary
    file (float32: 4 bytes a sample of disk, a few MB of memory).

    Where pieces were cut out and their length is known, they are pauses: times stay those of the recording.

    Raises:
        RecordingError: damaged, cut short, epoched, without its .fdt, or no EEGLAB set.
    """
    variables = _variables(path)
    header = _header(path, variables)
    notes: list[str] = []
    rows = _samples(path, variables, header, notes)
    grid, cuts = _grid(path, header, rows.n_rows)
    channels, doubles = unique_names(header.labels)
    info = EegInfo("EEGLAB", channels, _kinds(header), header.sfreq, grid.n_samples)
    fetch = _fetch(rows, info, grid)
    inside = events_inside(_marks(header, grid), info.duration_s)
    return EegRecording(
        path=path,
        info=info,
        events=in_order(inside, recorded_triggers(info, fetch)),
        fetch=fetch,
        warnings=(
            *notes,
            *doubles_notes(path, doubles),
            *not_finite_notes(path, channels, _not_finite(rows, header.n_channels)),
            *_cut_notes(path, len(cuts)),
            *pause_notes(path, grid.gaps),
            *outside_notes(path, len(header.events) - len(inside)),
        ),
        gaps=grid.gaps,
        cuts=cuts,
    )


def _variables(path: Path) -> dict[str, Any]:
    """The fields of EEG, which older sets keep in a structure and newer ones at the top."""
    with path.open("rb") as file:
        start = file.read(MAGIC_PLACE + len(HDF5_MAGIC))
    is_hdf5 = start.startswith(HDF5_MAGIC) or start[MAGIC_PLACE:] == HDF5_MAGIC
    found = (read_mat73 if is_hdf5 else read_mat5)(path, _WANTED, samples="data")
    inner = found.get("EEG", found)
    if isinstance(inner, list):
        raise RecordingError(f"{path.name}: it holds {len(inner)} sets; save each in a file of its own.")
    if not isinstance(inner, dict) or "srate" not in inner or "data" not in inner:
        raise RecordingError(f"{path.name}: this MATLAB file holds no EEGLAB set.")
    return inner


def _header(path: Path, variables: dict[str, Any]) -> _Header:
    n_channels, sfreq = _number(variables.get("nbchan")), _number(variables.get("srate"))
    if not 1 <= n_channels <= _MAX_CHANNELS or n_channels != int(n_channels):
        raise RecordingError(f"{path.name}: the set claims {n_channels:g} channels.")
    if not 0 < sfreq <= _MAX_SFREQ:
        raise RecordingError(f"{path.name}: the set claims {sfreq:g} samples a second.")
    n_trials = _number(variables.get("trials", 1.0))
    if n_trials > 1:
        raise RecordingError(f"{path.name}: the set holds {n_trials:g} epochs; export the continuous recording.")
    places = _structures(variables.get("chanlocs"))
    if places and len(places) != int(n_channels):
        raise RecordingError(f"{path.name}: the set claims {n_channels:g} channels and names {len(places)}.")
    places = places or [{}] * int(n_channels)
    return _Header(
        n_channels=int(n_channels),
        sfreq=sfreq,
        labels=tuple(_text(place.get("labels")) for place in places),
        types=tuple(_text(place.get("type")).lower() for place in places),
        events=tuple(_structures(variables.get("event"))),
    )


def _samples(path: Path, variables: dict[str, Any], header: _Header, notes: list[str]) -> _Rows:
    data = variables["data"]
    if isinstance(data, str):
        return _fdt(path, data, header, n_rows=_number(variables.get("pnts")), notes=notes)
    if isinstance(data, np.ndarray) and data.size == _number(variables.get("pnts")) and header.n_channels == 1:
        spool = SampleSpool(1)
        spool.append(data.reshape(-1, 1))
        return spool
    if not isinstance(data, (SampleSpool, Hdf5Samples)):
        raise RecordingError(f"{path.name}: the set holds no samples.")
    if data.n_channels != header.n_channels:
        raise RecordingError(
            f"{path.name}: the set claims {header.n_channels} channels and holds samples of {data.n_channels}."
        )
    return data


def _fdt(path: Path, name: str, header: _Header, *, n_rows: float, notes: list[str]) -> _FdtSamples:
    """The file beside the set; a folder in its name (that of another computer) is not followed."""
    plain = PureWindowsPath(name.strip()).name
    if not plain or not plain.lower().endswith((".fdt", ".set")):
        raise RecordingError(f"{path.name}: its samples are said to be in {plain or 'a file without a name'!r}.")
    beside = next((p for p in (path.with_name(plain), path.with_suffix(".fdt")) if p.is_file() and p != path), None)
    if beside is None:
        raise RecordingError(f"{path.name}: its samples are in {plain}, which is missing; put it beside the .set.")
    if beside.name != plain:
        notes.append(f"{path.name}: {plain} is missing; {beside.name} was taken for it.")
    if not (1 <= n_rows < 1e15 and n_rows == int(n_rows)):
        raise RecordingError(f"{path.name}: the set claims {n_rows:g} samples.")
    expected, held = 4 * header.n_channels * int(n_rows), beside.stat().st_size
    if held != expected:
        raise RecordingError(
            f"{path.name}: {beside.name} should have {expected} bytes and has {held}; "
            "it was cut short or belongs to another set: copy it again."
        )
    return _FdtSamples(beside, header.n_channels, int(n_rows))


def _kinds(header: _Header) -> tuple[str, ...]:
    declared = (kind if kind in _KINDS else "eeg" for kind in header.types)
    return tuple(channel_kind(label, kind) for label, kind in zip(header.labels, declared, strict=True))


def _grid(path: Path, header: _Header, n_rows: int) -> tuple[TimeGrid, tuple[float, ...]]:
    """Where pieces were cut out, as `boundary` events tell; how long they were, their `duration` in samples.

    Those of unknown length come as moments beside the grid, which knows nothing of them.
    """
    boundaries = sorted(
        (math.ceil(_number(event.get("latency")) - 1.0), _number(event.get("duration")))
        for event in header.events
        if _text(event.get("type")) == _BOUNDARY and math.isfinite(_number(event.get("latency")))
    )
    starts, missing, unknown = [(0, 0.0)], 0.0, []
    for row, n_missing in boundaries:
        if not 0 < row < n_rows:
            continue
        if not (math.isfinite(n_missing) and n_missing > 0):
            unknown.append(row)
            continue
        missing += n_missing
        starts.append((row, (row + missing) / header.sfreq))
    grid = grid_with_pauses(path, starts, n_rows=n_rows, sfreq=header.sfreq)
    return grid, tuple(grid.time_s(row) for row in unknown)


def _cut_notes(path: Path, n_cuts: int) -> tuple[str, ...]:
    note = f"{path.name}: pieces of unknown length were cut out at {n_cuts} places; later times are too early."
    return (note,) if n_cuts else ()


def _marks(header: _Header, grid: TimeGrid) -> list[EegEvent]:
    """Latencies count recorded samples from 1."""
    rows = [(_number(event.get("latency")) - 1.0, _text(event.get("type"))) for event in header.events]
    return [EegEvent(grid.time_s(row), number_in(text), text) for row, text in rows if math.isfinite(row)]


def _fetch(rows: _Rows, info: EegInfo, grid: TimeGrid) -> Fetch:
    factors = np.array([1e-6 if kind in VOLTAGE_KINDS else 1.0 for kind in info.kinds])

    return on_grid(rows.read, grid, factors)


def _not_finite(rows: _Rows, n_channels: int) -> NDArray[np.int64]:
    """How many samples of each channel are no numbers; a spool has counted them."""
    if isinstance(rows, SampleSpool):
        return rows.n_not_finite
    return count_not_finite(rows.read, n_channels=n_channels, n_samples=rows.n_rows)


def _structures(value: Any) -> list[dict[str, Any]]:
    if isinstance(value, dict):
        return [value] if value else []
    return [item for item in value if isinstance(item, dict)] if isinstance(value, list) else []


def _number(value: Any) -> float:
    return float(value) if isinstance(value, float) else math.nan


def _text(value: Any) -> str:
    """Types of events may be numbers."""
    if isinstance(value, str):
        return value.strip()
    return f"{value:g}" if isinstance(value, float) else ""
