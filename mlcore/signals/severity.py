"""What is measured of a channel, turned into how bad that is."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from mlcore.types import QualityFault

#: a fault is named where at least one channel has it this badly
NAMED_FROM = 0.5


@dataclass(frozen=True, slots=True)
class Limit:
    """Where a measure turns from harmless to harmful."""

    #: the measure at which the severity is one half, and the fault is named
    half: float
    #: how fast it turns
    steepness: float


#: set on the development recordings that `tests/benchmarks/eeg_quality.py` names
LIMITS: dict[QualityFault, Limit] = {
    #: 1 µV over the channel's RMS in 1–45 Hz, or a share of the other channels' RMS over it
    QualityFault.FLAT: Limit(half=1.0, steepness=3.0),
    #: share of the clip that is piled up at the channel's largest or smallest value; or as much for a huge amplitude
    QualityFault.SATURATED: Limit(half=0.02, steepness=2.0),
    #: RMS at the mains and its harmonics over RMS in 1–45 Hz
    QualityFault.LINE_NOISE: Limit(half=0.5, steepness=4.0),
    #: RMS above 25 Hz over RMS in 2–20 Hz
    QualityFault.MUSCLE: Limit(half=0.8, steepness=4.0),
    #: share of the clip that is held, zero or no number
    QualityFault.DROPOUT: Limit(half=0.04, steepness=2.0),
    #: largest sudden jump over the channel's usual jumps
    QualityFault.POP: Limit(half=12.0, steepness=6.0),
    #: share of the clip that was not recorded
    QualityFault.GAP: Limit(half=0.04, steepness=2.0),
}


def severity(fault: QualityFault, measure: ArrayLike) -> NDArray[np.float64]:
    """How bad a measure is, 0..1: m^p / (m^p + half^p), 0 for 0, one half at the limit, 1 for infinity.

    >>> severity(QualityFault.GAP, [0.0, 0.04, 0.08, float("inf")]).tolist()
    [0.0, 0.5, 0.8, 1.0]
    """
    limit = LIMITS[fault]
    with np.errstate(divide="ignore"):
        ratio = limit.half / np.asarray(measure, dtype=np.float64)
    return np.asarray(1.0 / (1.0 + ratio**limit.steepness))
