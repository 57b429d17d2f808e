"""A CSV manifest: one line a session, with its EEG file, its video file, and the offset between them."""

from __future__ import annotations

import csv
import io
import math
import os
from dataclasses import replace
from pathlib import Path

from mlcore.datasets.companions import companions
from mlcore.datasets.layout import Discovery, Opened, Relation, leads_out
from mlcore.errors import LayoutError
from mlcore.sync import given_offset, unrelated
from mlcore.types import RecordingSpec

NAME = "manifest"
FILE_NAME = "manifest.csv"
OFFSET_HINT = "video_offset_s"
_REQUIRED = ("subject", "session")
_FILES = ("eeg_file", "video_file")
#: folders above the manifest's own that its files may lie in
_MOST_LEVELS_UP = 2
_LARGEST_BYTES = 20_000_000

Row = dict[str, str]


def recognise(source: Path) -> str | None:
    """A CSV file with the right columns, or a folder with one called manifest.csv."""
    path = _csv_path(source)
    if path is None:
        return None
    try:
        columns, _rows = _table(path)
    except LayoutError:
        return None
    return f"{path.name} has the columns {', '.join(columns)}"


def find(source: Path) -> Discovery:
    """One recording a line. `video_offset_s` = EEG time of the video's first frame; paths are relative to the file."""
    path = _csv_path(source)
    if path is None:
        raise LayoutError(f"{source.name}: expected a CSV file, or a folder that holds {FILE_NAME}.")
    _columns, rows = _table(path)
    base = Path(os.path.abspath(path.parent))  # noqa: PTH100 (keeps links unresolved: they are checked against the root)
    root = _root(base, rows)
    specs = [_spec(row, line=line, base=base, root=root) for line, row in enumerate(rows, start=2)]
    return Discovery(root=root, layout=NAME, why="", recordings=tuple(_without_doubles(specs)))


def relate(opened: Opened) -> Relation:
    """The clock is what the manifest says; nothing measured it."""
    if opened.eeg is None or opened.video is None:
        return Relation(unrelated(), ())
    hints = opened.spec.sync_hints
    if OFFSET_HINT not in hints:
        return Relation(
            unrelated(method="same start"),
            (),
            ("The manifest gives no video_offset_s: EEG and video were taken to begin together.",),
        )
    return Relation(given_offset(hints[OFFSET_HINT]), ())


def _csv_path(source: Path) -> Path | None:
    path = source / FILE_NAME if source.is_dir() else source
    return path if path.is_file() and path.suffix.lower() == ".csv" else None


def _table(path: Path) -> tuple[tuple[str, ...], list[Row]]:
    """Columns and lines of the file, all cells stripped."""
    if path.stat().st_size > _LARGEST_BYTES:
        raise LayoutError(f"{path.name}: a manifest above {_LARGEST_BYTES // 1_000_000} MB is not read.")
    try:
        text = path.read_text(encoding="utf-8-sig")
        first = text.splitlines()[0] if text.strip() else ""
        delimiter = max(",;\t", key=first.count)
        reader = csv.DictReader(io.StringIO(text), delimiter=delimiter, restkey="", restval="", strict=True)
        columns = tuple((name or "").strip() for name in reader.fieldnames or ())
        rows = [{(key or "").strip(): _cell(value) for key, value in row.items()} for row in reader]
    except (UnicodeDecodeError, csv.Error) as error:
        raise LayoutError(f"{path.name}: can't be read as CSV in UTF-8 ({error}).") from error
    _require_columns(path, columns)
    return columns, rows


def _cell(value: object) -> str:
    return value.strip() if isinstance(value, str) else ""


def _require_columns(path: Path, columns: tuple[str, ...]) -> None:
    missing = [name for name in _REQUIRED if name not in columns]
    if missing or not any(name in columns for name in _FILES):
        wanted = ", ".join([*_REQUIRED, *_FILES])
        raise LayoutError(f"{path.name}: expected the columns {wanted}; found {', '.join(columns) or 'none'}.")


def _root(base: Path, rows: list[Row]) -> Path:
    """The deepest folder that holds the manifest and all files that may be read."""
    folders = [base]
    for row in rows:
        named = [row.get(column, "") for column in _FILES]
        folders += [_lexical(base, name).parent for name in named if name and not _refusal(base, name)]
    return Path(os.path.commonpath([str(folder) for folder in folders]))


def _lexical(base: Path, name: str) -> Path:
    return Path(os.path.normpath(base / name))


def _refusal(base: Path, name: str) -> str:
    """Why a path is not followed; empty if it is."""
    if "\0" in name or "\\" in name:
        return "is no path with forward slashes"
    if Path(name).is_absolute():
        return "is an absolute path; give it relative to the manifest"
    upmost = base.parents[min(_MOST_LEVELS_UP, len(base.parents)) - 1] if base.parents else base
    if not _lexical(base, name).is_relative_to(upmost):
        return f"leads more than {_MOST_LEVELS_UP} folders above the manifest; move the manifest nearer to its files"
    return ""


def _spec(row: Row, *, line: int, base: Path, root: Path) -> RecordingSpec:
    problem = _problem(row, base=base, root=root)
    named = {column: row.get(column, "") for column in _FILES}
    paths = {column: _relative(base, root, name) for column, name in named.items()} if not problem else {}
    eeg_path = paths.get("eeg_file")
    return RecordingSpec(
        subject=row["subject"] or f"line {line}",
        session=row["session"] or f"line {line}",
        layout=NAME,
        eeg_path=eeg_path,
        video_path=paths.get("video_file"),
        companion_paths=companions(root, eeg_path) if eeg_path else (),
        sync_hints={OFFSET_HINT: float(row[OFFSET_HINT])} if not problem and row.get(OFFSET_HINT) else {},
        error=f"Line {line} of the manifest: {problem}." if problem else "",
    )


def _problem(row: Row, *, base: Path, root: Path) -> str:
    """What makes a line unusable; empty if nothing does."""
    named = [name for name in (row.get(column, "") for column in _FILES) if name]
    if not row["subject"] or not row["session"]:
        return "subject or session is empty"
    if not named:
        return "it names neither an EEG file nor a video file"
    if not _is_number(row.get(OFFSET_HINT, "")):
        return f"video_offset_s is {row[OFFSET_HINT]!r}, not a number of seconds"
    return next((reason for name in named if (reason := _file_problem(name, base=base, root=root))), "")


def _file_problem(name: str, *, base: Path, root: Path) -> str:
    refusal = _refusal(base, name)
    if refusal:
        return f"{name} {refusal}"
    path = _lexical(base, name)
    if leads_out(root, path):
        return f"{name} is a link that leads out of the folder of the recordings"
    return "" if path.is_file() else f"{name} does not exist"


def _is_number(text: str) -> bool:
    try:
        return not text or math.isfinite(float(text))
    except ValueError:
        return False


def _relative(base: Path, root: Path, name: str) -> str | None:
    return _lexical(base, name).relative_to(root).as_posix() if name else None


def _without_doubles(specs: list[RecordingSpec]) -> list[RecordingSpec]:
    """A second line for the same session is an error of that line."""
    seen: set[tuple[str, str]] = set()
    kept = []
    for number, spec in enumerate(specs, start=2):
        is_double = (spec.subject, spec.session) in seen
        seen.add((spec.subject, spec.session))
        kept.append(_as_double(spec, number) if is_double else spec)
    return kept


def _as_double(spec: RecordingSpec, line: int) -> RecordingSpec:
    error = f"Line {line} of the manifest: session {spec.session} of subject {spec.subject} is listed twice."
    return replace(spec, session=f"{spec.session} (line {line})", error=error)
