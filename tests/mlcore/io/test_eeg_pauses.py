"""Pauses of BrainVision recorders and cuts of EEGLAB stay in the times of what follows."""

from __future__ import annotations

from pathlib import Path

import mne
import numpy as np
import pytest

from mlcore.datasets.arrays import stretch
from mlcore.io.eeg import EegRecording, open_eeg
from tests.factories.eeg_formats import DATA_UV, SFREQ, eeglab_fields, write_as, write_set

_BEGAN = "20260102235900000000"
#: 256 samples are 2 s; the recorder went on 12.5 s after its start
_RESUMED = "20260102235912500000"


def _brainvision(folder: Path, markers: str) -> EegRecording:
    path = write_as("BrainVision float", folder)
    head = "BrainVision Data Exchange Marker File, Version 1.0\n\n[Marker Infos]\n"
    path.with_suffix(".vmrk").write_text(head + markers, encoding="utf-8")
    return open_eeg(path)


def test_recorder_that_was_paused(tmp_path: Path) -> None:
    recording = _brainvision(
        tmp_path,
        f"Mk1=New Segment,,1,1,0,{_BEGAN}\nMk2=Stimulus,S  1,129,1,0\n"
        f"Mk3=New Segment,,257,1,0,{_RESUMED}\nMk4=Stimulus,S  2,385,1,0\n",
    )
    assert recording.gaps == ((2.0, 12.5),)
    assert recording.info.duration_s == 14.5
    assert [(event.value, event.time_s) for event in recording.events] == [(1, 1.0), (2, 13.5)]
    np.testing.assert_allclose(1e6 * recording.read(None, 12.5, 14.5), DATA_UV[:, 256:], atol=1e-4)
    assert not recording.read(None, 2.0, 12.5).any()


def test_pause_of_unknown_length_is_told(tmp_path: Path) -> None:
    recording = _brainvision(tmp_path, f"Mk1=New Segment,,1,1,0,{_BEGAN}\nMk2=New Segment,,257,1,0\n")
    assert (recording.gaps, recording.cuts, recording.breaks) == ((), (2.0,), ((2.0, 2.0),))
    assert recording.warnings == ("a.vhdr: 1 pauses are of unknown length; times after them are too early.",)


def test_comma_in_a_marker(tmp_path: Path) -> None:
    recording = _brainvision(tmp_path, "Mk1=Comment,yes\\1 no,129,1,0\n")
    assert recording.events[0].description == "Comment/yes, no"


def _cut(folder: Path, boundaries: list[tuple[float, float]]) -> EegRecording:
    events = np.zeros(len(boundaries) + 1, dtype=[("type", "O"), ("latency", "O"), ("duration", "O")])
    for index, (latency, duration) in enumerate(boundaries):
        events[index] = ("boundary", latency, duration)
    events[-1] = ("stim 7", 385.0, 0.0)
    return open_eeg(write_set(folder / "a.set", eeglab_fields(DATA_UV) | {"event": events}))


def test_piece_that_was_cut_out(tmp_path: Path) -> None:
    recording = _cut(tmp_path, [(256.5, 4.0 * SFREQ)])
    assert recording.gaps == ((2.0, 6.0),)
    assert [event.time_s for event in recording.events if event.value == 7] == [7.0]
    np.testing.assert_allclose(1e6 * recording.read(None, 6.0, 8.0), DATA_UV[:, 256:], atol=1e-4)


@pytest.mark.parametrize("duration", [np.nan, 0.0])
def test_cut_of_unknown_length_is_told(tmp_path: Path, duration: float) -> None:
    recording = _cut(tmp_path, [(256.5, duration)])
    assert (recording.gaps, recording.cuts) == ((), (2.0,))
    assert "pieces of unknown length were cut out at 1 places" in recording.warnings[0]


def test_cut_before_the_first_sample_moves_nothing(tmp_path: Path) -> None:
    assert _cut(tmp_path, [(0.5, 1000.0)]).breaks == ()


def test_cuts_of_known_and_unknown_length_lie_on_one_clock(tmp_path: Path) -> None:
    recording = _cut(tmp_path, [(128.5, 4.0 * SFREQ), (256.5, np.nan)])
    assert recording.breaks == ((1.0, 5.0), (6.0, 6.0))
    part = stretch(recording, 0.5, 7.0)
    assert part.breaks == ((0.5, 4.5), (5.5, 5.5))
    assert stretch(recording, 0.5, 5.5).cuts == ()


def test_recordings_that_were_joined(tmp_path: Path) -> None:
    info = mne.create_info(["Fp1", "Fp2"], SFREQ, "eeg")
    halves = [mne.io.RawArray(np.ones((2, 256)), info, verbose="error") for _ in range(2)]
    mne.concatenate_raws(halves).save(tmp_path / "a_raw.fif", verbose="error")
    assert open_eeg(tmp_path / "a_raw.fif").breaks == ((2.0, 2.0),)
