"""Texts in EDF+ and BDF+ files, and when each record began."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from mlcore.errors import RecordingError
from mlcore.io.records import RecordFile, Signal

#: onset, perhaps a duration, then texts each closed by 0x14
_ENTRY = re.compile(rb"^([+-]\d+(?:\.\d*)?)(?:\x15\d+(?:\.\d*)?)?\x14(.*)\x14$", re.DOTALL)


class Mark(NamedTuple):
    """A text and when it was set."""

    onset_s: float
    text: str


@dataclass(frozen=True, slots=True)
class RecordTexts:
    """What the annotation signals of a file say; times are those of the file (its header's start = 0)."""

    #: when each record began; None where the file doesn't say
    starts_s: tuple[float, ...] | None
    marks: tuple[Mark, ...]
    notes: tuple[str, ...]


def read_annotations(file: RecordFile, signals: Sequence[Signal]) -> RecordTexts:
    """Read all annotation signals, record by record.

    Args:
        file: the file of records.
        signals: those that hold texts; none in a plain EDF or BDF file.

    Returns:
        Times and texts; entries that break the rules are left out and counted in a note.
    """
    if not signals:
        return RecordTexts(None, (), ())
    reader = _Reader()
    for content in _contents(file, signals):
        reader.take(content)
    return reader.result(file)


def _contents(file: RecordFile, signals: Sequence[Signal]) -> Iterator[list[bytes]]:
    """The bytes of every annotation signal, a list for each record."""
    with file.path.open("rb") as stream:
        for record in range(file.n_records):
            contents = []
            for signal in signals:
                stream.seek(file.data_start + record * file.record_bytes + signal.offset_bytes)
                contents.append(stream.read(signal.n_bytes))
            yield contents


class _Reader:
    """Collects entries; the first of a record's first signal is the time keeper."""

    def __init__(self) -> None:
        self._starts_s: list[float | None] = []
        self._marks: list[Mark] = []
        self._n_broken = 0
        self._is_latin = False

    def take(self, contents: list[bytes]) -> None:
        entries = [entry for content in contents for entry in content.split(b"\0") if entry]
        parsed = [_ENTRY.match(entry) for entry in entries]
        self._n_broken += sum(found is None for found in parsed)
        keeper = parsed[0] if parsed else None
        keeps_time = keeper is not None and keeper[2][:1] in (b"", b"\x14")  # its first text is empty
        self._starts_s.append(float(keeper[1]) if keeper and keeps_time else None)
        for found in parsed:
            if found:
                self._add(float(found[1]), found[2])

    def _add(self, onset_s: float, texts: bytes) -> None:
        self._marks += [Mark(onset_s, self._decoded(text)) for text in texts.split(b"\x14") if text]

    def _decoded(self, text: bytes) -> str:
        try:
            return text.decode("utf-8").strip()
        except UnicodeDecodeError:
            self._is_latin = True
            return text.decode("latin-1").strip()

    def result(self, file: RecordFile) -> RecordTexts:
        name = file.path.name
        notes = []
        if self._n_broken:
            notes.append(f"{name}: {self._n_broken} annotations break the rules of EDF+ and were left out.")
        if self._is_latin:
            notes.append(f"{name}: its annotations are not in UTF-8; they were read as Latin-1.")
        starts_s = [start_s for start_s in self._starts_s if start_s is not None]
        if len(starts_s) < len(self._starts_s):
            return RecordTexts(None, tuple(self._marks), tuple(notes))
        return RecordTexts(tuple(starts_s), tuple(self._marks), tuple(notes))


def record_starts(texts: RecordTexts, file: RecordFile) -> tuple[float, ...]:
    """When each record of a discontinuous file began, 0 = the first.

    Raises:
        RecordingError: a record doesn't say.
    """
    if texts.starts_s is None:
        raise RecordingError(f"{file.path.name}: it has pauses (EDF+D), and not every record says when it began.")
    return tuple(start_s - texts.starts_s[0] for start_s in texts.starts_s)
