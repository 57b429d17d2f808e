"""The browser's copy of a video: H.264 that every browser plays and seeks in, at the frame times of the original."""

from __future__ import annotations

from collections import deque
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import ExitStack
from fractions import Fraction
from pathlib import Path

import av
from av.container import OutputContainer
from av.video.reformatter import ColorRange, Colorspace, VideoReformatter
from av.video.stream import VideoStream

from mlcore.io.frames import OnFrame, OnProgress, Sampler, TimedFrame, decode_frames, fitted
from mlcore.io.video_probe import Examined, examine, probe_video
from mlcore.types import VideoInfo

#: part of a proxy's file name or record: another number means it has to be made again
PROXY_VERSION = 2
#: ticks a second: fine enough for every common frame rate, the customary clock of video
_TICKS = 90_000
#: no B-frames and short reach, for quick seeking; "ultrafast" encodes a third faster into files half as large again
_OPTIONS = {"preset": "superfast", "crf": "23", "bf": "0", "sc_threshold": "0", "tune": "fastdecode"}
_PROGRESS_EVERY = 25
#: frames that may wait for the encoder while somebody looks at one
_AHEAD = 16


def encode_proxy(
    source: Path,
    target: Path,
    *,
    max_height: int = 480,
    gop: int = 15,
    on_progress: OnProgress | None = None,
    on_frame: OnFrame | None = None,
    every_s: float | None = None,
    notes: list[str] | None = None,
) -> VideoInfo:
    """Re-encode a video for browsers; the source is decoded once, whatever else wants to see its frames.

    Args:
        source: any video that FFmpeg decodes.
        target: the .mp4 to write; it appears whole or not at all.
        max_height: lines of the proxy at most; width and height are made even, and pixels square.
        gop: frames between key frames; short makes any frame quick to seek.
        on_progress: called now and then with the share done, 0..1.
        on_frame: called with (video_s, (H, W, 3) uint8 BGR at the source's size), in the caller's thread, while
            another one encodes.
        every_s: seconds between frames handed to `on_frame`; None = every frame.
        notes: takes sentences about what was read all the same: as `probe_video`, and frames that don't decode.

    Returns:
        What the proxy holds. Frame k is shown at the same video_s as in the source, to 1/90,000 s.

    Raises:
        RecordingError: the source can't be decoded; names file and reason.
    """
    examined = examine(source, notes)
    part = target.with_name(f".{target.name}.part")
    try:
        with _Writer(part, examined, max_height=max_height, gop=gop) as writer:
            _pump(source, writer, examined, on_progress=on_progress, on_frame=on_frame, every_s=every_s)
        part.replace(target)
    finally:
        part.unlink(missing_ok=True)
    n_lost = examined.info.n_frames - writer.n_frames
    if n_lost > 0 and notes is not None:
        notes.append(f"{source.name}: {n_lost:,} of {examined.info.n_frames:,} frames don't decode and are left out.")
    return probe_video(target)


def _pump(
    source: Path,
    writer: _Writer,
    examined: Examined,
    *,
    on_progress: OnProgress | None,
    on_frame: OnFrame | None,
    every_s: float | None,
) -> None:
    sampler, waiting = Sampler(every_s), deque[Future[None]]()
    with ThreadPoolExecutor(1, "encoder") as encoder:
        for index, timed in enumerate(decode_frames(source, stamps_s=examined.scan.stamps_s)):
            waiting.append(encoder.submit(writer.add, timed))
            if on_frame is not None and sampler.wants(timed.video_s):
                on_frame(timed.video_s, timed.bgr())
            if on_progress is not None and index % _PROGRESS_EVERY == 0:
                on_progress(min(1.0, index / examined.info.n_frames))
            if len(waiting) > _AHEAD:
                waiting.popleft().result()
        for encoded in waiting:
            encoded.result()
    if on_progress is not None:
        on_progress(1.0)


class _Writer:
    """An .mp4 being written: index in front, no sound, no B-frames (they would shift the time stamps)."""

    def __init__(self, path: Path, examined: Examined, *, max_height: int, gop: int) -> None:
        width, height = fitted(*examined.shown_size, max_height=max_height)
        self._path = path
        self._width, self._height = max(2, width - width % 2), max(2, height - height % 2)
        self._rate = Fraction(examined.info.mean_fps).limit_denominator(1001)
        self._is_bt709 = examined.is_bt709
        self._gop = gop
        self._stack = ExitStack()
        self._shaper = VideoReformatter()
        self.n_frames = 0

    def __enter__(self) -> _Writer:
        options = {"movflags": "+faststart"}
        opened = av.open(str(self._path), "w", format="mp4", options=options)
        self._container: OutputContainer = self._stack.enter_context(opened)
        self._stream: VideoStream = self._container.add_stream("libx264", rate=self._rate, options=_OPTIONS)
        self._stream.width, self._stream.height = self._width, self._height
        self._stream.pix_fmt = "yuv420p"
        # full-range sources are brought to the range that browsers take for granted; colours keep the source's matrix,
        # which has to be said where it isn't the one that they take for granted of small pictures
        self._stream.codec_context.color_range = ColorRange.MPEG
        if self._is_bt709:
            self._stream.codec_context.colorspace = Colorspace.ITU709
        self._stream.codec_context.gop_size = self._gop
        self._stream.codec_context.time_base = Fraction(1, _TICKS)
        self._stream.time_base = Fraction(1, _TICKS)
        return self

    def __exit__(self, *reason: object) -> None:
        with self._stack:
            if reason[0] is None:
                self._container.mux(self._stream.encode(None))

    def add(self, timed: TimedFrame) -> None:
        """Encode one frame at its own time; the first stands from 0 on, whatever was lost before it."""
        frame = self._shaped(timed)
        frame.pts = round(timed.video_s * _TICKS) if self.n_frames else 0
        frame.time_base = Fraction(1, _TICKS)
        frame.pict_type = av.video.frame.PictureType.NONE
        self._container.mux(self._stream.encode(frame))
        self.n_frames += 1

    def _shaped(self, timed: TimedFrame) -> av.VideoFrame:
        frame = timed.frame
        if round(frame.rotation / 90) % 4:
            frame = av.VideoFrame.from_ndarray(timed.bgr(), format="bgr24")
        return self._shaper.reformat(
            frame,
            width=self._width,
            height=self._height,
            format="yuv420p",
            dst_color_range=ColorRange.MPEG,
        )
