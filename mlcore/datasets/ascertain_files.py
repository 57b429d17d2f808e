"""ASCERTAIN's tables: features, ratings and the evaluation of data quality, each by subject and clip."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np

from mlcore.datasets.mat5_arrays import Floats
from mlcore.datasets.matlab import mat_variables, read_cells, read_mat
from mlcore.datasets.workbook import Cell, read_sheets
from mlcore.errors import RecordingError

FACE = "face"
#: file -> modality of its track
FEATURES = {
    "dt_eegfeatures.mat": "eeg features",
    "dt_emofeatures.mat": "face features",
    "dt_ecgfeatures.mat": "ecg features",
    "dt_gsrfeatures.mat": "gsr features",
}
RATINGS, QUALITY = "dt_selfreports.mat", "data_quality_evaluation.xlsx"
SELF_REPORTS = ("arousal", "valence", "engagement", "liking", "familiarity")
BEST, WORST = 1, 6
_SENSORS = {"EEG": r"eeg", "face": r"emo|fac", "ECG": r"ecg", "GSR": r"gsr|eda"}

#: (sensor, subject, clip) -> 1 perfect .. 6 missing
Quality = dict[tuple[str, int, int], int]


def feature_shape(path: Path) -> tuple[int, int, int]:
    """(subjects, clips, features) of a feature file.

    Raises:
        RecordingError: no MATLAB file, or nothing of that shape in it.
    """
    for variable in mat_variables(path):
        if variable.is_numeric and len(variable.shape) == 3:
            return variable.shape[0], variable.shape[1], variable.shape[2]
    cells = _cells(path)
    return len(cells), cells[0].shape[0], cells[0].shape[1]


def feature_row(path: Path, *, subject: int, clip: int) -> Floats:
    """(F,) features of a subject (from 1) at a clip (from 1). Errors as `feature_shape`, or no such row."""
    named = next((v.name for v in mat_variables(path) if v.is_numeric and len(v.shape) == 3), None)
    table = read_mat(path, named) if named else None
    cells = _cells(path) if table is None else list(table)
    if subject > len(cells) or clip > len(cells[subject - 1]):
        raise RecordingError(f"{path.name}: there is no row for subject {subject} and clip {clip}.")
    row: Floats = cells[subject - 1][clip - 1]
    return row


def _cells(path: Path) -> list[Floats]:
    """A cell a subject, each clips × features."""
    for variable in mat_variables(path):
        if not variable.is_numeric and max(variable.shape, default=0) > 0:
            cells = read_cells(path, variable.name)
            if cells and all(cell.ndim == 2 and cell.size for cell in cells):
                return cells
    raise RecordingError(f"{path.name}: expected features of subjects × clips × features, found no such variable.")


def self_reports(path: Path, *, subject: int, clip: int) -> dict[str, float]:
    """The five ratings of a subject for a clip, those that are there.

    Raises:
        RecordingError: no MATLAB file, or no `Ratings` of 5 × subjects × clips.
    """
    ratings = read_mat(path, "Ratings")
    if ratings.ndim != 3 or len(ratings) != len(SELF_REPORTS):
        raise RecordingError(f"{path.name}: expected 'Ratings' of 5 × subjects × clips, got {ratings.shape}.")
    if subject > ratings.shape[1] or clip > ratings.shape[2]:
        return {}
    said = ratings[:, subject - 1, clip - 1].tolist()
    return {name: value for name, value in zip(SELF_REPORTS, said, strict=True) if np.isfinite(value)}


def read_quality(path: Path) -> Quality:
    """How good each sensor was, from a sheet a sensor: a line a subject, a column a clip.

    A heading with the clips' numbers and a first column with the subjects' are used where they are; else lines and
    columns count from 1.

    Raises:
        LayoutError: no spreadsheet, or a harmful one.
    """
    found: Quality = {}
    for title, rows in read_sheets(path).items():
        sensor = next((name for name, words in _SENSORS.items() if re.search(words, title, re.IGNORECASE)), None)
        if sensor is not None:
            found |= {(sensor, subject, clip): grade for (subject, clip), grade in _grades(rows).items()}
    return found


def _grades(rows: tuple[tuple[Cell, ...], ...]) -> dict[tuple[int, int], int]:
    lines = [row for row in rows if any(cell is not None for cell in row)]
    heading = lines[0] if lines and not _is_grades(lines[0]) else ()
    body = lines[1:] if heading else lines
    has_names = bool(heading) or any(not _is_grade(row[0]) for row in body if row)
    grades = {}
    for line, row in enumerate(body, start=1):
        subject = (_number_in(row[0]) if has_names else None) or line
        for column, cell in enumerate(row[1:] if has_names else row, start=1):
            clip = (_number_in(heading[column]) if len(heading) > column else None) or column
            if _is_grade(cell):
                grades[subject, clip] = int(str(cell).split(".")[0])
    return grades


def _is_grades(row: tuple[Cell, ...]) -> bool:
    return all(_is_grade(cell) for cell in row if cell is not None)


def _is_grade(cell: Cell) -> bool:
    return isinstance(cell, int | float) and float(cell).is_integer() and BEST <= cell <= WORST


def _number_in(cell: Cell) -> int | None:
    digits = re.findall(r"\d+", str(cell)) if cell is not None else []
    return int(digits[0]) if digits and len(digits[0]) < 6 else None
