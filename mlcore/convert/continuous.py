"""Continuous valence of MAHNOB-HCI: a release of its own, 239 trials of 24 subjects at 4 Hz.

Two forms are read, whichever the folder holds:

- `lable_continous_Mahnob.mat` (spelt so), as public readers describe it: `trials_included` with a row of subject and
  section a trial, and `labels`, a cell with the trial's values at 4 Hz. The session is (subject − 1)·130 + section.
- any CSV with the columns `session`, `t_s` and `valence`: the number of the session folder, seconds since the film
  began, and the value; at any rate, in any order of rows.

Both count time from the start of the film. Source: Soleymani et al. 2016, doi:10.1109/TAFFC.2015.2436926.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from mlcore.convert.answers import Given, Questions
from mlcore.datasets import Recording
from mlcore.datasets.matlab import mat_variables, read_cells, read_mat
from mlcore.datasets.tables import number, read_table
from mlcore.errors import LayoutError, RecordingError
from mlcore.store import TargetKind, TargetMeta
from mlcore.types import Window

TRACE_HZ = 4.0
TARGET = "valence"
_TRIALS, _LABELS = "trials_included", "labels"
_COLUMNS = ("session", "t_s", "valence")
_SECTIONS_PER_SUBJECT = 130
Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Annotation:
    """Values over one trial; times in seconds since its start, rising."""

    times_s: Floats
    values: Floats

    def at(self, times_s: Floats) -> Floats:
        """Values by linear interpolation; NaN further than one step of the trace from everything that was annotated."""
        after = np.clip(np.searchsorted(self.times_s, times_s), 0, len(self.times_s) - 1)
        before = np.maximum(after - 1, 0)
        gap_s = np.minimum(np.abs(self.times_s[before] - times_s), np.abs(self.times_s[after] - times_s))
        return np.where(gap_s <= 1 / TRACE_HZ, np.interp(times_s, self.times_s, self.values), np.nan)


def read_annotations(folder: Path) -> Mapping[str, Annotation]:
    """Annotations by session.

    Raises:
        LayoutError: there is nothing of both forms, or a file is not what it claims to be; one sentence.
    """
    if not folder.is_dir():
        raise LayoutError(f"{folder}: there is no such folder of continuous labels.")
    for path in sorted(folder.iterdir()):
        suffix = path.suffix.lower()
        if suffix == ".mat" and _is_release(path):
            return _from_mat(path)
        if suffix == ".csv":
            return _from_csv(path)
    raise LayoutError(
        f"{folder.name}: expected a .mat file with {_TRIALS} and {_LABELS}, or a .csv file with the columns "
        f"{', '.join(_COLUMNS)}."
    )


def continuous(annotations: Mapping[str, Annotation], *, window_s: float) -> Questions:
    """The trace of valence over each clip: value k stands for k/4 s after the clip's start."""
    metas = {TARGET: TargetMeta(TargetKind.TRACE, sfreq=TRACE_HZ)}
    steps_s = np.arange(round(window_s * TRACE_HZ)) / TRACE_HZ

    def answer(recording: Recording, windows: Sequence[Window]) -> Given:
        starts_s = {trial.number: trial.start_s for trial in recording.trials}
        known = annotations.get(recording.spec.session)
        if known is None:
            rows = np.full((len(windows), len(steps_s)), np.nan)
            return Given({TARGET: rows}, Counter({(TARGET, "the trial was not annotated over time"): len(windows)}))
        rows = np.stack([known.at(window.start_s - starts_s[window.trial] + steps_s) for window in windows])
        n_empty = int(np.isnan(rows).all(axis=1).sum())
        why = (TARGET, "the clip lies outside of the annotated time")
        return Given({TARGET: rows}, Counter({why: n_empty} if n_empty else {}))

    return Questions(metas, answer)


def _is_release(path: Path) -> bool:
    try:
        return {_TRIALS, _LABELS} <= {variable.name for variable in mat_variables(path)}
    except RecordingError as error:
        raise LayoutError(str(error)) from error


def _from_mat(path: Path) -> dict[str, Annotation]:
    try:
        trials, labels = read_mat(path, _TRIALS), read_cells(path, _LABELS)
    except RecordingError as error:
        raise LayoutError(str(error)) from error
    if trials.ndim != 2 or trials.shape != (len(labels), 2):
        raise LayoutError(
            f"{path.name}: expected {_TRIALS} of {len(labels)} × 2 beside as many {_LABELS}, got {trials.shape}."
        )
    return {
        str(round((subject - 1) * _SECTIONS_PER_SUBJECT + section)): _even(values)
        for (subject, section), values in zip(trials.tolist(), labels, strict=True)
        if values.size
    }


def _even(values: Floats) -> Annotation:
    flat = np.asarray(values, dtype=np.float64).ravel()
    return Annotation(np.arange(len(flat)) / TRACE_HZ, flat)


def _from_csv(path: Path) -> dict[str, Annotation]:
    table = read_table(path)
    if not set(_COLUMNS) <= set(table.columns):
        raise LayoutError(f"{path.name}: expected the columns {', '.join(_COLUMNS)}.")
    points: dict[str, dict[float, float]] = {}
    for line, row in enumerate(table.rows, start=2):
        t_s, value = number(row["t_s"]), number(row["valence"])
        if not row["session"] or t_s is None or value is None:
            raise LayoutError(f"{path.name}: line {line} is not a session, a time and a value.")
        points.setdefault(row["session"], {})[t_s] = value
    return {session: _sorted(values) for session, values in points.items()}


def _sorted(points: Mapping[float, float]) -> Annotation:
    times_s = np.array(sorted(points))
    return Annotation(times_s, np.array([points[t_s] for t_s in times_s.tolist()]))
