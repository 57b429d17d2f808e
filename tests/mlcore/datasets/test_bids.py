"""EEG-BIDS folders that MNE-BIDS wrote, with videos beside."""

from __future__ import annotations

import json
from pathlib import Path

import mne
import numpy as np
import pytest

from mlcore.datasets import Recording, find_recordings, read_recording
from mlcore.errors import RecordingError
from tests.factories import bids
from tests.factories.shared import shared_file


def _read(root: Path) -> Recording:
    found = find_recordings(root, "bids")
    return read_recording(found.recordings[0], found.root)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """The eeg/ folder of a recording without video."""
    return bids.write_recording(tmp_path)


class TestTables:
    def test_bad_channels_and_kinds(self, folder: Path, tmp_path: Path) -> None:
        recording = _read(tmp_path)
        assert recording.spec.bad_channels == recording.bad_channels == ("O1",)
        assert recording.eeg_info is not None
        assert recording.eeg_info.kinds == ("eeg", "eeg", "eeg", "eeg", "eog")

    def test_kinds_of_the_table_beat_those_of_names(self, folder: Path, tmp_path: Path) -> None:
        table = next(folder.glob("*_channels.tsv"))
        table.write_text(table.read_text(encoding="utf-8-sig").replace("Cz\tEEG", "Cz\tEMG"), encoding="utf-8")
        info = _read(tmp_path).eeg_info
        assert info is not None
        assert info.kinds[2] == "emg"

    def test_units_count_where_the_file_has_none(self, tmp_path: Path) -> None:
        folder = bids.write_recording(tmp_path, fmt="EEGLAB")
        plain = _read(tmp_path)
        table = next(folder.glob("*_channels.tsv"))
        table.write_text(table.read_text(encoding="utf-8-sig").replace("µV", "mV"), encoding="utf-8")
        scaled = _read(tmp_path)
        assert plain.eeg is not None
        assert scaled.eeg is not None
        np.testing.assert_allclose(scaled.eeg.read(["Cz"], 0, 2), 1000.0 * plain.eeg.read(["Cz"], 0, 2), rtol=1e-6)

    def test_units_do_not_count_where_the_file_has_its_own(self, folder: Path, tmp_path: Path) -> None:
        table = next(folder.glob("*_channels.tsv"))
        table.write_text(table.read_text(encoding="utf-8-sig").replace("µV", "mV"), encoding="utf-8")
        eeg = _read(tmp_path).eeg
        assert eeg is not None
        assert float(np.abs(eeg.read(["Fp1"], 0, 2)).max()) == pytest.approx(40e-6, rel=0.01)

    def test_a_table_higher_up_is_inherited(self, folder: Path, tmp_path: Path) -> None:
        table = next(folder.glob("*_channels.tsv"))
        table.rename(tmp_path / "task-film_channels.tsv")
        recording = _read(tmp_path)
        assert recording.bad_channels == ("O1",)
        assert "task-film_channels.tsv" in recording.spec.companion_paths

    def test_a_table_of_another_task_is_not(self, folder: Path, tmp_path: Path) -> None:
        next(folder.glob("*_channels.tsv")).rename(tmp_path / "task-rest_channels.tsv")
        assert _read(tmp_path).bad_channels == ()

    def test_a_table_that_is_no_text(self, folder: Path, tmp_path: Path) -> None:
        next(folder.glob("*_channels.tsv")).write_bytes(b"\xff\xfe\x00")
        bids.write_recording(tmp_path, "02")
        bad, good = find_recordings(tmp_path, "bids").recordings
        assert "_channels.tsv: can't be read as CSV in UTF-8" in bad.error
        assert good.error == ""

    def test_events_that_last_are_trials(self, folder: Path, tmp_path: Path) -> None:
        bids.add_event(folder, onset="20.5", duration="2", trial_type="joy", valence="7", arousal="n/a")
        bids.add_event(folder, onset="21", duration="0", trial_type="button")
        trials = _read(tmp_path).trials
        assert [(trial.stimulus, trial.start_s, trial.stop_s) for trial in trials] == [
            ("amusement", 4.0, 10.0),
            ("fear", 14.0, 19.0),
            ("joy", 20.5, 22.5),
        ]
        assert trials[2].self_reports == {"valence": 7.0}


class TestVideo:
    def test_two_named_moments_give_offset_and_drift(self, folder: Path, tmp_path: Path) -> None:
        video = bids.write_face(bids.video_of(folder))
        for onset, time in (("2.5", "0.5"), ("20.518", "18.5")):
            bids.add_event(folder, onset=onset, duration="0", trial_type="flash", stim_file=video.name, video_time=time)
        clock = _read(tmp_path).clock
        assert clock.offset_s == pytest.approx(1.9995, abs=1e-4)
        assert clock.drift == pytest.approx(0.001, abs=1e-6)
        assert clock.method == "BIDS events"

    def test_start_time_of_the_sidecar(self, folder: Path, tmp_path: Path) -> None:
        video = bids.write_face(bids.video_of(folder))
        video.with_suffix(".json").write_text(json.dumps({"StartTime": -1.5}))
        clock = _read(tmp_path).clock
        assert (clock.offset_s, clock.method) == (-1.5, "BIDS events")

    def test_without_a_word_about_it_the_assumption_is_told(self, folder: Path, tmp_path: Path) -> None:
        bids.write_face(bids.video_of(folder))
        recording = _read(tmp_path)
        assert (recording.clock.offset_s, recording.clock.method) == (0.0, "same start")
        assert any("taken to begin together" in warning for warning in recording.warnings)

    def test_below_sourcedata_the_folders_say_whose_it_is(self, folder: Path, tmp_path: Path) -> None:
        bids.write_face(tmp_path / "sourcedata" / "sub-01" / "ses-a" / "GOPR01.mp4")
        bids.write_face(tmp_path / "sourcedata" / "sub-01" / "ses-b" / "GOPR02.mp4")
        assert _read(tmp_path).spec.video_path == "sourcedata/sub-01/ses-a/GOPR01.mp4"

    def test_stimulus_films_are_no_faces(self, folder: Path, tmp_path: Path) -> None:
        bids.write_face(tmp_path / "stimuli" / "sub-01_film.mp4")
        bids.add_event(folder, onset="1", duration="0", trial_type="film", stim_file="sub-01_film.mp4")
        assert _read(tmp_path).spec.video_path is None

    def test_two_that_fit_alike_are_told(self, folder: Path, tmp_path: Path) -> None:
        for suffix in ("acq-left_beh.mp4", "acq-right_beh.mp4"):
            bids.write_face(bids.video_of(folder, suffix=suffix), seconds=2.0)
        found = find_recordings(tmp_path, "bids")
        assert "has 2 videos that fit alike; sub-01_ses-a_task-film_acq-left_beh.mp4 was taken." in found.why

    def test_contradicting_moments_fall_back_and_say_so(self, folder: Path, tmp_path: Path) -> None:
        video = bids.write_face(bids.video_of(folder))
        for onset, time in (("2.5", "0.5"), ("23.0", "12.5")):
            bids.add_event(folder, onset=onset, duration="0", trial_type="flash", video=video.name, video_time=time)
        recording = _read(tmp_path)
        assert recording.clock.offset_s == 2.0
        assert any("do not agree about the video" in warning for warning in recording.warnings)

    def test_a_sidecar_that_is_no_json(self, folder: Path, tmp_path: Path) -> None:
        bids.write_face(bids.video_of(folder)).with_suffix(".json").write_text("[" * 100_000)
        with pytest.raises(RecordingError, match=r"_beh\.json: can't be read as JSON"):
            _read(tmp_path)


def test_real_folder() -> None:
    root = shared_file("eeg", "mne-bids-tiny_bids")
    found = find_recordings(root)
    (spec,) = found.recordings
    assert (found.layout, spec.subject, spec.session) == ("bids", "01", "ses-eeg_task-rest")
    assert {Path(path).suffix for path in spec.companion_paths} == {".eeg", ".vmrk", ".tsv", ".json"}
    recording = read_recording(spec, found.root)
    assert recording.eeg is not None
    raw = mne.io.read_raw_brainvision(root / str(spec.eeg_path), verbose="error")
    np.testing.assert_allclose(
        recording.eeg.read(["Fp1", "Cz"], 0.0, 0.5), raw.get_data(["Fp1", "Cz"], stop=2500), atol=1e-12
    )
    kinds = dict(zip(recording.eeg.info.channels, recording.eeg.info.kinds, strict=True))
    assert [kinds[name] for name in ("Fp1", "ECG", "HEOG", "GSR", "Temperature")] == [
        *("eeg", "ecg", "eog", "gsr", "temperature")
    ]
    assert recording.trials[0].stop_s == recording.duration_s
