"""Small videos whose frames carry their own number as brightness."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
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
) -> Path:
    """Write frames at given presentation times; the container is told by the suffix. `ticks` None = TICKS a second."""
    base = Fraction(1, ticks or TICKS)
    options = {"bf": str(b_frames)} | ({"qp": "4"} if codec == "libx264" else {})
    with av.open(str(path), "w") as container:
        stream = container.add_stream(codec, rate=rate, options=options)
        assert isinstance(stream, VideoStream)
        stream.width, stream.height = size
        stream.pix_fmt = "yuv420p"
        stream.codec_context.time_base = base
        stream.time_base = base
        for index, time_s in enumerate(times_s):
            frame = av.VideoFrame.from_ndarray(grey(index, width=size[0], height=size[1]), format="bgr24")
            frame.pts, frame.time_base = round(time_s / base), base
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
    return path


def write_sound(path: Path) -> Path:
    """A file that FFmpeg opens and that has no video stream."""
    with av.open(str(path), "w") as container:
        stream = container.add_stream("aac", rate=8000, layout="mono")
        samples = np.zeros((1, 8000), dtype=np.float32)
        frame = av.AudioFrame.from_ndarray(samples, format="fltp", layout="mono")
        frame.sample_rate, frame.pts, frame.time_base = 8000, 0, Fraction(1, 8000)
        container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
    return path
