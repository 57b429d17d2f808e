"""Decoded video frames with their presentation times."""

from __future__ import annotations

import math
from collections.abc import Callable, Generator, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import av
import numpy as np
from av.container import InputContainer
from av.video.stream import VideoStream
from numpy.typing import NDArray

from mlcore.errors import RecordingError
from mlcore.io.faults import first_sentence, require_file

#: (H, W, 3) uint8, channels blue, green, red
BgrImage = NDArray[np.uint8]

#: containers of video files. Playlists and picture series are left out: they make FFmpeg open other files.
CONTAINERS = "mov,mp4,avi,matroska,webm,mpegts,mpeg,mpegvideo,ogg,flv,asf,mxf,dv,h264,hevc,m4v,ivf,nut,yuv4mpegpipe,rm"
#: stamps nearer than this are the same moment: the coarsest clock among common containers ticks in milliseconds
_SAME_STAMP_S = 1e-4
_SAMPLING_SLACK_S = 2e-3


@contextmanager
def open_video(path: Path) -> Iterator[tuple[InputContainer, VideoStream]]:
    """Open the first video stream of a file, and close it afterwards.

    Raises:
        RecordingError: absent, empty, no video, or damaged while it was read.
    """
    require_file(path)
    try:
        with av.open(str(path), options={"format_whitelist": CONTAINERS}) as container:
            yield container, _video_stream(container, path)
    except av.FFmpegError as error:
        raise RecordingError(f"{path.name}: can't be read as video ({first_sentence(error.strerror)}).") from error


def _video_stream(container: InputContainer, path: Path) -> VideoStream:
    if not container.streams.video:
        raise RecordingError(f"{path.name}: the file holds no video stream.")
    stream = container.streams.video[0]
    stream.thread_type = "AUTO"
    return stream


def packet_times_s(container: InputContainer, stream: VideoStream) -> NDArray[np.float64]:
    """(n,) rising presentation stamps of the packets on the file's own clock; nothing is decoded."""
    assert stream.time_base is not None
    stamps = [
        packet.pts if packet.pts is not None else packet.dts
        for packet in container.demux(stream)
        if packet.size and not packet.is_discard
    ]
    times_s = np.sort(np.array([stamp for stamp in stamps if stamp is not None], dtype=np.float64))
    return without_repeats(times_s * float(stream.time_base))


def without_repeats(times_s: NDArray[np.float64]) -> NDArray[np.float64]:
    """Sorted stamps, each moment once: of frames with the same stamp a player shows one."""
    if times_s.size == 0:
        return times_s
    kept = np.concatenate(([True], np.diff(times_s) > _SAME_STAMP_S))
    return times_s[kept]


def _stamps_s(path: Path) -> NDArray[np.float64]:
    """(n,) presentation stamps of a file's frames on its own clock, rising."""
    with open_video(path) as (container, stream):
        times_s = packet_times_s(container, stream)
    if times_s.size == 0:
        raise RecordingError(f"{path.name}: the video stream holds no frames with time stamps.")
    return times_s


@dataclass(frozen=True, slots=True)
class TimedFrame:
    """One decoded frame; `video_s` 0 = first frame of the file."""

    video_s: float
    frame: av.VideoFrame

    def bgr(self, max_height: int | None = None) -> BgrImage:
        """The picture upright, (H, W, 3) uint8, scaled down to `max_height` lines where it has more."""
        width, height = fitted(self.frame.width, self.frame.height, max_height=max_height)
        image = self.frame.to_ndarray(format="bgr24", width=width, height=height)
        return upright(np.asarray(image, dtype=np.uint8), rotation=self.frame.rotation)


def fitted(width: int, height: int, *, max_height: int | None) -> tuple[int, int]:
    """Size scaled to at most `max_height` lines, its shape kept."""
    if max_height is None or height <= max_height:
        return width, height
    return max(1, round(width * max_height / height)), max_height


def upright(image: BgrImage, *, rotation: int) -> BgrImage:
    """Turn a picture as the file's display matrix asks: `rotation` degrees counter-clockwise, in quarter turns."""
    quarters = round(rotation / 90) % 4
    return np.ascontiguousarray(np.rot90(image, quarters)) if quarters else image


def decode_frames(path: Path) -> Generator[TimedFrame, None, None]:
    """Every frame that decodes, in presentation order, its time from its stamp.

    Frames that repeat a stamp or step back are dropped; broken packets in the middle are skipped, which leaves
    a gap in time and shifts nothing.

    Raises:
        RecordingError: no video, or not one frame of it decodes.
    """
    stamps_s = _stamps_s(path)
    last_s = -math.inf
    with open_video(path) as (container, stream):
        assert stream.time_base is not None
        tick_s = float(stream.time_base)
        is_by_place = _stamps_by_place(container, stream)
        for place, frame in enumerate(_decoded(container, stream)):
            stamp = frame.pts if frame.pts is not None else frame.dts
            stamp_s = stamps_s[min(place, stamps_s.size - 1)] if is_by_place else (stamp or 0) * tick_s
            video_s = float(stamp_s - stamps_s[0])
            if video_s > last_s + _SAME_STAMP_S:
                last_s = video_s
                yield TimedFrame(video_s, frame)
    if last_s == -math.inf:
        raise RecordingError(f"{path.name}: not one frame of the video decodes.")


def _stamps_by_place(container: InputContainer, stream: VideoStream) -> bool:
    """AVI has no presentation stamps: with reordered H.264 or HEVC, FFmpeg's guesses lie on the wrong frames.

    There the k-th frame shown has the k-th stamp.
    """
    return container.format.name == "avi" and stream.codec_context.name in ("h264", "hevc")


def _decoded(container: InputContainer, stream: VideoStream) -> Iterator[av.VideoFrame]:
    for packet in container.demux(stream):
        try:
            yield from packet.decode()
        except (av.error.InvalidDataError, av.error.EOFError):
            continue


class Sampler:
    """Picks frames at least `every_s` apart, on a grid that begins with the first frame; None picks all."""

    def __init__(self, every_s: float | None) -> None:
        self._every_s = every_s
        self._due_s = -math.inf

    def wants(self, video_s: float) -> bool:
        """Whether this frame is due; asking counts as taking it."""
        if self._every_s is None:
            return True
        if video_s < self._due_s - _SAMPLING_SLACK_S:
            return False
        self._due_s = (math.floor((video_s + _SAMPLING_SLACK_S) / self._every_s) + 1) * self._every_s
        return True


def iter_frames(
    path: Path, *, every_s: float | None = None, max_height: int | None = None
) -> Iterator[tuple[float, BgrImage]]:
    """Frames of a video with the time each is shown.

    Args:
        path: any video that FFmpeg decodes.
        every_s: seconds between frames handed out; None = every frame.
        max_height: scale pictures down to so many lines.

    Returns:
        (video_s, (H, W, 3) uint8 BGR) in order; video_s from presentation stamps, 0 = first frame.

    Raises:
        RecordingError: the file can't be decoded; names file and reason.
    """
    sampler = Sampler(every_s)
    for timed in decode_frames(path):
        if sampler.wants(timed.video_s):
            yield timed.video_s, timed.bgr(max_height)


#: called with a share 0..1 of the work done
OnProgress = Callable[[float], None]
#: called with (video_s, picture)
OnFrame = Callable[[float, BgrImage], None]
