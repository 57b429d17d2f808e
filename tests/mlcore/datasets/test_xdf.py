"""Miniature LabRecorder folders, and the real file that numbers its frames."""

from __future__ import annotations

from pathlib import Path

import pytest

from mlcore.datasets import find_recordings, read_recording
from mlcore.errors import LayoutError
from tests.factories import folders, labrecorder
from tests.factories.shared import shared_file


def test_frame_stamps_place_the_video(tmp_path: Path) -> None:
    found = find_recordings(labrecorder.write_labrecorder(tmp_path))
    recording = read_recording(found.recordings[0], found.root)
    assert recording.clock.offset_s == pytest.approx(labrecorder.VIDEO_OFFSET_S, abs=1e-3)
    assert recording.clock.residual_ms == pytest.approx(0.0, abs=1.0)
    assert recording.clock.method == "XDF stamps"


def test_without_a_frame_stream_it_says_so(tmp_path: Path) -> None:
    labrecorder.write_xdf(tmp_path / "P1" / "take.xdf", with_frames=False)
    labrecorder.write_face(tmp_path / "P1" / "take.mp4")
    recording = read_recording(find_recordings(tmp_path).recordings[0], tmp_path)
    assert (recording.clock.offset_s, recording.clock.method) == (0.0, "same start")
    assert recording.warnings[-1] == (
        "take.xdf: no stream counts the frames of a video; EEG and video were taken to begin together."
    )


def test_a_file_is_a_source_with_the_video_beside_it(tmp_path: Path) -> None:
    labrecorder.write_xdf(tmp_path / "a.xdf")
    labrecorder.write_xdf(tmp_path / "b.xdf", with_frames=False)
    labrecorder.write_face(tmp_path / "a_video.mp4")
    found = find_recordings(tmp_path / "a.xdf")
    (spec,) = found.recordings
    assert (found.root, spec.eeg_path, spec.video_path) == (tmp_path, "a.xdf", "a_video.mp4")


def test_videos_without_a_file_are_named(tmp_path: Path) -> None:
    labrecorder.write_xdf(tmp_path / "P1" / "a.xdf")
    labrecorder.write_xdf(tmp_path / "P1" / "b.xdf")
    labrecorder.write_face(tmp_path / "P1" / "c.mp4")
    found = find_recordings(tmp_path)
    assert [(spec.subject, spec.session, spec.video_path) for spec in found.recordings] == [
        ("P1", "a", None),
        ("P1", "b", None),
    ]
    assert "1 video without XDF file left out (P1/c.mp4)." in found.why


def test_a_folder_with_other_eeg_as_well_is_a_plain_one(tmp_path: Path) -> None:
    labrecorder.write_xdf(tmp_path / "P1" / "a.xdf")
    labrecorder.write_face(tmp_path / "P1" / "a.mp4")
    folders.write_eeg(tmp_path / "P2" / "b.bdf")
    folders.write_face(tmp_path / "P2" / "b.mp4")
    found = find_recordings(tmp_path)
    assert (found.layout, len(found.recordings)) == ("folder", 2)
    assert read_recording(found.recordings[0], tmp_path).clock.method == "XDF stamps"


def test_folder_of_something_else(tmp_path: Path) -> None:
    with pytest.raises(LayoutError, match="expected XDF files"):
        find_recordings(tmp_path, "xdf")


def test_real_file() -> None:
    path = next(shared_file("eeg", "xdf-frame-markers").rglob("*.xdf"))
    found = find_recordings(path)
    assert (found.layout, found.why) == ("xdf", "Read as xdf: it is an XDF file.")
    recording = read_recording(found.recordings[0], found.root)
    assert recording.eeg_info is not None
    assert recording.eeg_info.sfreq == pytest.approx(1024, abs=1)
