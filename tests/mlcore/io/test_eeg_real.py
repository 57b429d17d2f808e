"""Real recordings of every format, against facts known about them."""

from __future__ import annotations

import mne
import numpy as np
import pytest

from mlcore.errors import RecordingError
from mlcore.io.eeg import open_eeg
from tests.factories.shared import shared_file

FACTS = [
    ("eeglab/test.bdf", "BDF", 17, 256.0, 60.0),
    ("eeglab/test.edf", "EDF", 16, 256.0, 60.0),
    ("eeglab/eeglab_data.set", "EEGLAB", 32, 128.0, 238.3125),
    ("mne-python/test.bdf", "BDF", 73, 2048.0, 1.0),
    ("mne-python/test.edf", "EDF", 139, 512.0, 6.0),
    ("mne-python/test.vhdr", "BrainVision", 32, 1000.0, 7.9),
    ("mne-python/test_bin_raw.fif", "FIF", 33, 1000.0, 7.9),
    ("pyedflib/test_utf8.edf", "EDF", 1, 128.0, 698.0),
]


@pytest.mark.parametrize(("name", "format_name", "n_channels", "sfreq", "duration_s"), FACTS)
def test_header_facts(name: str, format_name: str, n_channels: int, sfreq: float, duration_s: float) -> None:
    info = open_eeg(shared_file("eeg", *name.split("/"))).info
    assert (info.format, len(info.channels), info.sfreq) == (format_name, n_channels, sfreq)
    assert info.duration_s == pytest.approx(duration_s)


def test_triggers_on_a_baseline_that_is_not_zero() -> None:
    recording = open_eeg(shared_file("eeg", "eeglab", "test.bdf"))
    reference = mne.find_events(mne.io.read_raw_bdf(recording.path, verbose="error"), verbose="error")
    assert [event.value for event in recording.events] == [255] * 40
    assert [round(event.time_s * 256) for event in recording.events] == list(reference[:, 0])


def test_annotations_in_chinese() -> None:
    events = open_eeg(shared_file("eeg", "pyedflib", "test_utf8.edf")).events
    assert len(events) == 5
    assert "中文测试八个字" in [event.description for event in events]


def test_brainvision_markers_carry_their_numbers() -> None:
    events = open_eeg(shared_file("eeg", "mne-python", "test.vhdr")).events
    assert len(events) == 13
    assert events[0].value == 253
    assert events[0].time_s == pytest.approx(0.486)


def test_fif_and_brainvision_hold_the_same_signal() -> None:
    fif, vhdr = (open_eeg(shared_file("eeg", "mne-python", name)) for name in ("test_bin_raw.fif", "test.vhdr"))
    ours = fif.read(fif.info.channels[:5], 1.0, 2.0)
    theirs = vhdr.read(vhdr.info.channels[:5], 1.0, 2.0)
    assert ours.shape == (5, 1000)
    np.testing.assert_allclose(ours, theirs, atol=1e-9)


def test_blocks_put_together_are_the_whole() -> None:
    recording = open_eeg(shared_file("eeg", "eeglab", "eeglab_data.set"))
    whole = recording.read(None, 0.0, 10.0)
    blocks = [recording.read(None, start, start + 2.5) for start in (0.0, 2.5, 5.0, 7.5)]
    assert whole.shape == (32, 1280)
    assert np.array_equal(np.concatenate(blocks, axis=1), whole)


def test_eye_channels_of_eeglab_are_no_eeg() -> None:
    info = open_eeg(shared_file("eeg", "eeglab", "eeglab_data.set")).info
    assert [name for name, kind in zip(info.channels, info.kinds, strict=True) if kind == "eog"] == ["EOG1", "EOG2"]


def test_xdf_clock_reset_keeps_both_segments_in_place() -> None:
    recording = open_eeg(shared_file("eeg", "xdf-example-files", "clock_resets.xdf"))
    assert recording.info.duration_s == pytest.approx(573.2, abs=0.1)
    assert len(recording.events) == 175
    ((start_s, stop_s),) = recording.gaps
    assert (start_s, stop_s) == pytest.approx((138.1, 412.0), abs=0.1)
    assert not recording.read(None, start_s + 0.1, stop_s - 0.1).any()
    assert recording.read(None, stop_s + 0.1, stop_s + 5).any()
    assert any("nothing was recorded" in warning for warning in recording.warnings)


def test_xdf_uses_the_effective_rate() -> None:
    info = open_eeg(shared_file("eeg", "eeglab", "test.xdf")).info
    assert info.n_samples == 9520
    assert info.sfreq == pytest.approx(998.4, abs=0.1)


def test_cnt_whose_sizes_do_not_fit_is_a_sentence() -> None:
    with pytest.raises(RecordingError, match=r"^test\.cnt: its header claims 26080 samples of 2 channels"):
        open_eeg(shared_file("eeg", "eeglab", "test.cnt"))
