"""EDF, EDF+ and BDF as other libraries write them: pauses, rates, texts, units."""

from __future__ import annotations

import datetime
from pathlib import Path

import edfio
import mne
import numpy as np
import pyedflib
import pytest

from mlcore.io.eeg import open_eeg
from tests.factories.eeg import sines_uv
from tests.factories.eeg_faults import write_discontinuous
from tests.factories.eeg_formats import SFREQ
from tests.factories.shared import shared_file


def _signal(label: str, sfreq: float, data: np.ndarray, unit: str = "uV") -> edfio.EdfSignal:
    reach = float(np.abs(data).max()) + 1.0
    return edfio.EdfSignal(data, sfreq, label=label, physical_dimension=unit, physical_range=(-reach, reach))


class TestPauses:
    STARTS_S = (0.0, 1.0, 5.0, 6.0, 20.25)

    def test_records_lie_where_their_times_say(self, tmp_path: Path) -> None:
        recording = open_eeg(write_discontinuous(tmp_path / "a.edf", list(self.STARTS_S)))
        assert recording.info.duration_s == 21.25
        assert recording.gaps == ((2.0, 5.0), (7.0, 20.25))
        written = sines_uv(1, SFREQ * 5, SFREQ)[0]
        for record, start_s in enumerate(self.STARTS_S):
            read_uv = 1e6 * recording.read(["Fp1"], start_s, start_s + 1.0)[0]
            np.testing.assert_allclose(read_uv, written[record * SFREQ : (record + 1) * SFREQ], atol=0.02)

    def test_nothing_is_read_from_a_pause(self, tmp_path: Path) -> None:
        recording = open_eeg(write_discontinuous(tmp_path / "a.edf", list(self.STARTS_S)))
        assert not recording.read(None, 2.0, 5.0).any()
        across = recording.read(None, 1.5, 5.5)
        assert across.shape == (1, 4 * SFREQ)
        assert across[0, : SFREQ // 2].any()
        assert not across[0, SFREQ // 2 : -SFREQ // 2].any()

    def test_texts_keep_their_times(self, tmp_path: Path) -> None:
        recording = open_eeg(write_discontinuous(tmp_path / "a.edf", list(self.STARTS_S)))
        assert [event.time_s for event in recording.events] == [0, 1, 5, 6, 20]
        assert recording.warnings == (
            "a.edf: nothing was recorded from 2.0 s to 5.0 s.",
            "a.edf: nothing was recorded from 7.0 s to 20.2 s.",
        )


class TestRates:
    def test_slower_signals_are_interpolated_alike_in_every_window(self, tmp_path: Path) -> None:
        times_s = np.arange(4 * 16) / 16
        slow = 10 * np.sin(2 * np.pi * 0.5 * times_s)
        signals = [_signal("Fp1", 128, sines_uv(1, 512, 128)[0]), _signal("Resp", 16, slow)]
        edfio.Edf(signals, data_record_duration=1.0).write(tmp_path / "a.edf")
        recording = open_eeg(tmp_path / "a.edf")
        whole = recording.read(["Resp"], 0.0, 4.0)[0]
        np.testing.assert_allclose(1e6 * whole[::8], slow, atol=1e-3)
        parts = [recording.read(["Resp"], a, a + 0.25)[0] for a in np.arange(0.0, 4.0, 0.25)]
        assert np.array_equal(np.concatenate(parts), whole)
        assert recording.warnings == ("a.edf: Resp at another rate; interpolated to 128 samples a second.",)

    def test_the_rate_is_that_of_the_eeg(self, tmp_path: Path) -> None:
        sound = _signal("ECG", 512, sines_uv(1, 2048, 512)[0])
        signals = [sound, *(_signal(name, 128, sines_uv(1, 512, 128)[0]) for name in ("Fp1", "Fp2"))]
        edfio.Edf(signals, data_record_duration=1.0).write(tmp_path / "a.edf")
        recording = open_eeg(tmp_path / "a.edf")
        assert (recording.info.sfreq, recording.info.n_samples) == (128, 512)
        np.testing.assert_allclose(1e6 * recording.read(["ECG"], 0.0, 4.0), sines_uv(1, 512, 128), atol=0.02)

    def test_real_file_of_two_rates(self) -> None:
        path = shared_file("eeg", "mne-python", "test_uneven_samp.edf")
        with pyedflib.EdfReader(str(path)) as reader:
            fast = reader.readSignal(0)
        ours = open_eeg(path).read(None, 0.0, 200.0)
        np.testing.assert_allclose(ours[0], fast, atol=1e-9)  # its unit is volts


class TestTexts:
    def test_file_that_begins_within_a_second(self, tmp_path: Path) -> None:
        """EDF+ counts texts from the header's whole second; the samples begin a fraction later."""
        edf = edfio.Edf(
            [_signal("Fp1", 128, sines_uv(1, 512, 128)[0])],
            recording=edfio.Recording(startdate=datetime.date(2026, 1, 2)),
            starttime=datetime.time(12, 0, 0, 625_000),
            annotations=[edfio.EdfAnnotation(1.5, None, "stim 7")],
            data_record_duration=1.0,
        )
        edf.write(tmp_path / "a.edf")
        assert [(event.time_s, event.value) for event in open_eeg(tmp_path / "a.edf").events] == [(1.5, 7)]

    def test_texts_and_triggers_of_one_file(self) -> None:
        path = shared_file("eeg", "mne-python", "test.edf")
        raw = mne.io.read_raw_edf(path, verbose="error")
        events = open_eeg(path).events
        texts = set(raw.annotations.description)
        marks = [(event.time_s, event.description) for event in events if event.description in texts]
        assert marks == [(note["onset"], note["description"]) for note in raw.annotations]

    def test_text_in_latin_1_is_read_and_told(self, tmp_path: Path) -> None:
        path = write_discontinuous(tmp_path / "a.edf", [0.0, 1.0])
        path.write_bytes(path.read_bytes().replace(b"+1\x14mark", b"+1\x14\xfcber"))
        recording = open_eeg(path)
        assert recording.events[-1].description == "über"
        assert recording.warnings == ("a.edf: its annotations are not in UTF-8; they were read as Latin-1.",)

    def test_text_outside_the_recording_is_told(self, tmp_path: Path) -> None:
        path = write_discontinuous(tmp_path / "a.edf", [0.0, 1.0])
        path.write_bytes(path.read_bytes().replace(b"+1\x14mark", b"+9\x14mark"))
        assert open_eeg(path).warnings == ("a.edf: 1 markers lie outside the recording and were left out.",)

    def test_broken_text_is_left_out_and_counted(self, tmp_path: Path) -> None:
        path = write_discontinuous(tmp_path / "a.edf", [0.0, 1.0])
        path.write_bytes(path.read_bytes().replace(b"+1\x14mark\x14", b"xx\x14mark\x14"))
        assert open_eeg(path).warnings == ("a.edf: 1 annotations break the rules of EDF+ and were left out.",)


@pytest.mark.parametrize(
    ("unit", "volts"),
    [(b"uV", 1e-6), (b"\xb5V", 1e-6), ("µV".encode(), 1e-6), (b"UV", 1e-6), (b"mV", 1e-3), (b"V", 1.0), (b"nV", 1e-9)],
)
def test_units_however_they_are_spelt(tmp_path: Path, unit: bytes, volts: float) -> None:
    path = write_discontinuous(tmp_path / "a.edf", [0.0, 1.0])
    content = bytearray(path.read_bytes())
    content[256 + 192 : 256 + 200] = unit.ljust(8)
    path.write_bytes(content)
    np.testing.assert_allclose(open_eeg(path).read(None, 0, 2)[0] / volts, sines_uv(1, 256, 128)[0], atol=0.02)
