"""A table of one's own answers, line by line: what each line is about, and what it says."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from mlcore.datasets import Recording
from mlcore.datasets.tables import Row, Table, number, read_table, whole
from mlcore.errors import LayoutError
from mlcore.store import TargetKind, TargetMeta
from mlcore.types import Window

_SUBJECT, _SESSION, _TRIAL, _START, _STOP = "subject", "session", "trial", "start_s", "stop_s"
_KEYS = (_SUBJECT, _SESSION, _TRIAL, _START, _STOP)
_NOTHING = ("", "n/a", "nan", "NaN")


@dataclass(frozen=True, slots=True)
class Line:
    """What a line is about, and what it says: answers as text, empty ones left out."""

    number: int
    subject: str
    session: str
    trial: int | None
    span_s: tuple[float, float] | None
    said: Mapping[str, str]

    def is_about(self, recording: Recording, window: Window) -> bool:
        """Whether the line's trial, or its stretch of time, holds the middle of a clip."""
        spec, middle_s = recording.spec, (window.start_s + window.stop_s) / 2
        return (
            self.session == spec.session
            and self.subject in ("", spec.subject)
            and self.trial in (None, window.trial)
            and (self.span_s is None or self.span_s[0] <= middle_s < self.span_s[1])
        )


@dataclass(frozen=True, slots=True)
class Scales:
    """What somebody said of the columns: names of classes in order, or levels; a column of neither is looked at."""

    classes: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    levels: Mapping[str, int] = field(default_factory=dict)


def read_answers(path: Path, scales: Scales) -> tuple[tuple[str, ...], tuple[Line, ...]]:
    """Names of the targets, and the lines.

    Raises:
        LayoutError: a column is missing, or a line is about nothing.
    """
    table = read_table(path)
    names = _target_names(path, table, scales)
    return names, tuple(_line(path, row, names, place) for place, row in enumerate(table.rows, start=2))


def _target_names(path: Path, table: Table, scales: Scales) -> tuple[str, ...]:
    has_time = {_START, _STOP} <= set(table.columns)
    if _SESSION not in table.columns or not (_TRIAL in table.columns or has_time):
        raise LayoutError(f"{path.name}: expected the columns {_SESSION}, and {_TRIAL} or {_START} and {_STOP}.")
    names = tuple(name for name in table.columns if name and name not in _KEYS)
    if not names:
        raise LayoutError(f"{path.name}: there is no column of answers beside {', '.join(table.columns)}.")
    unknown = next((name for name in (*scales.classes, *scales.levels) if name not in names), None)
    if unknown is not None:
        raise LayoutError(f"{path.name}: there is no column {unknown!r}; its targets are {', '.join(names)}.")
    return names


def _line(path: Path, row: Row, names: Sequence[str], line: int) -> Line:
    trial, start_s, stop_s = whole(row.get(_TRIAL)), number(row.get(_START)), number(row.get(_STOP))
    span_s = (start_s, stop_s) if start_s is not None and stop_s is not None and stop_s > start_s else None
    if not row[_SESSION] or (trial is None and span_s is None):
        raise LayoutError(f"{path.name}: line {line} names no session with a trial or with times that make a stretch.")
    said = {name: row[name] for name in names if row[name] not in _NOTHING}
    return Line(line, row.get(_SUBJECT, ""), row[_SESSION], trial, span_s, said)


def target_meta(path: Path, name: str, lines: Sequence[Line], scales: Scales) -> TargetMeta:
    """Form of a target: as `scales` says, else as its cells look.

    Raises:
        LayoutError: its cells are neither class names nor levels.
    """
    cells = [line.said[name] for line in lines if name in line.said]
    if name in scales.levels:
        return TargetMeta(TargetKind.ORDINAL, levels=scales.levels[name])
    if name in scales.classes:
        return TargetMeta(TargetKind.CLASS, classes=scales.classes[name])
    levels = [whole(cell) for cell in cells if whole(cell) is not None]
    if cells and len(levels) == len(cells):
        return TargetMeta(TargetKind.ORDINAL, levels=max(2, *(level or 0 for level in levels)))
    odd = next((cell for cell in cells if number(cell) is not None), None)
    if odd is not None:
        raise LayoutError(f"{path.name}: column {name} holds {odd}: expected whole numbers from 1 on, or class names.")
    classes = tuple(sorted(set(cells)))
    if len(classes) < 2:
        raise LayoutError(f"{path.name}: column {name} holds fewer than 2 different answers.")
    return TargetMeta(TargetKind.CLASS, classes=classes)


def line_values(path: Path, name: str, meta: TargetMeta, lines: Sequence[Line]) -> dict[int, int]:
    """Class index or level of each line that says something, by its number.

    Raises:
        LayoutError: a cell is no class or level of the target.
    """
    found = {}
    for line in lines:
        if name in line.said:
            found[line.number] = _value(path, name, meta, line)
    return found


def _value(path: Path, name: str, meta: TargetMeta, line: Line) -> int:
    cell = line.said[name]
    if meta.kind is TargetKind.CLASS:
        if cell in meta.classes:
            return meta.classes.index(cell)
        raise LayoutError(
            f"{path.name}: line {line.number} says {name} {cell!r}: it is none of {', '.join(meta.classes)}."
        )
    level = whole(cell)
    if level is None or not 1 <= level <= meta.levels:
        raise LayoutError(f"{path.name}: line {line.number} says {name} {cell!r}: expected 1 to {meta.levels}.")
    return level
