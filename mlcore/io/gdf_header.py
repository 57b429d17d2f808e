"""The header and the event table of GDF files (1.x and 2.x), checked before anything in them is believed.

After Schloegl, "GDF – A general data format for biosignals", arXiv cs/0608052.
"""

from __future__ import annotations

import struct
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

import numpy as np

from mlcore.errors import RecordingError
from mlcore.io.record_layout import DeclaredSignal, Scale
from mlcore.io.records import INT24, UINT24

_FIXED = 256
_PER_SIGNAL = 256
_MAX_SIGNALS = 5000
_SECOND_VERSION = 1.9
#: event tables count their events in three bytes instead of four from here on
_THREE_BYTE_COUNT = 1.94
_MOST_EVENTS = 1_000_000
_DTYPES = {
    1: "<i1",
    2: "<u1",
    3: "<i2",
    4: "<u2",
    5: "<i4",
    6: "<u4",
    7: "<i8",
    8: "<u8",
    16: "<f4",
    17: "<f8",
    255 + 24: INT24,
    511 + 24: UINT24,
}
_FLOATS = ("<f4", "<f8")
#: physical dimension codes of ISO/IEEE 11073-10101: a unit in the high bits, its prefix in the low five
_VOLT_CODE = 4256
_PREFIXES = {0: "V", 18: "mV", 19: "uV", 20: "nV"}
_NO_UNIT_CODES = (0, 512)
_PREFIX_MASK = 0b11111


@dataclass(frozen=True, slots=True)
class GdfHeader:
    """What a GDF header declares."""

    version: float
    data_start: int
    #: −1 where the recording was never closed
    n_records: int
    record_s: float
    signals: tuple[DeclaredSignal, ...]


class GdfEvents(NamedTuple):
    """The event table; times in seconds, 0 = first sample."""

    times_s: tuple[float, ...]
    codes: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class _Places:
    """Where the fields of all signals begin (multiples of the number of signals), and how they are packed."""

    unit: int
    physical_min: int
    digital_code: str
    samples: int


_FIRST = _Places(unit=96, physical_min=104, digital_code="q", samples=216)
_SECOND = _Places(unit=102, physical_min=104, digital_code="d", samples=216)


def read_gdf_header(path: Path) -> GdfHeader:
    """Read the header.

    Raises:
        RecordingError: no GDF, or a header that is cut short or senseless.
    """
    with path.open("rb") as file:
        fixed = file.read(_FIXED)
        version = _version(path, fixed)
        is_second = version >= _SECOND_VERSION
        n_signals = struct.unpack_from("<H" if is_second else "<I", fixed, 252)[0]
        if not 1 <= n_signals <= _MAX_SIGNALS:
            raise RecordingError(f"{path.name}: its header claims {n_signals} signals.")
        fields = file.read(_PER_SIGNAL * n_signals)
    if len(fields) < _PER_SIGNAL * n_signals:
        raise RecordingError(f"{path.name}: the file ends inside its header; copy it again.")
    data_start = _data_start(path, fixed, n_signals, is_second=is_second)
    (n_records,) = struct.unpack_from("<q", fixed, 236)
    signals = _signals(path, fields, n_signals, places=_SECOND if is_second else _FIRST)
    return GdfHeader(version, data_start, n_records, _record_s(path, fixed), signals)


def read_gdf_events(path: Path, header: GdfHeader, *, data_stop: int, sfreq: float) -> GdfEvents:
    """Read the event table behind the data; empty where there is none.

    Args:
        path: of the file.
        header: its header.
        data_stop: bytes before the table.
        sfreq: the recording's rate, where the table names none of its own.

    Raises:
        RecordingError: the table is cut short.
    """
    with path.open("rb") as file:
        file.seek(data_stop)
        head = file.read(8)
        if len(head) < 8:
            return GdfEvents((), ())
        n_events, event_sfreq = _table_head(head, header.version)
        if n_events > _MOST_EVENTS:
            raise RecordingError(f"{path.name}: its event table claims {n_events} events.")
        content = file.read(6 * n_events)
    if len(content) < 6 * n_events:
        raise RecordingError(f"{path.name}: the file ends inside its event table; copy it again.")
    positions = np.frombuffer(content, "<u4", n_events).astype(np.float64) - 1.0
    codes = np.frombuffer(content, "<u2", n_events, offset=4 * n_events)
    rate = event_sfreq if event_sfreq > 0 else sfreq
    return GdfEvents(tuple((positions / rate).tolist()), tuple(codes.tolist()))


def _version(path: Path, fixed: bytes) -> float:
    if fixed[:4] != b"GDF ":
        raise RecordingError(f"{path.name}: this is no GDF file (its first bytes say otherwise).")
    if len(fixed) < _FIXED:
        raise RecordingError(f"{path.name}: the file ends inside its header; copy it again.")
    try:
        return float(fixed[4:8].decode("ascii"))
    except ValueError as error:
        raise RecordingError(f"{path.name}: its header gives no number for the version of GDF.") from error


def _data_start(path: Path, fixed: bytes, n_signals: int, *, is_second: bool) -> int:
    told = 256 * struct.unpack_from("<H", fixed, 184)[0] if is_second else struct.unpack_from("<q", fixed, 184)[0]
    least = _FIXED + _PER_SIGNAL * n_signals
    if not least <= told <= path.stat().st_size:
        raise RecordingError(
            f"{path.name}: its header claims {n_signals} signals and a size of {told} bytes, which don't fit."
        )
    return int(told)


def _record_s(path: Path, fixed: bytes) -> float:
    numerator, denominator = struct.unpack_from("<II", fixed, 244)
    if numerator == 0 or denominator == 0:
        raise RecordingError(f"{path.name}: its header claims records of {numerator}/{denominator} s.")
    return float(numerator / denominator)


def _signals(path: Path, fields: bytes, n_signals: int, *, places: _Places) -> tuple[DeclaredSignal, ...]:
    def numbers(place: int, code: str) -> Sequence[float]:
        return struct.unpack_from(f"<{n_signals}{code}", fields, place * n_signals)

    lows, highs = numbers(places.physical_min, "d"), numbers(places.physical_min + 8, "d")
    raw_lows = numbers(places.physical_min + 16, places.digital_code)
    raw_highs = numbers(places.physical_min + 24, places.digital_code)
    samples, types = numbers(places.samples, "i"), numbers(places.samples + 4, "i")
    return tuple(
        DeclaredSignal(
            label=_label(fields[16 * index : 16 * index + 16]),
            dtype=(dtype := _dtype(path, int(types[index]))),
            n_per_record=int(samples[index]),
            scale=Scale(
                unit=_unit(fields, index, n_signals, places=places),
                physical=(lows[index], highs[index]),
                # values that are no whole numbers are physical already
                digital=(lows[index], highs[index]) if dtype in _FLOATS else (raw_lows[index], raw_highs[index]),
            ),
        )
        for index in range(n_signals)
    )


def _label(field: bytes) -> str:
    bare = field.partition(b"\0")[0]
    try:
        return bare.decode("utf-8").strip()
    except UnicodeDecodeError:
        return bare.decode("latin-1").strip()


def _dtype(path: Path, code: int) -> str:
    if code not in _DTYPES:
        raise RecordingError(f"{path.name}: its header names a type of samples that GDF does not know ({code}).")
    return _DTYPES[code]


def _unit(fields: bytes, index: int, n_signals: int, *, places: _Places) -> str:
    if places is _FIRST:
        return _label(fields[places.unit * n_signals + 8 * index :][:8])
    (code,) = struct.unpack_from("<H", fields, places.unit * n_signals + 2 * index)
    if code in _NO_UNIT_CODES:
        return ""
    is_volt = code & ~_PREFIX_MASK == _VOLT_CODE
    return _PREFIXES.get(code & _PREFIX_MASK, "other") if is_volt else "other"


def _table_head(head: bytes, version: float) -> tuple[int, float]:
    """Number of events, and their rate (0 = that of the recording)."""
    if version < _THREE_BYTE_COUNT:
        return struct.unpack_from("<I", head, 4)[0], float(int.from_bytes(head[1:4], "little"))
    (event_sfreq,) = struct.unpack_from("<f", head, 4)
    return int.from_bytes(head[1:4], "little"), float(event_sfreq)
