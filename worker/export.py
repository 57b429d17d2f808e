"""The task that writes an export, and the reader that gives the same rows back.

A folder with `labels`, `verdicts` (what people said of sensors), `intervals` (what they marked on timelines) and
`channels` (what they said of channels), all `.csv` or `.parquet`, and `manifest.json`. Where the study asks for traces
there are `traces` (raw events), `traces_resampled` (at the study's rate, with and without reaction lags) and
`reaction_lags` beside them; where it has clips with a known answer, `known_answers`.
In the CSV: UTF-8, RFC 4180 quoting, empty = no value, `true`/`false`, times as ISO 8601 in UTC, scores as JSON. A text
cell that a spreadsheet would run as a formula (it begins with = + - @, a tab or a line break) is written with an
apostrophe in front, and so is one that begins with an apostrophe: to read a text cell back, drop one of them.
"""

from __future__ import annotations

import csv
import hashlib
import json
import tempfile
import zipfile
from collections.abc import Callable, Iterable, Iterator
from datetime import UTC, datetime
from itertools import islice
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
from django.conf import settings
from django.utils import timezone

from annotator.domain import exporting, exporting_gold, exporting_marks, exporting_traces, exporting_verdicts
from annotator.domain.exporting import FLAG, JSON, REAL, TEXT, TIME, WHOLE, Column
from annotator.exceptions import DomainError
from annotator.jobs import app
from annotator.models import Export
from mlcore.errors import RecordingError
from mlcore.types import JsonObject
from worker import export_traces
from worker.run import RunningJob, perform

#: 2: the manifest describes the columns of each file; verdicts beside labels. 3: intervals, channels, known answers too
SCHEMA = 3
MANIFEST_NAME = "manifest.json"
RISKY = ("=", "+", "-", "@", "\t", "\r", "\n", "'")
ARROW = {
    TEXT: pa.string(),
    WHOLE: pa.int64(),
    REAL: pa.float64(),
    FLAG: pa.bool_(),
    TIME: pa.timestamp("us", tz="UTC"),
    JSON: pa.string(),
}
Progress = Callable[[int], None]


@app.task(name="concord.export")
def run_export(job_id: int) -> None:
    perform(job_id, export)


def export(running: RunningJob) -> None:
    row = Export.objects.select_related("study").get(job=running.job)
    out = str(running.job.payload.get("out", ""))
    try:
        path, sha256, n_rows = _to_folder(row, Path(out), running) if out else _to_archive(row, running)
    except OSError as error:
        raise DomainError(
            f"{error.filename or out or settings.EXPORT_ROOT} can't be written: {error.strerror}."
        ) from error
    exporting.finish_export(running.job.pk, running.token, path=path, sha256=sha256, rows=n_rows)


def _to_folder(row: Export, out: Path, running: RunningJob) -> tuple[str, str, int]:
    out.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=out, prefix=".export-") as beside:
        manifest = write_export(row, Path(beside), running)
        for file in manifest["files"]:
            (Path(beside) / file["name"]).replace(out / file["name"])
        (Path(beside) / MANIFEST_NAME).replace(out / MANIFEST_NAME)  # last: it vouches for the others
    return str(out), str(manifest["files"][0]["sha256"]), int(manifest["rows"])


def _to_archive(row: Export, running: RunningJob) -> tuple[str, str, int]:
    name = f"{row.study.slug}-labels-{row.pk}-{row.format}.zip"
    Path(settings.EXPORT_ROOT).mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=settings.EXPORT_ROOT, prefix=".export-") as beside:
        folder = Path(beside)
        manifest = write_export(row, folder, running)
        with zipfile.ZipFile(folder / name, "w", zipfile.ZIP_DEFLATED) as archive:
            for member in (*(file["name"] for file in manifest["files"]), MANIFEST_NAME):
                archive.write(folder / member, member)
        sha256 = digest(folder / name)
        (folder / name).replace(Path(settings.EXPORT_ROOT) / name)
    return name, sha256, int(manifest["rows"])


def write_export(row: Export, folder: Path, running: RunningJob) -> JsonObject:
    """Labels, verdicts, marks and manifest into an empty folder; gives the manifest."""
    study, columns = row.study, exporting.columns(row.study)
    with_history = bool(running.job.payload.get("with_history"))
    n_all = exporting.labels_to_export(study, with_history=with_history).count()
    rows = _counted(exporting.rows(study, with_history=with_history), running, n_all)
    labels = _write(folder / f"labels.{row.format}", columns, rows)
    verdicts = _write(folder / f"verdicts.{row.format}", exporting_verdicts.COLUMNS, exporting_verdicts.rows(study))
    intervals = _write(
        folder / f"intervals.{row.format}",
        exporting_marks.INTERVAL_COLUMNS,
        exporting_marks.interval_rows(study, with_history=with_history),
    )
    channels = _write(
        folder / f"channels.{row.format}", exporting_marks.CHANNEL_COLUMNS, exporting_marks.channel_rows(study)
    )
    more = _write_traces(row, folder, with_history=with_history) if study.has_traces else []
    if study.teaching_clips.exists():
        known = exporting_gold.rows(study, with_history=with_history)
        more.append(_write(folder / f"known_answers.{row.format}", exporting_gold.COLUMNS, known))
    manifest = {
        "schema": SCHEMA,
        "made_at": timezone.now().isoformat(),
        "study": exporting.study_facts(study),
        "with_history": with_history,
        "rows": labels["rows"],
        "files": [labels, verdicts, intervals, channels, *more],
        "csv": "Text beginning with = + - @ ' a tab or a line break has an apostrophe in front: drop one to read it.",
    }
    (folder / MANIFEST_NAME).write_text(json.dumps(manifest, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    return manifest


def _write_traces(row: Export, folder: Path, *, with_history: bool) -> list[JsonObject]:
    study, suffix = row.study, row.format
    raw = exporting_traces.rows(study, with_history=with_history)
    resampled = export_traces.rows(study, with_history=with_history)
    return [
        _write(folder / f"traces.{suffix}", exporting_traces.COLUMNS, raw),
        _write(folder / f"traces_resampled.{suffix}", export_traces.COLUMNS, resampled),
        _write(folder / f"reaction_lags.{suffix}", exporting_traces.LAG_COLUMNS, exporting_traces.lag_rows(study)),
    ]


def _write(path: Path, columns: tuple[Column, ...], rows: Iterable[JsonObject]) -> JsonObject:
    """One file, and what the manifest says of it."""
    n_rows = write_csv(path, columns, rows) if path.suffix == ".csv" else write_parquet(path, columns, rows)
    return {
        "name": path.name,
        "rows": n_rows,
        "bytes": path.stat().st_size,
        "sha256": digest(path),
        "columns": [{"name": column.name, "kind": column.kind, "meaning": column.meaning} for column in columns],
    }


def _counted(rows: Iterable[JsonObject], running: RunningJob, n_all: int) -> Iterator[JsonObject]:
    for number, row in enumerate(rows, 1):
        yield row
        if number % exporting.BATCH == 0:
            running.stop_if_asked()
            running.progress(number / max(n_all, 1), f"{number} of {n_all} labels written")


def digest(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


# --- CSV -------------------------------------------------------------------------------------------------------------


def write_csv(path: Path, columns: tuple[Column, ...], rows: Iterable[JsonObject]) -> int:
    n_rows = 0
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow([column.name for column in columns])
        for row in rows:
            writer.writerow([cell(column.kind, row[column.name]) for column in columns])
            n_rows += 1
    return n_rows


def cell(kind: str, value: Any) -> str:
    if value is None:
        return ""
    match kind:
        case "text":
            return f"'{value}" if str(value).startswith(RISKY) else str(value)
        case "flag":
            return "true" if value else "false"
        case "time":
            return str(value.astimezone(UTC).isoformat())
        case "json":
            return json.dumps(value, ensure_ascii=False, sort_keys=True)
        case _:
            return repr(value)


def value_of(kind: str, text: str) -> Any:
    """What `cell` was made from."""
    if kind == TEXT:
        return text[1:] if text.startswith("'") else text
    if text == "":
        return None
    match kind:
        case "flag":
            return text == "true"
        case "time":
            return datetime.fromisoformat(text)
        case "json":
            return json.loads(text)
        case "whole":
            return int(text)
        case _:
            return float(text)


# --- parquet ---------------------------------------------------------------------------------------------------------


def write_parquet(path: Path, columns: tuple[Column, ...], rows: Iterable[JsonObject]) -> int:
    schema = pa.schema([pa.field(column.name, ARROW[column.kind]) for column in columns])
    n_rows, remaining = 0, iter(rows)
    with pq.ParquetWriter(path, schema) as writer:
        while batch := list(islice(remaining, exporting.BATCH)):
            arrays = [_array(column, batch) for column in columns]
            writer.write_table(pa.Table.from_arrays(arrays, schema=schema))
            n_rows += len(batch)
    return n_rows


def _array(column: Column, rows: list[JsonObject]) -> pa.Array:
    values = [row[column.name] for row in rows]
    if column.kind == JSON:
        values = [None if value is None else cell(JSON, value) for value in values]
    return pa.array(values, ARROW[column.kind])


# --- reading back ----------------------------------------------------------------------------------------------------


def read_export(folder: Path, table: str = "labels") -> list[JsonObject]:
    """The rows of a table of an export, such as "labels" or "traces", as they were written.

    Raises RecordingError where a file is not the manifest's.
    """
    manifest = json.loads((folder / MANIFEST_NAME).read_text(encoding="utf-8"))
    file = next(file for file in manifest["files"] if Path(file["name"]).stem == table)
    kinds = {column["name"]: str(column["kind"]) for column in file["columns"]}
    path = folder / str(file["name"])
    if digest(path) != file["sha256"]:
        raise RecordingError(f"{path} is not the file that its manifest describes: export it again.")
    return _read_csv(path, kinds) if path.suffix == ".csv" else _read_parquet(path, kinds)


def _read_csv(path: Path, kinds: dict[str, str]) -> list[JsonObject]:
    with path.open(newline="", encoding="utf-8") as file:
        reader = csv.reader(file)
        names = next(reader)
        return [
            {name: value_of(kinds[name], text) for name, text in zip(names, cells, strict=True)} for cells in reader
        ]


def _read_parquet(path: Path, kinds: dict[str, str]) -> list[JsonObject]:
    rows: list[JsonObject] = pq.read_table(path).to_pylist()
    for row in rows:
        for name, kind in kinds.items():
            if kind == JSON and row[name] is not None:
                row[name] = json.loads(row[name])
    return rows
