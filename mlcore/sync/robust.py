"""A clock map through anchors some of which are wrong."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from mlcore.errors import SyncError
from mlcore.sync.clocks import LARGEST_DRIFT, LEAST_SPAN_S, MS_PER_S
from mlcore.types import ClockMap

Floats = NDArray[np.float64]
#: median absolute deviation of normal noise of spread 1
_MAD_OF_NORMAL = 0.6745
#: an anchor further off than this many spreads is wrong, not noisy
_FURTHEST_SPREADS = 4.0
#: and one nearer than this is never wrong: finer than a frame of any camera
_NEAREST_S = 0.005
#: with fewer agreeing anchors than this share, there is no telling which are right
_LEAST_SHARE = 0.5
_MOST_SLOPES = 400
_MOST_ROUNDS = 20


@dataclass(frozen=True, slots=True)
class EventFit:
    """A map and the anchors that it rests on."""

    clock: ClockMap
    #: (n,) whether the anchor was used
    is_used: NDArray[np.bool_]

    @property
    def n_left_out(self) -> int:
        """Anchors that were taken for wrong."""
        return int(np.count_nonzero(~self.is_used))


def event_clock(video_s: Sequence[float] | Floats, session_s: Sequence[float] | Floats, *, method: str) -> ClockMap:
    """As `fit_events`, the map alone."""
    return fit_events(video_s, session_s, method=method).clock


def fit_events(video_s: Sequence[float] | Floats, session_s: Sequence[float] | Floats, *, method: str) -> EventFit:
    """Fit the map to paired events: median of slopes first, least squares on what agrees with it.

    Args:
        video_s: (n,) times of the events on the video clock, seconds.
        session_s: (n,) times of the same events on the session clock.
        method: what the events are: a `SyncMethod`.

    Returns:
        The map and which events it rests on. Events within 10 s, or fewer than two, shift and leave drift 0.
        `residual_ms` = root mean square at the events used; None where they are too few to leave any.

    Raises:
        SyncError: no events, unequal numbers, no finite times, or events that contradict each other: fewer than half
            agree with any one map, or it drifts by more than 1 %.

    Source: Theil 1950; Sen 1968, doi:10.1080/01621459.1968.10480934.
    """
    video, session = np.asarray(video_s, dtype=np.float64), np.asarray(session_s, dtype=np.float64)
    if video.size == 0 or video.shape != session.shape or not np.isfinite([video, session]).all():
        raise SyncError(f"events: expected pairs of finite times, got {video.size} and {session.size}.")
    is_affine = bool(np.ptp(video) >= LEAST_SPAN_S)
    offset_s, drift = _first_guess(video, session, is_affine=is_affine)
    is_used = np.ones(video.size, dtype=np.bool_)
    for _ in range(_MOST_ROUNDS):
        before, is_used = is_used, _agreeing(session - offset_s - (1.0 + drift) * video)
        if (is_used == before).all():
            break
        is_affine = is_affine and bool(np.ptp(video[is_used]) >= LEAST_SPAN_S)
        offset_s, drift = _least_squares(video[is_used], session[is_used], is_affine=is_affine)
    _refuse_contradiction(is_used, drift)
    offset_s, drift = _least_squares(video[is_used], session[is_used], is_affine=is_affine)
    left_s = (session - offset_s - (1.0 + drift) * video)[is_used]
    is_measured = left_s.size > (2 if is_affine else 1)
    residual_ms = MS_PER_S * float(np.sqrt(np.mean(left_s**2))) if is_measured else None
    return EventFit(ClockMap(offset_s, drift, residual_ms, method), is_used)


def _refuse_contradiction(is_used: NDArray[np.bool_], drift: float) -> None:
    n_used = int(np.count_nonzero(is_used))
    if n_used < _LEAST_SHARE * is_used.size:
        raise SyncError(f"events: they contradict each other: only {n_used} of {is_used.size} agree on one map.")
    if abs(drift) > LARGEST_DRIFT:
        raise SyncError(f"events: the clocks would differ by {100 * drift:.1f} %: these are not the same events.")


def _first_guess(video: Floats, session: Floats, *, is_affine: bool) -> tuple[float, float]:
    """Medians: offset and drift that half of the anchors being wrong can't move far."""
    drift = _median_slope(video, session - video) if is_affine else 0.0
    return float(np.median(session - (1.0 + drift) * video)), drift


def _median_slope(x: Floats, y: Floats) -> float:
    """Median over pairs of points at least a third of the span apart: near pairs are all noise."""
    picks = np.unique(np.linspace(0, x.size - 1, min(x.size, _MOST_SLOPES)).round().astype(int))
    dx = x[picks][None, :] - x[picks][:, None]
    dy = y[picks][None, :] - y[picks][:, None]
    is_far = dx >= np.ptp(x[picks]) / 3
    return float(np.median(dy[is_far] / dx[is_far]))


def _agreeing(left_s: Floats) -> NDArray[np.bool_]:
    distance_s = np.abs(left_s - np.median(left_s))
    spread_s = float(np.median(distance_s)) / _MAD_OF_NORMAL
    return np.asarray(distance_s <= max(_FURTHEST_SPREADS * spread_s, _NEAREST_S))


def _least_squares(video: Floats, session: Floats, *, is_affine: bool) -> tuple[float, float]:
    middle_s = float(np.mean(video))
    drift = float(np.polyfit(video - middle_s, session - video, 1)[0]) if is_affine else 0.0
    return float(np.mean(session - (1.0 + drift) * video)), drift
