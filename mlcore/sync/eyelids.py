"""Blinks as a camera sees them: short closures in a track of eye openness."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import median_filter
from scipy.signal import find_peaks

Floats = NDArray[np.float64]
#: a grid fine enough for cameras of up to 60 frames a second
GRID_HZ = 50.0
#: openness is judged against its median over so long, so that gaze and pose don't count
_BASELINE_S = 3.0
#: below this share of what is usual the eyes are resting, and what moves in the track is noise
_LEAST_BASELINE = 0.6
#: lids that stay shut longer than this rest; the moment of a blink can't be told from them
_LONGEST_S = 0.7
#: share of the openness that a blink takes away at least, and at which it counts in full
_LEAST_DEPTH, _FULL_DEPTH = 0.15, 0.45
#: and it must stand so many spreads above the track's own noise
_LEAST_SPREADS = 5.0
#: no new blink begins within this
_REST_S = 0.25
#: a hole in the track up to this long is bridged: trackers lose a face for a frame
_BRIDGED_S = 0.12


@dataclass(frozen=True, slots=True)
class Blinks:
    """Blinks of one stream, by time."""

    #: (n,) seconds of the middles
    times_s: Floats
    #: (n,) 0..1, how surely each is one
    weights: Floats

    def __len__(self) -> int:
        return self.times_s.size


@dataclass(frozen=True, slots=True)
class LidTrack:
    """Openness on an even grid that begins with the first frame."""

    start_s: float
    #: (T,) share of the usual openness that is missing, 0 = as open as ever, 1 = shut; NaN where no eyes were seen
    depth: Floats

    def is_seen(self, times_s: Floats) -> NDArray[np.bool_]:
        """(n,) whether the eyes were seen at these times."""
        places = np.rint((times_s - self.start_s) * GRID_HZ).astype(np.int64)
        is_inside = (places >= 0) & (places < self.depth.size)
        seen = np.zeros(times_s.size, dtype=np.bool_)
        seen[is_inside] = np.isfinite(self.depth[places[is_inside]])
        return seen

    def seen_s(self, start_s: float, stop_s: float) -> float:
        """Seconds between two times in which the eyes were seen."""
        first, last = (max(round((time_s - self.start_s) * GRID_HZ), 0) for time_s in (start_s, stop_s))
        return float(np.count_nonzero(np.isfinite(self.depth[first:last]))) / GRID_HZ


def lid_track(video_s: Floats, eye_openness: Floats) -> LidTrack:
    """Lay a track of eye openness on an even grid, against the openness around each moment.

    Args:
        video_s: (n,) rising times of the frames, seconds.
        eye_openness: (n,) openness in any unit, larger = wider; NaN where no face was found.
    """
    is_seen = np.isfinite(eye_openness)
    times_s = np.arange(video_s[0], video_s[-1] + 0.5 / GRID_HZ, 1.0 / GRID_HZ)
    if np.count_nonzero(is_seen) < 2:
        return LidTrack(float(video_s[0]), np.full(times_s.size, np.nan))
    seen_s = video_s[is_seen]
    openness = np.interp(times_s, seen_s, eye_openness[is_seen])
    baseline = median_filter(openness, size=int(_BASELINE_S * GRID_HZ), mode="nearest")
    usual = float(np.percentile(openness, 75))
    depth = (baseline - openness) / np.maximum(baseline, max(_LEAST_BASELINE * usual, 1e-9))
    return LidTrack(float(video_s[0]), np.where(_is_near(times_s, seen_s), np.clip(depth, -1.0, 1.0), np.nan))


def _is_near(times_s: Floats, seen_s: Floats) -> NDArray[np.bool_]:
    """(T,) whether a moment lies between two seen frames that are close together."""
    after = np.clip(np.searchsorted(seen_s, times_s), 1, seen_s.size - 1)
    usual_s = float(np.median(np.diff(seen_s)))
    is_close = seen_s[after] - seen_s[after - 1] <= max(_BRIDGED_S, 2.5 * usual_s)
    return np.asarray(is_close & (times_s >= seen_s[0]) & (times_s <= seen_s[-1]))


def lid_closures(track: LidTrack) -> Blinks:
    """Blinks of a track: closures of 15 % and more that last up to 0.7 s; a blink's time is its centre of mass."""
    depth = np.nan_to_num(track.depth)
    seen = track.depth[np.isfinite(track.depth)]
    noise = float(np.median(np.abs(seen - np.median(seen)))) / 0.6745 if seen.size else 0.0
    least = max(_LEAST_DEPTH, _LEAST_SPREADS * noise)
    peaks, _ = find_peaks(
        depth, height=least, distance=int(_REST_S * GRID_HZ), width=(1, _LONGEST_S * GRID_HZ), prominence=0.7 * least
    )
    weights = np.clip(0.3 + 0.7 * (depth[peaks] - least) / (_FULL_DEPTH - _LEAST_DEPTH), 0.0, 1.0)
    middles = np.array([_middle(depth, int(peak)) for peak in peaks], dtype=np.float64)
    return Blinks(track.start_s + middles / GRID_HZ, np.asarray(weights, dtype=np.float64))


def _middle(curve: Floats, peak: int) -> float:
    """Centre of mass, in samples, of what lies above half of a peak: finer than the frames."""
    half = curve[peak] / 2
    first, last = peak, peak
    while first > 0 and curve[first - 1] > half:
        first -= 1
    while last < curve.size - 1 and curve[last + 1] > half:
        last += 1
    mass = curve[first : last + 1] - half
    return float(np.sum(np.arange(first, last + 1) * mass) / np.sum(mass))
