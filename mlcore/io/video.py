"""Videos: probe, frame times, frames, and the browser's copy."""

from mlcore.io.frames import BgrImage, iter_frames
from mlcore.io.proxy import PROXY_VERSION, encode_proxy
from mlcore.io.video_probe import frame_times_s, probe_video

__all__ = ["PROXY_VERSION", "BgrImage", "encode_proxy", "frame_times_s", "iter_frames", "probe_video"]
