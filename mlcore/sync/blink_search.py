"""Where two trains of blinks lie on top of each other: every offset and drift is tried, chance is reckoned with."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeVar

import numpy as np

from mlcore.sync.eyelids import Blinks, Floats

Times = TypeVar("Times", float, Floats)
#: blinks of the two streams this near are the same; an eyelid at 25 frames a second and EEG differ by 30 ms
TOLERANCE_S = 0.08
_BIN_S = 0.01
#: no other match is looked for so near the best: neighbouring blinks and echoes of a filter lie there
_APART_S = 1.0


@dataclass(frozen=True, slots=True)
class Alignment:
    """One way to lay the video's clock on the EEG's: eeg_s = offset_s + (1 + drift) · video_s."""

    offset_s: float
    drift: float

    def to_eeg(self, video_s: Floats) -> Floats:
        """EEG times of video times."""
        return self.offset_s + (1.0 + self.drift) * video_s

    def to_video(self, eeg_s: Times) -> Times:
        """Video times of EEG times."""
        return (eeg_s - self.offset_s) / (1.0 + self.drift)


@dataclass(frozen=True, slots=True)
class Search:
    """The best alignment, and how much better it is than every other."""

    best: Alignment
    score: float
    #: score of the best alignment that is not near the best
    second_score: float
    #: alignments that differ enough to count as tries
    n_tries: float


@dataclass(frozen=True, slots=True)
class Pairs:
    """Moments of two streams that may be the same, every one with every other."""

    #: (m,) how much later the second stream's clock shows it, seconds
    apart_s: Floats
    #: (m,) when it is on the first stream's clock
    since_s: Floats
    #: (m,) how much it counts
    weights: Floats


def search(camera: Blinks, eeg: Blinks, *, range_s: float, largest_drift: float) -> Search:
    """Try all offsets of up to ± `range_s`, and drifts as finely as the length of the recording asks for.

    Score of an alignment = Σ over pairs of w_camera · w_eeg · max(0, 1 − distance / 80 ms).
    """
    slack_s = largest_drift * float(np.ptp(camera.times_s)) / 2
    return search_pairs(_pairs(camera, eeg, reach_s=range_s + slack_s), range_s=range_s, largest_drift=largest_drift)


def search_pairs(pairs: Pairs, *, range_s: float, largest_drift: float) -> Search:
    """As `search`, of pairs that were made elsewhere."""
    if pairs.since_s.size == 0:
        return Search(Alignment(0.0, 0.0), score=0.0, second_score=0.0, n_tries=1.0)
    low_s, high_s = float(np.min(pairs.since_s)), float(np.max(pairs.since_s))
    middle_s = (low_s + high_s) / 2
    drifts = _drifts((high_s - low_s) / 2, largest_drift)
    # the offset is that of the middle, so that a wrong drift does not move it
    curves = (_curve(pairs, pairs.apart_s - drift * (pairs.since_s - middle_s), range_s) for drift in drifts)
    envelope, best = np.zeros(1), (0.0, 0.0, 0)
    for drift, curve in zip(drifts, curves, strict=True):
        envelope = np.maximum(envelope, curve)
        place = int(np.argmax(curve))
        best = max(best, (float(curve[place]), float(drift), place), key=lambda found: found[0])
    score, drift, place = best
    elsewhere = np.abs(np.arange(envelope.size) - place) * _BIN_S > _APART_S
    return Search(
        best=Alignment(place * _BIN_S - range_s - drift * middle_s, drift),
        score=score,
        second_score=float(envelope[elsewhere].max()) if elsewhere.any() else 0.0,
        n_tries=envelope.size * _BIN_S / TOLERANCE_S * drifts.size,
    )


def _pairs(camera: Blinks, eeg: Blinks, *, reach_s: float) -> Pairs:
    """Distance, time on the camera's clock and weight of every pair within reach."""
    first = np.searchsorted(eeg.times_s, camera.times_s - reach_s)
    counts = np.searchsorted(eeg.times_s, camera.times_s + reach_s) - first
    one = np.repeat(np.arange(len(camera)), counts)
    other = np.arange(one.size) - np.repeat(np.cumsum(counts) - counts - first, counts)
    since_s = camera.times_s[one]
    return Pairs(eeg.times_s[other] - since_s, since_s, camera.weights[one] * eeg.weights[other])


def _drifts(half_span_s: float, largest: float) -> Floats:
    """Steps that move the first and last moment by half of the tolerance."""
    step = TOLERANCE_S / 2 / max(half_span_s, 1.0)
    n_steps = int(largest / step)
    return np.asarray(np.arange(-n_steps, n_steps + 1) * step)


def _curve(pairs: Pairs, apart_s: Floats, range_s: float) -> Floats:
    """Score of every offset in range, in steps of 10 ms."""
    n_bins = 2 * round(range_s / _BIN_S) + 1
    bins = np.rint((apart_s + range_s) / _BIN_S).astype(np.int64)
    is_in = (bins >= 0) & (bins < n_bins)
    counts = np.bincount(bins[is_in], weights=pairs.weights[is_in], minlength=n_bins)
    reach = round(TOLERANCE_S / _BIN_S)
    kernel = 1.0 - np.abs(np.arange(-reach, reach + 1)) / (reach + 1)
    return np.convolve(counts, kernel, mode="same")
