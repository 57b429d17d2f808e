"""XDF files of the Lab Streaming Layer: clocks synchronised, jitter removed, clock resets and gaps respected."""

from __future__ import annotations

import logging
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pyxdf
from numpy.typing import NDArray

from mlcore.errors import RecordingError
from mlcore.io.faults import first_sentence, reading
from mlcore.io.kinds import channel_kind
from mlcore.io.recording import EegEvent, EegRecording
from mlcore.io.triggers import in_order, number_in
from mlcore.types import EegInfo

_MAGIC = (b"XDF:", b"\x1f\x8b")
_VOLTS_PER_UNIT = {"microvolts": 1e-6, "microvolt": 1e-6, "uv": 1e-6, "µv": 1e-6, "millivolts": 1e-3, "mv": 1e-3}
_VOLTS_PER_UNIT |= {"volts": 1.0, "volt": 1.0, "v": 1.0, "nanovolts": 1e-9, "nv": 1e-9}
#: a missing stretch this long is a gap; shorter ones are bridged by interpolation
_LONGEST_BRIDGE_S = 0.1


@dataclass(frozen=True, slots=True)
class _Grid:
    """A stream laid on a regular grid that begins with its first sample."""

    samples: NDArray[np.float64]  # (T, C)
    sfreq: float
    gaps: tuple[tuple[float, float], ...]


def open_xdf(path: Path) -> EegRecording:
    """Open the EEG stream of an XDF file and the markers of its text streams, on the EEG clock.

    Raises:
        RecordingError: no XDF, damaged, or without a stream that could be EEG.
    """
    streams, notes = _load(path)
    stream = _eeg_stream(path, streams, notes)
    stamps_s = np.asarray(stream["time_stamps"], dtype=np.float64)
    grid = _regular(stream, stamps_s)
    info = _info(stream, grid)
    samples = grid.samples * _volts(path, stream, n_channels=len(info.channels), notes=notes)
    notes.extend(f"{path.name}: nothing was recorded from {a:.1f} s to {b:.1f} s." for a, b in grid.gaps)
    return EegRecording(
        path=path,
        info=info,
        events=_events(streams, float(stamps_s[0]), info.duration_s),
        fetch=_fetch(samples),
        warnings=tuple(notes),
        gaps=grid.gaps,
    )


def _load(path: Path) -> tuple[list[dict[str, Any]], list[str]]:
    with path.open("rb") as file:
        if file.read(4)[: len(_MAGIC[0])] != _MAGIC[0] and path.suffix.lower() != ".xdfz":
            raise RecordingError(f"{path.name}: this is no XDF file (its first bytes say otherwise).")
    with reading(path, "XDF") as notes, _log_as(notes, path):
        streams, _header = pyxdf.load_xdf(str(path), synchronize_clocks=True, dejitter_timestamps=True)
    return streams, notes


@contextmanager
def _log_as(notes: list[str], path: Path) -> Iterator[None]:
    """pyxdf tells of damage by its log alone: collect it instead of printing it."""
    logger = logging.getLogger("pyxdf")
    handler = _NoteHandler(notes, path)
    propagate = logger.propagate
    logger.addHandler(handler)
    logger.propagate = False
    try:
        yield
    finally:
        logger.removeHandler(handler)
        logger.propagate = propagate


class _NoteHandler(logging.Handler):
    def __init__(self, notes: list[str], path: Path) -> None:
        super().__init__(logging.WARNING)
        self._notes = notes
        self._name = path.name

    def emit(self, record: logging.LogRecord) -> None:
        self._notes.append(f"{self._name}: {first_sentence(record.getMessage())}.")


def _eeg_stream(path: Path, streams: list[dict[str, Any]], notes: list[str]) -> dict[str, Any]:
    regular = [stream for stream in streams if _is_signal(stream)]
    named = [stream for stream in regular if _text(stream, "type").lower() == "eeg"]
    if not regular:
        raise RecordingError(f"{path.name}: none of its {len(streams)} streams is a sampled signal.")
    chosen = max(named or regular, key=_n_channels)
    if not named:
        notes.append(f"{path.name}: no stream is of type EEG; {_text(chosen, 'name')!r} was taken.")
    return chosen


def _is_signal(stream: dict[str, Any]) -> bool:
    is_numeric = _text(stream, "channel_format") != "string"
    return is_numeric and float(_text(stream, "nominal_srate") or 0) > 0 and len(stream["time_stamps"]) > 1


def _text(stream: dict[str, Any], key: str) -> str:
    values = stream["info"].get(key) or [""]
    return str(values[0] or "").strip()


def _n_channels(stream: dict[str, Any]) -> int:
    return int(_text(stream, "channel_count"))


def _regular(stream: dict[str, Any], stamps_s: NDArray[np.float64]) -> _Grid:
    """Segments between clock resets keep their places in time; what is missing between them reads as zeros."""
    values = np.asarray(stream["time_series"], dtype=np.float64)
    order = np.argsort(stamps_s, kind="stable")
    stamps_s, values = stamps_s[order] - stamps_s[order[0]], values[order]
    steps_s = np.diff(stamps_s)
    sfreq = 1.0 / float(np.mean(steps_s[steps_s <= _LONGEST_BRIDGE_S + np.median(steps_s)]))
    breaks = np.flatnonzero(steps_s > max(_LONGEST_BRIDGE_S, 1.5 / sfreq))
    if breaks.size == 0:
        return _Grid(values, sfreq, ())
    gaps = tuple((float(stamps_s[k] + 1 / sfreq), float(stamps_s[k + 1])) for k in breaks)
    return _Grid(_interpolated(values, stamps_s, sfreq=sfreq, gaps=gaps), sfreq, gaps)


def _interpolated(
    values: NDArray[np.float64], stamps_s: NDArray[np.float64], *, sfreq: float, gaps: Sequence[tuple[float, float]]
) -> NDArray[np.float64]:
    times_s = np.arange(round(stamps_s[-1] * sfreq) + 1) / sfreq
    laid = np.stack([np.interp(times_s, stamps_s, column) for column in values.T], axis=1)
    for start_s, stop_s in gaps:
        laid[(times_s >= start_s) & (times_s < stop_s)] = 0.0
    return laid


def _info(stream: dict[str, Any], grid: _Grid) -> EegInfo:
    names = _labels(stream) or [f"Ch{index + 1}" for index in range(grid.samples.shape[1])]
    return EegInfo(
        format="XDF",
        channels=tuple(names),
        kinds=tuple(channel_kind(name, "eeg") for name in names),
        sfreq=grid.sfreq,
        n_samples=len(grid.samples),
    )


def _described(stream: dict[str, Any]) -> list[dict[str, Any]]:
    """The <channel> elements of a stream's description; none where it has no usable one."""
    try:
        channels = stream["info"]["desc"][0]["channels"][0]["channel"]
    except (KeyError, IndexError, TypeError):
        return []
    return channels if len(channels) == _n_channels(stream) else []


def _labels(stream: dict[str, Any]) -> list[str]:
    labels = [str((channel.get("label") or [""])[0] or "").strip() for channel in _described(stream)]
    return labels if all(labels) and len(set(labels)) == len(labels) else []


def _volts(path: Path, stream: dict[str, Any], *, n_channels: int, notes: list[str]) -> NDArray[np.float64]:
    """Factor to volts of each channel; Lab Streaming Layer's usual microvolts where the stream does not say."""
    units = [str((channel.get("unit") or [""])[0] or "").strip().lower() for channel in _described(stream)]
    if not units or not all(unit in _VOLTS_PER_UNIT for unit in units):
        notes.append(
            f"{path.name}: the stream {_text(stream, 'name')!r} names no unit; its values are taken as microvolts."
        )
    return np.array([_VOLTS_PER_UNIT.get(unit, 1e-6) for unit in units or [""] * n_channels])


def _events(streams: list[dict[str, Any]], origin_s: float, duration_s: float) -> tuple[EegEvent, ...]:
    texts = [stream for stream in streams if _text(stream, "channel_format") == "string"]
    marked = [
        tuple(_event(float(stamp) - origin_s, str(row[0])) for stamp, row in zip(*_stamped(stream), strict=True))
        for stream in texts
    ]
    return tuple(event for event in in_order(*marked) if 0.0 <= event.time_s <= duration_s)


def _stamped(stream: dict[str, Any]) -> tuple[Sequence[float], Sequence[Sequence[str]]]:
    return stream["time_stamps"], stream["time_series"]


def _event(time_s: float, text: str) -> EegEvent:
    return EegEvent(time_s, number_in(text), text)


def _fetch(samples: NDArray[np.float64]) -> Any:
    def fetch(picks: Sequence[int], first: int, last: int) -> NDArray[np.float64]:
        return np.ascontiguousarray(samples[first:last, list(picks)].T)

    return fetch
