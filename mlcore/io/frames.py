"""Decoded video frames with their presentation times."""

from __future__ import annotations

import math
from collections.abc import Callable, Generator, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

import av
import numpy as np
from av.container import InputContainer
from av.stream import Disposition, Stream
from av.video.reformatter import VideoReformatter
from av.video.stream import VideoStream
from numpy.typing import NDArray

from mlcore.errors import RecordingError
from mlcore.io.faults import first_sentence, require_file
from mlcore.io.video_claims import check_claims

#: (H, W, 3) uint8, channels blue, green, red
BgrImage = NDArray[np.uint8]

#: containers of video files. Playlists and picture series are left out: they make FFmpeg open other files.
CONTAINERS = (
    "mov,mp4,avi,matroska,webm,mpegts,mpeg,mpegvideo,ogg,flv,asf,mxf,dv,h264,hevc,m4v,ivf,obu,nut,yuv4mpegpipe,rm,wtv"
)
#: a picture of 8K and a little more; larger ones are no video of a face but a damaged header
_MOST_PIXELS = 40_000_000
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
    check_claims(path)
    options = {"format_whitelist": CONTAINERS, "protocol_whitelist": "file"}
    try:
        # without "file:" a name such as "concat:a|b" would be an order
        with av.open(f"file:{path.absolute()}", options=options, metadata_errors="replace") as container:
            yield container, _video_stream(container, path)
    except (av.FFmpegError, MemoryError) as error:
        reason = first_sentence(getattr(error, "strerror", None) or error)
        raise RecordingError(f"{path.name}: can't be read as video ({reason}).") from error


def video_streams(container: InputContainer) -> list[VideoStream]:
    """Those that hold moving pictures: a cover picture attached to sound is none."""
    attached = Disposition.attached_pic | Disposition.still_image | Disposition.timed_thumbnails
    return [stream for stream in container.streams.video if not stream.disposition & attached]


def _video_stream(container: InputContainer, path: Path) -> VideoStream:
    streams = video_streams(container)
    if not streams:
        held = "no video stream, only a picture" if container.streams.video else "no video stream"
        raise RecordingError(f"{path.name}: the file holds {held}.")
    stream = streams[0]
    context = stream.codec_context
    if context is None:
        raise RecordingError(f"{path.name}: the code of its video stream is not known here; convert it to H.264 first.")
    if context.width * context.height > _MOST_PIXELS:
        raise RecordingError(f"{path.name}: pictures of {context.width} × {context.height} are too large.")
    context.options = {"max_pixels": str(_MOST_PIXELS)}
    stream.thread_type = "AUTO"
    return stream


@dataclass(frozen=True, slots=True)
class Scan:
    """What the packets of a file tell without decoding one."""

    #: (n,) rising presentation stamps of the video's packets on the file's own clock, each moment once
    stamps_s: NDArray[np.float64]
    #: packets of the video, those without a picture of their own included
    n_packets: int
    #: latest stamp of any stream on the file's own clock
    end_s: float
    #: width of a pixel to its height
    pixel_aspect: float


def scan_packets(container: InputContainer, stream: VideoStream) -> Scan:
    """Go through every packet of a file once."""
    assert stream.time_base is not None
    stamps: list[int] = []
    n_packets, end_s = 0, 0.0
    for packet in packets(container):
        stamp = packet.pts if packet.pts is not None else packet.dts
        if stamp is not None and packet.time_base is not None:
            end_s = max(end_s, float(stamp * packet.time_base))
        if packet.stream_index == stream.index:
            n_packets += 1
            if packet.size and not packet.is_discard and stamp is not None:
                stamps.append(stamp)
    times_s = np.sort(np.array(stamps, dtype=np.float64)) * float(stream.time_base)
    return Scan(without_repeats(times_s), n_packets, end_s, float(stream.sample_aspect_ratio or 1.0))


def packets(container: InputContainer, *streams: VideoStream) -> Iterator[av.Packet[Stream]]:
    """Packets until the file ends or breaks off; the one that it breaks off in is left out."""
    found, held = container.demux(*streams), None
    with suppress(av.error.InvalidDataError, av.error.EOFError):  # nothing beyond a break can be found
        for packet in found:
            if packet.size == 0 and packet.dts is None:
                continue  # the sign that a stream has ended
            if held is not None:
                yield held
            held = packet
    if held is not None and not held.is_corrupt:
        yield held


def without_repeats(times_s: NDArray[np.float64]) -> NDArray[np.float64]:
    """Sorted stamps, each moment once: of frames with the same stamp a player shows one."""
    if times_s.size == 0:
        return times_s
    kept = np.concatenate(([True], np.diff(times_s) > _SAME_STAMP_S))
    return times_s[kept]


def _stamps_s(path: Path) -> NDArray[np.float64]:
    """(n,) presentation stamps of a file's frames on its own clock, rising."""
    with open_video(path) as (container, stream):
        stamps_s = scan_packets(container, stream).stamps_s
    if stamps_s.size == 0:
        raise RecordingError(f"{path.name}: the video stream holds no frames with time stamps.")
    return stamps_s


@dataclass(frozen=True, slots=True)
class TimedFrame:
    """One decoded frame; `video_s` 0 = first frame of the file."""

    video_s: float
    frame: av.VideoFrame
    #: shared by the frames of a file: to set one up takes longer than to use it
    shaper: VideoReformatter = field(default_factory=VideoReformatter, compare=False)

    def bgr(self, max_height: int | None = None) -> BgrImage:
        """The picture upright, (H, W, 3) uint8, scaled down to `max_height` lines where it has more."""
        width, height = fitted(self.frame.width, self.frame.height, max_height=max_height)
        image = self.shaper.reformat(self.frame, width=width, height=height, format="bgr24").to_ndarray()
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


def decode_frames(path: Path, *, stamps_s: NDArray[np.float64] | None = None) -> Generator[TimedFrame, None, None]:
    """Every frame that decodes, in presentation order, its time from its stamp.

    Frames that repeat a stamp or step back are dropped; broken packets in the middle are skipped, which leaves
    a gap in time and shifts nothing; a file that was cut short is read as far as it goes.

    Args:
        path: any video that FFmpeg decodes.
        stamps_s: `Scan.stamps_s` of this file where somebody has it; None reads them first.

    Raises:
        RecordingError: no video, or not one frame of it decodes.
    """
    stamps_s = _stamps_s(path) if stamps_s is None else stamps_s
    last_s, shaper = -math.inf, VideoReformatter()
    with open_video(path) as (container, stream):
        assert stream.time_base is not None
        tick_s = float(stream.time_base)
        is_by_place = _stamps_by_place(container, stream)
        for place, frame in enumerate(_decoded(container, stream)):
            stamp = frame.pts if frame.pts is not None else frame.dts
            stamp_s = stamps_s[min(place, stamps_s.size - 1)] if is_by_place else (stamp or 0) * tick_s
            video_s = float(stamp_s - stamps_s[0])
            if video_s > max(last_s + _SAME_STAMP_S, -_SAME_STAMP_S):
                last_s = video_s
                yield TimedFrame(video_s, frame, shaper)
    if last_s == -math.inf:
        raise RecordingError(f"{path.name}: not one frame of the video decodes.")


def _stamps_by_place(container: InputContainer, stream: VideoStream) -> bool:
    """AVI has no presentation stamps: with reordered H.264 or HEVC, FFmpeg's guesses lie on the wrong frames.

    There the k-th frame shown has the k-th stamp.
    """
    context = stream.codec_context
    return container.format.name == "avi" and context.name in ("h264", "hevc") and context.has_b_frames


def _decoded(container: InputContainer, stream: VideoStream) -> Iterator[av.VideoFrame]:
    for packet in packets(container, stream):
        with suppress(av.FFmpegError):  # a broken packet: the next ones may be whole
            yield from stream.decode(packet)
    with suppress(av.FFmpegError):
        yield from stream.decode(None)


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
