"""How well two trains of blinks agree under one alignment, and what strangers would reach by luck."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.stats import binom

from mlcore.sync.blink_search import TOLERANCE_S, Alignment
from mlcore.sync.eyelids import Blinks, Floats, LidTrack

Places = NDArray[np.intp]
#: an EEG deflection of this weight is a blink that a camera can't have missed
_SURE = 0.5
#: with fewer of them their share says nothing
_LEAST_SURE = 3


@dataclass(frozen=True, slots=True)
class Evidence:
    """What speaks for an alignment."""

    #: (m,) times of the blinks that both streams show
    camera_s: Floats
    eeg_s: Floats
    #: blinks of the camera while there was EEG
    n_camera: int
    #: share of those, and of the sure blinks of the EEG while the eyes were seen, that the other stream shows too;
    #: 1 where those are too few to say
    camera_share: float
    eeg_share: float
    #: probability that strangers agree so well somewhere in the search
    luck: float

    @property
    def n_matched(self) -> int:
        """Blinks that both streams show."""
        return self.camera_s.size


def weigh(
    camera: Blinks, eeg: Blinks, alignment: Alignment, *, track: LidTrack, eeg_duration_s: float, n_tries: float
) -> Evidence:
    """Match the blinks under an alignment and count what is left over on either side while the other looked on.

    Luck is a binomial tail: each of the camera's blinks lies near one of the EEG by 1 − exp(−rate · 2 · 80 ms),
    times the number of alignments that were tried.
    """
    expected_s = alignment.to_eeg(camera.times_s)
    camera_at, eeg_at = mutual_pairs(expected_s, eeg.times_s)
    is_covered = (expected_s >= 0) & (expected_s <= eeg_duration_s)
    is_seen = track.is_seen(alignment.to_video(eeg.times_s))
    is_sure = is_seen & (eeg.weights >= _SURE)
    n_camera, n_sure = int(is_covered.sum()), int(is_sure.sum())
    seen_s = track.seen_s(alignment.to_video(0.0), alignment.to_video(eeg_duration_s))
    by_luck = 1.0 - float(np.exp(-2 * TOLERANCE_S * is_seen.sum() / max(seen_s, 1.0)))
    return Evidence(
        camera_s=camera.times_s[camera_at],
        eeg_s=eeg.times_s[eeg_at],
        n_camera=n_camera,
        camera_share=camera_at.size / max(n_camera, 1),
        eeg_share=float(is_sure[eeg_at].sum()) / n_sure if n_sure >= _LEAST_SURE else 1.0,
        luck=min(1.0, n_tries * float(binom.sf(camera_at.size - 1, n_camera, by_luck))),
    )


def mutual_pairs(expected_s: Floats, times_s: Floats) -> tuple[Places, Places]:
    """Places (m,), (m,) of pairs that are each other's nearest, and near."""
    nearest = _nearest(times_s, expected_s)
    is_mutual = _nearest(expected_s, times_s)[nearest] == np.arange(expected_s.size)
    picked = np.flatnonzero(is_mutual & (np.abs(times_s[nearest] - expected_s) <= TOLERANCE_S))
    return picked, nearest[picked]


def _nearest(times_s: Floats, wanted_s: Floats) -> Places:
    after = np.clip(np.searchsorted(times_s, wanted_s), 1, max(times_s.size - 1, 1))
    after = np.minimum(after, times_s.size - 1)
    before = np.maximum(after - 1, 0)
    is_before = np.abs(times_s[before] - wanted_s) <= np.abs(times_s[after] - wanted_s)
    return np.where(is_before, before, after)
