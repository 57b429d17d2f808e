"""Video frames placed on the EEG clock by a stream of frame numbers in an XDF file."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from mlcore.errors import RecordingError, SyncError
from mlcore.io.xdf import eeg_stream, origin_s
from mlcore.io.xdf_streams import XdfFile, XdfStream, read_xdf
from mlcore.sync.robust import EventFit, Floats, fit_events
from mlcore.types import ClockMap, SyncMethod

#: streams whose name or type says so are looked at first
_CAMERA = re.compile(r"video|frame|camera|webcam", re.IGNORECASE)
_LEAST_FRAMES = 10
#: share of frames that may be skipped, repeated or counted anew
_LARGEST_UNEVEN_SHARE = 0.2
#: the stream may know of this share of frames (and two) more than the file: the encoder dropped them at its ends
_UNWRITTEN_SHARE, _UNWRITTEN = 0.02, 2


def frame_stamp_clock(xdf_path: Path, *, n_frames: int, frame_times_s: Sequence[float] | Floats) -> ClockMap:
    """The map of a video to the EEG of an XDF file that stamped its frames.

    Args:
        xdf_path: a file with an EEG stream and one whose first channel is the number of the frame.
        n_frames: frames of the video.
        frame_times_s: (n_frames,) their presentation times, 0 = first frame.

    Returns:
        The map, fitted as by `fit_events`; frames may be skipped, repeated, or stamped late.

    Raises:
        RecordingError: the file can't be read. SyncError: it counts no frames, or not those of this video.
    """
    return fit_frame_stamps(read_xdf(xdf_path), n_frames=n_frames, frame_times_s=frame_times_s).clock


def fit_frame_stamps(file: XdfFile, *, n_frames: int, frame_times_s: Sequence[float] | Floats) -> EventFit:
    """As `frame_stamp_clock`, of a file that is open already, and which frames were used."""
    times_s = np.asarray(frame_times_s, dtype=np.float64)
    if times_s.shape != (n_frames,):
        raise SyncError(f"frame_times_s: expected {n_frames} times, one a frame, got {times_s.size}.")
    eeg, frames = _eeg_and_frames(file)
    numbers, firsts = np.unique(_numbers(frames), return_index=True)
    places = numbers - _base(file, numbers, n_frames)
    is_there = (places >= 0) & (places < n_frames)
    stamps_s = frames.raw_stamps_s[firsts] - origin_s(eeg)
    return fit_events(times_s[places[is_there]], stamps_s[is_there], method=SyncMethod.XDF_STAMPS.value)


def first_frame_fit(file: XdfFile) -> EventFit:
    """Where the clock of a camera lies on the EEG whose video is not at hand: it begins with the first frame stamped.

    The frames are taken to be as far apart as their stamps are on the whole, so that no drift can be told.

    Raises:
        SyncError: the file counts no frames, or has no EEG.
    """
    eeg, frames = _eeg_and_frames(file)
    numbers, firsts = np.unique(_numbers(frames), return_index=True)
    stamps_s = frames.raw_stamps_s[firsts] - origin_s(eeg)
    period_s = float(np.polyfit(numbers - numbers[0], stamps_s, 1)[0])
    return fit_events(period_s * (numbers - numbers[0]), stamps_s, method=SyncMethod.XDF_STAMPS.value)


def _eeg_and_frames(file: XdfFile) -> tuple[XdfStream, XdfStream]:
    try:
        eeg = eeg_stream(file)
    except RecordingError as error:
        raise SyncError(str(error)) from error
    streams = [stream for stream in frame_streams(file) if stream is not eeg]
    if not streams:
        raise SyncError(f"{file.path.name}: no stream counts the frames of a video.")
    frames = streams[0]
    if frames.hostname != eeg.hostname and not (frames.n_clock_offsets and eeg.n_clock_offsets):
        raise SyncError(f"{file.path.name}: the clocks of {frames.name!r} and {eeg.name!r} were never compared.")
    return eeg, frames


def frame_streams(file: XdfFile) -> list[XdfStream]:
    """Streams whose first channel counts frames; those named after a camera first, then the longest."""
    counting = [stream for stream in file.streams if _counts(stream)]
    return sorted(counting, key=lambda stream: (not _is_camera(stream), -stream.raw_stamps_s.size))


def _is_camera(stream: XdfStream) -> bool:
    return bool(_CAMERA.search(stream.name) or _CAMERA.search(stream.type))


def _counts(stream: XdfStream) -> bool:
    if stream.is_text or stream.raw_stamps_s.size < _LEAST_FRAMES:
        return False
    column = stream.values[:, 0]
    if not np.isfinite(column).all() or (np.abs(column) > 2**52).any() or (column != np.round(column)).any():
        return False
    steps = np.diff(column.astype(np.int64))
    return bool(np.mean(steps != 1) <= _LARGEST_UNEVEN_SHARE and np.median(steps) == 1)


def _numbers(stream: XdfStream) -> NDArray[np.int64]:
    return np.asarray(stream.values[:, 0], dtype=np.int64)


def _base(file: XdfFile, numbers: NDArray[np.int64], n_frames: int) -> int:
    """The number of the video's first frame: counters begin at 0, at 1, or where the recording began.

    Raises:
        SyncError: the numbers fit the video in no way, or can't be told apart from another video's.
    """
    first, last = int(numbers[0]), int(numbers[-1])
    slack = _UNWRITTEN + int(_UNWRITTEN_SHARE * n_frames)
    if last in (n_frames - 1, n_frames):
        return last - n_frames + 1
    if last - first + 1 > n_frames + slack or (first > 1 and last - first + 1 < n_frames - slack):
        raise SyncError(f"{file.path.name}: it counts the frames {first} to {last}, the video has {n_frames}.")
    return first
