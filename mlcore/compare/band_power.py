"""A waveform as a sequence of band powers, for methods that read sequences."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray
from scipy.signal.windows import hann

from mlcore.compare.contract import Floats, Rows, Task
from mlcore.compare.inputs import LIMIT, Reader, fit_reader
from mlcore.compare.subject_scale import Scale, measure_scale, rows_of
from mlcore.errors import TrainingError
from mlcore.nets.summary import BANDS_HZ
from mlcore.store import ModalityKind, ModalityMeta, Store

#: length of a window and step between windows, seconds; a shorter clip is one window
WINDOW_S, HOP_S = 1.0, 0.5
#: added to a power before its logarithm; signals are standardised, so power is about 1
_FLOOR = 1e-6
_BATCH = 256


@dataclass(frozen=True, slots=True)
class Windows:
    """How a clip of `n_times` samples at `sfreq` Hz is cut."""

    n_times: int
    sfreq: float

    @property
    def length(self) -> int:
        """Samples in a window."""
        return min(self.n_times, max(1, round(WINDOW_S * self.sfreq)))

    @property
    def hop(self) -> int:
        """Samples between the starts of two windows."""
        return max(1, round(HOP_S * self.sfreq))

    @property
    def n_steps(self) -> int:
        """Windows in a clip."""
        return (self.n_times - self.length) // self.hop + 1

    def bands(self) -> list[NDArray[np.bool_]]:
        """Bins of each band that has any, of `numpy.fft.rfft` over a window."""
        hz = np.fft.rfftfreq(self.length, 1 / self.sfreq)
        inside = [(hz >= low) & (hz < high) for low, high in BANDS_HZ]
        return [band for band in inside if band.any()]


def band_powers(clips: NDArray[np.floating], windows: Windows) -> Floats:
    """ln of the mean power in each channel and band of each window; NaN where a channel is all zero in a window.

    Args:
        clips: (n, C, T).
        windows: how they are cut.

    Returns:
        (n, steps, C · bands).
    """
    every = np.lib.stride_tricks.sliding_window_view(np.asarray(clips, np.float64), windows.length, axis=2)
    cut = every[:, :, :: windows.hop]  # (n, C, steps, window)
    taper = hann(windows.length, sym=False) if windows.length > 2 else np.ones(windows.length)
    power = np.abs(np.fft.rfft(cut * taper, axis=3)) ** 2 / (taper**2).sum()
    logs = np.log(np.stack([power[..., band].mean(axis=3) for band in windows.bands()], axis=3) + _FLOOR)
    logs[~cut.any(axis=3)] = np.nan
    return np.asarray(logs.transpose(0, 2, 1, 3).reshape(len(clips), windows.n_steps, -1))


@dataclass(frozen=True, slots=True)
class BandPowerReader:
    """Band powers of a standardised waveform, z-scored within each subject without labels.

    Args:
        waveform: reads the waveform.
        by_subject: mean and spread of each known subject's band powers.
    """

    waveform: Reader
    by_subject: Mapping[str, Scale]

    @property
    def modality(self) -> str:
        """What is read."""
        return self.waveform.modality

    @property
    def windows(self) -> Windows:
        """How a clip is cut."""
        return windows_of(self.waveform.meta)

    @property
    def meta(self) -> ModalityMeta:
        """A sequence of (steps, C · bands)."""
        return sequence_meta(self.waveform.meta)

    def signals(self, store: Store, rows: Rows) -> NDArray[np.float32]:
        """(n, steps, C · bands); zeros, the subject's mean, where there is no data."""
        subjects = [str(one) for one in store.subjects[rows]]
        scales = self.knowing(store, subjects).by_subject
        raw = self._raw(store, rows)
        for clip, subject in zip(raw, subjects, strict=True):
            mean, spread = scales[subject]
            clip[:] = np.clip((clip - mean) / spread, -LIMIT, LIMIT)
        return np.nan_to_num(raw, nan=0.0).astype(np.float32)

    def knowing(self, store: Store, subjects: Iterable[str]) -> BandPowerReader:
        """The same reader, with the subjects that it does not know yet measured in the store."""
        unknown = sorted({str(one) for one in subjects} - set(self.by_subject))
        return replace(self, by_subject={**self.by_subject, **{one: self._measure(store, one) for one in unknown}})

    def _measure(self, store: Store, subject: str) -> Scale:
        raw = self._raw(store, rows_of(store, self.modality, subject))
        return measure_scale(raw.reshape(-1, raw.shape[2]))

    def _raw(self, store: Store, rows: Rows) -> Floats:
        parts = [rows[start : start + _BATCH] for start in range(0, len(rows), _BATCH)]
        powers = [band_powers(self.waveform.signals(store, part), self.windows) for part in parts]
        return np.concatenate([np.zeros((0, *self.meta.shape)), *powers])


def windows_of(meta: ModalityMeta) -> Windows:
    """How a waveform's clips are cut."""
    if meta.sfreq is None:
        raise TrainingError("a waveform needs its sampling rate: the store's meta.json gives none")
    return Windows(meta.shape[1], meta.sfreq)


def sequence_meta(meta: ModalityMeta) -> ModalityMeta:
    """Of a waveform's band powers; a sequence stays what it is."""
    if meta.kind is ModalityKind.SEQUENCE:
        return meta
    windows = windows_of(meta)
    return ModalityMeta(ModalityKind.SEQUENCE, (windows.n_steps, meta.shape[0] * len(windows.bands())), sfreq=1 / HOP_S)


def fit_sequence_reader(task: Task, modality: str, *, learn: Rows) -> Reader | BandPowerReader:
    """A sequence as it is, a waveform as band powers."""
    reader = fit_reader(task, modality, learn=learn)
    if reader.meta.kind is ModalityKind.SEQUENCE:
        return reader
    subjects = task.store.subjects[np.concatenate([task.train, task.test])]
    return BandPowerReader(reader, {}).knowing(task.store, subjects)
