from __future__ import annotations

import json
import os
import pty
import re
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from mlcore.commands import main
from tests.mlcore.compare.samples import make_store, without_seconds

HOW = ["--target", "valence3", "--folds", "3", "--seeds", "2", "--seed", "5", "--quiet"]


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("command") / "store"
    make_store(folder)
    return folder


def test_one_method_and_target_is_one_object(store: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out = tmp_path / "new" / "results.json"
    assert main(["crossval", str(store), "--method", "linear", *HOW, "--out", str(out)]) == 0
    result = json.loads(out.read_text(encoding="utf-8"))
    assert (result["method"], result["target"], result["split"]) == ("linear", "valence3", "subject")
    assert (result["seed"], result["seeds"], len(result["folds"])) == (5, [5, 6], 6)
    assert result["mean"]["balanced_accuracy"] > 0.6, "the simulated classes are easy"
    assert capsys.readouterr() == ("", "")
    assert main(["crossval", str(store), "--method", "linear", *HOW]) == 0
    printed = json.loads(capsys.readouterr().out)
    assert without_seconds(printed) == without_seconds(result)


def test_several_are_compared_in_a_table(store: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out = tmp_path / "results.json"
    asked = ["--method", "majority", "linear", "majority", "eegnet", "--modalities", "face", "--against", "linear"]
    assert main(["crossval", str(store), *asked, *HOW, "--out", str(out), "--table"]) == 0
    whole = json.loads(out.read_text(encoding="utf-8"))
    assert [one["method"] for one in whole["results"]] == ["majority", "linear", "eegnet"]
    assert "eegnet reads a waveform" in whole["results"][2]["refused"]
    assert [one["other"] for one in whole["comparisons"]] == ["majority"] * 3
    told = capsys.readouterr().out
    assert re.search(r"^linear +0\.\d{3} \[", told, re.MULTILINE)
    assert "eegnet: refused: eegnet reads a waveform" in told
    assert "linear − majority" in told


def run_killed(arguments: list[str]) -> tuple[str, bytes]:
    """Run the command on a terminal, kill -9 it once a part is finished; what it told, and what was left to read of it.

    The rest of its output ends only when every process that could write to it has ended.
    """
    terminal, side = pty.openpty()
    command = subprocess.Popen(
        [sys.executable, "-m", "mlcore", *arguments], stdout=subprocess.PIPE, stderr=side, start_new_session=True
    )
    os.close(side)
    told = ""
    while not re.search(r"[1-5] of 6 parts", told):
        told += os.read(terminal, 1000).decode()
    command.send_signal(signal.SIGKILL)
    rest, _ = command.communicate(timeout=60)
    os.close(terminal)
    return told, rest


@pytest.mark.parametrize("workers", ["1", "2"])
def test_a_killed_command_goes_on_and_ends_alike(store: Path, tmp_path: Path, workers: str) -> None:
    out, whole = tmp_path / "killed.json", tmp_path / "whole.json"
    how = ["crossval", str(store), "--method", "linear", *HOW[:-1]]
    told, rest = run_killed([*how, "--out", str(out), "--workers", workers])
    assert "0 of 6 parts" in told
    assert rest == b""
    assert not out.exists()
    finished = {path: path.stat().st_mtime_ns for path in (tmp_path / "killed.json.parts").glob("*/*.json")}
    assert 1 <= len(finished) < 6
    assert main([*how, "--quiet", "--out", str(out)]) == 0
    assert main([*how, "--quiet", "--out", str(whole)]) == 0
    assert {path: path.stat().st_mtime_ns for path in finished} == finished, "what was finished is not done again"
    first, second = (without_seconds(json.loads(path.read_text(encoding="utf-8"))) for path in (out, whole))
    assert first == second


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--target", "valence3"], "--method: expected at least one of"),
        (["--method", "magic", "--target", "valence3"], "no method 'magic'"),
        (["--method", "majority", "--target", "mood"], "no target 'mood'"),
        (["--method", "majority", "--target", "sam", "--folds", "1"], "needs 2 or more folds"),
        (["--method", "concord[only=luck]", "--target", "sam"], "the settings of concord are"),
    ],
)
def test_what_makes_no_sense_is_one_sentence(
    store: Path, capsys: pytest.CaptureFixture[str], arguments: list[str], message: str
) -> None:
    assert main(["crossval", str(store), *arguments]) == 1
    error = capsys.readouterr().err
    assert message in error
    assert error.count("\n") == 1


def test_without_a_latent_space_the_result_is_written_all_the_same(
    store: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out, page = tmp_path / "results.json", tmp_path / "latent.html"
    asked = ["--method", "majority", *HOW, "--out", str(out), "--latent", str(page)]
    assert main(["crossval", str(store), *asked]) == 1
    assert "none of the methods has a latent space" in capsys.readouterr().err
    assert json.loads(out.read_text(encoding="utf-8"))["method"] == "majority"
    assert not page.exists()


def test_help_explains_the_options_and_the_json() -> None:
    command = [sys.executable, "-X", "importtime", "-m", "mlcore", "crossval", "--help"]
    told = subprocess.run(command, capture_output=True, text=True, check=True)
    for word in ("--split", "--infer", "--robustness", "majority_rate", "n_unsaid", "OUT.parts"):
        assert word in told.stdout
    assert "torch" not in told.stderr, "help answers without loading heavy libraries"
