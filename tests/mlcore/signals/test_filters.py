from __future__ import annotations

import mne
import numpy as np
import pytest
from numpy.typing import NDArray
from scipy.signal import butter, sosfilt

from mlcore.errors import SignalError
from mlcore.signals import Band, CausalFilter, FilterKind, causal, mains_hz, notch, zero_phase
from mlcore.signals.mains import MAINS_HZ
from tests.factories.arrays import pink_uv
from tests.factories.shared import shared_file

ALPHA = Band(8.0, 13.0)
KINDS = list(FilterKind)


def _rms(samples: NDArray[np.float64], sfreq: float) -> float:
    return float(np.sqrt(np.mean(samples[..., round(sfreq) : -round(sfreq)] ** 2)))


def _wave(hz: float, sfreq: float, seconds: float = 20.0) -> NDArray[np.float64]:
    return np.asarray(np.sin(2 * np.pi * hz * np.arange(round(seconds * sfreq)) / sfreq)[None])


# --- zero phase ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("sfreq", [128.0, 256.0, 998.4213])
def test_the_band_stays_in_place_and_the_rest_goes(kind: FilterKind, sfreq: float) -> None:
    inside = zero_phase(_wave(10.0, sfreq), sfreq, ALPHA, kind=kind)
    inner = slice(round(4 * sfreq), -round(4 * sfreq))
    np.testing.assert_allclose(inside[:, inner], _wave(10.0, sfreq)[:, inner], atol=0.02)
    for hz in (2.0, 30.0):
        assert _rms(zero_phase(_wave(hz, sfreq), sfreq, ALPHA, kind=kind)[:, inner], sfreq) < 0.01


@pytest.mark.parametrize("kind", KINDS)
def test_zero_phase_has_no_shift(kind: FilterKind) -> None:
    """An impulse's answer is even about the impulse, so every frequency has a delay of zero."""
    impulse = np.zeros((1, 4097))
    impulse[0, 2048] = 1.0
    answer = zero_phase(impulse, 256.0, ALPHA, kind=kind)[0]
    assert answer.argmax() == 2048
    np.testing.assert_allclose(answer, answer[::-1], atol=1e-9)


def test_fir_equals_mne() -> None:
    samples = pink_uv(3, 2560, 256.0)
    expected = mne.filter.filter_data(samples, 256.0, 1.0, 40.0, verbose="error")
    np.testing.assert_array_equal(zero_phase(samples, 256.0, Band(1.0, 40.0)), expected)


def test_the_argument_is_left_as_it_was() -> None:
    samples = pink_uv(2, 2560, 256.0)
    before = samples.copy()
    zero_phase(samples, 256.0, Band(1.0, 40.0))
    causal(samples, 256.0, Band(1.0, 40.0))
    notch(samples, 256.0, 50.0)
    np.testing.assert_array_equal(samples, before)


# --- causal ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("band", [ALPHA, Band(0.5, None), Band(None, 40.0)])
def test_what_comes_out_never_depends_on_what_comes_later(band: Band) -> None:
    samples = pink_uv(2, 2000, 256.0) + 5000.0
    changed = samples.copy()
    changed[:, 1000:] = np.random.default_rng(1).normal(0, 1e4, (2, 1000))
    before, after = causal(samples, 256.0, band), causal(changed, 256.0, band)
    np.testing.assert_array_equal(before[:, :1000], after[:, :1000])
    assert not np.array_equal(before[:, 1000:], after[:, 1000:])


def test_zero_phase_does_look_into_the_future() -> None:
    samples = pink_uv(1, 2560, 256.0)
    changed = samples.copy()
    changed[:, 1000:] = 0.0
    assert not np.allclose(zero_phase(samples, 256.0, ALPHA)[:, :990], zero_phase(changed, 256.0, ALPHA)[:, :990])


@pytest.mark.parametrize("pieces", [(1000,), (1, 999), (300, 300, 400), (7,) * 142 + (6,)])
def test_pieces_equal_the_whole(pieces: tuple[int, ...]) -> None:
    samples = pink_uv(3, 1000, 256.0) - 2000.0
    live = CausalFilter(256.0, ALPHA)
    fed = [live.feed(part) for part in np.split(samples, np.cumsum(pieces)[:-1], axis=1)]
    np.testing.assert_allclose(np.concatenate(fed, axis=1), causal(samples, 256.0, ALPHA), atol=1e-9)


def test_causal_is_the_plain_butterworth() -> None:
    samples = pink_uv(2, 2560, 256.0)
    samples[:, 0] = 0.0
    sections = butter(4, (8.0, 13.0), btype="bandpass", fs=256.0, output="sos")
    np.testing.assert_allclose(causal(samples, 256.0, ALPHA), sosfilt(sections, samples, axis=1), atol=1e-9)


def test_an_offset_gives_no_jump_at_the_start() -> None:
    assert np.abs(causal(np.full((1, 500), 8000.0), 256.0, Band(0.5, 40.0))).max() < 1e-6


# --- edges -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("high_hz", [60.9, 64.0, 64.5, 100.0])
def test_an_upper_edge_at_the_nyquist_frequency_is_open(kind: FilterKind, high_hz: float) -> None:
    samples = pink_uv(2, 2560, 128.0)
    opened = zero_phase(samples, 128.0, Band(1.0, None), kind=kind)
    np.testing.assert_array_equal(zero_phase(samples, 128.0, Band(1.0, high_hz), kind=kind), opened)


def test_an_open_band_changes_nothing() -> None:
    samples = pink_uv(2, 300, 128.0)
    np.testing.assert_array_equal(zero_phase(samples, 128.0, Band(None, 64.0)), samples)
    np.testing.assert_array_equal(causal(samples, 128.0, Band(None, None)), samples)


@pytest.mark.parametrize(
    "band", [Band(64.0, None), Band(80.0, 90.0), Band(20.0, 10.0), Band(0.0, 10.0), Band(5.0, 5.0)]
)
def test_bands_without_room_are_refused(band: Band) -> None:
    for apply in (zero_phase, causal):
        with pytest.raises(SignalError, match="below 64 Hz"):
            apply(np.zeros((1, 5000)), 128.0, band)


def test_a_signal_shorter_than_the_filter_is_told() -> None:
    with pytest.raises(SignalError, match=r"needs 845 samples \(6.60 s\), got 500"):
        zero_phase(np.zeros((1, 500)), 128.0, Band(0.5, 40.0))
    with pytest.raises(SignalError, match="needs 28 samples"):
        zero_phase(np.zeros((1, 20)), 128.0, Band(0.5, 40.0), kind=FilterKind.IIR)
    assert zero_phase(np.zeros((1, 500)), 128.0, Band(0.5, 40.0), kind=FilterKind.IIR).shape == (1, 500)
    assert zero_phase(np.zeros((2, 0)), 128.0, ALPHA).shape == (2, 0)


# --- mains -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("line_hz", MAINS_HZ)
@pytest.mark.parametrize("sfreq", [128.0, 256.0, 998.4213])
def test_the_mains_frequency_is_found(line_hz: float, sfreq: float) -> None:
    eeg = pink_uv(4, round(20 * sfreq), sfreq)
    assert mains_hz(eeg, sfreq) is None
    assert mains_hz(eeg + 3 * _wave(line_hz + 0.08, sfreq), sfreq) == line_hz


def test_a_rate_that_cannot_hold_the_mains_has_none() -> None:
    assert mains_hz(pink_uv(4, 2000, 80.0), 80.0) is None
    assert mains_hz(pink_uv(4, 10, 256.0), 256.0) is None


def test_the_mains_of_real_recordings() -> None:
    raw = mne.io.read_raw_bdf(shared_file("eeg", "eeglab", "test.bdf"), preload=True, verbose="error")
    assert mains_hz(raw.get_data(picks="eeg") * 1e6, 256.0) == 50.0
    raw = mne.io.read_raw_eeglab(shared_file("eeg", "eeglab", "eeglab_data.set"), verbose="error")
    assert mains_hz(raw.get_data(picks="eeg") * 1e6, 128.0) == 60.0


@pytest.mark.parametrize("sfreq", [256.0, 512.0, 998.4213])
def test_notch_takes_the_line_and_its_harmonics_and_little_else(sfreq: float) -> None:
    eeg = _wave(10.0, sfreq)
    lines = sum((_wave(hz, sfreq) for hz in np.arange(50.0, sfreq / 2 - 5, 50.0)), np.zeros_like(eeg))
    inner = slice(round(3 * sfreq), -round(3 * sfreq))
    np.testing.assert_allclose(notch(eeg + lines, sfreq, 50.0)[:, inner], eeg[:, inner], atol=0.02)


def test_notch_where_the_rate_cannot_hold_the_line() -> None:
    samples = pink_uv(2, 1000, 100.0)
    np.testing.assert_array_equal(notch(samples, 100.0, 50.0), samples)
    with pytest.raises(SignalError, match="more than 0 Hz"):
        notch(samples, 100.0, 0.0)
    with pytest.raises(SignalError, match=r"needs 0\.5 s"):
        notch(samples[:, :40], 256.0, 50.0)
