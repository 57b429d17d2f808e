"""EEG that is an array inside a container, or a stretch of a longer recording."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from mlcore.errors import RecordingError
from mlcore.io.eeg import EegRecording
from mlcore.io.kinds import channel_kind
from mlcore.types import EegInfo

VOLTS_PER_UV = 1e-6


@dataclass(frozen=True, slots=True)
class ArrayFacts:
    """What an array of EEG does not say itself."""

    format: str
    sfreq: float
    channels: tuple[str, ...]
    #: volts per unit of the array
    volts: float = VOLTS_PER_UV


def eeg_of_array(path: Path, samples: NDArray[np.float64], facts: ArrayFacts) -> EegRecording:
    """An opened recording over an array in memory.

    Args:
        path: the file the array came from.
        samples: (C, T) in the unit that `facts.volts` turns into volts. Non-electrical channels keep their own.
        facts: format, rate, channel names, unit.

    Raises:
        RecordingError: empty, or another number of channels than names.
    """
    if samples.ndim != 2 or not samples.size or len(samples) != len(facts.channels):
        raise RecordingError(
            f"{path.name}: expected {len(facts.channels)} channels with samples, got an array of {samples.shape}."
        )
    kinds = tuple(channel_kind(name, "eeg") for name in facts.channels)
    info = EegInfo(facts.format, facts.channels, kinds, facts.sfreq, samples.shape[1])
    scales = np.array([facts.volts if kind in ("eeg", "eog", "emg", "ecg") else 1.0 for kind in kinds])[:, None]
    volts = np.where(np.isfinite(samples), samples, 0.0) * scales

    def fetch(picks: Sequence[int], first: int, last: int) -> NDArray[np.float64]:
        return np.ascontiguousarray(volts[list(picks), first:last])

    lost = () if np.isfinite(samples).all() else (f"{path.name}: samples that are no numbers were read as 0.",)
    return EegRecording(path=path, info=info, events=(), fetch=fetch, warnings=lost)


def stretch(recording: EegRecording, start_s: float, stop_s: float) -> EegRecording:
    """Part of a recording as a recording of its own; its time 0 is `start_s`. Samples stay in the file.

    Raises:
        RecordingError: nothing was recorded there.
    """
    sfreq = recording.info.sfreq
    begin = max(round(start_s * sfreq), 0)
    end = min(round(stop_s * sfreq), recording.info.n_samples)
    if end <= begin:
        raise RecordingError(f"{recording.path.name}: nothing was recorded from {start_s:.1f} s to {stop_s:.1f} s.")

    def fetch(picks: Sequence[int], first: int, last: int) -> NDArray[np.float64]:
        return recording.fetch(picks, begin + first, begin + last)

    origin_s = begin / sfreq
    inside = (event for event in recording.events if begin <= event.time_s * sfreq < end)
    return replace(
        recording,
        info=replace(recording.info, n_samples=end - begin),
        events=tuple(replace(event, time_s=event.time_s - origin_s) for event in inside),
        fetch=fetch,
        gaps=_within(recording.gaps, origin_s, end / sfreq),
        cuts=tuple(moment_s - origin_s for moment_s in recording.cuts if origin_s < moment_s < end / sfreq),
    )


def _within(gaps: tuple[tuple[float, float], ...], start_s: float, stop_s: float) -> tuple[tuple[float, float], ...]:
    cut = ((max(a, start_s) - start_s, min(b, stop_s) - start_s) for a, b in gaps)
    return tuple((a, b) for a, b in cut if b > a)
