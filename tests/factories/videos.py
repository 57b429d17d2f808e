"""Small videos whose frames carry their own number as brightness."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from fractions import Fraction
from functools import partial
from pathlib import Path

import av
import numpy as np
from av.container import OutputContainer
from av.stream import Disposition
from av.video.stream import VideoStream
from numpy.typing import NDArray

TICKS = 90_000
#: brightness step from frame to frame, far above what a codec blurs
STEP = 8
N_LEVELS = 28


def grey(index: int, *, width: int = 64, height: int = 48) -> NDArray[np.uint8]:
    """A uniform picture with the number of its frame, modulo 28, as brightness."""
    return np.full((height, width, 3), 16 + STEP * (index % N_LEVELS), dtype=np.uint8)


def number_of(image: NDArray[np.uint8]) -> int:
    """Which frame a picture was, modulo 28."""
    return round((float(image.mean()) - 16) / STEP)


def write_video(
    path: Path,
    times_s: Sequence[float],
    *,
    codec: str = "libx264",
    size: tuple[int, int] = (64, 48),
    rate: int = 30,
    ticks: int | None = None,
    b_frames: int = 0,
    pix_fmt: str = "yuv420p",
    options: Mapping[str, str] | None = None,
    container_options: Mapping[str, str] | None = None,
    aspect: Fraction | None = None,
    rotation: int = 0,
    sound_s: float = 0.0,
    picture: Callable[[int], NDArray[np.uint8]] | None = None,
) -> Path:
    """Write frames at given presentation times; the container is told by the suffix. `ticks` None = TICKS a second.

    `picture` draws each frame, (H, W, 3) uint8; None: uniform, with the frame's number as brightness.
    """
    base = Fraction(1, ticks or TICKS)
    draw = picture or partial(grey, width=size[0], height=size[1])
    quality = {"qp": "4"} if codec == "libx264" else {}
    with av.open(str(path), "w", options=dict(container_options or {})) as container:
        stream = container.add_stream(codec, rate=rate, options={"bf": str(b_frames), **quality, **(options or {})})
        assert isinstance(stream, VideoStream)
        stream.width, stream.height = size
        stream.pix_fmt = pix_fmt
        stream.codec_context.time_base = base
        stream.time_base = base
        if aspect is not None:
            stream.codec_context.sample_aspect_ratio = aspect
        if rotation:
            stream.set_display_rotation(rotation)
        if sound_s:
            _mux_sound(container, sound_s)
        for index, time_s in enumerate(times_s):
            frame = av.VideoFrame.from_ndarray(draw(index), format="bgr24").reformat(format=pix_fmt)
            frame.pts, frame.time_base = round(time_s / base), base
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
    return path


def write_two_videos(path: Path, n_frames: int) -> Path:
    """Two cameras in one file: the first shows rising numbers, the second is smaller and stays black."""
    with av.open(str(path), "w") as container:
        streams = [container.add_stream("libx264", rate=25, options={"bf": "0", "qp": "4"}) for _ in range(2)]
        for stream, (width, height) in zip(streams, [(64, 48), (32, 32)], strict=True):
            stream.width, stream.height, stream.pix_fmt = width, height, "yuv420p"
        for index in range(n_frames):
            for stream, image in zip(streams, [grey(index), grey(0, width=32, height=32)], strict=True):
                container.mux(stream.encode(av.VideoFrame.from_ndarray(image, format="bgr24")))
        for stream in streams:
            container.mux(stream.encode(None))
    return path


def write_sound(path: Path, *, cover: bool = False) -> Path:
    """A file that FFmpeg opens and that has no video stream; `cover`: with an attached picture."""
    with av.open(str(path), "w") as container:
        if cover:
            stream = container.add_stream("mjpeg", rate=1)
            assert isinstance(stream, VideoStream)
            stream.width, stream.height, stream.pix_fmt = 64, 48, "yuvj420p"
            stream.disposition = Disposition.attached_pic
            packets = stream.encode(av.VideoFrame.from_ndarray(grey(3), format="bgr24")) + stream.encode(None)
            _mux_sound(container, 1.0)
            container.mux(packets)
        else:
            _mux_sound(container, 1.0)
    return path


def _mux_sound(container: OutputContainer, seconds: float) -> None:
    stream = container.add_stream("aac", rate=8000, layout="mono")
    for second in range(math.ceil(seconds)):
        samples = np.zeros((1, 8000), dtype=np.float32)
        frame = av.AudioFrame.from_ndarray(samples, format="fltp", layout="mono")
        frame.sample_rate, frame.pts, frame.time_base = 8000, 8000 * second, Fraction(1, 8000)
        container.mux(stream.encode(frame))
    container.mux(stream.encode(None))
