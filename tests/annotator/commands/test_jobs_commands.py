"""Commands that wait for a job; where no worker answers they run one, a real process."""

from __future__ import annotations

import json
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from pytest_django.fixtures import Settings

from annotator import services
from annotator.domain import rounds
from annotator.enums import RoundState
from annotator.management import waiting
from annotator.models import Round, Study
from tests.factories.labels import add_label
from tests.factories.learnable import label_some, make_learnable
from tests.factories.people import make_member
from tests.factories.recordings import Line, write_manifest
from tests.factories.studies import make_study
from tests.factories.workers import StartWorker, environment
from worker import export

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("broker", "prepared_by_the_tests")]


@pytest.fixture
def prepared_by_the_tests(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    """The servers run already, and the worker of a call works on the tests' database."""
    settings.EMBEDDED = services.Wanted(postgres=False, valkey=False)
    for name in ("DATABASE_URL", "REDIS_URL", "OMP_NUM_THREADS"):
        monkeypatch.setenv(name, environment()[name])


def run(*args: str) -> tuple[str, dict[str, Any]]:
    """What a command printed, and the JSON object of its last line."""
    out = StringIO()
    call_command(*args, stdout=out)
    lines = out.getvalue().splitlines()
    return out.getvalue(), json.loads(lines[-1]) if lines and lines[-1].startswith("{") else {}


@pytest.mark.e2e
def test_an_import_makes_the_study_and_runs_a_worker_for_the_call(tmp_path: Path) -> None:
    source = write_manifest(tmp_path / "in", [Line("S1"), Line("S2", video_s=None)])
    (tmp_path / "in" / "S2-1.edf").write_bytes(b"nothing of use")
    printed, report = run("import_sessions", str(source), "--study", "real", "--layout", "manifest", "--json")
    assert "No worker answers; one runs for this call." in printed
    assert Study.objects.get().slug == "real"
    first, second = report["sessions"]
    assert first == {
        "subject": "S1",
        "session": "1",
        "status": "ready",
        "clips": 2,
        "modalities": ["eeg", "face"],
        "error": "",
    }
    assert (second["status"], second["clips"]) == ("failed", 0)
    assert "S2-1.edf" in second["error"]


@pytest.mark.e2e
def test_a_worker_that_answers_is_used(start_worker: StartWorker, tmp_path: Path) -> None:
    start_worker("io,gpu,live")
    study = make_study("small", n_subjects=2, n_clips=2)
    add_label(study.clips.order_by("pk")[0], make_member(study, "ann"))
    out = tmp_path / "out"
    printed, report = run("export_labels", "--study", "small", "--format", "csv", "--out", str(out), "--json")
    assert "No worker answers" not in printed
    assert report["rows"] == 1
    assert len(export.read_export(out)) == 1
    learnable = make_learnable("learnable")
    label_some(learnable, per_subject=6)
    short = {"teacher": {"n_epochs": 1}, "student": {"n_epochs": 1}}
    rounds.launch_round(learnable.study, actor=None, config=short)
    with pytest.raises(CommandError, match="still running"):
        call_command("run_round", "--study", "learnable", stdout=StringIO())
    waiting.follow(Round.objects.get().job, lambda line: None)
    assert Round.objects.get().state == RoundState.PUBLISHED


def test_an_import_of_which_nothing_came_in_ends_with_a_sentence(tmp_path: Path) -> None:
    with pytest.raises(CommandError, match="does not exist"):
        call_command("import_sessions", str(tmp_path / "nowhere"), "--study", "x", stdout=StringIO())


def test_a_round_that_is_refused_says_why() -> None:
    make_study("empty", n_subjects=4)
    with pytest.raises(CommandError, match="Too few labels"):
        call_command("run_round", "--study", "empty", "--wait", stdout=StringIO())


def test_an_unknown_study_is_named_beside_those_that_exist(tmp_path: Path) -> None:
    make_study("known", n_subjects=2, n_clips=1)
    with pytest.raises(CommandError, match="no study 'unknown'; the studies are: known"):
        call_command("export_labels", "--study", "unknown", "--out", str(tmp_path), stdout=StringIO())


def test_without_waiting_a_round_is_only_launched() -> None:
    learnable = make_learnable("launched", n_clips=6)
    label_some(learnable, per_subject=4)
    _, report = run("run_round", "--study", "launched", "--json")
    assert (report["round"], report["state"]) == (1, "queued")
