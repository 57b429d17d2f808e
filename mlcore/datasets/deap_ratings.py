"""DEAP's participant_ratings: which music video each trial showed, and what the participant said of it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path

from mlcore.datasets.tables import Row, number, read_table, whole
from mlcore.datasets.workbook import read_sheets
from mlcore.errors import LayoutError

RATINGS = "participant_ratings"
#: ratings 1–9, in the order of the columns of `labels` in the preprocessed files
SELF_REPORTS = ("valence", "arousal", "dominance", "liking")
_KEYS = ("participant_id", "trial", "experiment_id")


@dataclass(frozen=True, slots=True)
class Rated:
    """One line: a participant's trial by presentation, the music video it showed, and the ratings."""

    participant: int
    trial: int | None
    experiment: int | None
    self_reports: dict[str, float] = field(default_factory=dict)


#: by (participant, trial)
Ratings = dict[tuple[int, int], Rated]


def read_ratings(path: Path) -> Ratings:
    """Read participant_ratings.csv (or .xlsx).

    Raises:
        LayoutError: of another format, damaged, or without Participant_id, Trial and Experiment_id.
    """
    columns, rows = _table(path)
    missing = [key for key in _KEYS if key not in columns]
    if missing:
        raise LayoutError(f"{path.name}: expected the columns Participant_id, Trial and Experiment_id.")
    rated = (_rated(row) for row in rows)
    return {(row.participant, row.trial): row for row in rated if row is not None and row.trial is not None}


def _table(path: Path) -> tuple[set[str], list[Row]]:
    suffix = path.suffix.lower()
    if suffix == ".xlsx":
        sheet = next(iter(read_sheets(path).values()), ())
        heading = [_text(cell).lower() for cell in (sheet[0] if sheet else ())]
        return set(heading), [dict(zip(heading, map(_text, cells), strict=False)) for cells in sheet[1:]]
    if suffix != ".csv":
        raise LayoutError(f"{path.name}: {suffix or 'a file without suffix'} is not read; save it as {RATINGS}.csv.")
    table = read_table(path)
    return {name.lower() for name in table.columns}, [_lowered(row.items()) for row in table.rows]


def _text(cell: object) -> str:
    return "" if cell is None else str(cell).strip()


def _lowered(items: Iterable[tuple[str, str]]) -> Row:
    return {name.lower(): text for name, text in items}


def _rated(row: Row) -> Rated | None:
    participant, trial, experiment = (whole(row.get(key)) for key in _KEYS)
    if participant is None or not _counts(trial) or not _counts(experiment):
        return None
    said = {name: number(row.get(name)) for name in SELF_REPORTS}
    return Rated(participant, trial, experiment, {name: value for name, value in said.items() if value is not None})


def _counts(value: int | None) -> bool:
    return value is not None and 1 <= value <= 1000
