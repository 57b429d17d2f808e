"""The header of EDF and BDF files, checked before anything in it is believed."""

from __future__ import annotations

import math
from dataclasses import dataclass
from itertools import accumulate
from pathlib import Path

from mlcore.errors import RecordingError
from mlcore.io.record_layout import DeclaredSignal, Scale
from mlcore.io.records import INT24

_FIXED = 256
_PER_SIGNAL = 256
_BDF_MAGIC = b"\xffBIOSEMI"
_EDF_MAGIC = b"0       "
_MAX_SIGNALS = 5000
#: fields of the signals and their widths in bytes; a field of all signals comes before the next field
_WIDTHS = {
    "label": 16,
    "transducer": 80,
    "unit": 8,
    "physical minimum": 8,
    "physical maximum": 8,
    "digital minimum": 8,
    "digital maximum": 8,
    "prefilter": 80,
    "samples in a record": 8,
    "reserved": 32,
}
_STARTS = dict(zip(_WIDTHS, accumulate(_WIDTHS.values(), initial=0), strict=False))


@dataclass(frozen=True, slots=True)
class EdfHeader:
    """What an EDF or BDF header declares."""

    name: str
    #: −1 where the recording was never closed
    n_records: int
    record_s: float
    #: EDF+D, BDF+D: records need not follow each other in time
    is_discontinuous: bool
    signals: tuple[DeclaredSignal, ...]

    @property
    def n_bytes(self) -> int:
        """Bytes before the first record."""
        return _FIXED + _PER_SIGNAL * len(self.signals)


def read_edf_header(path: Path) -> EdfHeader:
    """Read the header.

    Raises:
        RecordingError: no EDF or BDF, or a header that is cut short or senseless.
    """
    with path.open("rb") as file:
        fixed = file.read(_FIXED)
        n_signals = _n_signals(path, fixed)
        fields = file.read(_PER_SIGNAL * n_signals)
    if len(fields) < _PER_SIGNAL * n_signals:
        raise RecordingError(f"{path.name}: the file ends inside its header; copy it again.")
    is_bdf = fixed[:8] == _BDF_MAGIC
    record_s = _number(path, fixed[244:252], "length of a record")
    if record_s <= 0:
        raise RecordingError(f"{path.name}: its header claims records of {record_s:g} s.")
    return EdfHeader(
        name="BDF" if is_bdf else "EDF",
        n_records=int(_number(path, fixed[236:244], "number of records")),
        record_s=record_s,
        is_discontinuous=fixed[192:197] in (b"EDF+D", b"BDF+D"),
        signals=_signals(path, fields, n_signals, dtype=INT24 if is_bdf else "<i2"),
    )


def _n_signals(path: Path, fixed: bytes) -> int:
    if fixed[:8] not in (_BDF_MAGIC, _EDF_MAGIC):
        raise RecordingError(f"{path.name}: this is no EDF or BDF file (its first bytes say otherwise).")
    if len(fixed) < _FIXED:
        raise RecordingError(f"{path.name}: the file ends inside its header; copy it again.")
    n_signals = int(_number(path, fixed[252:256], "number of signals"))
    if not 1 <= n_signals <= _MAX_SIGNALS:
        raise RecordingError(f"{path.name}: its header claims {n_signals} signals.")
    told = _number(path, fixed[184:192], "size of the header")
    if told != _FIXED + _PER_SIGNAL * n_signals:
        raise RecordingError(
            f"{path.name}: its header claims {n_signals} signals and a size of {told:g} bytes, which don't fit."
        )
    return n_signals


def _signals(path: Path, fields: bytes, n_signals: int, *, dtype: str) -> tuple[DeclaredSignal, ...]:
    cut = {name: _column(fields, name, n_signals) for name in _WIDTHS}
    numbers = {name: [_number(path, cell, name) for cell in cut[name]] for name in _WIDTHS if _is_number(name)}
    return tuple(
        DeclaredSignal(
            label=_text(cut["label"][index]),
            dtype=dtype,
            n_per_record=int(numbers["samples in a record"][index]),
            scale=Scale(
                unit=_text(cut["unit"][index]),
                physical=(numbers["physical minimum"][index], numbers["physical maximum"][index]),
                digital=(numbers["digital minimum"][index], numbers["digital maximum"][index]),
            ),
        )
        for index in range(n_signals)
    )


def _is_number(name: str) -> bool:
    return name.startswith(("physical", "digital", "samples"))


def _column(fields: bytes, name: str, n_signals: int) -> list[bytes]:
    start, width = _STARTS[name] * n_signals, _WIDTHS[name]
    return [fields[start + width * index : start + width * (index + 1)] for index in range(n_signals)]


def _text(field: bytes) -> str:
    """The standard asks for ASCII; programs write UTF-8 or their country's code page."""
    bare = field.strip(b"\0 ")
    try:
        return bare.decode("utf-8").strip()
    except UnicodeDecodeError:
        return bare.decode("latin-1").strip()


def _number(path: Path, field: bytes, what: str) -> float:
    try:
        value = float(field.decode("ascii").strip("\0 ").replace(",", "."))
    except ValueError as error:
        raise RecordingError(f"{path.name}: its header gives no number for the {what}.") from error
    if not math.isfinite(value):
        raise RecordingError(f"{path.name}: its header gives no number for the {what}.")
    return value
