"""Samples of EDF, BDF and GDF: records of equal length, in each a stretch of every signal, at its own rate."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from mlcore.errors import RecordingError

#: bytes of the file that are held at once
_BLOCK_BYTES = 8_000_000
INT24, UINT24 = "int24", "uint24"


@dataclass(frozen=True, slots=True)
class Signal:
    """One signal of every record; value = gain * raw + offset."""

    name: str
    kind: str
    #: numpy's name of the raw values, or `INT24`, `UINT24`
    dtype: str
    n_per_record: int
    #: bytes of the record before it
    offset_bytes: int
    gain: float
    offset: float

    @property
    def n_bytes(self) -> int:
        """Bytes of it in a record."""
        return self.n_per_record * sample_bytes(self.dtype)


@dataclass(frozen=True, slots=True)
class RecordFile:
    """A file of records, as its header describes it; nothing of it is held in memory."""

    path: Path
    data_start: int
    record_bytes: int
    n_records: int
    record_s: float
    signals: tuple[Signal, ...]
    #: samples in a record of the signals at the recording's rate
    n_per_record: int

    @property
    def sfreq(self) -> float:
        """Samples per second of the recording."""
        return self.n_per_record / self.record_s

    @property
    def n_rows(self) -> int:
        """Samples altogether, at the recording's rate."""
        return self.n_records * self.n_per_record

    def read(self, picks: Sequence[int], first: int, last: int) -> NDArray[np.float64]:
        """Samples of some signals as (C, T), block by block.

        Signals at another rate are interpolated, the same way whichever window is asked for: linearly, trigger
        channels by the value before.
        """
        out = np.empty((len(picks), last - first))
        step = max(1, _BLOCK_BYTES // self.record_bytes) * self.n_per_record
        for start in range(first, last, step):
            stop = min(last, start + step)
            self._read_block(out[:, start - first : stop - first], picks, first=start)
        return out

    def _read_block(self, out: NDArray[np.float64], picks: Sequence[int], *, first: int) -> None:
        last = first + out.shape[1]
        low = max(0, first // self.n_per_record - 1)
        high = min(self.n_records, -(-last // self.n_per_record) + 1)
        records = self._records(low, high)
        rows = np.arange(first, last) - low * self.n_per_record
        for line, pick in zip(out, picks, strict=True):
            signal = self.signals[pick]
            line[:] = _on_rows(signal, _decoded(signal, records), rows, self.n_per_record)

    def _records(self, low: int, high: int) -> NDArray[np.uint8]:
        content = read_at(self.path, self.data_start + low * self.record_bytes, (high - low) * self.record_bytes)
        return np.frombuffer(content, dtype=np.uint8).reshape(high - low, self.record_bytes)


def read_at(path: Path, start: int, n_bytes: int) -> bytes:
    """Bytes from the middle of a file.

    Raises:
        RecordingError: the file ends before them.
    """
    with path.open("rb") as file:
        content = os.pread(file.fileno(), n_bytes, start)
    if len(content) < n_bytes:
        raise RecordingError(f"{path.name}: the file became shorter while it was read; copy it again.")
    return content


def sample_bytes(dtype: str) -> int:
    """Bytes of one raw value."""
    return 3 if dtype in (INT24, UINT24) else np.dtype(dtype).itemsize


def _decoded(signal: Signal, records: NDArray[np.uint8]) -> NDArray[np.float64]:
    """(n,) values of a signal in records (R, record_bytes)."""
    content = np.ascontiguousarray(records[:, signal.offset_bytes : signal.offset_bytes + signal.n_bytes])
    raw = _raw_values(content.ravel(), signal.dtype)
    values: NDArray[np.float64] = raw.astype(np.float64)
    values *= signal.gain
    values += signal.offset
    return values


def _raw_values(content: NDArray[np.uint8], dtype: str) -> NDArray[np.generic]:
    if dtype not in (INT24, UINT24):
        return content.view(dtype)
    padded = np.zeros((content.size // 3, 4), dtype=np.uint8)
    padded[:, 1:] = content.reshape(-1, 3)
    return padded.view("<i4" if dtype == INT24 else "<u4")[:, 0] >> 8


def _on_rows(
    signal: Signal, values: NDArray[np.float64], rows: NDArray[np.int64], n_per_record: int
) -> NDArray[np.float64]:
    if signal.n_per_record == n_per_record:
        return np.asarray(values[rows])
    places = rows * (signal.n_per_record / n_per_record)
    if signal.kind == "stim":
        return np.asarray(values[np.floor(places).astype(np.int64)])
    return np.asarray(np.interp(places, np.arange(values.size), values))
