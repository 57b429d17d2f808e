"""A CSV manifest: one line a session, with its EEG file, its video file, and what relates the two."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from mlcore.datasets.companions import companions
from mlcore.datasets.layout import Discovery, Opened, Relation, inside
from mlcore.datasets.layout import open_file as open_eeg
from mlcore.datasets.manifest_columns import OFFSET_HINT, hints, numbers_problem, rate_of, sync_points
from mlcore.datasets.manifest_paths import below, common_root, file_problem, folder_of
from mlcore.datasets.manifest_trials import read_trials
from mlcore.datasets.tables import Row, Table, read_table
from mlcore.errors import LayoutError
from mlcore.sync import given_offset, unrelated
from mlcore.types import RecordingSpec, SyncMethod

__all__ = ["NAME", "find", "open_eeg", "recognise", "relate"]

NAME = "manifest"
FILE_NAME = "manifest.csv"
_REQUIRED = ("subject", "session")
_STREAMS = ("eeg_file", "video_file")
_TRIALS = "trials_file"
_PATHS = (*_STREAMS, _TRIALS)
_TABLE_SUFFIXES = (".csv", ".tsv")


def recognise(source: Path) -> str | None:
    """A CSV file with the right columns, or a folder with one called manifest.csv."""
    path = _csv_path(source)
    if path is None:
        return None
    try:
        columns = _table(inside(path.parent, path)).columns
    except LayoutError:
        return None
    return f"{path.name} has the columns {', '.join(columns)}"


def find(source: Path) -> Discovery:
    """One recording a line. `video_offset_s` = EEG time of the video's first frame; paths are relative to the file."""
    path = _csv_path(source)
    if path is None:
        raise LayoutError(f"{source.name}: expected a CSV file, or a folder that holds {FILE_NAME}.")
    rows, base = _table(inside(path.parent, path)).rows, folder_of(path)
    root = common_root(base, (row.get(column, "") for row in rows for column in _PATHS))
    specs = [_spec(row, line=line, base=base, root=root) for line, row in enumerate(rows, start=2)]
    return Discovery(root=root, layout=NAME, why="", recordings=tuple(_without_doubles(specs)))


def relate(opened: Opened) -> Relation:
    """The clock is what the manifest says; nothing measured it. Trials are those of its trials_file."""
    path = next((named for suffix in _TABLE_SUFFIXES if (named := opened.companion(suffix))), None)
    trials = read_trials(path) if path else ()
    if opened.eeg is None or opened.video is None:
        return Relation(unrelated(), trials)
    if OFFSET_HINT in opened.spec.sync_hints:
        return Relation(given_offset(opened.spec.sync_hints[OFFSET_HINT]), trials)
    clock = unrelated(method=SyncMethod.SAME_START.value)
    note = "The manifest gives no video_offset_s: EEG and video were taken to begin together."
    return Relation(clock, trials, assumption=note)


def _csv_path(source: Path) -> Path | None:
    path = source / FILE_NAME if source.is_dir() else source
    return path if path.is_file() and path.suffix.lower() == ".csv" else None


def _table(path: Path) -> Table:
    table = read_table(path)
    missing = [name for name in _REQUIRED if name not in table.columns]
    if missing or not any(name in table.columns for name in _STREAMS):
        wanted = ", ".join([*_REQUIRED, *_STREAMS])
        raise LayoutError(f"{path.name}: expected the columns {wanted}; found {', '.join(table.columns) or 'none'}.")
    return table


def _spec(row: Row, *, line: int, base: Path, root: Path) -> RecordingSpec:
    subject, session = row["subject"] or f"line {line}", row["session"] or f"line {line}"
    problem = _problem(row, base=base, root=root)
    if problem:
        error = f"Line {line} of the manifest: {problem}."
        return RecordingSpec(subject, session, NAME, eeg_path=None, video_path=None, error=error)
    eeg_path, video_path, trials_path = (below(root, base, row.get(column, "")) for column in _PATHS)
    return RecordingSpec(
        subject=subject,
        session=session,
        layout=NAME,
        eeg_path=eeg_path,
        video_path=video_path,
        companion_paths=(*(companions(root, eeg_path) if eeg_path else ()), *([trials_path] if trials_path else [])),
        sync_hints=hints(row),
        sync_points=sync_points(row),
        eeg_sfreq=rate_of(row),
    )


def _problem(row: Row, *, base: Path, root: Path) -> str:
    """What makes a line unusable; empty if nothing does."""
    named = [name for name in (row.get(column, "") for column in _PATHS) if name]
    if not row["subject"] or not row["session"]:
        return "subject or session is empty"
    if not any(row.get(column) for column in _STREAMS):
        return "it names neither an EEG file nor a video file"
    if row.get(_TRIALS) and not row[_TRIALS].lower().endswith(_TABLE_SUFFIXES):
        return f"{row[_TRIALS]} is no table (.csv or .tsv)"
    problem = numbers_problem(row)
    return problem or next((reason for name in named if (reason := file_problem(name, base=base, root=root))), "")


def _without_doubles(specs: list[RecordingSpec]) -> list[RecordingSpec]:
    """A second line for the same session is an error of that line."""
    seen: set[tuple[str, str]] = set()
    kept = []
    for line, spec in enumerate(specs, start=2):
        is_double = (spec.subject, spec.session) in seen
        seen.add((spec.subject, spec.session))
        kept.append(_as_double(spec, line) if is_double else spec)
    return kept


def _as_double(spec: RecordingSpec, line: int) -> RecordingSpec:
    error = f"Line {line} of the manifest: session {spec.session} of subject {spec.subject} is listed twice."
    return replace(spec, session=f"{spec.session} (line {line})", error=error)
