"""The EEG of the clips: the store's channels and rate, made while it is written."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
from numpy.typing import NDArray

from mlcore.convert.modality import ModalityClips, scores
from mlcore.convert.settings import ClipSettings
from mlcore.datasets import Recording
from mlcore.io.recording import EegRecording
from mlcore.signals import StudyEegStream, eeg_clip_quality, plain_name, study_eeg_stream
from mlcore.store import ModalityKind, ModalityMeta, RowStream
from mlcore.types import ClipQuality, Window

Samples = NDArray[np.float32]


def eeg_channels(recording: EegRecording) -> tuple[str, ...]:
    """Plain names of a recording's EEG channels, in its order, doubles once."""
    kinds = zip(recording.info.channels, recording.info.kinds, strict=True)
    return tuple(dict.fromkeys(plain_name(name) for name, kind in kinds if kind == "eeg"))


def eeg_meta(settings: ClipSettings) -> ModalityMeta:
    """(C, T) in µV; the band is that of `study_eeg_stream`."""
    shape = len(settings.channels), settings.n_samples
    return ModalityMeta(ModalityKind.WAVEFORM, shape, sfreq=settings.sfreq, unit="µV", channels=settings.channels)


def eeg_stream(recording: Recording, settings: ClipSettings) -> StudyEegStream | None:
    """A recording's EEG in the store's channels and rate; None where it has none, or too few of the channels.

    Raises:
        RecordingError: the file can't be read.
    """
    if recording.eeg is None or not settings.channels or not settings.has_eeg:
        return None
    stream = study_eeg_stream(recording.eeg, settings.channels, settings.sfreq, bad=recording.bad_channels)
    return stream if stream.present.sum() >= settings.fewest_channels else None


def eeg_clips(stream: StudyEegStream, windows: Sequence[Window], settings: ClipSettings) -> ModalityClips:
    """EEG of each window, made while it is written, and how good it is."""
    present = np.array([window.has_eeg for window in windows], dtype=np.bool_)
    meta = eeg_meta(settings)
    rows = RowStream((len(windows), *meta.shape), _rows(stream, windows, meta.shape))
    return ModalityClips(meta, present, scores(_quality(stream.recording, stream.names, windows)), rows)


def _rows(stream: StudyEegStream, windows: Sequence[Window], shape: tuple[int, ...]) -> Iterator[Samples]:
    made = stream.windows([window.start_s for window in windows if window.has_eeg], shape[1])
    nothing = np.zeros(shape, dtype=np.float32)
    for window in windows:
        yield next(made) if window.has_eeg else nothing


def _quality(recording: EegRecording, names: Sequence[str], windows: Sequence[Window]) -> list[ClipQuality | None]:
    judged = eeg_clip_quality(recording, names, [window for window in windows if window.has_eeg])
    return [next(judged) if window.has_eeg else None for window in windows]
