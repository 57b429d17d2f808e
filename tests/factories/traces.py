"""Recorded traces as a browser sends them."""

from __future__ import annotations

from collections.abc import Sequence

from annotator.models import Clip
from mlcore.types import ClockMap, JsonObject

BEGAN_MS = 1_790_000_000_000


def recording(
    clip: Clip, *, values: Sequence[float] = (0.0, 0.5, -0.5), device: str = "", stop_share: float = 1.0
) -> JsonObject:
    """These values, evenly over the clip from its start to this share of it, in one stretch on the video's clock."""
    kept = events(clip, values=values, device=device, stop_share=stop_share)
    return {"clock": "video", "began_ms": BEGAN_MS, "events": kept, "superseded": []}


def events(clip: Clip, *, values: Sequence[float], device: str = "", stop_share: float = 1.0) -> JsonObject:
    length_s = clip.stop_s - clip.start_s
    at_s = [stop_share * length_s * number / len(values) for number in range(len(values))]
    times_s = [0.0, *at_s, stop_share * length_s]
    clock = ClockMap(clip.session.video_offset_s, clip.session.video_drift)
    return {
        "video_s": [max(0.0, clock.to_video(clip.start_s + time_s)) for time_s in times_s],
        "wall_ms": [1000.0 * time_s for time_s in times_s],
        "value": [float(value) for value in (values[0], *values, values[-1])],
        "device": f"b{device or 'm' * len(values)}e",
    }
