from __future__ import annotations

import io
import json
import subprocess
import sys
from pathlib import Path

import pytest

from mlcore.commands import main

SIZES = ["--subjects", "1", "--trials", "1", "--trial-s", "4", "--baseline-s", "2", "--width", "128", "--height", "96"]


@pytest.fixture(scope="module")
def simulated(tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("command") / "out"
    options = ["--seed", "7", "--workers", "1", "--quiet", "--difficulty", "background_uv=20"]
    assert main(["simulate", str(out), *SIZES, *options]) == 0
    return out


def test_simulate_writes_what_was_asked_for(simulated: Path) -> None:
    config = json.loads((simulated / "truth.json").read_text(encoding="utf-8"))["config"]
    assert (config["n_subjects"], config["trial_s"], config["width"], config["seed"]) == (1, 4.0, 128, 7)
    assert config["difficulty"]["background_uv"] == 20.0
    assert len(list(simulated.glob("Sessions/2/*"))) == 4


def test_oracle_answers_clips(
    simulated: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    clips = [
        {
            "clip_id": number,
            "subject": "P01",
            "session": "2",
            "trial": 1,
            "start_s": 2.0 + number,
            "stop_s": 4.0 + number,
        }
        for number in range(2)
    ]
    monkeypatch.setattr(sys, "stdin", io.StringIO("\n".join(json.dumps(clip) for clip in clips) + "\n\n"))
    assert main(["oracle", str(simulated / "truth.json"), "--annotator", "2", "--abstain-rate", "0"]) == 0
    answers = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert [answer["clip_id"] for answer in answers] == [0, 1]
    for answer in answers:
        assert set(answer["values"]) == {"valence", "arousal"}
        assert answer["confidence"] in {1, 2, 3}
        assert answer["seconds_spent"] > 2.0


def test_oracle_names_the_line_it_cannot_read(
    simulated: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(sys, "stdin", io.StringIO('{"clip_id": 1}\n'))
    assert main(["oracle", str(simulated / "truth.json")]) == 1
    assert "line 1: expected a JSON object with clip_id" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--trials", "99"], "n_trials should be 1..20, got 99"),
        (["--difficulty", "charm=3"], "expected NAME=VALUE with one of"),
        (["--difficulty", "eeg_gain=high"], "'high' is not a number"),
    ],
)
def test_wrong_options_are_one_sentence(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], arguments: list[str], message: str
) -> None:
    assert main(["simulate", str(tmp_path / "out"), *arguments]) == 1
    assert message in capsys.readouterr().err
    assert not (tmp_path / "out").exists()


def test_full_size_gives_way_to_what_is_said(tmp_path: Path) -> None:
    from mlcore.commands import build_parser
    from mlcore.commands.simulate import build_config

    args = build_parser().parse_args(["simulate", str(tmp_path), "--full-size", "--subjects", "3"])
    config = build_config(args)
    assert (config.n_subjects, config.n_trials, config.width, config.fps) == (3, 20, 780, 61.0)


def test_help_lists_the_commands_without_heavy_imports() -> None:
    program = (
        "import sys, mlcore.commands as c; text = c.build_parser().format_help(); "
        "assert 'simulate' in text and 'oracle' in text; "
        "sys.exit(' '.join(sorted({'torch', 'mne', 'cv2', 'av'} & set(sys.modules))))"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr.strip()) == (1, "") or done.returncode == 0
