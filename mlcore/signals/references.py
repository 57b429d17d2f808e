"""References: against what the voltage of an electrode is told."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from mlcore.errors import SignalError
from mlcore.signals.names import match_channels, plain_name

Array = NDArray[np.float64]

#: electrodes behind the ears, then on the lobes
_BEHIND_THE_EARS = (("M1", "M2"), ("A1", "A2"))


def to_average(samples: NDArray[np.floating], *, good: NDArray[np.bool_] | None = None) -> Array:
    """Each channel against the mean of the good ones.

    Args:
        samples: (C, T) in any unit.
        good: (C,) bool, which channels make the mean; None = all.

    Raises:
        SignalError: no channel is good, or `good` does not fit.
    """
    chosen = np.ones(len(samples), dtype=np.bool_) if good is None else good
    if chosen.shape != (len(samples),) or not chosen.any():
        raise SignalError(f"good: expected ({len(samples)},) with at least one True, got {chosen.tolist()}.")
    return np.asarray(samples - samples[chosen].mean(axis=0, keepdims=True), dtype=np.float64)


def to_channels(samples: NDArray[np.floating], names: Sequence[str], reference: Sequence[str]) -> Array:
    """Each channel against the mean of the named ones.

    Args:
        samples: (C, T) in any unit.
        names: of the C channels.
        reference: names as `match_channels` matches them.

    Raises:
        SignalError: names what of the reference is missing.
    """
    if not reference:
        raise SignalError("reference: expected at least one channel, got none.")
    return np.asarray(samples - samples[_rows(names, reference)].mean(axis=0, keepdims=True), dtype=np.float64)


def to_linked_mastoids(samples: NDArray[np.floating], names: Sequence[str]) -> Array:
    """Each channel against the mean of M1 and M2, or of the ear lobes A1 and A2 where there are no mastoids.

    Raises:
        SignalError: neither pair is there.
    """
    present = {plain_name(name) for name in names}
    pair = next((pair for pair in _BEHIND_THE_EARS if present.issuperset(pair)), None)
    if pair is None:
        raise SignalError(
            f"linked mastoids: neither M1 and M2 nor A1 and A2 are among the channels {', '.join(names)}."
        )
    return to_channels(samples, names, pair)


def to_bipolar(samples: NDArray[np.floating], names: Sequence[str], pairs: Sequence[tuple[str, str]]) -> Array:
    """Differences first − second of pairs of channels, (number of pairs, T).

    Raises:
        SignalError: names the missing channels.
    """
    anodes = _rows(names, [first for first, _ in pairs])
    cathodes = _rows(names, [second for _, second in pairs])
    return np.asarray(samples[anodes] - samples[cathodes], dtype=np.float64)


def _rows(names: Sequence[str], wanted: Sequence[str]) -> list[int]:
    places = match_channels(wanted, names)
    missing = [name for name, place in zip(wanted, places, strict=True) if place is None]
    if missing:
        raise SignalError(f"reference: {', '.join(missing)} is not among the channels {', '.join(names)}.")
    return [place for place in places if place is not None]
