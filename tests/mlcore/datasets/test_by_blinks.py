"""Recordings whose clocks nothing relates: blinks tell, or it is said that they can't."""

from __future__ import annotations

from pathlib import Path

import edfio
import numpy as np
import pytest

from mlcore.datasets import Recording, find_recordings, read_recording, related_by_blinks
from mlcore.types import SyncMethod
from tests.factories.blinks import Blinker, BlinkRecording, record_blinks
from tests.factories.videos import write_video

SEEN = Blinker(duration_s=90.0, offset_s=3.2)
#: one frame of the camera
FRAME_S = 0.04


def write_session(folder: Path, seen: BlinkRecording, *, header: str, cells: str) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    names = ("Fp1", "Fp2", "Cz", "O1")
    noise = np.random.default_rng(1).normal(0.0, 10.0, (2, seen.eeg_uv.size))
    whole = seen.eeg_uv.size - seen.eeg_uv.size % round(seen.eeg_sfreq)
    signals = [
        edfio.EdfSignal(
            trace[:whole],
            sampling_frequency=seen.eeg_sfreq,
            label=name,
            physical_dimension="uV",
            physical_range=(-1000.0, 1000.0),
        )
        for name, trace in zip(names, (seen.eeg_uv, 0.9 * seen.eeg_uv, *noise), strict=True)
    ]
    edfio.Edf(signals).write(folder / "take.edf")
    write_video(folder / "take.mp4", list(seen.video_s[:50]))
    (folder / "manifest.csv").write_text(
        f"subject,session,eeg_file,video_file{header}\nS1,1,take.edf,take.mp4{cells}\n"
    )


def opened(folder: Path) -> Recording:
    found = find_recordings(folder, "manifest")
    return read_recording(found.recordings[0], found.root)


@pytest.fixture(scope="module")
def seen() -> BlinkRecording:
    return record_blinks(SEEN, np.random.default_rng(7))


def test_blinks_take_the_place_of_an_assumption(tmp_path: Path, seen: BlinkRecording) -> None:
    write_session(tmp_path, seen, header="", cells="")
    before = opened(tmp_path)
    assert (before.clock.method, before.clock.offset_s) == (SyncMethod.SAME_START, 0.0)
    assert any("taken to begin together" in warning for warning in before.warnings)

    after = related_by_blinks(before, seen.video_s, seen.eye_openness)
    assert after.clock.method == SyncMethod.BLINKS
    assert abs(after.clock.offset_s - SEEN.offset_s) < FRAME_S
    assert after.clock.confidence is not None
    assert after.clock.confidence > 0
    assert not any("taken to begin together" in warning for warning in after.warnings)
    assert "related by" in after.warnings[-1]
    assert after.video_span is not None
    assert after.video_span[0] == after.clock.offset_s


def test_the_blinks_of_somebody_else_tell_nothing(tmp_path: Path, seen: BlinkRecording) -> None:
    write_session(tmp_path, seen, header="", cells="")
    before = opened(tmp_path)
    stranger = record_blinks(SEEN, np.random.default_rng(8))
    after = related_by_blinks(before, stranger.video_s, stranger.eye_openness)
    assert after.clock == before.clock
    assert after.warnings[:-1] == before.warnings
    assert after.warnings[-1].startswith("Blinks can't tell how EEG and video lie in time:")


@pytest.mark.parametrize(
    ("header", "cells"),
    [(",video_offset_s", ",1.5"), (",sync_video_s,sync_eeg_s", ",0.0,1.5")],
    ids=["offset", "point"],
)
def test_what_somebody_gave_is_not_put_in_doubt(tmp_path: Path, seen: BlinkRecording, header: str, cells: str) -> None:
    write_session(tmp_path, seen, header=header, cells=cells)
    before = opened(tmp_path)
    assert before.clock.offset_s == 1.5
    assert related_by_blinks(before, seen.video_s, seen.eye_openness) is before
