"""XDF streams: against pyxdf's own reading of real files, and against files whose truth is known."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import pyxdf

from mlcore.io.eeg import open_eeg
from mlcore.io.xdf_streams import read_xdf, read_xdf_streams
from tests.factories.shared import shared_file
from tests.factories.xdf import StreamToWrite, eeg_to_write, write_xdf

REAL = [
    ("eeglab", "test.xdf"),
    ("xdf-example-files", "clock_resets.xdf"),
    ("xdf-example-files", "minimal.xdf"),
    ("xdf-frame-markers", "short_test.xdf"),
]


@pytest.mark.parametrize("name", REAL)
def test_real_files_read_as_pyxdf_reads_them(name: tuple[str, str]) -> None:
    path = shared_file("eeg", *name)
    theirs, _ = pyxdf.load_xdf(str(path))
    ours = read_xdf_streams(path)
    assert [stream.name for stream in ours] == [stream["info"]["name"][0] for stream in theirs]
    for stream, reference in zip(ours, theirs, strict=True):
        np.testing.assert_allclose(stream.stamps_s, reference["time_stamps"], atol=1e-6)
        assert stream.segments == tuple(reference["info"]["segments"])
        if stream.is_text:
            assert [list(row) for row in stream.texts] == reference["time_series"]
        else:
            np.testing.assert_array_equal(stream.values, reference["time_series"])
            assert stream.values.dtype == reference["time_series"].dtype
        if stream.nominal_sfreq > 0:
            assert stream.effective_sfreq == pytest.approx(reference["info"]["effective_srate"])


def test_clock_reset_is_told() -> None:
    file = read_xdf(shared_file("eeg", "xdf-example-files", "clock_resets.xdf"))
    assert [len(stream.resets_s) for stream in file.streams] == [1, 1]
    assert "clock_resets.xdf: the clock that stamped 'BioSemi' was reset." in file.notes


def test_two_computers_come_onto_one_clock(tmp_path: Path) -> None:
    """The second computer's clock is 5000 s behind and runs 50 ppm slow; both saw the same moments."""
    moments_s = 100.0 + np.arange(0, 60, 0.5)
    measured_s = np.arange(95.0, 165.0, 5.0)
    other = (1 - 50e-6) * (moments_s - 100.0) - 4900.0
    offsets = [((1 - 50e-6) * (t - 100.0) - 4900.0, t - ((1 - 50e-6) * (t - 100.0) - 4900.0)) for t in measured_s]
    numbers = np.arange(len(moments_s), dtype=np.int32)[:, None]
    streams = [
        replace(eeg_to_write(60 * 256), offsets=[(t, 0.0) for t in measured_s]),
        StreamToWrite("Frames", other, numbers, type="VideoFrames", hostname="camera", offsets=offsets),
        StreamToWrite("Marks", moments_s, ["on"] * len(moments_s), type="Markers"),
    ]
    eeg, frames, marks = read_xdf_streams(write_xdf(tmp_path / "two.xdf", streams))
    assert eeg.effective_sfreq == pytest.approx(256.0)
    assert frames.effective_sfreq == pytest.approx(2.0)
    np.testing.assert_allclose(frames.stamps_s, moments_s, atol=1e-4)
    np.testing.assert_allclose(marks.stamps_s, moments_s, atol=1e-9)
    assert (eeg.labels, eeg.units[0], frames.n_clock_offsets) == (("Fp1", "Cz"), "microvolts", 14)


def test_jitter_is_removed_and_kept_beside(tmp_path: Path) -> None:
    rng = np.random.default_rng(3)
    stream = eeg_to_write(5000)
    shaken = replace(stream, stamps_s=stream.stamps_s + rng.uniform(0, 0.02, 5000))
    (read,) = read_xdf_streams(write_xdf(tmp_path / "jitter.xdf", [shaken]))
    assert np.ptp(np.diff(read.stamps_s)) < 1e-9
    np.testing.assert_allclose(read.stamps_s, stream.stamps_s + 0.01, atol=1e-3)
    np.testing.assert_allclose(read.raw_stamps_s, shaken.stamps_s, atol=1e-9)


def test_a_camera_that_says_it_drops_samples_keeps_its_own_stamps(tmp_path: Path) -> None:
    stamps_s = np.delete(100.0 + np.arange(100) / 25.0, [40, 41, 42])
    may_drop = "<synchronization><can_drop_samples>true</can_drop_samples></synchronization>"
    camera = StreamToWrite("Cam", stamps_s, np.zeros((97, 1), np.int32), sfreq=25.0, desc=may_drop)
    (read,) = read_xdf_streams(write_xdf(tmp_path / "camera.xdf", [camera]))
    np.testing.assert_array_equal(read.stamps_s, stamps_s)


@pytest.mark.parametrize("dtype", ["f4", "f8", "i1", "i2", "i4", "i8"])
def test_numbers_keep_their_format(tmp_path: Path, dtype: str) -> None:
    values = np.arange(-30, 30).reshape(20, 3).astype(dtype)
    stream = StreamToWrite("S", np.arange(20) / 10.0, values, sfreq=10.0)
    (read,) = read_xdf_streams(write_xdf(tmp_path / "format.xdf", [stream]))
    assert read.values.dtype == np.dtype(dtype)
    np.testing.assert_array_equal(read.values, values)


def test_eeg_in_windows_is_the_whole_in_volts(tmp_path: Path) -> None:
    stream = eeg_to_write(2560)
    recording = open_eeg(write_xdf(tmp_path / "eeg.xdf", [stream]))
    whole = recording.read(None, 0.0, 10.0)
    np.testing.assert_allclose(whole, 1e-6 * np.asarray(stream.values).T, atol=1e-12)
    parts = [recording.read(["Cz"], start_s, start_s + 1.0) for start_s in np.arange(10.0)]
    np.testing.assert_array_equal(np.concatenate(parts, axis=1)[0], whole[1])


def test_a_gap_reads_as_zeros_wherever_a_window_begins(tmp_path: Path) -> None:
    stream = eeg_to_write(2560)
    kept = np.r_[0:1024, 1792:2560]
    holed = replace(stream, stamps_s=stream.stamps_s[kept], values=np.asarray(stream.values)[kept])
    recording = open_eeg(write_xdf(tmp_path / "gap.xdf", [holed]))
    ((start_s, stop_s),) = recording.gaps
    assert (start_s, stop_s) == pytest.approx((4.0, 7.0), abs=0.01)
    whole = recording.read(None, 0.0, 10.0)
    assert whole.shape == (2, 2560)
    np.testing.assert_allclose(whole[:, :1020], 1e-6 * np.asarray(stream.values).T[:, :1020], atol=1e-9)
    np.testing.assert_allclose(whole[:, 1800:], 1e-6 * np.asarray(stream.values).T[:, 1800:], atol=1e-9)
    assert not whole[:, 1030:1785].any()
    for first in range(0, 2560, 200):
        part = recording.read(None, first / recording.info.sfreq, (first + 200) / recording.info.sfreq)
        np.testing.assert_allclose(part, whole[:, first : first + 200], atol=1e-12)


def test_markers_become_events(tmp_path: Path) -> None:
    marks = StreamToWrite("M", np.array([99.0, 100.5, 101.25]), ["before", "S 12", "größer"], type="Markers")
    recording = open_eeg(write_xdf(tmp_path / "marks.xdf", [eeg_to_write(), marks]))
    assert [(event.description, event.value) for event in recording.events] == [("S 12", 12), ("größer", None)]
    assert [event.time_s for event in recording.events] == pytest.approx([0.5, 1.25])
