"""A clip in one row: what is known to carry emotion, computed and not learnt, so that few labels go far."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from mlcore.errors import TrainingError
from mlcore.store import ModalityKind, ModalityMeta

Floats = NDArray[np.float64]

#: the bands that EEG is commonly read in: delta, theta, alpha, low and high beta, gamma as far as studies keep it
BANDS_HZ = ((1.0, 4.0), (4.0, 8.0), (8.0, 13.0), (13.0, 30.0), (30.0, 45.0))
#: added to a power before its logarithm, µV²: far below any amplifier's noise
_FLOOR = 1e-6


def summary_width(meta: ModalityMeta) -> int:
    """Number of values S in the summary of one clip."""
    if meta.kind is ModalityKind.WAVEFORM:
        return meta.shape[0] * len(_bands(meta))
    return 2 * meta.shape[-1]


def summarise(clips: NDArray[np.floating], meta: ModalityMeta) -> Floats:
    """Summaries of clips (n, *shape) as they are stored; (n, S), NaN where there is no data.

    A waveform gives ln of the mean power of each channel in each band, a sequence the mean and the standard deviation
    of each feature over the steps that hold data. Channels and steps that are all zero hold none.
    """
    if meta.kind is ModalityKind.WAVEFORM:
        return _log_band_power(np.asarray(clips, dtype=np.float64), meta)
    return _mean_and_spread(np.asarray(clips, dtype=np.float64))


def _bands(meta: ModalityMeta) -> list[tuple[float, float]]:
    """Bands in which a clip has at least one frequency."""
    if meta.sfreq is None:
        raise TrainingError("a waveform needs its sampling rate: the store's meta.json gives none")
    hz = np.fft.rfftfreq(meta.shape[1], 1 / meta.sfreq)
    return [(low, high) for low, high in BANDS_HZ if ((hz >= low) & (hz < high)).any()]


def _log_band_power(clips: Floats, meta: ModalityMeta) -> Floats:
    n_times = meta.shape[1]
    hz = np.fft.rfftfreq(n_times, 1 / (meta.sfreq or 1.0))
    power = np.abs(np.fft.rfft(clips, axis=2)) ** 2 / n_times  # (n, C, frequencies)
    bands = [power[:, :, (hz >= low) & (hz < high)].mean(axis=2) for low, high in _bands(meta)]
    logs = np.log(np.stack(bands, axis=2) + _FLOOR)  # (n, C, bands)
    logs[~clips.any(axis=2)] = np.nan
    return np.asarray(logs.reshape(len(clips), summary_width(meta)))


def _mean_and_spread(clips: Floats) -> Floats:
    held = clips.any(axis=2, keepdims=True)  # (n, T, 1)
    n_steps = held.sum(axis=1)  # (n, 1)
    n_steps = np.where(n_steps > 0, n_steps, np.nan)
    mean = clips.sum(axis=1) / n_steps
    spread = np.sqrt((((clips - mean[:, None]) * held) ** 2).sum(axis=1) / n_steps)
    return np.concatenate([mean, spread], axis=1)
