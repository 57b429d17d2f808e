"""Summaries of clips: band power by hand, mean and spread over the steps that hold data."""

from __future__ import annotations

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from mlcore.nets import summarise, summary_width
from mlcore.nets.summary import BANDS_HZ
from mlcore.store import ModalityKind, ModalityMeta

EEG = ModalityMeta(ModalityKind.WAVEFORM, (3, 640), sfreq=128.0, unit="µV")
FACE = ModalityMeta(ModalityKind.SEQUENCE, (25, 4), sfreq=5.0)
ROW = ModalityMeta(ModalityKind.VECTOR, (3,))


@pytest.mark.parametrize(("rhythm_hz", "band"), [(2.0, 0), (6.0, 1), (10.0, 2), (20.0, 3), (40.0, 4)])
def test_a_rhythm_shows_in_its_band_and_its_channel_alone(rhythm_hz: float, band: int) -> None:
    clip = 0.01 * np.random.default_rng(0).standard_normal((1, *EEG.shape))
    clip[0, 1] += 10.0 * np.sin(2 * np.pi * rhythm_hz * np.arange(640) / 128.0)
    summary = summarise(clip, EEG).reshape(3, len(BANDS_HZ))
    assert summary.argmax() == len(BANDS_HZ) + band
    assert summary[1, band] > np.delete(summary.ravel(), 5 + band).max() + 5.0


def test_twice_the_amplitude_is_ln_4_more() -> None:
    clip = np.random.default_rng(0).standard_normal((2, *EEG.shape))
    assert np.allclose(summarise(2 * clip, EEG) - summarise(clip, EEG), np.log(4), atol=1e-3)


@pytest.mark.parametrize("n_times", [640, 641])
def test_band_power_is_the_mean_of_the_periodogram(n_times: int) -> None:
    """More clips than one block holds; an odd length too."""
    meta = ModalityMeta(ModalityKind.WAVEFORM, (3, n_times), sfreq=128.0, unit="µV")
    clips = (10.0 * np.random.default_rng(0).standard_normal((37, 3, n_times))).astype(np.float32)
    hz = np.fft.rfftfreq(n_times, 1 / 128.0)
    power = np.abs(np.fft.rfft(clips.astype(np.float64))) ** 2 / n_times
    bands = [power[..., (hz >= low) & (hz < high)].mean(axis=-1) for low, high in BANDS_HZ]
    expected = np.log(np.stack(bands, axis=-1) + 1e-6).reshape(37, -1)
    np.testing.assert_allclose(summarise(clips, meta), expected, rtol=1e-12)


def test_a_masked_channel_is_unknown_and_no_other() -> None:
    clip = np.random.default_rng(0).standard_normal((1, *EEG.shape))
    clip[0, 2] = 0.0
    assert np.isnan(summarise(clip, EEG).reshape(3, -1)).any(axis=1).tolist() == [False, False, True]


def test_bands_above_what_a_slow_recording_holds_are_left_out() -> None:
    slow = ModalityMeta(ModalityKind.WAVEFORM, (2, 100), sfreq=20.0, unit="µV")
    assert summary_width(slow) == 2 * 3
    assert summarise(np.ones((1, 2, 100)), slow).shape == (1, 6)


def test_steps_without_a_face_do_not_count() -> None:
    clip = np.random.default_rng(0).standard_normal((2, *FACE.shape))
    clip[0, ::2] = 0.0
    clip[1] = 0.0
    summary = summarise(clip, FACE)
    seen = clip[0, 1::2]
    assert np.allclose(summary[0], np.concatenate([seen.mean(axis=0), seen.std(axis=0)]))
    assert np.isnan(summary[1]).all()
    assert summary.shape == (2, summary_width(FACE))


@pytest.mark.parametrize("shape", [(64, 48), (16, 16), (37, 21)])
def test_a_summary_of_pictures_is_mean_and_spread_of_opencvs_grey_thumbnails(shape: tuple[int, int]) -> None:
    meta = ModalityMeta(ModalityKind.FRAMES, (6, 3, *shape), dtype="uint8", sfreq=2.0)
    clips = np.random.default_rng(0).integers(0, 256, (2, *meta.shape), dtype=np.uint8)
    summary = summarise(clips, meta)
    assert summary.shape == (2, summary_width(meta))
    for clip, row in zip(clips, summary, strict=True):
        small = np.stack([_thumbnail(picture) for picture in clip])
        assert np.allclose(row, np.concatenate([small.mean(axis=0), small.std(axis=0)]), atol=1e-3)


def _thumbnail(picture: NDArray[np.uint8]) -> NDArray[np.float32]:
    grey = cv2.cvtColor(picture.transpose(1, 2, 0).astype(np.float32), cv2.COLOR_RGB2GRAY)
    return np.asarray(cv2.resize(grey, (8, 8), interpolation=cv2.INTER_AREA), dtype=np.float32).ravel()


def test_black_pictures_do_not_count() -> None:
    meta = ModalityMeta(ModalityKind.FRAMES, (4, 3, 20, 20), sfreq=2.0)
    clips = np.full((2, *meta.shape), 0.5)
    clips[0, 1:3] = 0.0
    clips[1] = 0.0
    summary = summarise(clips, meta)
    assert np.allclose(summary[0], [0.5] * 64 + [0.0] * 64)
    assert np.isnan(summary[1]).all()


def test_a_vector_is_its_own_summary_and_an_empty_one_unknown() -> None:
    rows = np.array([[1.0, 0.0, -2.0], [0.0, 0.0, 0.0]], dtype=np.float32)
    summary = summarise(rows, ROW)
    assert summary.shape == (2, summary_width(ROW))
    assert summary[0].tolist() == [1.0, 0.0, -2.0]
    assert np.isnan(summary[1]).all()
    assert rows[1].tolist() == [0.0, 0.0, 0.0]


@pytest.mark.parametrize("meta", [EEG, FACE, ROW, ModalityMeta(ModalityKind.FRAMES, (4, 3, 20, 20), sfreq=2.0)])
def test_no_clips_have_no_summaries(meta: ModalityMeta) -> None:
    assert summarise(np.zeros((0, *meta.shape)), meta).shape == (0, summary_width(meta))
