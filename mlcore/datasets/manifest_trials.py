"""The table that a manifest's `trials_file` names: one line a trial, on the session clock."""

from __future__ import annotations

from pathlib import Path

from mlcore.datasets.tables import Row, number, read_table, whole
from mlcore.errors import LayoutError, RecordingError
from mlcore.types import TrialSpec

_START, _STOP, _NUMBER, _STIMULUS = "start_s", "stop_s", "number", "stimulus"
_MOST_TRIALS = 10_000


def read_trials(path: Path) -> tuple[TrialSpec, ...]:
    """Read trials: `start_s`, `stop_s`, and where they are there `number`, `stimulus`; other columns are self-reports.

    Raises:
        RecordingError: no table, no such columns, or a line whose times make no trial.
    """
    try:
        table = read_table(path)
    except LayoutError as error:
        raise RecordingError(str(error)) from error
    if not {_START, _STOP} <= set(table.columns) or len(table.rows) > _MOST_TRIALS:
        raise RecordingError(f"{path.name}: expected the columns {_START} and {_STOP}, and up to {_MOST_TRIALS} lines.")
    trials = tuple(_trial(path, row, index) for index, row in enumerate(table.rows, start=1))
    if len({trial.number for trial in trials}) < len(trials):
        raise RecordingError(f"{path.name}: two of its trials have one number.")
    return trials


def _trial(path: Path, row: Row, index: int) -> TrialSpec:
    start_s, stop_s = number(row.get(_START)), number(row.get(_STOP))
    trial_number = whole(row[_NUMBER]) if row.get(_NUMBER) else index
    if start_s is None or stop_s is None or not stop_s > start_s or trial_number is None or trial_number < 1:
        raise RecordingError(
            f"{path.name}: line {index + 1} is no trial (number {trial_number}, {start_s}–{stop_s} s)."
        )
    said = {name: number(text) for name, text in row.items() if name not in (_START, _STOP, _NUMBER, _STIMULUS)}
    return TrialSpec(
        number=trial_number,
        start_s=start_s,
        stop_s=stop_s,
        stimulus=row.get(_STIMULUS, ""),
        self_reports={name: value for name, value in said.items() if name and value is not None},
    )
