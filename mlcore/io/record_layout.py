"""From what a header declares to where each sample lies: shared by EDF, BDF and GDF."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from mlcore.errors import RecordingError
from mlcore.io.kinds import channel_kind, unique_names
from mlcore.io.notes import doubles_notes, no_unit_notes, some
from mlcore.io.records import RecordFile, Signal, sample_bytes
from mlcore.io.units import VOLTAGE_KINDS, volts_per_unit

#: longer than any record that a program writes, shorter than a claim that would exhaust memory
_MAX_RECORD_BYTES = 100_000_000
_MAX_SFREQ = 1e6
_MIN_SFREQ = 1e-3
ANNOTATION_LABELS = ("EDF Annotations", "BDF Annotations")


@dataclass(frozen=True, slots=True)
class Scale:
    """What a header says about the values of a signal."""

    unit: str
    #: smallest and largest value in that unit
    physical: tuple[float, float]
    #: the raw values that stand for them
    digital: tuple[float, float]

    @property
    def is_defined(self) -> bool:
        """Whether raw values can be turned into physical ones."""
        are_numbers = all(map(math.isfinite, (*self.physical, *self.digital)))
        return are_numbers and self.physical[0] != self.physical[1] and self.digital[0] != self.digital[1]

    def to_volts(self, kind: str) -> tuple[float, float]:
        """Gain and offset from raw values to volts, or to the unit itself where that is no voltage.

        A voltage whose unit is not named is taken as microvolts.
        """
        factor = volts_per_unit(self.unit) or (1e-6 if self.lacks_unit(kind) else 1.0)
        if not self.is_defined:
            return factor, 0.0
        gain = (self.physical[1] - self.physical[0]) / (self.digital[1] - self.digital[0])
        return gain * factor, (self.physical[0] - gain * self.digital[0]) * factor

    def lacks_unit(self, kind: str) -> bool:
        """Whether a channel that should be a voltage names no unit."""
        return kind in VOLTAGE_KINDS and not self.unit


@dataclass(frozen=True, slots=True)
class DeclaredSignal:
    """A signal as the header declares it."""

    label: str
    #: numpy's name of the raw values, or `records.INT24`, `records.UINT24`
    dtype: str
    n_per_record: int
    scale: Scale

    @property
    def is_annotation(self) -> bool:
        """Whether it holds texts instead of samples."""
        return self.label in ANNOTATION_LABELS

    @property
    def kind(self) -> str:
        """What it measures: by its name, unless its unit is no voltage."""
        kind = channel_kind(self.label, "eeg")
        is_voltage = not self.scale.unit or volts_per_unit(self.scale.unit) is not None
        return "misc" if kind == "eeg" and not is_voltage else kind


@dataclass(frozen=True, slots=True)
class RecordLayout:
    """A file of records, its signals of text kept apart."""

    file: RecordFile
    annotations: tuple[Signal, ...]
    #: what was odd and could be borne: sentences
    notes: tuple[str, ...]


def lay_out(
    path: Path, declared: Sequence[DeclaredSignal], *, data_start: int, n_records: int, record_s: float
) -> RecordLayout:
    """Find every signal in the records and compare what the header promises with the size of the file.

    Args:
        path: of the file.
        declared: the signals, in the order of the file.
        data_start: bytes before the first record.
        n_records: what the header claims; below 0 where the recording was never closed.
        record_s: length of a record in seconds.

    Raises:
        RecordingError: sizes that make no sense, no signal, or fewer data than promised.
    """
    _check_sizes(path, declared)
    placed = _placed(declared)
    samples = [signal for signal, said in zip(placed, declared, strict=True) if not said.is_annotation]
    if not samples:
        raise RecordingError(f"{path.name}: the file holds annotations and no signal.")
    record_bytes = sum(signal.n_bytes for signal in placed)
    held, notes = _n_records(path, n_records, (path.stat().st_size - data_start) // record_bytes)
    file = RecordFile(path, data_start, record_bytes, held, record_s, tuple(samples), main_rate(samples))
    _check_rate(path, file.sfreq)
    return RecordLayout(
        file=file,
        annotations=tuple(signal for signal, said in zip(placed, declared, strict=True) if said.is_annotation),
        notes=(*notes, *_signal_notes(path, declared), *_rate_notes(file)),
    )


def main_rate(signals: Sequence[Signal]) -> int:
    """Samples in a record that most EEG channels have; of equals the more."""
    counts = Counter(signal.n_per_record for signal in signals if signal.kind == "eeg")
    counts = counts or Counter(signal.n_per_record for signal in signals)
    return max(counts, key=lambda n_samples: (counts[n_samples], n_samples))


def _check_sizes(path: Path, declared: Sequence[DeclaredSignal]) -> None:
    fewest = min(signal.n_per_record for signal in declared)
    if fewest < 1:
        raise RecordingError(f"{path.name}: its header gives a signal {fewest} samples in a record.")
    n_bytes = sum(signal.n_per_record * sample_bytes(signal.dtype) for signal in declared)
    if n_bytes > _MAX_RECORD_BYTES:
        raise RecordingError(f"{path.name}: its header claims records of {n_bytes / 1e6:.0f} MB each.")


def _check_rate(path: Path, sfreq: float) -> None:
    if not _MIN_SFREQ <= sfreq <= _MAX_SFREQ:
        raise RecordingError(f"{path.name}: its header claims {sfreq:g} samples a second.")


def _placed(declared: Sequence[DeclaredSignal]) -> list[Signal]:
    """Signals with their places in a record and names that can be told apart."""
    names, _doubles = unique_names([signal.label for signal in declared])
    placed: list[Signal] = []
    start = 0
    for signal, name in zip(declared, names, strict=True):
        gain, offset = signal.scale.to_volts(signal.kind)
        placed.append(Signal(name, signal.kind, signal.dtype, signal.n_per_record, start, gain, offset))
        start += placed[-1].n_bytes
    return placed


def _n_records(path: Path, promised: int, held: int) -> tuple[int, list[str]]:
    if held < 1:
        raise RecordingError(f"{path.name}: the file holds a header and no data.")
    if promised > held:
        raise RecordingError(
            f"{path.name}: the file was cut short: its header promises {promised} records, "
            f"{held} are there; copy it again."
        )
    if promised < 0:
        return held, [f"{path.name}: the recording was never closed; it holds {held} records."]
    if promised == 0:
        raise RecordingError(f"{path.name}: its header says that it holds no records.")
    return promised, []


def _signal_notes(path: Path, declared: Sequence[DeclaredSignal]) -> tuple[str, ...]:
    samples = [signal for signal in declared if not signal.is_annotation]
    no_unit = [signal.label for signal in samples if signal.scale.lacks_unit(signal.kind)]
    no_range = [signal.label for signal in samples if not signal.scale.is_defined]
    ranges = f"{path.name}: the header gives no range for {some(no_range)}; their raw numbers are used."
    return (
        *doubles_notes(path, unique_names([signal.label for signal in samples])[1]),
        *no_unit_notes(path, no_unit),
        *((ranges,) if no_range else ()),
    )


def _rate_notes(file: RecordFile) -> tuple[str, ...]:
    other = [signal.name for signal in file.signals if signal.n_per_record != file.n_per_record]
    if not other:
        return ()
    return (f"{file.path.name}: {some(other)} at another rate; interpolated to {file.sfreq:g} samples a second.",)
