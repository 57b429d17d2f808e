"""The EEG of a session's clips: windows at the study's rate, made as they are written, and how good each is."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from annotator.models import Study
from mlcore.datasets import Recording
from mlcore.signals import StudyEegStream, eeg_clip_quality, study_eeg_stream
from mlcore.store import RowStream
from mlcore.types import ClipQuality, Window
from worker.stopwatch import Stopwatch

Samples = NDArray[np.float32]


def eeg_shape(study: Study) -> tuple[int, int]:
    """(C, T) of a clip; a study whose recordings have no EEG yet keeps room for one channel."""
    return max(len(study.eeg_channels), 1), round(study.window_s * study.eeg_sfreq)


@dataclass(frozen=True, slots=True)
class ClipEeg:
    """Row n belongs to window n."""

    stream: StudyEegStream | None
    windows: tuple[Window, ...]
    #: (C, T)
    shape: tuple[int, int]
    #: of the study's channels, how many the recording has and nobody marked as bad
    n_shared: int
    #: whether they are enough to learn from
    is_usable: bool
    #: None where a clip has no EEG
    quality: tuple[ClipQuality | None, ...]

    @property
    def present(self) -> NDArray[np.bool_]:
        """(N,) whether there is EEG to learn from."""
        return np.array([window.has_eeg and self.is_usable for window in self.windows], dtype=np.bool_)

    def rows(self, watch: Stopwatch) -> RowStream:
        """(N, C, T) float32 in µV, made while they are written: hours of EEG are never in memory at once."""
        return RowStream((len(self.windows), *self.shape), watch.each("windows", self._rows()))

    def _rows(self) -> Iterator[Samples]:
        starts_s = [window.start_s for window, is_present in zip(self.windows, self.present, strict=True) if is_present]
        made = iter(()) if self.stream is None else self.stream.windows(starts_s, self.shape[1])
        nothing = np.zeros(self.shape, dtype=np.float32)
        for is_present in self.present:
            yield next(made) if is_present else nothing


def clip_eeg(recording: Recording, study: Study, windows: Sequence[Window], watch: Stopwatch) -> ClipEeg:
    stream = _stream(recording, study)
    n_shared = int(stream.present.sum()) if stream is not None else 0
    is_usable = stream is not None and n_shared >= study.min_eeg_channels
    judged = stream.names if stream is not None and is_usable else _all_channels(recording)
    return ClipEeg(
        stream=stream,
        windows=tuple(windows),
        shape=eeg_shape(study),
        n_shared=n_shared,
        is_usable=is_usable,
        quality=tuple(_quality(recording, judged, windows, watch)),
    )


def _stream(recording: Recording, study: Study) -> StudyEegStream | None:
    if recording.eeg is None or not study.eeg_channels:
        return None
    return study_eeg_stream(recording.eeg, study.eeg_channels, study.eeg_sfreq, bad=recording.bad_channels)


def _all_channels(recording: Recording) -> tuple[str, ...]:
    """What can be judged of a recording that shares too little with its study to be learned from."""
    info = recording.eeg_info
    kinds = zip(info.channels, info.kinds, strict=True) if info is not None else ()
    return tuple(name for name, kind in kinds if kind == "eeg" and name not in recording.bad_channels)


def _quality(
    recording: Recording, channels: Sequence[str], windows: Sequence[Window], watch: Stopwatch
) -> Iterator[ClipQuality | None]:
    wanted = [window for window in windows if window.has_eeg]
    found: Iterator[ClipQuality] = iter(())
    if recording.eeg is not None:
        found = watch.each("eeg quality", eeg_clip_quality(recording.eeg, channels, wanted))
    for window in windows:
        yield next(found) if window.has_eeg else None
