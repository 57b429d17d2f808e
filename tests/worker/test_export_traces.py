"""Every kind of answer in the exported files, and traces beside them, read back as the database has them."""

from __future__ import annotations

import json
import uuid
from pathlib import Path

import numpy as np
import pytest

from annotator.domain import exporting, exporting_traces, labelling, queueing
from annotator.enums import AnswerKind, TraceDevice
from annotator.models import Label, ReactionLag, Study
from mlcore.types import AFFECT_GRID, EKMAN6, TRACE_VALENCE, UNBOUNDED_AROUSAL, VALENCE3, Dimension, DimensionKind
from tests.factories.people import make_member
from tests.factories.studies import make_study
from tests.factories.traces import events, recording
from worker import export, export_traces

TENSION = Dimension("tension", "Tension", DimensionKind.VAS, ("none", "much"), levels=3)
POSED = Dimension("posed", "Posed", DimensionKind.CLASS, ("yes", "no"))
EVERY_KIND = (POSED, EKMAN6, AFFECT_GRID, TENSION, TRACE_VALENCE, UNBOUNDED_AROUSAL)


@pytest.fixture
def study(transactional_db: None, broker: str) -> Study:
    study = make_study(n_subjects=2, n_clips=3, dimensions=EVERY_KIND)
    ann = make_member(study, "ann")
    for clip in study.clips.order_by("pk")[1:3]:
        queueing.claim_clip(clip, ann)
        values = {
            "posed": 1,
            "emotion": {"joy": 3},
            "affect": [2, 9],
            "tension": 50,
            "valence": recording(clip, values=(0.0, 0.0, 1.0, 1.0), device="kkkk")
            | {"superseded": [events(clip, values=(0.5,))]},
            "arousal": recording(clip, values=(0, 7), device="ww"),
        }
        labelling.submit(clip, ann, labelling.Submission(uuid.uuid4(), AnswerKind.LABEL, values))
    queueing.claim_clip(study.clips.order_by("pk")[3], ann)
    unsure = labelling.Submission(uuid.uuid4(), AnswerKind.CANT_TELL)
    labelling.submit(study.clips.order_by("pk")[3], ann, unsure)
    ReactionLag.objects.create(
        study=study, annotator=ann, device=TraceDevice.KEYS, seed=4, events={"value": []}, lag_ms=500.0, correlation=0.8
    )
    return study


@pytest.mark.parametrize("suffix", ["csv", "parquet"])
def test_every_kind_of_answer_comes_back(study: Study, tmp_path: Path, suffix: str) -> None:
    row = exporting.request_export(study, actor=None, format=suffix, out=tmp_path / "out")
    export.run_export(row.job.pk)
    tables = ("labels", "verdicts", "traces", "traces_resampled", "reaction_lags")
    read = {table: export.read_export(tmp_path / "out", table) for table in tables}
    assert read["labels"] == list(exporting.rows(study))
    assert read["traces"] == list(exporting_traces.rows(study))
    assert read["traces_resampled"] == list(export_traces.rows(study))
    assert read["reaction_lags"] == list(exporting_traces.lag_rows(study))
    assert {name: len(rows) for name, rows in read.items()} == {
        "labels": 3, "verdicts": 0, "traces": 4, "traces_resampled": 80, "reaction_lags": 1,
    }  # fmt: skip
    first, *_, unsure = read["labels"]
    asked = ("posed", "posed_name", "emotion", "affect", "affect_valence", "affect_arousal", "tension")
    assert [first[name] for name in asked] == [1, "no", {"joy": 3}, [2, 9], 2, 9, 50.0]
    assert first["valence"] == Label.objects.order_by("pk")[0].values["valence"]
    assert [unsure[name] for name in asked] == [None, "", None, None, None, None, None]
    manifest = json.loads((tmp_path / "out" / "manifest.json").read_text())
    everything = ("labels", "verdicts", "intervals", "channels", "traces", "traces_resampled", "reaction_lags")
    assert [file["name"] for file in manifest["files"]] == [f"{table}.{suffix}" for table in everything]
    assert all(column["meaning"] for file in manifest["files"] for column in file["columns"])
    assert (manifest["study"]["trace_sfreq"], manifest["study"]["applies_lag"]) == (4.0, False)


def test_traces_are_resampled_with_and_without_the_lag(study: Study) -> None:
    raw = list(exporting_traces.rows(study))
    assert [(one["dimension"], one["main_device"], one["lag_ms"]) for one in raw[:2]] == [
        ("valence", "keys", 500.0),
        ("arousal", "wheel", None),
    ]
    clip = study.clips.order_by("pk")[1]
    rows = [one for one in export_traces.rows(study) if (one["clip"], one["dimension"]) == (clip.pk, "valence")]
    assert [one["session_s"] for one in rows] == pytest.approx(clip.start_s + 0.125 + 0.25 * np.arange(20))
    # a step in the middle of the clip; by the lag it comes half a second earlier, and the end is not known
    assert [one["value"] for one in rows] == pytest.approx([0.0] * 10 + [1.0] * 10, abs=1e-3)
    assert [one["value_lag"] for one in rows[:18]] == pytest.approx([0.0] * 8 + [1.0] * 10, abs=1e-3)
    assert [one["value_lag"] for one in rows[18:]] == [None, None]
    wheel = [one for one in export_traces.rows(study) if one["dimension"] == "arousal"]
    assert {one["value_lag"] for one in wheel} == {None}


def test_a_study_without_traces_has_none_of_these_files(transactional_db: None, broker: str, tmp_path: Path) -> None:
    study = make_study(dimensions=(VALENCE3, TENSION))
    row = exporting.request_export(study, actor=None, format="csv", out=tmp_path / "out")
    export.run_export(row.job.pk)
    names = sorted(path.name for path in (tmp_path / "out").iterdir())
    assert names == ["channels.csv", "intervals.csv", "labels.csv", "manifest.json", "verdicts.csv"]
