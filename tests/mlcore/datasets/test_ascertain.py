"""Miniature ASCERTAIN: feature vectors, raw EEG, facial tracks, ratings and grades of quality."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from mlcore.datasets import FeatureTrack, Recording, find_recordings, read_recording
from mlcore.errors import LayoutError, RecordingError
from tests.factories import ascertain


def _read(root: Path, subject: str, clip: int) -> Recording:
    found = find_recordings(root, "ascertain")
    spec = next(spec for spec in found.recordings if (spec.subject, spec.session) == (subject, f"clip {clip:02}"))
    return read_recording(spec, found.root)


def _tracks(recording: Recording) -> dict[str, FeatureTrack]:
    return {track.modality: track for track in recording.tracks}


class TestFeatures:
    def test_vectors_of_one_clip(self, tmp_path: Path) -> None:
        recording = _read(ascertain.write_features(tmp_path), "P02", 3)
        tracks = _tracks(recording)
        assert set(tracks) == {"eeg features", "face features", "ecg features", "gsr features"}
        for name, kind in (("eeg features", "EEG"), ("face features", "EMO"), ("gsr features", "GSR")):
            np.testing.assert_allclose(tracks[name].values, ascertain.features(kind)[1, 2][None])
            assert (tracks[name].sfreq, len(tracks[name].features)) == (None, ascertain.N_FEATURES[kind])

    def test_without_signal_or_video_the_ratings_are_there(self, tmp_path: Path) -> None:
        recording = _read(ascertain.write_features(tmp_path), "P01", 2)
        assert (recording.eeg, recording.video_info, recording.duration_s) == (None, None, 0.0)
        (trial,) = recording.trials
        names = ("arousal", "valence", "engagement", "liking", "familiarity")
        assert trial.self_reports == dict(zip(names, ascertain.ratings()[:, 0, 1], strict=True))
        assert (trial.number, trial.stimulus) == (2, "film clip 2")

    def test_a_damaged_feature_file_is_left_out_and_told(self, tmp_path: Path) -> None:
        ascertain.write_features(tmp_path)
        (tmp_path / "ASCERTAIN_Features" / "Dt_GSRFeatures.mat").write_bytes(b"no MATLAB" * 30)
        found = find_recordings(tmp_path)
        assert "Dt_GSRFeatures.mat: can't be read as MATLAB" in found.why
        assert set(found.recordings[0].track_paths) == {"eeg features", "face features", "ecg features"}


class TestRaw:
    @pytest.mark.parametrize("key", ["ThisEEG", "ThsEEG"])
    def test_eeg_whatever_the_variable_is_called(self, tmp_path: Path, key: str) -> None:
        recording = _read(ascertain.write_raw(tmp_path, key=key), "P01", 2)
        assert recording.eeg is not None
        assert (recording.eeg.info.sfreq, recording.duration_s) == (32.0, 10.0)
        np.testing.assert_allclose(recording.eeg.read(None, 0.0, 10.0), 1e-6 * ascertain.raw_uv(2), rtol=1e-12)
        assert any("no unit" in warning for warning in recording.warnings)

    @pytest.mark.parametrize(("subject", "fps"), [(36, 20.0), (37, 25.0)])
    def test_faces_at_the_camera_s_rate(self, tmp_path: Path, subject: int, fps: float) -> None:
        track = _tracks(_read(ascertain.write_raw(tmp_path, (subject,)), f"P{subject}", 1))["face"]
        assert (track.sfreq, track.stop_s, track.values.shape) == (fps, 10.0, (10 * fps, 22))
        np.testing.assert_allclose(track.values, ascertain.track(subject))

    def test_a_track_alone_has_its_length(self, tmp_path: Path) -> None:
        ascertain.write_raw(tmp_path, (1,))
        for path in (tmp_path / "MovieDataSegments" / "EEGData" / "Movie_P01").iterdir():
            path.unlink()
        recording = _read(tmp_path, "P01", 1)
        assert (recording.eeg, recording.duration_s, recording.trials[0].stop_s) == (None, 10.0, 10.0)

    def test_another_shape_is_refused(self, tmp_path: Path) -> None:
        ascertain.write_raw(tmp_path, (1,))
        path = tmp_path / "MovieDataSegments" / "EEGData" / "Movie_P01" / "EEG_Clip1.mat"
        ascertain.save(path, "ThisEEG", np.zeros((7, 100)))
        with pytest.raises(RecordingError, match=r"EEG_Clip1\.mat: expected one array of 8 × L numbers, found 0"):
            _read(tmp_path, "P01", 1)


class TestQuality:
    def test_grades_become_remarks(self, tmp_path: Path) -> None:
        root = ascertain.write_ascertain(tmp_path)
        remarks = [warning for warning in _read(root, "P01", 2).warnings if "grades" in warning]
        assert remarks == [
            "ASCERTAIN grades this clip's EEG 5 (1 perfect … 6 missing).",
            "ASCERTAIN grades this clip's face 6 (1 perfect … 6 missing).",
        ]
        assert not [warning for warning in _read(root, "P02", 2).warnings if "grades" in warning]

    def test_a_spreadsheet_that_is_none_is_told(self, tmp_path: Path) -> None:
        ascertain.write_features(tmp_path)
        (tmp_path / "ASCERTAIN_Features" / "Data_Quality_Evaluation.xlsx").write_bytes(b"PK\x03\x04 nothing")
        (warning,) = _read(tmp_path, "P01", 1).warnings
        assert warning == (
            "Data_Quality_Evaluation.xlsx: can't be read as a spreadsheet (it is no .xlsx file, or damaged). "
            "It was not used."
        )


def test_folder_of_something_else(tmp_path: Path) -> None:
    with pytest.raises(LayoutError, match="expected ASCERTAIN's"):
        find_recordings(tmp_path, "ascertain")
