"""What is wrong with a channel throughout a recording."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from mlcore.io.recording import EegRecording
from mlcore.signals.bad_channels import electrical_distance, flat_channels, noisy_channels, pairs_below
from mlcore.signals.holes import bridge, find_holes
from mlcore.signals.quality import channel_severities
from mlcore.signals.severity import NAMED_FROM
from mlcore.types import QualityFault

Array = NDArray[np.float64]
Mask = NDArray[np.bool_]
Faults = dict[str, tuple[QualityFault | str, ...]]

_UV_PER_VOLT = 1e6
#: stretches that are looked at, spread over the recording
_STRETCH_S, _N_STRETCHES, _SHORTEST_S = 5.0, 24, 1.0
#: a fault is the channel's where this share of the stretches has it
_MOST = 0.5
_FEWEST_SAMPLES = 64
NOISY = "noisy"


@dataclass(frozen=True, slots=True)
class _Stretch:
    """What a stretch shows: (C,) bool by fault, and how far its channels are from each other, (C, C)."""

    told: dict[QualityFault | str, Mask]
    distance_uv2: Array


def channel_faults(recording: EegRecording) -> Faults:
    """EEG channels that are bad in most of 24 stretches of 5 s spread over the recording.

    Args:
        recording: an open EEG recording; at most two minutes of it are read.

    Returns:
        Channel name -> what is wrong: a `QualityFault` (flat, saturated, line noise, …), "noisy" (far stronger than
        the other channels, or related to none) or "bridged with NAME". Channels without a fault are left out.

    Raises:
        RecordingError: the file can't be read.
    """
    info = recording.info
    names = [name for name, kind in zip(info.channels, info.kinds, strict=True) if kind == "eeg"]
    seen = [_look(samples_uv, info.sfreq) for samples_uv in _stretches(recording, names)]
    if not seen:
        return {}
    found: dict[str, list[QualityFault | str]] = {name: [] for name in names}
    for fault in seen[0].told:
        share = np.mean([one.told[fault] for one in seen], axis=0)
        for row in np.flatnonzero(share > _MOST).tolist():
            found[names[row]].append(fault)
    for first, second in pairs_below(np.median([one.distance_uv2 for one in seen], axis=0)):
        found[names[first]].append(f"bridged with {names[second]}")
        found[names[second]].append(f"bridged with {names[first]}")
    return {name: tuple(faults) for name, faults in found.items() if faults}


def _stretches(recording: EegRecording, names: list[str]) -> Iterator[Array]:
    """(C, T) in µV, contiguous as recorded."""
    length_s = min(_STRETCH_S, recording.info.duration_s)
    if not names or length_s < _SHORTEST_S or length_s * recording.info.sfreq < _FEWEST_SAMPLES:
        return
    n_stretches = min(_N_STRETCHES, int(recording.info.duration_s / length_s))
    for start_s in np.linspace(0.0, recording.info.duration_s - length_s, n_stretches).tolist():
        if not any(a < start_s + length_s and start_s < b for a, b in recording.gaps):
            yield recording.read_raw(names, start_s, start_s + length_s) * _UV_PER_VOLT


def _look(samples_uv: Array, sfreq: float) -> _Stretch:
    filled = bridge(samples_uv, find_holes(samples_uv, sfreq).missing)
    told: dict[QualityFault | str, Mask] = {
        fault: values >= NAMED_FROM for fault, values in channel_severities(samples_uv, sfreq).items()
    }
    told[NOISY] = noisy_channels(filled, sfreq)
    distance_uv2 = electrical_distance(filled, sfreq)
    dead = flat_channels(filled, sfreq)
    distance_uv2[dead, :] = distance_uv2[:, dead] = np.inf
    return _Stretch(told, distance_uv2)
