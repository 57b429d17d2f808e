"""Tables: the many ways to write a time and a number, irregular stamps, markers, and what is no EEG."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

import numpy as np
import pytest

from mlcore.errors import RecordingError
from mlcore.io.eeg import EegRecording, open_eeg
from tests.factories.eeg_formats import DATA_UV, SFREQ, write_csv
from tests.factories.shared import shared_file

_ROWS = 1000


def _wave_uv(times_s: np.ndarray) -> np.ndarray:
    return 30.0 * np.sin(2 * np.pi * 3.0 * times_s)


def _table(path: Path, times: Iterable[object], values: Iterable[object], heading: str = "time") -> EegRecording:
    rows = "".join(f"{time},{value}\n" for time, value in zip(times, values, strict=True))
    path.write_text(f"{heading},Fp1 (uV)\n{rows}", encoding="utf-8")
    return open_eeg(path)


class TestTimes:
    @pytest.mark.parametrize(
        ("heading", "factor", "origin"),
        [
            ("time", 1.0, 0.0),
            ("Time (ms)", 1e3, 5.0),
            ("timestamp_us", 1e6, 0.0),
            ("Timestamps", 1.0, 1_700_000_000.0),
            ("timestamp", 1e3, 1_700_000_000.0),
            ("timestamp [ns]", 1e9, 0.0),
            ("time", 1.0, -2.0),
        ],
    )
    def test_numbers(self, tmp_path: Path, heading: str, factor: float, origin: float) -> None:
        times_s = np.arange(_ROWS) / 256
        stamps = [f"{(origin + time_s) * factor:.4f}" for time_s in times_s]
        recording = _table(tmp_path / "a.csv", stamps, _wave_uv(times_s), heading)
        assert recording.info.sfreq == pytest.approx(256, rel=1e-4)
        np.testing.assert_allclose(1e6 * recording.read(["Fp1"], 0.0, 9.0)[0], _wave_uv(times_s), atol=1e-4)

    @pytest.mark.parametrize("pattern", ["{clock}", "{date} {clock}", "{date}T{clock}", "{date}T{clock}Z"])
    @pytest.mark.parametrize("dash", ["-", "/"])
    def test_clocks_that_pass_midnight(self, tmp_path: Path, pattern: str, dash: str) -> None:
        stamps = np.datetime64("2026-01-02T23:59:58") + (np.arange(_ROWS) * 1e6 / 256).astype("timedelta64[us]")
        texts = [str(stamp).split("T") for stamp in stamps]
        cells = [pattern.format(date=date.replace("-", dash), clock=clock) for date, clock in texts]
        recording = _table(tmp_path / "a.csv", cells, np.zeros(_ROWS))
        assert recording.info.sfreq == pytest.approx(256, rel=1e-5)
        assert recording.gaps == ()


class TestStamps:
    def test_parcels_of_samples_with_one_stamp(self, tmp_path: Path) -> None:
        """Bluetooth: 12 samples arrive together, some 10 ms late or early."""
        rng = np.random.default_rng(3)
        times_s = np.arange(1200) / 256
        stamps_s = np.repeat(times_s[::12] + rng.uniform(0, 0.01, 100), 12)
        recording = _table(tmp_path / "a.csv", stamps_s, _wave_uv(times_s))
        assert recording.info.n_samples == 1200
        assert recording.info.sfreq == pytest.approx(256, rel=2e-3)
        np.testing.assert_allclose(1e6 * recording.read(None, 0.0, 9.0)[0], _wave_uv(times_s), atol=1e-4)
        assert "its times waver by up to" in recording.warnings[0]

    def test_gap_keeps_its_place(self, tmp_path: Path) -> None:
        times_s = np.arange(2560) / 256
        times_s = times_s[(times_s < 3.0) | (times_s >= 6.5)]
        recording = _table(tmp_path / "a.csv", times_s, _wave_uv(times_s))
        ((start_s, stop_s),) = recording.gaps
        assert (start_s, stop_s) == pytest.approx((3.0, 6.5), abs=0.01)
        np.testing.assert_allclose(
            1e6 * recording.read(None, 6.5, 9.5)[0], _wave_uv(times_s[times_s >= 6.5])[:768], atol=1e-4
        )
        assert not recording.read(None, 3.1, 6.4).any()
        assert recording.warnings == ("a.csv: nothing was recorded from 3.0 s to 6.5 s.",)

    def test_uneven_samples_are_interpolated(self, tmp_path: Path) -> None:
        """The rate drifts from 200 to 300 a second."""
        times_s = np.cumsum(1.0 / np.linspace(200, 300, 2500))
        times_s -= times_s[0]
        recording = _table(tmp_path / "a.csv", [f"{time_s:.9f}" for time_s in times_s], _wave_uv(times_s))
        grid_s = np.arange(recording.info.n_samples) / recording.info.sfreq
        np.testing.assert_allclose(1e6 * recording.read(None, 0.0, 99.0)[0], _wave_uv(grid_s), atol=0.2)
        parts = [recording.read(None, a, a + 0.5)[0] for a in np.arange(0.0, recording.info.duration_s, 0.5)]
        np.testing.assert_allclose(np.concatenate(parts), recording.read(None, 0.0, 99.0)[0], atol=1e-18)
        assert "the samples were interpolated" in recording.warnings[0]

    def test_given_rate_that_the_times_contradict(self, tmp_path: Path) -> None:
        recording = open_eeg(write_csv(tmp_path / "a.csv"), sfreq=500.0)
        assert recording.info.sfreq == SFREQ
        assert recording.warnings == ("a.csv: 500 samples a second were given, its times say 128 and were believed.",)


class TestRates:
    TEXT = "Fp1 (uV),Fp2 (uV)\n" + "".join(f"{row % 9},{row % 7}\n" for row in range(300))

    def test_rate_that_is_given(self, tmp_path: Path) -> None:
        (tmp_path / "a.csv").write_text(self.TEXT)
        info = open_eeg(tmp_path / "a.csv", sfreq=100.0).info
        assert (info.sfreq, info.duration_s, info.channels) == (100.0, 3.0, ("Fp1", "Fp2"))

    def test_rate_in_a_comment(self, tmp_path: Path) -> None:
        (tmp_path / "a.txt").write_text("%OpenBCI Raw EXG Data\n%Sample Rate = 250 Hz\n" + self.TEXT)
        assert open_eeg(tmp_path / "a.txt").info.sfreq == 250.0

    def test_short_row_without_times_is_refused(self, tmp_path: Path) -> None:
        (tmp_path / "a.csv").write_text(self.TEXT + "1\n" + self.TEXT.partition("\n")[2])
        with pytest.raises(RecordingError, match="without a column of times that would shift"):
            open_eeg(tmp_path / "a.csv", sfreq=100.0)


class TestCells:
    def test_decimal_commas(self, tmp_path: Path) -> None:
        recording = open_eeg(write_csv(tmp_path / "a.csv", delimiter=";", decimal=","))
        np.testing.assert_allclose(1e6 * recording.read(None, 0.0, 4.0), DATA_UV, atol=1e-4)

    def test_units_of_the_headings(self, tmp_path: Path) -> None:
        headings = ("time", "Fp1 [mV]", "Fp2 (µV)", "Temp (degC)", "marker")
        recording = open_eeg(write_csv(tmp_path / "a.csv", headings=headings))
        factors = np.array([1e-3, 1e-6, 1.0])[:, None]
        assert recording.info.kinds == ("eeg", "eeg", "temperature")
        np.testing.assert_allclose(recording.read(None, 0.0, 4.0) / factors, DATA_UV, atol=1e-4)
        assert recording.warnings == ()

    def test_unit_that_is_not_said(self, tmp_path: Path) -> None:
        headings = ("time", "Fp1", "Fp2", "Cz", "marker")
        recording = open_eeg(write_csv(tmp_path / "a.csv", headings=headings))
        assert recording.warnings == ("a.csv: no unit is given for Fp1, Fp2, Cz; the values are taken as microvolts.",)

    def test_numeric_triggers(self, tmp_path: Path) -> None:
        rows = "".join(f"{row / 128},{row % 7},{7 if 100 <= row < 110 else 0}\n" for row in range(400))
        (tmp_path / "a.csv").write_text("time,Fp1 (uV),trigger\n" + rows)
        recording = open_eeg(tmp_path / "a.csv")
        assert recording.info.kinds == ("eeg", "stim")
        assert [(event.time_s, event.value) for event in recording.events] == [(100 / 128, 7)]

    def test_marker_held_for_some_rows_is_one_event(self, tmp_path: Path) -> None:
        rows = "".join(f"{row / 128},{row % 7},{'film' if 100 <= row < 110 else ''}\n" for row in range(400))
        (tmp_path / "a.csv").write_text("time,Fp1 (uV),event\n" + rows)
        events = open_eeg(tmp_path / "a.csv").events
        assert [(event.time_s, event.description) for event in events] == [(100 / 128, "film")]

    def test_columns_of_text_are_left_out_and_named(self, tmp_path: Path) -> None:
        rows = "".join(f"{row / 128},{row % 7},good\n" for row in range(400))
        (tmp_path / "a.csv").write_text("time,Fp1 (uV),state\n" + rows)
        recording = open_eeg(tmp_path / "a.csv")
        assert recording.info.channels == ("Fp1",)
        assert recording.warnings == ("a.csv: state hold texts and were left out.",)


def test_real_muse_recording() -> None:
    recording = open_eeg(shared_file("eeg", "eeglab", "testmusemonitor.csv"))
    assert recording.info.channels == ("TP9", "AF7", "AF8", "TP10", "AUX_RIGHT")
    assert recording.info.n_samples == 26
    assert recording.read(["TP9"], 0.0, 1.0)[0, 0] == pytest.approx(780.4762e-6)
    assert "too few to see EEG" in recording.warnings[0]


@pytest.mark.parametrize(
    "name",
    ["sessions/manifest.csv", "labels/crema-d/tabulatedVotes.csv", "eeg/mne-bids-tiny_bids/participants.tsv"],
)
def test_tables_that_are_no_eeg(name: str) -> None:
    with pytest.raises(RecordingError, match="no EEG is seen in this table"):
        open_eeg(shared_file(*name.split("/")))
