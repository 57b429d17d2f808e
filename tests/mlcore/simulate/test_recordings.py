"""The layout, read back by other libraries than the ones that wrote it."""

from __future__ import annotations

import csv
import json
from pathlib import Path
from xml.etree import ElementTree

import av
import mne
import numpy as np
import pyedflib
import pytest

from mlcore.errors import ConcordError, LayoutError
from mlcore.simulate import SimulationConfig, simulate_recordings
from mlcore.simulate.mahnob import AUDIO_RATE_HZ, EEG_CHANNELS, PERIPHERAL_CHANNELS
from tests.mlcore.simulate.conftest import DataSet


def test_folders_and_names_are_mahnobs(small: DataSet) -> None:
    found = {path.relative_to(small.root).as_posix() for path in small.root.rglob("*") if path.is_file()}
    expected = {"README.txt", "truth.json"}
    for subject, trial, folder, minute in ((1, 1, 2, 0), (1, 2, 4, 5), (2, 1, 132, 0), (2, 2, 134, 5)):
        section, day = 2 * trial, 1 + subject
        expected |= {
            f"Sessions/{folder}/session.xml",
            f"Sessions/{folder}/Part_{subject}_S_Trial{trial}_emotion.bdf",
            f"Sessions/{folder}/P{subject}-Rec1-1985.01.{day:02}.09.{minute:02}.00_C1 trigger _C_Section_{section}.avi",
            f"Sessions/{folder}/P{subject}-Rec1-All-Data-New_Section_{section}.tsv",
        }
    assert found == expected


def test_says_that_it_is_simulated(small: DataSet) -> None:
    assert (small.root / "README.txt").read_text(encoding="utf-8").startswith("SIMULATED")
    assert json.loads((small.root / "truth.json").read_text(encoding="utf-8"))["simulated"] is True
    for trial in small.trials:
        root = ElementTree.parse(small.file(trial, "session.xml")).getroot()
        assert "SIMULATED" in root.attrib["experimentType"]
        header = small.file(trial, "*.bdf").read_bytes()[:168]
        assert header[:8] == b"\xffBIOSEMI"
        assert b"SIMULATED" in header[88:]


def test_bdf_holds_24_bits_and_mahnobs_channels(small: DataSet) -> None:
    with pyedflib.EdfReader(str(small.file(small.trials[0], "*.bdf"))) as bdf:
        assert tuple(bdf.getSignalLabels()) == (*EEG_CHANNELS, *PERIPHERAL_CHANNELS, "Status")
        assert set(bdf.getSampleFrequencies()) == {256.0}
        assert bdf.getDigitalMaximum(0) == 2**23 - 1
        assert bdf.getPhysicalDimension(0) == "uV"
        assert bdf.getNSamples()[0] == 14 * 256


def test_triggers_stand_at_start_and_end_of_the_stimulus(small: DataSet) -> None:
    for trial in small.trials:
        raw = mne.io.read_raw_bdf(small.file(trial, "*.bdf"), verbose="error")
        events = mne.find_events(raw, stim_channel="Status", verbose="error")
        assert events[:, 0].tolist() == [round(trial.start_s * 256), round(trial.stop_s * 256)]
        assert events[:, 2].tolist() == [16, 16]


def test_eeg_has_plausible_amplitudes(small: DataSet) -> None:
    for trial in small.trials:
        raw = mne.io.read_raw_bdf(small.file(trial, "*.bdf"), preload=True, verbose="error")
        good = [name for name in EEG_CHANNELS if name not in trial.item["bad_channels"]]
        spread_uv = 1e6 * raw.get_data(picks=good).std(axis=1)
        assert spread_uv.min() > 2.0
        assert spread_uv.max() < 100.0


def test_video_is_what_session_xml_says(small: DataSet) -> None:
    for trial in small.trials:
        attributes = ElementTree.parse(small.file(trial, "session.xml")).getroot().attrib
        with av.open(str(small.file(trial, "*.avi"))) as container:
            stream = container.streams.video[0]
            assert (stream.width, stream.height, float(stream.average_rate or 0)) == (390, 290, 30.0)
            n_frames = sum(1 for _ in container.decode(video=0))
        assert n_frames == int(attributes["vidEndSmp"]) - int(attributes["vidBeginSmp"])
        assert float(attributes["vidRate"]) == pytest.approx(30.0, rel=2e-4)
        audio_s = (int(attributes["audEndSmp"]) - int(attributes["audBeginSmp"])) / AUDIO_RATE_HZ
        assert audio_s == pytest.approx(n_frames / float(attributes["vidRate"]), abs=1e-4)


def test_audio_counter_solves_the_clocks(small: DataSet) -> None:
    """The recipe of the data set: MovieStart's audio sample to a video frame, the first trigger to an EEG time."""
    for trial in small.trials:
        attributes = ElementTree.parse(small.file(trial, "session.xml")).getroot().attrib
        rows = _gaze_rows(small.file(trial, "*.tsv"))
        anchor = next(row for row in rows if row["AudioSampleNumber"])
        start = next(row for row in rows if row["Event"] == "MovieStart")
        since_anchor_s = (float(start["Timestamp"]) - float(anchor["Timestamp"])) / 1000.0
        sample = int(anchor["AudioSampleNumber"]) + since_anchor_s * float(attributes["audRate"])
        video_s = (sample - int(attributes["audBeginSmp"])) / float(attributes["audRate"])
        offset_s = trial.start_s - video_s
        assert 0.5 <= abs(offset_s) <= 3.0
        assert offset_s == pytest.approx(trial.item["video"]["offset_s"], abs=2e-3)


def _gaze_rows(path: Path) -> list[dict[str, str]]:
    lines = path.read_text(encoding="utf-8").splitlines()[23:]
    return list(csv.DictReader(lines, delimiter="\t"))


def test_gaze_file_has_events_and_lost_samples(small: DataSet) -> None:
    rows = _gaze_rows(small.file(small.trials[0], "*.tsv"))
    assert [row["Event"] for row in rows if row["Event"]] == ["MovieStart", "MovieEnd", "KeyPress"]
    assert not rows[0]["AudioSampleNumber"]
    times_ms = [int(row["Timestamp"]) for row in rows]
    assert times_ms == sorted(times_ms)
    lost = sum(row["GazePointX"] == "-1" for row in rows)
    assert 0 < lost < len(rows) / 2


def test_self_reports_are_ratings(small: DataSet) -> None:
    for trial in small.trials:
        attributes = ElementTree.parse(small.file(trial, "session.xml")).getroot().attrib
        assert all(1 <= int(attributes[name]) <= 9 for name in ("feltArsl", "feltVlnc", "feltCtrl", "feltPred"))
        assert int(attributes["feltEmo"]) in {0, 1, 2, 3, 4, 5, 6, 10, 11, 12}


def test_nothing_but_the_truth_file_tells_the_class(small: DataSet) -> None:
    for trial in small.trials:
        folder = small.root / "Sessions" / trial.session
        texts = [folder.joinpath("session.xml"), *folder.glob("*.tsv")]
        for path in texts:
            content = path.read_text(encoding="utf-8")
            assert "valence" not in content
            assert str(trial.item["course"]["valence"][20]) not in content


def test_progress_counts_every_session(small: DataSet) -> None:
    assert small.progress == [(1, 4), (2, 4), (3, 4), (4, 4)]


def test_the_same_seed_writes_the_same_bytes_in_other_processes(tmp_path: Path) -> None:
    config = SimulationConfig(n_subjects=1, n_trials=2, trial_s=3.0, baseline_s=2.0, width=128, height=96, seed=3)
    one = simulate_recordings(tmp_path / "one", config)
    two = simulate_recordings(tmp_path / "two", config, workers=2)
    names = sorted(path.relative_to(one) for path in one.rglob("*") if path.is_file())
    assert len(names) == 2 + 2 * 4
    for name in names:
        assert (one / name).read_bytes() == (two / name).read_bytes(), name


def test_another_seed_is_another_data_set(small: DataSet, tmp_path: Path) -> None:
    config = SimulationConfig(n_subjects=1, n_trials=1, trial_s=3.0, baseline_s=2.0, width=128, height=96, seed=4)
    out = simulate_recordings(tmp_path / "other", config)
    assert (out / "truth.json").read_bytes() != (small.root / "truth.json").read_bytes()


def test_refuses_a_folder_that_holds_sessions(small: DataSet) -> None:
    with pytest.raises(LayoutError, match="already holds sessions"):
        simulate_recordings(small.root, small.config)


@pytest.mark.parametrize(
    ("setting", "message"),
    [
        ({"n_trials": 21}, "n_trials should be 1..20, got 21"),
        ({"width": 391}, "width should be an even number"),
        ({"eeg_sfreq": 250.5}, "eeg_sfreq should be a whole number"),
        ({"trial_s": 0.0}, "trial_s should be at least"),
    ],
)
def test_refuses_impossible_sizes(setting: dict[str, float], message: str) -> None:
    with pytest.raises(ConcordError, match=message):
        SimulationConfig(**setting)  # type: ignore[arg-type]  # wrong values are the point


def test_full_size_is_the_data_sets_own() -> None:
    config = SimulationConfig.full_size()
    assert (config.width, config.height, config.fps, config.baseline_s) == (780, 580, 61.0, 30.0)
    assert len(config.subject_numbers) == 27
    assert not {12, 15, 26} & set(config.subject_numbers)
    assert np.all(np.diff(config.subject_numbers) > 0)
