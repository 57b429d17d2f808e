"""Miniature EAV: one array a subject, whichever MATLAB version wrote it and however its axes lie."""

from __future__ import annotations

from pathlib import Path

import h5py
import numpy as np
import pytest

from mlcore.datasets import find_recordings, read_recording
from mlcore.errors import LayoutError, RecordingError
from tests.factories import eav


@pytest.mark.parametrize(("key", "version"), [("seg1", "5"), ("seg", "5"), ("seg1", "7.3")])
def test_a_trial_is_its_slice(tmp_path: Path, key: str, version: str) -> None:
    eav.write_subject(tmp_path, 7, key=key, version=version, videos=0)
    specs = find_recordings(tmp_path).recordings
    assert [spec.session for spec in specs] == ["001", "002", "003", "004"]
    eeg = read_recording(specs[2], tmp_path).eeg
    assert eeg is not None
    assert (eeg.info.sfreq, eeg.info.n_samples, len(eeg.info.channels)) == (500.0, 1000, 30)
    assert (eeg.info.channels[0], eeg.info.channels[-1]) == ("Fp1", "PO10")
    np.testing.assert_allclose(eeg.read(None, 0.0, 2.0), 1e-6 * eav.eeg_uv()[:, :, 2].T, rtol=1e-12)


@pytest.mark.parametrize("axes", [(0, 1, 2), (1, 0, 2), (2, 1, 0), (2, 0, 1)])
def test_the_shape_is_trusted(tmp_path: Path, axes: tuple[int, int, int]) -> None:
    folder = eav.write_subject(tmp_path, 1, videos=0) / "EEG"
    eav.write_mat(folder / "subject1_eeg.mat", "seg1", np.transpose(eav.eeg_uv(), axes))
    specs = find_recordings(tmp_path).recordings
    assert len(specs) == eav.N_TRIALS
    eeg = read_recording(specs[1], tmp_path).eeg
    assert eeg is not None
    np.testing.assert_allclose(eeg.read(None, 0.0, 2.0), 1e-6 * eav.eeg_uv()[:, :, 1].T, rtol=1e-12)


def test_other_channel_counts_get_numbers_for_names(tmp_path: Path) -> None:
    folder = eav.write_subject(tmp_path, 1, videos=0) / "EEG"
    eav.write_mat(folder / "subject1_eeg.mat", "seg1", eav.eeg_uv()[:, :5])
    info = read_recording(find_recordings(tmp_path).recordings[0], tmp_path).eeg_info
    assert info is not None
    assert info.channels == ("Ch1", "Ch2", "Ch3", "Ch4", "Ch5")


def test_label_and_name_that_disagree(tmp_path: Path) -> None:
    folder = eav.write_subject(tmp_path, 1, videos=1)
    video = next((folder / "Video").iterdir())
    video.rename(video.with_name("001_Trial_01_Speaking_Sadness.mp4"))
    recording = read_recording(find_recordings(tmp_path).recordings[0], tmp_path)
    assert recording.trials[0].stimulus == "Listening Neutral"
    assert "The label file says Listening Neutral and the video's name Speaking Sadness" in recording.warnings[0]


def test_without_labels_the_video_s_name_counts(tmp_path: Path) -> None:
    folder = eav.write_subject(tmp_path, 1)
    (folder / "EEG" / "subject1_eeg_label.mat").unlink()
    recordings = [read_recording(spec, tmp_path) for spec in find_recordings(tmp_path).recordings]
    assert [recording.trials[0].stimulus for recording in recordings] == list(eav.STIMULI)


def test_video_without_eeg(tmp_path: Path) -> None:
    folder = eav.write_subject(tmp_path, 1, videos=2)
    (folder / "EEG" / "subject1_eeg.mat").unlink()
    specs = find_recordings(tmp_path).recordings
    assert [(spec.session, spec.eeg_path) for spec in specs] == [("001", None), ("002", None)]
    assert read_recording(specs[1], tmp_path).trials[0].stimulus == "Speaking Neutral"


def test_one_subject_s_folder_is_a_source(tmp_path: Path) -> None:
    found = find_recordings(eav.write_subject(tmp_path, 12, videos=0))
    assert (found.layout, found.recordings[0].subject, found.recordings[0].eeg_path) == (
        "eav",
        "subject12",
        "EEG/subject12_eeg.mat",
    )


def test_a_subject_that_can_not_be_read_stops_no_other(tmp_path: Path) -> None:
    eav.write_subject(tmp_path, 1, videos=0)
    eav.write_mat(eav.write_subject(tmp_path, 2, videos=0) / "EEG" / "subject2_eeg.mat", "other", np.zeros((3, 3)))
    *good, bad = find_recordings(tmp_path).recordings
    assert {spec.error for spec in good} == {""}
    assert bad.error == "subject2_eeg.mat: expected an array 'seg1' or 'seg' with three axes, got {'other': (3, 3)}."


def test_data_kept_in_another_file_is_not_followed(tmp_path: Path) -> None:
    folder = eav.write_subject(tmp_path / "data", 1, videos=0, version="7.3") / "EEG"
    (tmp_path / "secret.raw").write_bytes(bytes(8 * 1000 * 30 * 4))
    (folder / "subject1_eeg.mat").unlink()
    with h5py.File(folder / "subject1_eeg.mat", "w") as file:
        file.create_dataset(
            "seg1", (4, 30, 1000), "f8", external=[(str(tmp_path / "secret.raw"), 0, h5py.h5f.UNLIMITED)]
        )
    (spec,) = find_recordings(tmp_path / "data").recordings
    with pytest.raises(RecordingError, match="expected an array 'seg1' or 'seg'"):
        read_recording(spec, tmp_path / "data")


def test_folder_of_something_else(tmp_path: Path) -> None:
    with pytest.raises(LayoutError, match="expected folders subject1"):
        find_recordings(tmp_path, "eav")
