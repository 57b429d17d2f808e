"""EEG files written by other libraries, with contents that are known."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from mlcore.errors import RecordingError
from mlcore.io.eeg import open_eeg, probe_eeg
from tests.factories.eeg import pulses, sines_uv, write_bdf, write_edf_plus

CHANNELS = ["Fp1", "Fp2", "EXG1", "EOG left"]
SFREQ = 128


@pytest.fixture
def bdf(tmp_path: Path) -> Path:
    status = pulses(10 * SFREQ, [2 * SFREQ, 7 * SFREQ], resting=254, value=255)
    return write_bdf(tmp_path / "a.bdf", CHANNELS, sines_uv(4, 10 * SFREQ, SFREQ), sfreq=SFREQ, status=status)


def test_bdf_comes_back_in_volts(bdf: Path) -> None:
    samples = open_eeg(bdf).read(CHANNELS, 0.0, 10.0)
    np.testing.assert_allclose(samples, sines_uv(4, 10 * SFREQ, SFREQ) * 1e-6, atol=0.05e-6)


def test_bdf_header(bdf: Path) -> None:
    info = probe_eeg(bdf)
    assert (info.format, info.sfreq, info.duration_s) == ("BDF", 128.0, 10.0)
    assert info.channels == (*CHANNELS, "Status")
    assert info.kinds == ("eeg", "eeg", "misc", "eog", "stim")


def test_status_events_despite_high_bits_and_baseline(bdf: Path) -> None:
    assert [(event.time_s, event.value) for event in open_eeg(bdf).events] == [(2.0, 255), (7.0, 255)]


def test_edf_plus_annotations(tmp_path: Path) -> None:
    marks = [(1.5, "start 7"), (4.25, "Ende")]
    data_uv = sines_uv(2, 6 * SFREQ, SFREQ)
    path = write_edf_plus(tmp_path / "a.edf", CHANNELS[:2], data_uv, sfreq=SFREQ, marks=marks)
    recording = open_eeg(path)
    assert [(e.time_s, e.value, e.description) for e in recording.events] == [(1.5, 7, "start 7"), (4.25, None, "Ende")]
    np.testing.assert_allclose(recording.read(["Fp2"], 1.0, 3.0)[0], data_uv[1, SFREQ : 3 * SFREQ] * 1e-6, atol=2e-8)


def test_read_clips_to_the_recording(bdf: Path) -> None:
    recording = open_eeg(bdf)
    assert recording.read(["Fp1"], -5.0, 1.0).shape == (1, SFREQ)
    assert recording.read(["Fp1"], 9.0, 99.0).shape == (1, SFREQ)
    assert recording.read(["Fp1"], 20.0, 30.0).shape == (1, 0)


def test_channels_come_in_the_order_asked(bdf: Path) -> None:
    recording = open_eeg(bdf)
    both = recording.read(["Fp2", "Fp1"], 0.0, 1.0)
    assert np.array_equal(both[0], recording.read(["Fp2"], 0.0, 1.0)[0])
    assert np.array_equal(both[1], recording.read(["Fp1"], 0.0, 1.0)[0])


def test_unknown_channel_is_named(bdf: Path) -> None:
    with pytest.raises(RecordingError, match=r"a\.bdf: there is no channel 'Cz'"):
        open_eeg(bdf).read(["Cz"], 0.0, 1.0)
