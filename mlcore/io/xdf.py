"""The EEG of an XDF file: laid on a regular grid, clock resets and gaps respected, read window by window."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from mlcore.errors import RecordingError
from mlcore.io.kinds import channel_kind
from mlcore.io.recording import EegEvent, EegRecording, Fetch
from mlcore.io.triggers import in_order, number_in
from mlcore.io.xdf_samples import SampleFile
from mlcore.io.xdf_streams import XdfFile, XdfStream, read_xdf
from mlcore.types import EegInfo

_VOLTS_PER_UNIT = {"microvolts": 1e-6, "microvolt": 1e-6, "uv": 1e-6, "µv": 1e-6, "millivolts": 1e-3, "mv": 1e-3}
_VOLTS_PER_UNIT |= {"volts": 1.0, "volt": 1.0, "v": 1.0, "nanovolts": 1e-9, "nv": 1e-9}
#: a missing stretch this long is a gap; shorter ones are bridged by interpolation
_LONGEST_BRIDGE_S = 0.1
#: what lies outside of these is no EEG but damage
_SHORTEST_STEP_S, _LONGEST_STEP_S, _LONGEST_RECORDING_S = 1e-6, 10.0, 7 * 86_400.0

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class _Grid:
    """A stream laid on a regular grid that begins with its first sample."""

    samples: SampleFile
    #: rising seconds from the first sample
    stamps_s: Floats
    #: row of the file for each stamp; None = as they lie
    order: NDArray[np.intp] | None
    sfreq: float
    n_samples: int
    gaps: tuple[tuple[float, float], ...]

    def read(self, picks: Sequence[int], first: int, last: int) -> Floats:
        """(C, T) float64 in the stream's own unit."""
        if not self.gaps:
            return self._rows(picks, first, last).T
        times_s = np.arange(first, last) / self.sfreq
        start, stop = np.searchsorted(self.stamps_s, (times_s[0], times_s[-1]))
        near = slice(max(int(start) - 1, 0), min(int(stop) + 1, self.stamps_s.size))
        rows = self._rows(picks, near.start, near.stop)
        laid = np.stack([np.interp(times_s, self.stamps_s[near], column) for column in rows.T])
        for start_s, stop_s in self.gaps:
            laid[:, (times_s >= start_s) & (times_s < stop_s)] = 0.0
        return laid

    def _rows(self, picks: Sequence[int], first: int, last: int) -> Floats:
        if self.order is None:
            rows = self.samples.rows(first, last)
        else:
            rows = self.samples.rows(0, len(self.samples))[self.order[first:last]]
        return np.asarray(rows[:, list(picks)], dtype=np.float64)


def open_xdf(path: Path) -> EegRecording:
    """Open the EEG stream of an XDF file and the markers of its text streams, on the EEG clock.

    Raises:
        RecordingError: no XDF, damaged, or without a stream that could be EEG.
    """
    file = read_xdf(path)
    stream = eeg_stream(file)
    notes = list(file.notes)
    if not _is_named_eeg(stream):
        notes.append(f"{path.name}: no stream is of type EEG; {stream.name!r} was taken.")
    grid = _laid(path, stream)
    info = _info(stream, grid)
    notes.extend(f"{path.name}: nothing was recorded from {a:.1f} s to {b:.1f} s." for a, b in grid.gaps)
    return EegRecording(
        path=path,
        info=info,
        events=_events(file.streams, origin_s(stream), info.duration_s),
        fetch=_fetch(grid, _volts(path, stream, notes)),
        warnings=tuple(notes),
        gaps=grid.gaps,
    )


def eeg_stream(file: XdfFile) -> XdfStream:
    """The stream that is read as EEG: of type EEG, else any sampled signal; of several the one with most channels.

    Raises:
        RecordingError: none is a sampled signal.
    """
    regular = [stream for stream in file.streams if _is_signal(stream)]
    if not regular:
        raise RecordingError(f"{file.path.name}: none of its {len(file.streams)} streams is a sampled signal.")
    named = [stream for stream in regular if _is_named_eeg(stream)]
    return max(named or regular, key=lambda stream: stream.n_channels)


def origin_s(stream: XdfStream) -> float:
    """Stamp at which the EEG clock of the stream is 0."""
    return float(np.min(stream.stamps_s))


def _is_signal(stream: XdfStream) -> bool:
    is_sampled = not stream.is_text and stream.nominal_sfreq > 0 and stream.stamps_s.size > 1
    return is_sampled and bool(np.ptp(stream.stamps_s) > 0)


def _is_named_eeg(stream: XdfStream) -> bool:
    return stream.type.lower() == "eeg"


def _laid(path: Path, stream: XdfStream) -> _Grid:
    """Segments between clock resets keep their places in time; what is missing between them reads as zeros."""
    assert stream.samples is not None
    is_rising = bool((np.diff(stream.stamps_s) >= 0).all())
    order = None if is_rising else np.argsort(stream.stamps_s, kind="stable")
    stamps_s = stream.stamps_s if order is None else stream.stamps_s[order]
    stamps_s = stamps_s - stamps_s[0]
    steps_s = np.diff(stamps_s)
    step_s = float(np.mean(steps_s[steps_s <= _LONGEST_BRIDGE_S + np.median(steps_s)]))
    if not _SHORTEST_STEP_S <= step_s <= _LONGEST_STEP_S or stamps_s[-1] > _LONGEST_RECORDING_S:
        raise RecordingError(f"{path.name}: the time stamps of {stream.name!r} are not those of a recording.")
    sfreq = 1.0 / step_s
    breaks = np.flatnonzero(steps_s > max(_LONGEST_BRIDGE_S, 1.5 / sfreq))
    gaps = tuple((float(stamps_s[k] + 1 / sfreq), float(stamps_s[k + 1])) for k in breaks)
    n_samples = round(float(stamps_s[-1]) * sfreq) + 1 if gaps else stamps_s.size
    return _Grid(stream.samples, stamps_s, order, sfreq, n_samples, gaps)


def _info(stream: XdfStream, grid: _Grid) -> EegInfo:
    is_told = len(set(stream.labels)) == stream.n_channels
    names = stream.labels if is_told else tuple(f"Ch{index + 1}" for index in range(stream.n_channels))
    return EegInfo(
        format="XDF",
        channels=names,
        kinds=tuple(channel_kind(name, "eeg") for name in names),
        sfreq=grid.sfreq,
        n_samples=grid.n_samples,
    )


def _volts(path: Path, stream: XdfStream, notes: list[str]) -> Floats:
    """(C,) factor to volts of each channel; Lab Streaming Layer's usual microvolts where the stream does not say."""
    units = [unit.lower() for unit in stream.units]
    if not units or not all(unit in _VOLTS_PER_UNIT for unit in units):
        notes.append(f"{path.name}: the stream {stream.name!r} names no unit; its values are taken as microvolts.")
    return np.array([_VOLTS_PER_UNIT.get(unit, 1e-6) for unit in units or [""] * stream.n_channels])


def _events(streams: Sequence[XdfStream], start_s: float, duration_s: float) -> tuple[EegEvent, ...]:
    marked = (_marks(stream, start_s) for stream in streams if stream.is_text)
    return tuple(event for event in in_order(*marked) if 0.0 <= event.time_s <= duration_s)


def _marks(stream: XdfStream, start_s: float) -> tuple[EegEvent, ...]:
    texts = (row[0] for row in stream.texts)
    pairs = zip(stream.stamps_s, texts, strict=True)
    return tuple(EegEvent(float(stamp_s) - start_s, number_in(text), text) for stamp_s, text in pairs)


def _fetch(grid: _Grid, volts: Floats) -> Fetch:
    def fetch(picks: Sequence[int], first: int, last: int) -> Floats:
        return np.ascontiguousarray(grid.read(picks, first, last) * volts[list(picks), None])

    return fetch
