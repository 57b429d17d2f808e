from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from mlcore.signals import eeg_quality

SFREQ, C, T = 128.0, 4, 1280
ALL = np.ones(C, dtype=bool)


def _brainlike(*, scale: float = 1.0) -> NDArray[np.float64]:
    """(1, C, T): noise that falls with frequency, some 60 µV peak to peak."""
    rng = np.random.default_rng(3)
    spectrum = np.fft.rfft(rng.normal(size=(1, C, T)), axis=2) / np.maximum(1.0, np.arange(T // 2 + 1) / 10)
    signal = np.fft.irfft(spectrum, n=T, axis=2)
    return np.asarray(scale * 60.0 * signal / np.ptp(signal, axis=2, keepdims=True))


def test_clean_is_near_one() -> None:
    assert eeg_quality(_brainlike(), ALL, SFREQ)[0] > 0.95


def test_flat_and_huge_are_zero() -> None:
    windows = np.concatenate([np.zeros((1, C, T)), _brainlike(scale=50.0)])
    assert eeg_quality(windows, ALL, SFREQ).tolist() == [0.0, 0.0]


def test_each_dead_channel_takes_its_share() -> None:
    windows = _brainlike()
    clean = eeg_quality(windows, ALL, SFREQ)[0]
    windows[0, 0] = 0.0
    assert eeg_quality(windows, ALL, SFREQ)[0] == pytest.approx(clean * 3 / 4, abs=0.02)


def test_absent_channels_do_not_count() -> None:
    windows = _brainlike()
    windows[0, 0] = 0.0
    assert eeg_quality(windows, np.array([False, True, True, True]), SFREQ)[0] > 0.95
    assert eeg_quality(windows, np.zeros(C, dtype=bool), SFREQ).tolist() == [0.0]


@pytest.mark.parametrize("kind", ["mains", "muscle"])
def test_more_noise_is_never_better(kind: str) -> None:
    clean = _brainlike()
    noise = np.sin(2 * np.pi * 50 * np.arange(T) / SFREQ)[None, None] * np.ones((1, C, 1))
    if kind == "muscle":
        noise = np.diff(np.random.default_rng(1).normal(size=(1, C, T + 1)), axis=2)
    scores = [eeg_quality(clean + level * noise, ALL, SFREQ)[0] for level in (0.0, 5.0, 15.0, 40.0)]
    assert scores == sorted(scores, reverse=True)
    assert scores[-1] < 0.5


def test_not_a_number_is_worthless() -> None:
    windows = _brainlike()
    windows[0, :, 5] = np.nan
    assert eeg_quality(windows, ALL, SFREQ).tolist() == [0.0]


def test_no_windows_and_wrong_shapes() -> None:
    assert eeg_quality(np.zeros((0, C, T)), ALL, SFREQ).shape == (0,)
    with pytest.raises(ValueError, match=r"expected \(N, C, T\)"):
        eeg_quality(np.zeros((C, T)), ALL, SFREQ)
