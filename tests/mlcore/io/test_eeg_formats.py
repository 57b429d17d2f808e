"""One contract for all EEG formats: the same recording, written by other libraries or from the specification."""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path

import eeglabio.raw
import mne
import numpy as np
import pytest

from mlcore.errors import RecordingError
from mlcore.io.eeg import EegRecording, open_eeg
from tests.factories.eeg_formats import (
    CHANNELS,
    DATA_UV,
    FORMATS,
    MARK,
    N_SAMPLES,
    SFREQ,
    mne_raw,
    write_as,
    write_gdf,
)

#: half a step of the coarsest quantisation
_ATOL_UV = 0.04
#: Mind Monitor's values lie around 800 µV, and its channels have their own names
_MUSE = "Muse"


@pytest.fixture(params=FORMATS)
def name(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def recording(name: str, tmp_path: Path) -> EegRecording:
    return open_eeg(write_as(name, tmp_path))


def _read_uv(recording: EegRecording, name: str, start_s: float = 0.0, stop_s: float = 99.0) -> np.ndarray:
    samples_uv = 1e6 * recording.read(recording.info.channels[: len(CHANNELS)], start_s, stop_s)
    return samples_uv - (800 if name == _MUSE else 0)


def test_samples_in_volts(recording: EegRecording, name: str) -> None:
    np.testing.assert_allclose(_read_uv(recording, name), DATA_UV, atol=_ATOL_UV)


def test_what_it_holds(recording: EegRecording, name: str) -> None:
    info = recording.info
    assert (info.sfreq, info.n_samples) == (SFREQ, N_SAMPLES)
    assert info.channels[:3] == (("TP9", "AF7", "AF8") if name == _MUSE else CHANNELS)
    assert info.kinds[:3] == ("eeg",) * 3
    assert recording.gaps == ()
    assert recording.warnings == ()


def test_marker_stands_where_it_was_set(recording: EegRecording) -> None:
    first = recording.events[0]
    assert first.value == 7
    assert first.time_s == pytest.approx(MARK / SFREQ, abs=1e-3)


def test_windows_put_together_are_the_whole(recording: EegRecording, name: str) -> None:
    whole = recording.read(None, 0.0, 4.0)
    edges = [0.0, 0.3, 0.301, 1.0, 1.7, 2.5, 3.99, 4.0]
    parts = [recording.read(None, a, b) for a, b in pairwise(edges)]
    assert np.array_equal(np.concatenate(parts, axis=1), whole)


def test_channels_come_in_the_order_asked(recording: EegRecording) -> None:
    names = recording.info.channels[2::-1]
    assert np.array_equal(recording.read(names, 1.0, 2.0), recording.read(None, 1.0, 2.0)[2::-1])


def test_windows_are_clipped_to_the_recording(recording: EegRecording) -> None:
    assert recording.read(None, -3.0, 1.0).shape == (len(recording.info.channels), SFREQ)
    assert recording.read(None, 3.5, 99.0).shape[1] == SFREQ // 2
    assert recording.read(None, 9.0, 10.0).shape[1] == 0


def test_unknown_channel_is_named(recording: EegRecording) -> None:
    with pytest.raises(RecordingError, match="there is no channel 'Pz'"):
        recording.read(["Pz"], 0.0, 1.0)


@pytest.mark.parametrize("version", ["1.25", "2.20"])
def test_gdf_is_what_mne_python_reads(tmp_path: Path, version: str) -> None:
    path = write_gdf(tmp_path / "a.gdf", version=version)
    raw = mne.io.read_raw_gdf(path, verbose="error")
    np.testing.assert_allclose(open_eeg(path).read(None, 0.0, 4.0), raw.get_data(), atol=1e-12)
    assert [event.time_s for event in open_eeg(path).events] == list(raw.annotations.onset)


def test_brainvision_is_what_mne_python_reads(tmp_path: Path) -> None:
    path = write_as("BrainVision int16", tmp_path)
    raw = mne.io.read_raw_brainvision(path, verbose="error")
    np.testing.assert_allclose(open_eeg(path).read(None, 0.0, 4.0), raw.get_data(), atol=1e-12)


@pytest.mark.parametrize("fmt", ["v5", "v7.3"])
def test_eeglab_written_by_eeglabio(tmp_path: Path, fmt: str) -> None:
    raw = mne_raw()
    notes = [["stim 7"], np.array([1.5]), np.array([0.0])]
    path = tmp_path / "a.set"
    eeglabio.raw.export_set(str(path), raw.get_data(), SFREQ, list(CHANNELS), annotations=notes, fmt=fmt)
    recording = open_eeg(path)
    np.testing.assert_allclose(1e6 * recording.read(None, 0.0, 4.0), DATA_UV, atol=1e-4)
    assert recording.info.channels == CHANNELS
    assert [(event.description, event.time_s) for event in recording.events] == [("stim 7", 1.5)]


def test_sidecar_is_named_as_part_of_its_header(tmp_path: Path) -> None:
    with pytest.raises(RecordingError, match=r"^a\.eeg: this belongs to a \.vhdr file; open that one"):
        open_eeg(write_as("BrainVision float", tmp_path).with_suffix(".eeg"))
