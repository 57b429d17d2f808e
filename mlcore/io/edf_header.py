"""The fixed header of EDF and BDF files, checked before any reader believes it."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from mlcore.errors import RecordingError

_FIXED = 256
_PER_SIGNAL = 256
_SAMPLES_FIELD = 216  # bytes of a signal's header before "samples per record"
_BDF_MAGIC = b"\xffBIOSEMI"
_EDF_MAGIC = b"0       "
_MAX_SIGNALS = 5000


@dataclass(frozen=True, slots=True)
class EdfHeader:
    """Sizes that an EDF or BDF header declares."""

    bytes_per_sample: int
    n_signals: int
    #: −1 where the recording was never closed
    n_records: int
    record_s: float
    samples_per_record: int

    @property
    def header_bytes(self) -> int:
        """Bytes before the first record."""
        return _FIXED + _PER_SIGNAL * self.n_signals

    @property
    def record_bytes(self) -> int:
        """Bytes of one record of all signals."""
        return self.samples_per_record * self.bytes_per_sample


def check_edf(path: Path) -> EdfHeader:
    """Read the header and compare it with the size of the file.

    Raises:
        RecordingError: no EDF or BDF, header cut short or senseless, or fewer data than it promises.
    """
    with path.open("rb") as file:
        fixed = file.read(_FIXED)
        header = _fixed_part(path, fixed)
        names = file.read(_PER_SIGNAL * header.n_signals)
    if len(names) < _PER_SIGNAL * header.n_signals:
        raise RecordingError(f"{path.name}: the file ends inside its header; copy it again.")
    whole = _with_samples(path, header, names)
    _check_size(path, whole)
    return whole


def _fixed_part(path: Path, fixed: bytes) -> EdfHeader:
    if fixed[:8] not in (_BDF_MAGIC, _EDF_MAGIC):
        raise RecordingError(f"{path.name}: this is no EDF or BDF file (its first bytes say otherwise).")
    if len(fixed) < _FIXED:
        raise RecordingError(f"{path.name}: the file ends inside its header; copy it again.")
    n_signals = int(_number(path, fixed[252:256], "number of signals"))
    if not 1 <= n_signals <= _MAX_SIGNALS:
        raise RecordingError(f"{path.name}: its header claims {n_signals} signals.")
    return EdfHeader(
        bytes_per_sample=3 if fixed[:8] == _BDF_MAGIC else 2,
        n_signals=n_signals,
        n_records=int(_number(path, fixed[236:244], "number of records")),
        record_s=_number(path, fixed[244:252], "length of a record"),
        samples_per_record=0,
    )


def _with_samples(path: Path, header: EdfHeader, names: bytes) -> EdfHeader:
    start = _SAMPLES_FIELD * header.n_signals
    fields = [names[start + 8 * k : start + 8 * k + 8] for k in range(header.n_signals)]
    counts = [int(_number(path, field, "samples in a record")) for field in fields]
    if min(counts) < 1:
        raise RecordingError(f"{path.name}: its header gives a signal {min(counts)} samples in a record.")
    return EdfHeader(header.bytes_per_sample, header.n_signals, header.n_records, header.record_s, sum(counts))


def _check_size(path: Path, header: EdfHeader) -> None:
    held = (path.stat().st_size - header.header_bytes) // header.record_bytes
    if held < 1:
        raise RecordingError(f"{path.name}: the file holds a header and no data.")
    if header.n_records > held:
        raise RecordingError(
            f"{path.name}: the file was cut short: its header promises {header.n_records} records, "
            f"{held} are there; copy it again."
        )


def _number(path: Path, field: bytes, what: str) -> float:
    try:
        return float(field.decode("ascii").strip("\0 "))
    except ValueError as error:
        raise RecordingError(f"{path.name}: its header gives no number for the {what}.") from error
