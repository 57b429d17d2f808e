"""How far the EEG of a clip can be trusted, 0..1, and why no further."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from mlcore.io.recording import EegRecording
from mlcore.signals.holes import Holes, bridge, find_holes
from mlcore.signals.names import match_channels, plain_name
from mlcore.signals.pops import jumps
from mlcore.signals.severity import LIMITS, NAMED_FROM, severity
from mlcore.signals.spectra import Strengths, flatness, ratio, strengths
from mlcore.types import ClipQuality, QualityFault, Window

Array = NDArray[np.float64]
Severities = dict[QualityFault, Array]

_UV_PER_VOLT = 1e6
#: what is shorter says nothing about rhythms
_SHORTEST_S = 0.5
#: RMS in 1–45 Hz that no brain reaches: an electrode that moves, or a signal far out of the amplifier's range
_HUGE_UV = 250.0


def eeg_clip_quality(
    recording: EegRecording, channels: Sequence[str], windows: Sequence[Window], *, bad: Sequence[str] = ()
) -> Iterator[ClipQuality]:
    """Quality of the EEG in each window, from the samples as they were recorded: unfiltered, at their own rate.

    Each channel gets a severity 0..1 for each fault; a channel is worth Π(1 − severity), a clip the mean over its
    channels. A fault is named where at least one channel has it by one half or more, with its mean over channels.

    Args:
        recording: an open EEG recording; read window by window.
        channels: names of the channels that count, matched as `match_channels` does; what the file lacks doesn't.
        windows: times on the session clock.
        bad: channels that don't count either.

    Returns:
        One judgement a window, in their order; 0 without a channel to judge.

    Raises:
        RecordingError: the file can't be read there.
    """
    names = _counted(recording, channels, bad)
    found = (clip_severities(recording, names, window.start_s, window.stop_s) for window in windows)
    return map(judged, found)


def clip_severities(recording: EegRecording, names: Sequence[str], start_s: float, stop_s: float) -> Severities:
    """Severity 0..1 of each fault of each channel (as the file names them) between two times: fault -> (C,)."""
    gap_share, (from_s, to_s) = _recorded(recording, start_s, stop_s)
    samples_uv = recording.read_raw(names, from_s, to_s) * _UV_PER_VOLT
    gap = np.full(len(names), severity(QualityFault.GAP, gap_share))
    return {**channel_severities(samples_uv, recording.info.sfreq), QualityFault.GAP: gap}


def channel_severities(samples_uv: Array, sfreq: float) -> Severities:
    """Severity 0..1 of each fault of each channel (C,), from contiguous samples (C, T) in µV as recorded."""
    if samples_uv.shape[1] < max(4, _SHORTEST_S * sfreq) or len(samples_uv) == 0:
        return {}
    holes = find_holes(samples_uv, sfreq)
    bridged = bridge(samples_uv, holes.missing)
    strength = strengths(bridged, sfreq)
    found = {
        QualityFault.FLAT: severity(QualityFault.FLAT, flatness(strength)),
        QualityFault.SATURATED: severity(QualityFault.SATURATED, _overload(holes, strength)),
        QualityFault.DROPOUT: severity(QualityFault.DROPOUT, holes.missing_share),
        QualityFault.LINE_NOISE: severity(QualityFault.LINE_NOISE, ratio(strength.line_uv, strength.brain_uv)),
        QualityFault.MUSCLE: severity(QualityFault.MUSCLE, ratio(strength.muscle_uv, strength.slow_uv)),
        QualityFault.POP: severity(QualityFault.POP, jumps(bridged, sfreq, holes.missing | holes.railed)),
    }
    return _flat_is_nothing_else(found)


def judged(found: Mapping[QualityFault, Array]) -> ClipQuality:
    """A clip's quality from the severities of its channels."""
    worth = _worth(found)
    is_judged = QualityFault.FLAT in found and worth.size > 0
    named = {
        fault.value: round(float(values.mean()), 4)
        for fault, values in found.items()
        if values.size and values.max() >= NAMED_FROM
    }
    return ClipQuality(score=float(worth.mean()) if is_judged else 0.0, faults=named)


def _counted(recording: EegRecording, channels: Sequence[str], bad: Sequence[str]) -> tuple[str, ...]:
    info, unwanted = recording.info, {plain_name(name) for name in bad}
    wanted = [name for name in channels if plain_name(name) not in unwanted]
    places = match_channels(wanted, info.channels)
    return tuple(info.channels[place] for place in places if place is not None and info.kinds[place] == "eeg")


def _recorded(recording: EegRecording, start_s: float, stop_s: float) -> tuple[float, tuple[float, float]]:
    """Share of a window in which nothing was recorded, and the longest stretch in which something was."""
    edges = [(-math.inf, 0.0), *recording.gaps, (recording.info.duration_s, math.inf)]
    ends = sorted((max(a, start_s), min(b, stop_s)) for a, b in edges if min(b, stop_s) > max(a, start_s))
    starts_s, stops_s = [start_s, *(b for _, b in ends)], [*(a for a, _ in ends), stop_s]
    stretches = [(a, max(a, b)) for a, b in zip(starts_s, stops_s, strict=True)]
    missing_s = sum(b - a for a, b in ends)
    return missing_s / (stop_s - start_s), max(stretches, key=lambda span: span[1] - span[0])


def _overload(holes: Holes, strength: Strengths) -> Array:
    """Share of the samples at the rails; a huge amplitude counts like the share that is half bad."""
    huge = LIMITS[QualityFault.SATURATED].half * (strength.brain_uv / _HUGE_UV) ** 2
    return np.maximum(holes.rail_share, huge)


def _flat_is_nothing_else(found: Severities) -> Severities:
    """A dead channel's residue may look like noise, a rail or a held stretch: all of it is told as flat, once."""
    is_flat = found[QualityFault.FLAT] >= NAMED_FROM
    badness = 1.0 - _worth(found)
    return {
        fault: np.where(is_flat, badness if fault is QualityFault.FLAT else 0.0, values)
        for fault, values in found.items()
    }


def _worth(found: Mapping[QualityFault, Array]) -> Array:
    return np.asarray(np.prod([1.0 - values for values in found.values()], axis=0))
