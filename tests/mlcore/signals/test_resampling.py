from __future__ import annotations

import numpy as np
import pytest
from scipy.signal import resample_poly

from mlcore.errors import SignalError
from mlcore.signals import resample
from tests.factories.arrays import pink_uv


@pytest.mark.parametrize(
    ("from_hz", "to_hz"), [(256.0, 128.0), (128.0, 256.0), (2048.0, 128.0), (998.4213, 128.0), (92.934, 100.0)]
)
def test_a_wave_keeps_size_and_time(from_hz: float, to_hz: float) -> None:
    n_samples = round(30 * from_hz)
    wave = np.sin(2 * np.pi * 10 * np.arange(n_samples) / from_hz)
    laid = resample(wave, from_hz, to_hz)
    expected = np.sin(2 * np.pi * 10 * np.arange(len(laid)) / to_hz)
    assert abs(len(laid) - 30 * to_hz) <= 1
    inner = slice(round(to_hz), -round(to_hz))
    np.testing.assert_allclose(laid[inner], expected[inner], atol=1e-3)


@pytest.mark.parametrize("hz", [65.0, 100.0, 127.0, 500.0])
def test_nothing_folds_back(hz: float) -> None:
    wave = np.sin(2 * np.pi * hz * np.arange(20480) / 2048.0)
    assert np.abs(resample(wave, 2048.0, 128.0)[128:-128]).max() < 1e-3


def test_equals_scipy_where_the_ratio_is_whole() -> None:
    slow = resample_poly(pink_uv(3, 2400, 50.0), 8, 1, axis=1)  # nothing above 25 Hz
    expected = resample_poly(slow, 1, 3, axis=1, window=("kaiser", 8.0))
    np.testing.assert_allclose(resample(slow, 400.0, 400 / 3)[:, 200:-200], expected[:, 200:-200], atol=0.02)


def test_an_offset_stays_to_the_last_sample() -> None:
    np.testing.assert_allclose(resample(np.full((2, 1000), 5000.0), 998.42, 128.0), 5000.0, atol=1e-6)


def test_the_same_rate_and_no_samples() -> None:
    samples = pink_uv(2, 100, 128.0)
    np.testing.assert_array_equal(resample(samples, 128.0, 128.0), samples)
    assert resample(np.zeros((2, 0)), 256.0, 128.0).shape == (2, 0)
    assert resample(np.ones((2, 3)), 256.0, 128.0).shape == (2, 2)


def test_rates_above_zero() -> None:
    with pytest.raises(SignalError, match="above 0"):
        resample(np.zeros(10), 0.0, 128.0)
