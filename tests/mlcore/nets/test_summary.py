"""Summaries of clips: band power by hand, mean and spread over the steps that hold data."""

from __future__ import annotations

import numpy as np
import pytest

from mlcore.nets import summarise, summary_width
from mlcore.nets.summary import BANDS_HZ
from mlcore.store import ModalityKind, ModalityMeta

EEG = ModalityMeta(ModalityKind.WAVEFORM, (3, 640), sfreq=128.0, unit="µV")
FACE = ModalityMeta(ModalityKind.SEQUENCE, (25, 4), sfreq=5.0)


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
