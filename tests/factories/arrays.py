"""Recordings that live in memory, and EEG-like noise with a seed."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from mlcore.io.recording import EegRecording
from mlcore.types import EegInfo


def in_memory(
    data_uv: NDArray[np.float64],
    sfreq: float,
    names: Sequence[str],
    *,
    gaps: tuple[tuple[float, float], ...] = (),
    path: str = "test.bdf",
) -> EegRecording:
    """An open recording whose samples are an array (C, T) in µV."""
    return EegRecording(
        path=Path(path),
        info=EegInfo("test", tuple(names), ("eeg",) * len(names), sfreq, data_uv.shape[1]),
        events=(),
        fetch=lambda picks, first, last: data_uv[list(picks), first:last] * 1e-6,
        gaps=gaps,
    )


def pink_uv(
    n_channels: int, n_samples: int, sfreq: float, *, seed: int = 0, rms_uv: float = 15.0
) -> NDArray[np.float64]:
    """(C, T) µV: noise whose power falls as 1/f above 1 Hz, half of it from three sources that all see."""
    rng = np.random.default_rng(seed)
    hz = np.fft.rfftfreq(n_samples, 1 / sfreq)
    gain = np.where(hz > 0, 1 / np.maximum(hz, 1.0), 0.0)
    spectrum = np.fft.rfft(rng.normal(size=(n_channels + 3, n_samples)), axis=1) * gain
    noise = np.fft.irfft(spectrum, n=n_samples, axis=1)
    mixing = rng.normal(size=(n_channels, 3))
    shared = mixing / np.linalg.norm(mixing, axis=1, keepdims=True) @ noise[n_channels:]
    mixed = noise[:n_channels] + shared
    white = 0.03 * rng.normal(size=mixed.shape)
    return np.asarray(rms_uv * (mixed / mixed.std(axis=1, keepdims=True) + white))
