"""What a video file holds: times, size, codec."""

from __future__ import annotations

from pathlib import Path

import av
import numpy as np
from av.container import InputContainer
from av.video.stream import VideoStream
from numpy.typing import NDArray

from mlcore.errors import RecordingError
from mlcore.io.frames import TimedFrame, decode_frames, open_video, packet_times_s
from mlcore.types import VideoInfo

#: below this share of the frames that its header promises a file counts as cut short
_WHOLE_SHARE = 0.9
#: a last frame may be shown this long
_LONGEST_FRAME_S = 1.0
#: intervals that differ by more than this share of the mean make the frame rate variable
_STEADY_SHARE = 0.25


def frame_times_s(path: Path) -> NDArray[np.float64]:
    """Presentation times of a video's frames.

    Returns:
        (n,) rising float64 seconds, 0 = first frame; read from the packets, nothing is decoded.

    Raises:
        RecordingError: the file can't be read as video, or holds a single picture.
    """
    with open_video(path) as (container, stream):
        n_promised, promised_s = stream.frames, _promised_s(container, stream)
        times_s = packet_times_s(container, stream)
    if times_s.size < 2:
        held = "a single frame" if times_s.size else "no frame"
        raise RecordingError(f"{path.name}: its video stream holds {held}; that is no video.")
    relative_s: NDArray[np.float64] = times_s - times_s[0]
    if times_s.size < _WHOLE_SHARE * n_promised:
        raise _cut_short(path, f"{n_promised} frames", f"{times_s.size}")
    if times_s[-1] + _LONGEST_FRAME_S < _WHOLE_SHARE * promised_s:
        raise _cut_short(path, f"{promised_s:.1f} s", f"{times_s[-1]:.1f} s")
    return relative_s


def _promised_s(container: InputContainer, stream: VideoStream) -> float:
    """Length that the container claims; 0 where it counts frames, or where other streams may be the reason for it."""
    if stream.frames or container.duration is None or len(container.streams) > 1:
        return 0.0
    return container.duration / av.time_base


def _cut_short(path: Path, promised: str, held: str) -> RecordingError:
    return RecordingError(
        f"{path.name}: the file was cut short: its header promises {promised}, {held} are there; copy it again."
    )


def probe_video(path: Path) -> VideoInfo:
    """What a video file holds; its first frame is decoded, so that what can't be decoded is found here.

    Raises:
        RecordingError: the file can't be read or decoded as video; names file and reason.
    """
    times_s = frame_times_s(path)
    first = _first_frame(path)
    with open_video(path) as (container, stream):
        return _info(container, stream, times_s=times_s, first=first)


def _first_frame(path: Path) -> TimedFrame:
    frames = decode_frames(path)
    try:
        return next(frames)
    finally:
        frames.close()


def _info(
    container: InputContainer, stream: VideoStream, *, times_s: NDArray[np.float64], first: TimedFrame
) -> VideoInfo:
    steps_s = np.diff(times_s)
    mean_s = float(times_s[-1]) / steps_s.size
    height, width = _shown_size(first)
    return VideoInfo(
        format=container.format.name,
        codec=stream.codec_context.name,
        width=width,
        height=height,
        n_frames=int(times_s.size),
        duration_s=float(times_s[-1]) + mean_s,
        mean_fps=1.0 / mean_s,
        is_variable=bool(np.max(np.abs(steps_s - mean_s)) > _STEADY_SHARE * mean_s),
    )


def _shown_size(first: TimedFrame) -> tuple[int, int]:
    size = (first.frame.height, first.frame.width)
    return size[::-1] if round(first.frame.rotation / 90) % 2 else size
