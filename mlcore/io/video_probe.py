"""What a video file holds: times, size, codec."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import av
import numpy as np
from av.container import InputContainer
from av.video.reformatter import Colorspace
from av.video.stream import VideoStream
from numpy.typing import NDArray

from mlcore.errors import RecordingError
from mlcore.io.frames import Scan, TimedFrame, decode_frames, open_video, scan_packets, video_streams
from mlcore.types import VideoInfo

#: a file that holds less than this share of what its header promises counts as cut short; containers whose header
#: counts frames one by one are taken at their word
_WHOLE_SHARE, _WHOLE_SHARE_COUNTED = 0.9, 0.99
_COUNTING = ("mov", "avi")
#: a last frame may be shown this long
_LONGEST_FRAME_S = 1.0
#: intervals that differ by more than this share of the mean make the frame rate variable
_STEADY_SHARE = 0.25


def frame_times_s(path: Path) -> NDArray[np.float64]:
    """Presentation times of a video's frames.

    Returns:
        (n,) rising float64 seconds, 0 = first frame; read from the packets, nothing is decoded. Of a file that was
        cut short, those that are there.

    Raises:
        RecordingError: the file can't be read as video, or holds a single picture.
    """
    stamps_s = scan_video(path).stamps_s
    return np.asarray(stamps_s - stamps_s[0])


def scan_video(path: Path, notes: list[str] | None = None) -> Scan:
    """The packets of a video of at least two frames; arguments, notes and errors as `probe_video`."""
    with open_video(path) as (container, stream):
        scan = scan_packets(container, stream)
        found = [_other_streams(container), _cut_short(container, stream, scan)]
    if scan.stamps_s.size < 2:
        held = "a single frame" if scan.stamps_s.size else "no frame with a time stamp"
        raise RecordingError(f"{path.name}: its video stream holds {held}; that is no video.")
    if notes is not None:
        notes.extend(f"{path.name}: {note}" for note in found if note)
    return scan


def _other_streams(container: InputContainer) -> str:
    n_streams = len(video_streams(container))
    return f"the file holds {n_streams} videos; the first was read." if n_streams > 1 else ""


def _cut_short(container: InputContainer, stream: VideoStream, scan: Scan) -> str:
    """What is missing; empty where nothing is."""
    is_counting = container.format.name.startswith(_COUNTING)
    if scan.n_packets < (_WHOLE_SHARE_COUNTED if is_counting else _WHOLE_SHARE) * stream.frames:
        return _was_cut(f"{stream.frames:,} frames", f"{scan.n_packets:,}")
    promised_s = 0.0 if stream.frames or container.duration is None else container.duration / av.time_base
    held_s = scan.end_s - (container.start_time or 0) / av.time_base
    if held_s + _LONGEST_FRAME_S < _WHOLE_SHARE * promised_s:
        return _was_cut(f"{promised_s:.1f} s", f"{held_s:.1f} s")
    return ""


def _was_cut(promised: str, held: str) -> str:
    return f"the file was cut short: its header promises {promised}, {held} are there and were read; copy it again."


def probe_video(path: Path, notes: list[str] | None = None) -> VideoInfo:
    """What a video file holds; its first frame is decoded, so that what can't be decoded is found here.

    Args:
        path: any video that FFmpeg decodes.
        notes: takes sentences about what was read all the same, each naming the file: cut short, several videos.

    Raises:
        RecordingError: the file can't be read or decoded as video; names file and reason.
    """
    return examine(path, notes).info


@dataclass(frozen=True, slots=True)
class Examined:
    """What whoever decodes a file next needs to know of it."""

    info: VideoInfo
    scan: Scan
    #: width and height of the upright picture in square pixels
    shown_size: tuple[int, int]
    #: whether its colours are those of HD
    is_bt709: bool


def examine(path: Path, notes: list[str] | None = None) -> Examined:
    """As `probe_video`, with the packets' stamps and the size that players show."""
    scan = scan_video(path, notes)
    first = _first_frame(path, scan)
    with open_video(path) as (container, stream):
        info = _info(container, stream, times_s=scan.stamps_s - scan.stamps_s[0], first=first)
    is_bt709 = first.frame.colorspace == Colorspace.ITU709
    return Examined(info, scan, _shown_size(first, scan.pixel_aspect), is_bt709)


def _first_frame(path: Path, scan: Scan) -> TimedFrame:
    frames = decode_frames(path, stamps_s=scan.stamps_s)
    try:
        return next(frames)
    finally:
        frames.close()


def _info(
    container: InputContainer, stream: VideoStream, *, times_s: NDArray[np.float64], first: TimedFrame
) -> VideoInfo:
    steps_s = np.diff(times_s)
    mean_s = float(times_s[-1]) / steps_s.size
    width, height = _shown_size(first)
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


def _shown_size(first: TimedFrame, pixel_aspect: float = 1.0) -> tuple[int, int]:
    """(width, height) of the upright picture."""
    size = (round(first.frame.width * pixel_aspect), first.frame.height)
    return size[::-1] if round(first.frame.rotation / 90) % 2 else size
