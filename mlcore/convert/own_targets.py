"""Targets from a table of one's own: one line a trial or a stretch of time, one column a target."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from mlcore.convert.answers import Given, Questions, Unlabelled
from mlcore.datasets import Recording
from mlcore.datasets.tables import Row, Table, number, read_table, whole
from mlcore.errors import LayoutError
from mlcore.store import UNLABELLED, TargetKind, TargetMeta
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


def own_targets(path: Path, scales: Scales) -> Questions:
    """Questions that a table answers.

    Its columns are `session`, where sessions of different people share names `subject`, then `trial` or `start_s` and
    `stop_s` or both (a clip belongs to the line that holds its middle), then a column a target. A column of text is a
    class, its names in alphabetical order unless `scales` gives them; one of whole numbers from 1 on is an ordinal
    scale up to the largest of them unless `scales` says how far it goes. Empty cells are unlabelled.

    Args:
        path: CSV or TSV in UTF-8.
        scales: classes and levels by column.

    Raises:
        LayoutError: a column is missing, or a cell can't be understood; line and column are named.
    """
    table = read_table(path)
    names = _target_names(path, table, scales)
    lines = tuple(_line(path, row, names, number_) for number_, row in enumerate(table.rows, start=2))
    metas = {name: _meta(path, name, lines, scales) for name in names}
    values = {name: _values(path, name, meta, lines) for name, meta in metas.items()}

    def answer(recording: Recording, windows: Sequence[Window]) -> Given:
        mine = [line for line in lines if line.session == recording.spec.session]
        columns = {name: np.full(len(windows), UNLABELLED, dtype=np.int64) for name in names}
        missing: Unlabelled = Counter()
        for row, window in enumerate(windows):
            about = [line for line in mine if line.is_about(recording, window)]
            for name in names:
                columns[name][row] = _one(path, name, [line for line in about if name in line.said], values[name])
            why = "no line of the table says anything of it"
            missing.update((name, why) for name in names if columns[name][row] == UNLABELLED)
        return Given(columns, missing)

    return Questions(metas, answer)


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


def _meta(path: Path, name: str, lines: Sequence[Line], scales: Scales) -> TargetMeta:
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


def _values(path: Path, name: str, meta: TargetMeta, lines: Sequence[Line]) -> dict[int, int]:
    """Class index or level of each line that says something, by its number."""
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


def _one(path: Path, name: str, lines: Sequence[Line], values: Mapping[int, int]) -> int:
    """The answer of the lines about one clip; where two say different things, the table is wrong."""
    said = {values[line.number] for line in lines}
    if len(said) > 1:
        which = " and ".join(str(line.number) for line in lines[:2])
        raise LayoutError(f"{path.name}: lines {which} say different things of {name} for the same clip.")
    return said.pop() if said else UNLABELLED
