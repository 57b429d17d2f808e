"""Frame numbers and flags in XDF: against the recording whose truth is published, and files whose truth is made."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from mlcore.errors import SyncError
from mlcore.io.xdf_streams import read_xdf
from mlcore.sync import frame_stamp_clock
from mlcore.sync.frames import fit_frame_stamps
from mlcore.sync.onsets import find_onset_delays, flagged_stamps_s, onset_delays_ms
from tests.factories.shared import shared_file
from tests.factories.xdf import StreamToWrite, eeg_to_write, write_xdf

#: milliseconds, as the recording's publishers measured them
PUBLISHED_MS = [72.4, 72.6, 73.3, 73.1, 72.9, 72.7]
N_FRAMES, FPS = 1000, 25.0
OFFSET_S, DRIFT = 1.75, 80e-6


def test_photodiode_answers_white_frames_as_published() -> None:
    file = read_xdf(shared_file("eeg", "xdf-frame-markers", "short_test.xdf"))
    _audio, eeg, diode = file.streams
    photodiode = np.asarray(eeg.values[:, 65], dtype=np.float64)
    delays_ms = onset_delays_ms(photodiode, eeg.stamps_s, flagged_stamps_s(diode))
    assert [round(delay, 1) for delay in delays_ms] == PUBLISHED_MS
    assert np.mean(delays_ms) == pytest.approx(72.8, abs=0.05)


def test_photodiode_is_found_without_being_named() -> None:
    found = find_onset_delays(read_xdf(shared_file("eeg", "xdf-frame-markers", "short_test.xdf")))
    assert [(delays.stream, delays.channel) for delays in found] == [("Diode", 65), ("Audio", 65)]
    assert found[0].mean_ms == pytest.approx(72.8, abs=0.05)
    assert found[0].spread_ms < 0.5


def test_without_de_jitter_the_delays_would_spread() -> None:
    """What the published truth says of stamps as they were sent: ± 9 ms."""
    file = read_xdf(shared_file("eeg", "xdf-frame-markers", "short_test.xdf"))
    _audio, eeg, diode = file.streams
    photodiode = np.asarray(eeg.values[:, 65], dtype=np.float64)
    assert np.std(onset_delays_ms(photodiode, eeg.raw_stamps_s, flagged_stamps_s(diode))) > 3.0


def test_no_onset_is_no_number() -> None:
    stamps_s = np.arange(0, 10, 0.001)
    flat = np.random.default_rng(0).normal(size=stamps_s.size)
    assert np.isnan(onset_delays_ms(flat, stamps_s, np.array([2.0, 9.99, 50.0]))).all()


def _recording(
    folder: Path, numbers: Sequence[int], *, base: int = 0, jitter_s: float = 0.004, **changes: object
) -> Path:
    """EEG whose first sample is at 100 s, and a camera that stamps its frames by OFFSET_S and DRIFT."""
    rng = np.random.default_rng(5)
    places = np.asarray(numbers)
    stamps_s = 100.0 + OFFSET_S + (1 + DRIFT) * places / FPS + rng.normal(0, jitter_s, places.size)
    frames = StreamToWrite("Frames", stamps_s, (places + base)[:, None].astype(np.int32), type="VideoFrames")
    eeg = eeg_to_write(50 * 256, labels=("Fp1", "Fp2"))
    return write_xdf(folder / "frames.xdf", [replace(frames, **changes), eeg])  # type: ignore[arg-type]


def _times_s(n_frames: int = N_FRAMES) -> np.ndarray[tuple[int], np.dtype[np.float64]]:
    return np.arange(n_frames) / FPS


@pytest.mark.parametrize("base", [0, 1, 2429])
@pytest.mark.parametrize("sfreq", [0.0, FPS])
def test_frames_are_placed_by_their_numbers(tmp_path: Path, base: int, sfreq: float) -> None:
    path = _recording(tmp_path, range(N_FRAMES), base=base, sfreq=sfreq)
    clock = frame_stamp_clock(path, n_frames=N_FRAMES, frame_times_s=_times_s())
    assert clock.method == "XDF stamps"
    for video_s in (0.0, 20.0, 40.0):
        assert clock.to_session(video_s) == pytest.approx(OFFSET_S + (1 + DRIFT) * video_s, abs=0.001)
    assert clock.residual_ms == pytest.approx(4.0, abs=0.5)


def test_frames_that_are_skipped_repeated_or_late_move_nothing(tmp_path: Path) -> None:
    numbers = sorted({*range(N_FRAMES)} - {*range(300, 340), 501, 777}) + [N_FRAMES - 1] * 3
    path = _recording(tmp_path, numbers, sfreq=FPS)
    late = path.with_name("late.xdf")
    stream = read_xdf(path).streams[0]
    stamps_s = stream.raw_stamps_s.copy()
    stamps_s[100:130] += 2.0
    values = np.asarray(stream.values).copy()
    write_xdf(late, [StreamToWrite("Frames", stamps_s, values, type="VideoFrames"), eeg_to_write(50 * 256)])
    for recording, n_left_out in ((path, 0), (late, 30)):
        fit = fit_frame_stamps(read_xdf(recording), n_frames=N_FRAMES, frame_times_s=_times_s())
        assert fit.n_left_out == pytest.approx(n_left_out, abs=2)
        assert fit.clock.to_session(40.0) == pytest.approx(OFFSET_S + (1 + DRIFT) * 40.0, abs=0.001)


def test_variable_frame_times_are_used_as_they_are(tmp_path: Path) -> None:
    """The camera paused after frame 500: numbers run on, time stamps jump, on both clocks."""
    times_s = _times_s() + 3.0 * (np.arange(N_FRAMES) >= 500)
    frames = StreamToWrite("Frames", 107.0 + times_s, np.arange(N_FRAMES, dtype=np.int32)[:, None])
    path = write_xdf(tmp_path / "paused.xdf", [frames, eeg_to_write(50 * 256)])
    clock = frame_stamp_clock(path, n_frames=N_FRAMES, frame_times_s=times_s)
    assert clock.offset_s == pytest.approx(7.0, abs=1e-6)
    assert clock.residual_ms == pytest.approx(0.0, abs=1e-3)


@pytest.mark.parametrize(
    ("numbers", "n_frames", "reason"),
    [
        (range(2000), 1000, "counts the frames 0 to 1999, the video has 1000"),
        (range(500, 700), 1000, "counts the frames 500 to 699, the video has 1000"),
    ],
)
def test_frames_of_another_video_are_refused(tmp_path: Path, numbers: range, n_frames: int, reason: str) -> None:
    path = _recording(tmp_path, numbers)
    with pytest.raises(SyncError, match=rf"^frames\.xdf: it {reason}"):
        frame_stamp_clock(path, n_frames=n_frames, frame_times_s=_times_s(n_frames))


def test_no_frame_numbers(tmp_path: Path) -> None:
    path = write_xdf(tmp_path / "eeg.xdf", [eeg_to_write()])
    with pytest.raises(SyncError, match=r"^eeg\.xdf: no stream counts the frames"):
        frame_stamp_clock(path, n_frames=N_FRAMES, frame_times_s=_times_s())


def test_clocks_that_were_never_compared(tmp_path: Path) -> None:
    path = _recording(tmp_path, range(N_FRAMES), hostname="camera")
    with pytest.raises(SyncError, match="clocks of 'Frames' and 'amplifier' were never compared"):
        frame_stamp_clock(path, n_frames=N_FRAMES, frame_times_s=_times_s())
