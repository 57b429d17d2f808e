"""Clock maps from what a recording offers: a stated offset, points set by hand, anchors seen on both clocks."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from mlcore.errors import SyncError
from mlcore.types import ClockMap, SyncMethod

MS_PER_S = 1000.0
#: 1 %: no camera and no amplifier is further off; what looks so is a wrong pairing of anchors
LARGEST_DRIFT = 0.01
#: anchors that lie closer together say where the clocks stand, not how fast they run: 20 ms of error in each of two
#: anchors would be read as 0.3 % of drift
LEAST_SPAN_S = 10.0
#: a hand that misses a moment by more than this set the point on another moment
_LARGEST_SLIP_S = 1.0


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
    spread_ms = MS_PER_S * float(np.std(left_s))
    is_measured = video.size > (2 if is_affine else 1)
    return ClockMap(float(np.mean(left_s)), drift, spread_ms if is_measured else None, method)


def hand_clock(points: Sequence[tuple[float, float]], *, drift: float = 0.0) -> ClockMap:
    """The map through points that somebody set.

    Args:
        points: (video_s, session_s) of one moment each.
        drift: of the map so far; kept where the points can't tell it: one point, or all within 10 s.

    Returns:
        The map; two points or more that span 10 s are fitted by least squares. `residual_ms` is the root mean square
        of what it leaves at the points, None where they are too few to leave any.

    Raises:
        SyncError: no point, one that is no pair of finite times, or points that contradict each other.
    """
    pairs = np.asarray(points, dtype=np.float64).reshape(-1, 2) if len(points) else np.zeros((0, 2))
    if not len(pairs) or not np.isfinite(pairs).all() or not abs(drift) <= LARGEST_DRIFT:
        raise SyncError("points: expected at least one pair of finite times, and a drift below 1 %.")
    video, session = pairs[:, 0], pairs[:, 1]
    if _spans_drift(video):
        drift = float(np.polyfit(video - video[0], session - video, 1)[0])
    left_s = session - (1.0 + drift) * video
    slip_s = float(np.ptp(left_s))
    if abs(drift) > LARGEST_DRIFT or slip_s > _LARGEST_SLIP_S:
        raise SyncError(f"points: they contradict each other by {_told(drift, slip_s)}; set them again.")
    is_measured = len(pairs) > (2 if _spans_drift(video) else 1)
    residual_ms = MS_PER_S * float(np.std(left_s)) if is_measured else None
    return ClockMap(float(np.mean(left_s)), drift, residual_ms, SyncMethod.HAND.value)


def _spans_drift(video_s: NDArray[np.float64]) -> bool:
    return bool(video_s.size >= 2 and np.ptp(video_s) >= LEAST_SPAN_S)


def _told(drift: float, slip_s: float) -> str:
    return f"{100 * drift:.1f} % of drift" if abs(drift) > LARGEST_DRIFT else f"{slip_s:.1f} s"
