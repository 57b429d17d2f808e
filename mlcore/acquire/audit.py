"""The audit slice: a random sample of the pool, the only honest running estimate of how good the model is."""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray

from mlcore.acquire.candidates import Floats

_GOLDEN: Final = 0x9E3779B97F4A7C15
_MASK: Final = (1 << 64) - 1


def audit_keys(clip_ids: NDArray[np.integer], *, seed: int) -> Floats:
    """A key in 0..1 for each clip, (n,): the audit takes the clips by rising key.

    It depends on the clip and the seed alone (SplitMix64: Steele, Lea & Flood 2014, doi:10.1145/2714064.2660195), so a
    study keeps one permutation from round to round, whatever clips come and go.
    """
    mixed = np.asarray(clip_ids).astype(np.uint64) * np.uint64(_GOLDEN)
    return np.asarray((_mix(_mix(mixed) ^ np.uint64(_mix_int(seed))) >> np.uint64(11)) * 2.0**-53)


def audit_slice(keys: Floats, is_audit: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Which of n answered clips are the random sample, (n,).

    All up to the largest key that the audit has reached, whatever bought them: a clip that the strategy asked about
    before the audit came to it would have come, and leaving it out would leave the hard clips out of the sample.

    Args:
        keys: (n,) as `audit_keys` gave them.
        is_audit: (n,) whether the audit bought the clip its place.
    """
    reached = keys[is_audit].max(initial=-np.inf)
    return np.asarray(keys <= reached, dtype=np.bool_)


def _mix(values: NDArray[np.uint64]) -> NDArray[np.uint64]:
    """SplitMix64's finaliser; arithmetic modulo 2⁶⁴."""
    values = (values ^ (values >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    values = (values ^ (values >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return np.asarray(values ^ (values >> np.uint64(31)))


def _mix_int(seed: int) -> int:
    return int(_mix(np.array([(seed + _GOLDEN) & _MASK], dtype=np.uint64))[0])
