"""Write simulated frames as a video file that any FFmpeg decodes."""

from __future__ import annotations

from collections.abc import Iterable
from fractions import Fraction
from pathlib import Path

import av

from mlcore.simulate.images import Bytes

#: enough for a face with camera noise to look clean
_BITS_PER_PIXEL = 0.28


def write_video(path: Path, frames: Iterable[Bytes], *, width: int, height: int, fps: float) -> None:
    """Encode planar YUV 4:2:0 frames (height·3/2, width) as MPEG-4 part 2 at a constant nominal rate; one thread."""
    with av.open(str(path), "w", format="avi", options={"fflags": "+bitexact"}) as container:
        stream = container.add_stream("mpeg4", rate=Fraction(fps).limit_denominator(1001))
        stream.width, stream.height, stream.pix_fmt = width, height, "yuv420p"
        stream.bit_rate = round(_BITS_PER_PIXEL * width * height * fps)
        stream.gop_size = round(fps)
        stream.thread_count = 1
        stream.codec_context.flags |= av.codec.context.Flags.bitexact
        for picture in frames:
            container.mux(stream.encode(av.VideoFrame.from_ndarray(picture, format="yuv420p")))
        container.mux(stream.encode())
