"""An opened EEG recording: what it holds, its events, and a reader that streams from the file."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from mlcore.errors import RecordingError
from mlcore.io.faults import reading
from mlcore.types import EegInfo

#: (channel indices in file order, first sample, sample after the last) -> (C, T) in volts
Fetch = Callable[[Sequence[int], int, int], NDArray[np.float64]]


@dataclass(frozen=True, slots=True)
class EegEvent:
    """A marker in an EEG file, on the EEG clock (0 = first sample)."""

    time_s: float
    #: the trigger's number; None where the marker is text without one
    value: int | None
    description: str


@dataclass(frozen=True, slots=True)
class EegRecording:
    """An open EEG file; nothing is held in memory that the file's own format does not force."""

    path: Path
    info: EegInfo
    events: tuple[EegEvent, ...]
    fetch: Fetch
    warnings: tuple[str, ...] = ()
    #: stretches (start_s, stop_s) in which nothing was recorded
    gaps: tuple[tuple[float, float], ...] = ()
    #: moments between two neighbouring samples at which a piece of unknown length is missing
    cuts: tuple[float, ...] = ()

    @property
    def breaks(self) -> tuple[tuple[float, float], ...]:
        """Where it was stopped and went on, in order: gaps, and cuts as stretches of no length."""
        return tuple(sorted((*self.gaps, *((moment_s, moment_s) for moment_s in self.cuts))))

    def read(self, channels: Sequence[str] | None, start_s: float, stop_s: float) -> NDArray[np.float64]:
        """Samples between two times of the EEG clock.

        Args:
            channels: names as in `info.channels`, in the order wanted; None = all, in file order.
            start_s: first time in seconds, 0 = first sample; clipped to the recording.
            stop_s: end in seconds, not included; clipped to the recording.

        Returns:
            (C, T) float64 in volts; channels without an electrical unit stay in their own unit. Pauses, and samples
            that are no numbers (NaN, infinite), are zeros: `gaps` and `warnings` tell of them.

        Raises:
            RecordingError: a channel is not in the file, or the file can't be read there.
        """
        return np.nan_to_num(self.read_raw(channels, start_s, stop_s), copy=False, nan=0.0, posinf=0.0, neginf=0.0)

    def read_raw(self, channels: Sequence[str] | None, start_s: float, stop_s: float) -> NDArray[np.float64]:
        """As `read`, but samples that are no numbers stay so: beside an amplifier's offset a zero would be a jump."""
        first = min(max(round(start_s * self.info.sfreq), 0), self.info.n_samples)
        last = min(max(round(stop_s * self.info.sfreq), first), self.info.n_samples)
        picks = self._indices(channels)
        if first == last or not picks:
            return np.zeros((len(picks), last - first))
        with reading(self.path, self.info.format):
            return self.fetch(picks, first, last)

    def _indices(self, channels: Sequence[str] | None) -> list[int]:
        if channels is None:
            return list(range(len(self.info.channels)))
        places = {name: index for index, name in enumerate(self.info.channels)}
        missing = [name for name in channels if name not in places]
        if missing:
            raise RecordingError(f"{self.path.name}: there is no channel {missing[0]!r} in the file.")
        return [places[name] for name in channels]
