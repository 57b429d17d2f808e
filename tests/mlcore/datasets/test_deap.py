"""Miniature DEAP: arrays in pickles, original recordings, face videos by presentation."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from mlcore.datasets import Recording, find_recordings, read_recording
from mlcore.errors import LayoutError, RecordingError
from mlcore.types import RecordingSpec
from tests.factories import deap
from tests.factories.eeg import pulses, sines_uv, write_bdf


def _by_session(root: Path) -> dict[str, RecordingSpec]:
    return {spec.session: spec for spec in find_recordings(root, "deap").recordings}


def _read(root: Path, session: str) -> Recording:
    return read_recording(_by_session(root)[session], root)


class TestPreprocessed:
    def test_videos_go_by_presentation_and_rows_by_experiment(self, tmp_path: Path) -> None:
        deap.write_preprocessed(tmp_path)
        deap.write_ratings(tmp_path)
        for trial in (1, 2, 3):
            deap.write_face(tmp_path, 1, trial, seconds=1.0)
        videos = {session: spec.video_path for session, spec in _by_session(tmp_path).items()}
        # shown first, second, third: 3, 1, 2
        assert videos == {
            "experiment 01": "face_video/s01/s01_trial02.avi",
            "experiment 02": "face_video/s01/s01_trial03.avi",
            "experiment 03": "face_video/s01/s01_trial01.avi",
        }

    def test_a_row_is_read_as_the_file_holds_it(self, tmp_path: Path) -> None:
        deap.write_preprocessed(tmp_path)
        recording = _read(tmp_path, "experiment 02")
        assert recording.eeg is not None
        assert recording.eeg_info is not None
        assert (recording.eeg_info.sfreq, recording.eeg_info.n_samples) == (128.0, 8064)
        body = recording.eeg_info.channels[32:]
        assert body == ("hEOG", "vEOG", "zEMG", "tEMG", "GSR", "Resp", "Plet", "Temp")
        assert recording.eeg_info.kinds[32:] == ("eog", "eog", "emg", "emg", "gsr", "resp", "misc", "temperature")
        data = deap.data_of(1)[1]
        np.testing.assert_allclose(recording.eeg.read(["AF3"], 0.0, 63.0)[0], 1e-6 * data[1], rtol=1e-12)
        np.testing.assert_allclose(recording.eeg.read(["GSR"], 0.0, 63.0)[0], data[36], rtol=1e-12)

    def test_trial_without_baseline_and_its_ratings(self, tmp_path: Path) -> None:
        deap.write_preprocessed(tmp_path)
        deap.write_ratings(tmp_path)
        (trial,) = _read(tmp_path, "experiment 01").trials
        assert (trial.number, trial.start_s, trial.stop_s, trial.stimulus) == (2, 3.0, 63.0, "music video 1")
        names = ("valence", "arousal", "dominance", "liking")
        assert trial.self_reports == dict(zip(names, deap.labels_of(1)[0], strict=True))

    @pytest.mark.parametrize(("seconds", "offset_s"), [(60.0, 3.0), (63.0, 0.0), (20.0, 3.0)])
    def test_a_video_with_the_baseline_begins_with_it(self, tmp_path: Path, seconds: float, offset_s: float) -> None:
        deap.write_preprocessed(tmp_path)
        deap.write_ratings(tmp_path)
        deap.write_face(tmp_path, 1, 1, seconds=seconds)
        recording = _read(tmp_path, "experiment 03")
        assert (recording.clock.offset_s, recording.clock.method) == (offset_s, "given offset")
        assert "DEAP does not say when" in recording.warnings[0]

    def test_without_ratings_no_video_is_guessed(self, tmp_path: Path) -> None:
        deap.write_preprocessed(tmp_path)
        deap.write_face(tmp_path, 1, 1, seconds=1.0)
        found = find_recordings(tmp_path)
        assert {spec.video_path for spec in found.recordings} == {None}
        assert "There is no participant_ratings.csv" in found.why
        assert "3 trials of 3 without face video." in found.why

    def test_old_spreadsheets_are_named(self, tmp_path: Path) -> None:
        deap.write_preprocessed(tmp_path)
        (tmp_path / "participant_ratings.xls").write_bytes(b"\xd0\xcf\x11\xe0")
        assert "save it as participant_ratings.csv" in find_recordings(tmp_path).why

    def test_the_folder_of_arrays_is_a_source_too(self, tmp_path: Path) -> None:
        deap.write_preprocessed(tmp_path, 2)
        found = find_recordings(tmp_path / "data_preprocessed_python")
        assert [spec.eeg_path for spec in found.recordings] == ["s02.dat"] * 3

    def test_a_damaged_subject_stops_no_other(self, tmp_path: Path) -> None:
        deap.write_preprocessed(tmp_path, 1)
        deap.write_preprocessed(tmp_path, 2).write_bytes(b"\x80\x02cos\nsystem\nX\x02\x00\x00\x00id\x85R.")
        *good, bad = find_recordings(tmp_path).recordings
        assert [spec.error for spec in good] == [""] * 3
        assert (bad.subject, bad.session) == ("s02", "s02.dat")
        assert bad.error == (
            "s02.dat: can't be read as a pickle of arrays (it asks for 'os.system', and only arrays are admitted)."
        )

    def test_a_row_that_is_not_there(self, tmp_path: Path) -> None:
        deap.write_preprocessed(tmp_path)
        spec = RecordingSpec("s01", "x", "deap", "data_preprocessed_python/s01.dat", None, part=3)
        with pytest.raises(RecordingError, match="holds 3 trials; there is no row 4"):
            read_recording(spec, tmp_path)

    def test_brainvision_data_is_no_pickle(self, tmp_path: Path) -> None:
        (tmp_path / "s01.dat").write_bytes(b"\x00\x01" * 100)
        with pytest.raises(LayoutError, match="expected DEAP's files"):
            find_recordings(tmp_path, "deap")


class TestOriginal:
    @pytest.mark.parametrize("high_bits", [0, 0xFF00])
    def test_trials_by_status(self, tmp_path: Path, high_bits: int) -> None:
        deap.write_original(tmp_path, high_bits=high_bits)
        deap.write_ratings(tmp_path)
        recording = _read(tmp_path, "experiment 01")
        (trial,) = recording.trials
        assert (trial.start_s, trial.stop_s, trial.number) == (3.0, 3.0 + deap.FILM_S, 2)
        assert recording.duration_s == 3.0 + deap.FILM_S + 3.0
        assert trial.self_reports == dict(
            zip(("valence", "arousal", "dominance", "liking"), deap.labels_of(1)[0], strict=True)
        )

    def test_samples_are_those_around_the_film(self, tmp_path: Path) -> None:
        deap.write_original(tmp_path)
        recording = _read(tmp_path, "trial 02")
        assert recording.eeg is not None
        times_s = deap.FILM_STARTS_S[1] - 3 + np.arange(512) / 512
        expected = 40e-6 * np.sin(2 * np.pi * 5 * times_s)
        np.testing.assert_allclose(recording.eeg.read(["Fp1"], 0.0, 1.0)[0], expected, atol=1e-7)

    def test_channels_in_the_file_s_own_order(self, tmp_path: Path) -> None:
        deap.write_original(tmp_path)
        info = _read(tmp_path, "trial 01").eeg_info
        assert info is not None
        assert info.channels == (*deap.ORIGINAL_CHANNELS, "Status")
        assert info.sfreq == 512.0

    def test_without_ratings_all_forty_are_listed_and_missing_ones_say_so(self, tmp_path: Path) -> None:
        deap.write_original(tmp_path)
        specs = find_recordings(tmp_path).recordings
        assert len(specs) == 40
        with pytest.raises(RecordingError, match="Status marks 3 films; there is no trial 4"):
            read_recording(specs[3], tmp_path)

    def test_arrays_come_before_originals(self, tmp_path: Path) -> None:
        deap.write_original(tmp_path)
        deap.write_preprocessed(tmp_path)
        found = find_recordings(tmp_path)
        assert {spec.eeg_path for spec in found.recordings} == {"data_preprocessed_python/s01.dat"}
        assert "1 original recording (.bdf) left out" in found.why

    def test_a_recording_called_s01_is_not_deap(self, tmp_path: Path) -> None:
        write_bdf(tmp_path / "s01.bdf", ["Fp1"], sines_uv(1, 1280, 128), sfreq=128, status=pulses(1280, [300]))
        assert find_recordings(tmp_path).layout == "folder"
