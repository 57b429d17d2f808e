from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from mlcore.io.recording import EegRecording
from mlcore.signals import study_eeg
from mlcore.types import EegInfo

CHANNELS = ["Fz", "Cz", "Pz", "Oz"]


def _recording(
    data_uv: NDArray[np.float64], sfreq: float, names: list[str], *, gaps: tuple[tuple[float, float], ...] = ()
) -> EegRecording:
    info = EegInfo("test", tuple(names), ("eeg",) * len(names), sfreq, data_uv.shape[1])
    return EegRecording(
        path=Path("test.bdf"),
        info=info,
        events=(),
        fetch=lambda picks, first, last: data_uv[list(picks), first:last] * 1e-6,
        gaps=gaps,
    )


def _opposed(times_s: NDArray[np.float64], hz: float) -> NDArray[np.float64]:
    """Four channels whose mean is zero, so that the average reference changes nothing."""
    wave = 20 * np.sin(2 * np.pi * hz * times_s)
    return np.stack([wave, -wave, 2 * wave, -2 * wave])


@pytest.mark.parametrize("sfreq", [100.0, 128.0, 256.0, 512.0, 998.42, 1024.0143])
@pytest.mark.parametrize("hz", [2.0, 10.0, 30.0])
def test_what_lies_in_the_band_keeps_size_and_place(sfreq: float, hz: float) -> None:
    recording = _recording(_opposed(np.arange(round(20 * sfreq)) / sfreq, hz), sfreq, CHANNELS)
    study = study_eeg(recording, CHANNELS, 128.0)
    expected = _opposed(np.arange(study.data.shape[1]) / 128.0, hz)
    inner = slice(3 * 128, -3 * 128)
    assert study.data.dtype == np.float32
    assert abs(study.data.shape[1] - 20 * 128) <= 1
    assert np.max(np.abs(study.data[:, inner] - expected[:, inner])) < 2.0  # of 40 µV


@pytest.mark.parametrize("hz", [0.05, 60.0, 100.0])
def test_what_lies_outside_is_taken_away(hz: float) -> None:
    times_s = np.arange(60 * 256) / 256.0
    study = study_eeg(_recording(_opposed(times_s, hz) + 5000.0, 256.0, CHANNELS), CHANNELS, 128.0)
    assert np.abs(study.data[:, 5 * 128 : -5 * 128]).max() < 2.0


def test_reference_is_the_mean_of_the_present_channels() -> None:
    data_uv = np.random.default_rng(0).normal(0, 20, (4, 2560))
    study = study_eeg(_recording(data_uv, 256.0, CHANNELS), [*CHANNELS, "T7"], 128.0)
    assert study.present.tolist() == [True] * 4 + [False]
    np.testing.assert_allclose(study.data[:4].mean(axis=0), 0.0, atol=1e-4)
    assert not study.data[4].any()


def test_a_single_channel_is_not_referenced_away() -> None:
    wave = 20 * np.sin(2 * np.pi * 10 * np.arange(2560) / 256.0)[None]
    study = study_eeg(_recording(wave, 256.0, ["Cz"]), CHANNELS, 128.0)
    assert study.present.tolist() == [False, True, False, False]
    assert study.data[1].std() == pytest.approx(20 / np.sqrt(2), rel=0.05)


def test_rows_follow_the_study_not_the_file() -> None:
    times_s = np.arange(2560) / 256.0
    data_uv = _opposed(times_s, 10.0)
    straight = study_eeg(_recording(data_uv, 256.0, CHANNELS), CHANNELS, 128.0)
    shuffled = study_eeg(_recording(data_uv[::-1], 256.0, [f"EEG {n}-REF" for n in CHANNELS[::-1]]), CHANNELS, 128.0)
    np.testing.assert_allclose(shuffled.data, straight.data, atol=1e-4)


def test_a_file_with_none_of_the_names() -> None:
    study = study_eeg(_recording(np.ones((16, 2560)), 256.0, [f"A{k}" for k in range(1, 17)]), CHANNELS, 128.0)
    assert not study.present.any()
    assert study.data.shape == (4, 1280)
    assert not study.data.any()


def test_gaps_are_silent() -> None:
    data_uv = np.random.default_rng(0).normal(0, 20, (4, 2560))
    study = study_eeg(_recording(data_uv, 256.0, CHANNELS, gaps=((2.0, 4.0),)), CHANNELS, 128.0)
    assert not study.data[:, 256:512].any()
    assert study.data[:, 512:].any(axis=1).all()


def test_missing_numbers_do_not_spread() -> None:
    data_uv = np.random.default_rng(0).normal(0, 20, (4, 2560))
    data_uv[0, 1000] = np.nan
    assert np.isfinite(study_eeg(_recording(data_uv, 256.0, CHANNELS), CHANNELS, 128.0).data).all()


@pytest.mark.parametrize("n_samples", [1, 10, 27, 40])
def test_recordings_of_a_few_samples(n_samples: int) -> None:
    study = study_eeg(_recording(np.ones((4, n_samples)), 128.0, CHANNELS), CHANNELS, 128.0)
    assert study.data.shape == (4, n_samples)
    assert np.isfinite(study.data).all()


def test_windows_reach_beyond_the_recording_with_zeros() -> None:
    data_uv = np.random.default_rng(0).normal(0, 20, (4, 1280))
    study = study_eeg(_recording(data_uv, 128.0, CHANNELS), CHANNELS, 128.0)
    window = study.window(9.0, 256)
    assert np.array_equal(window[:, :128], study.data[:, -128:])
    assert not window[:, 128:].any()
    assert not study.window(-5.0, 256).any()


def test_rate_below_the_band_is_refused() -> None:
    with pytest.raises(ValueError, match="sfreq"):
        study_eeg(_recording(np.ones((4, 128)), 128.0, CHANNELS), CHANNELS, 1.0)
