"""Clock maps from what a recording offers: a stated offset, or anchors seen on both clocks."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

from mlcore.errors import SyncError
from mlcore.types import ClockMap

_MS_PER_S = 1000.0
#: 1 %: no camera and no amplifier is further off; what looks so is a wrong pairing of anchors
LARGEST_DRIFT = 0.01


def given_offset(offset_s: float, *, method: str = "given offset") -> ClockMap:
    """The map of a stated offset: the session time of the video's first frame, in seconds.

    Nothing measured it, so it has no residual.

    Raises:
        SyncError: the offset is no finite number.
    """
    if not math.isfinite(offset_s):
        raise SyncError(f"offset_s: expected a finite number of seconds, got {offset_s}.")
    return ClockMap(offset_s=offset_s, method=method)


def unrelated(*, method: str = "none") -> ClockMap:
    """The map where there is nothing to relate (one stream) or nothing to go by: both clocks begin together."""
    return ClockMap(offset_s=0.0, method=method)


def fit_clock(video_s: Sequence[float], session_s: Sequence[float], *, method: str, fit_drift: bool = True) -> ClockMap:
    """Fit the map to moments seen on both clocks, by least squares.

    Args:
        video_s: (n,) times of the anchors on the video clock.
        session_s: (n,) times of the same moments on the session clock.
        method: what the anchors are, as people will read it.
        fit_drift: False shifts only: the clocks are known to run at one rate.

    Returns:
        The map; `residual_ms` = root mean square of what it leaves at the anchors, None where they are too few
        to tell (one for a shift, two for an affine map).

    Raises:
        SyncError: no anchors, unequal numbers of them, or a drift above 1 %.
    """
    video, session = np.asarray(video_s, dtype=np.float64), np.asarray(session_s, dtype=np.float64)
    if video.size == 0 or video.shape != session.shape:
        raise SyncError(f"anchors: expected pairs of times, got {video.size} on video and {session.size} on session.")
    is_affine = fit_drift and video.size >= 2 and bool(np.ptp(video) > 0)
    drift = float(np.polyfit(video, session - video, 1)[0]) if is_affine else 0.0
    if abs(drift) > LARGEST_DRIFT:
        raise SyncError(f"anchors: the clocks would differ by {100 * drift:.1f} %: these are not the same moments.")
    left_s = session - (1.0 + drift) * video
    spread_ms = _MS_PER_S * float(np.std(left_s))
    is_measured = video.size > (2 if is_affine else 1)
    return ClockMap(float(np.mean(left_s)), drift, spread_ms if is_measured else None, method)
