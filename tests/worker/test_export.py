from __future__ import annotations

import csv
import json
import zipfile
from datetime import UTC
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from hypothesis import HealthCheck, example, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st
from pytest_django.fixtures import Settings

from annotator.domain import (
    channel_marks,
    exporting,
    exporting_gold,
    exporting_marks,
    exporting_verdicts,
    interval_marks,
    labelling,
    queueing,
    verdicts,
)
from annotator.domain.exporting import FLAG, JSON, REAL, TEXT, TIME, WHOLE, Column
from annotator.enums import AnswerKind, IntervalKind, JobState, SensorVerdict
from annotator.models import Export, Study
from mlcore.errors import RecordingError
from tests.factories.labels import add_label
from tests.factories.newcomers import RIGHT, led_study, to_practice
from tests.factories.people import make_member
from tests.factories.studies import make_study
from worker import export

COLUMNS = (
    Column("comment", TEXT, ""),
    Column("rank", WHOLE, ""),
    Column("start_s", REAL, ""),
    Column("is_late", FLAG, ""),
    Column("created_at", TIME, ""),
    Column("scores", JSON, ""),
)
#: what Postgres keeps as text: everything but NUL and lone surrogates
TEXTS = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"))
ROWS = st.fixed_dictionaries(
    {
        "comment": TEXTS,
        "rank": st.none() | st.integers(-(2**31), 2**31),
        "start_s": st.none() | st.floats(allow_nan=False, allow_infinity=False),
        "is_late": st.none() | st.booleans(),
        "created_at": st.none() | st.datetimes(timezones=st.just(UTC)).filter(lambda at: 1970 < at.year < 2200),
        "scores": st.dictionaries(TEXTS, st.floats(allow_nan=False, allow_infinity=False) | TEXTS, max_size=3),
    }
)
NASTY = ["=1+1", "'quoted", "''", "-5", "@cmd", "\tx", "\r\n", 'a,b\n"c"\r', "🫠 Ünï", "", "\u2028", "\ufeff"]


def write(folder: Path, suffix: str, rows: list[dict[str, Any]]) -> None:
    path = folder / f"labels.{suffix}"
    write_rows = export.write_csv if suffix == "csv" else export.write_parquet
    write_rows(path, COLUMNS, rows)
    columns = [{"name": column.name, "kind": column.kind} for column in COLUMNS]
    files = [{"name": path.name, "sha256": export.digest(path), "columns": columns}]
    (folder / export.MANIFEST_NAME).write_text(json.dumps({"files": files}))


@pytest.mark.parametrize("suffix", ["csv", "parquet"])
@hypothesis_settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None, max_examples=60)
@given(rows=st.lists(ROWS, max_size=5))
@example(
    rows=[
        {"comment": text, "rank": 1, "start_s": -0.1, "is_late": True, "created_at": None, "scores": {text: text}}
        for text in NASTY
    ]
)
def test_what_was_written_is_read_back(tmp_path: Path, suffix: str, rows: list[dict[str, Any]]) -> None:
    write(tmp_path, suffix, rows)
    assert export.read_export(tmp_path) == rows


def test_no_text_cell_begins_a_formula(tmp_path: Path) -> None:
    rows: list[dict[str, Any]] = [
        {"comment": text, "rank": None, "start_s": None, "is_late": None, "created_at": None, "scores": {}}
        for text in NASTY
    ]
    write(tmp_path, "csv", rows)
    with (tmp_path / "labels.csv").open(newline="", encoding="utf-8") as file:
        cells = [cells[0] for cells in list(csv.reader(file))[1:]]
    assert [cell for cell in cells if cell[:1] in set("=+-@\t\r\n")] == []


def test_a_file_that_was_changed_is_not_believed(tmp_path: Path) -> None:
    write(tmp_path, "csv", [])
    with (tmp_path / "labels.csv").open("a") as file:
        file.write("x")
    with pytest.raises(RecordingError, match="manifest"):
        export.read_export(tmp_path)


@pytest.fixture
def study(transactional_db: None, broker: str) -> Study:
    study = make_study(n_subjects=2, n_clips=2)
    user = make_member(study, "ann")
    for number, clip in enumerate(study.clips.order_by("pk")):
        add_label(clip, user, {"valence": number % 3, "arousal": 1}, comment=f"={number}\n'Ünï'")
    for verdict in (SensorVerdict.BAD, SensorVerdict.FINE):
        verdicts.judge(study.clips.order_by("pk")[1], verdict, actor=user)
    session = study.sessions.select_related("study").order_by("pk")[0]
    for is_bad in (True, False):
        channel_marks.mark_channel(session, "Fp1", is_bad=is_bad, actor=user, reason="=loose" if is_bad else "")
    made = interval_marks.Interval(uuid4(), IntervalKind.EVENT, 1.25, 2.0, "Fp2", "=a\n'b'")
    interval_marks.mark_interval(session, made, actor=user, limits_s=(0.0, 10.0))
    return study


@pytest.mark.parametrize("suffix", ["csv", "parquet"])
def test_an_export_to_a_folder_holds_the_rows_of_the_database(study: Study, tmp_path: Path, suffix: str) -> None:
    row = exporting.request_export(study, actor=None, format=suffix, out=tmp_path / "out")
    export.run_export(row.job.pk)
    assert export.read_export(tmp_path / "out") == list(exporting.rows(study))
    verdicts_said = export.read_export(tmp_path / "out", "verdicts")
    assert verdicts_said == list(exporting_verdicts.rows(study))
    assert [(said["verdict"], said["is_last"], said["by"]) for said in verdicts_said] == [
        ("bad", False, "A01"), ("fine", True, "A01")
    ]  # fmt: skip
    intervals, channels = (export.read_export(tmp_path / "out", table) for table in ("intervals", "channels"))
    assert intervals == list(exporting_marks.interval_rows(study))
    assert [(one["onset"], one["duration"], one["trial_type"], one["text"]) for one in intervals] == [
        (1.25, 0.75, "event", "=a\n'b'")
    ]
    assert channels == list(exporting_marks.channel_rows(study))
    assert [(one["is_bad"], one["is_last"], one["reason"]) for one in channels] == [
        (True, False, "=loose"), (False, True, "")
    ]  # fmt: skip
    tables = ("labels", "verdicts", "intervals", "channels")
    files = sorted([*(f"{table}.{suffix}" for table in tables), "manifest.json"])
    assert sorted(path.name for path in (tmp_path / "out").iterdir()) == files
    manifest = json.loads((tmp_path / "out" / "manifest.json").read_text())
    row = Export.objects.select_related("job").get(pk=row.pk)
    assert manifest["rows"] == row.rows == 4
    assert manifest["files"][0]["sha256"] == row.sha256
    assert [(file["name"], file["rows"]) for file in manifest["files"]] == [
        (f"{table}.{suffix}", n) for table, n in zip(tables, (4, 2, 1, 2), strict=True)
    ]
    assert manifest["study"]["slug"] == study.slug
    assert row.job.state == JobState.SUCCEEDED


def test_an_export_for_the_page_is_one_archive(study: Study, tmp_path: Path, settings: Settings) -> None:
    settings.EXPORT_ROOT = tmp_path / "exports"
    row = exporting.request_export(study, actor=None, format="csv")
    export.run_export(row.job.pk)
    row.refresh_from_db()
    with zipfile.ZipFile(tmp_path / "exports" / row.path) as archive:
        archive.extractall(tmp_path / "unpacked")
    assert export.read_export(tmp_path / "unpacked") == list(exporting.rows(study))
    assert export.digest(tmp_path / "exports" / row.path) == row.sha256
    assert [path.name for path in (tmp_path / "exports").iterdir()] == [row.path]


def test_a_folder_that_can_not_be_written_is_one_sentence(study: Study, tmp_path: Path) -> None:
    (tmp_path / "out").write_text("a file, not a folder")
    row = exporting.request_export(study, actor=None, format="csv", out=tmp_path / "out")
    export.run_export(row.job.pk)
    row = Export.objects.select_related("job").get(pk=row.pk)
    assert row.job.state == JobState.FAILED
    assert row.job.reason == f"{tmp_path / 'out'} can't be written: File exists."
    assert row.rows is None


def test_the_same_export_twice_is_the_same_file(study: Study, tmp_path: Path) -> None:
    digests = []
    for _ in range(2):
        row = exporting.request_export(study, actor=None, format="parquet", out=tmp_path / "out")
        export.run_export(row.job.pk)
        digests.append(Export.objects.get(pk=row.pk).sha256)
    assert digests[0] == digests[1]


def test_known_answers_come_where_a_study_has_clips_for_them(
    transactional_db: None, broker: str, tmp_path: Path
) -> None:
    study = led_study()
    ann = make_member(study, "ann")
    to_practice(study, ann)
    clip = queueing.claim(study, ann)[0].clip
    labelling.submit_and_claim(clip, ann, labelling.Submission(uuid4(), AnswerKind.LABEL, dict(RIGHT)))
    row = exporting.request_export(study, actor=None, format="csv", out=tmp_path / "out")
    export.run_export(row.job.pk)
    read = export.read_export(tmp_path / "out", "known_answers")
    assert read == list(exporting_gold.rows(study, with_history=False))
    manifest = json.loads((tmp_path / "out" / "manifest.json").read_text())
    assert (manifest["rows"], manifest["files"][-1]["name"], manifest["files"][-1]["rows"]) == (
        0,
        "known_answers.csv",
        1,
    )
