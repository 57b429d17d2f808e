from __future__ import annotations

import mne
import numpy as np
import pytest
from numpy.typing import NDArray

from mlcore.io.eeg import open_eeg
from mlcore.signals import Band, bridged_pairs, channel_faults, flat_channels, noisy_channels, zero_phase
from mlcore.signals.bad_channels import electrical_distance
from mlcore.types import QualityFault
from tests.factories.arrays import in_memory, pink_uv
from tests.factories.shared import shared_file

SFREQ, C = 256.0, 16
NAMES = [f"C{k}" for k in range(C)]


def _eeg(seed: int = 0, seconds: float = 20.0) -> NDArray[np.float64]:
    return pink_uv(C, round(seconds * SFREQ), SFREQ, seed=seed)


def _real() -> tuple[NDArray[np.float64], float]:
    recording = open_eeg(shared_file("eeg", "eeglab", "eeglab_data.set"))
    names = [name for name, kind in zip(recording.info.channels, recording.info.kinds, strict=True) if kind == "eeg"]
    return recording.read(names, 20.0, 60.0) * 1e6, recording.info.sfreq


@pytest.mark.parametrize("seed", range(4))
def test_clean_channels_are_not_bad(seed: int) -> None:
    eeg = _eeg(seed)
    assert not flat_channels(eeg, SFREQ).any()
    assert not noisy_channels(eeg, SFREQ).any()
    assert bridged_pairs(eeg, SFREQ) == ()


@pytest.mark.parametrize("is_real", [False, True])
def test_each_kind_is_found_and_nothing_else(is_real: bool) -> None:
    eeg, sfreq = _real() if is_real else (_eeg(), SFREQ)
    rng = np.random.default_rng(0)
    broken = eeg + 6000.0
    broken[2] = 6000.0 + rng.normal(0, 0.2, eeg.shape[1])
    broken[5] += rng.normal(0, 150, eeg.shape[1])
    broken[9] = broken[8] + rng.normal(0, 0.2, eeg.shape[1])
    assert np.flatnonzero(flat_channels(broken, sfreq)).tolist() == [2]
    assert np.flatnonzero(noisy_channels(broken, sfreq)).tolist() == [5]
    assert bridged_pairs(broken, sfreq) == ((8, 9),)


def test_a_channel_that_follows_no_other_is_noisy() -> None:
    eeg = _eeg()
    eeg[4] = pink_uv(1, eeg.shape[1], SFREQ, seed=99)[0]
    assert np.flatnonzero(noisy_channels(eeg, SFREQ)).tolist() == [4]


def test_few_channels_are_not_compared() -> None:
    eeg = _eeg()[:3]
    eeg[0] *= 50
    assert not noisy_channels(eeg, SFREQ).any()
    assert bridged_pairs(eeg[:1], SFREQ) == ()
    assert bridged_pairs(eeg[:2], SFREQ) == ()


def test_electrical_distance_as_mne_has_it() -> None:
    eeg = zero_phase(_eeg(seconds=60.0), SFREQ, Band(2.0, 25.0))  # both filters pass this whole
    raw = mne.io.RawArray(eeg * 1e-6, mne.create_info(NAMES, SFREQ, "eeg"), verbose="error")
    by_epoch = mne.preprocessing.compute_bridged_electrodes(raw, epoch_duration=20, verbose="error")[1]
    pairs = np.triu_indices(C, 1)
    ours = electrical_distance(eeg, SFREQ)
    np.testing.assert_allclose(ours[pairs], np.mean(by_epoch, axis=0)[pairs], rtol=0.02)
    np.testing.assert_allclose(ours, ours.T)


# --- a recording's channels ------------------------------------------------------------------------------------------


def test_faults_of_a_recording_by_channel() -> None:
    rng = np.random.default_rng(0)
    eeg = _eeg(seconds=60.0)
    eeg[0] = 0.0
    eeg[3] += 80 * np.sin(2 * np.pi * 50 * np.arange(eeg.shape[1]) / SFREQ)
    eeg[5, 10_000:] = np.clip(eeg[5, 10_000:], -5, 5)  # some of the time
    eeg[7] = np.clip(eeg[7], -5, 5)
    eeg[11] = eeg[10] + rng.normal(0, 0.1, eeg.shape[1])
    assert channel_faults(in_memory(eeg, SFREQ, NAMES)) == {
        "C0": (QualityFault.FLAT,),
        "C3": (QualityFault.LINE_NOISE, "noisy"),
        "C7": (QualityFault.SATURATED,),
        "C10": ("bridged with C11",),
        "C11": ("bridged with C10",),
    }


def test_a_noisy_channel_of_a_recording() -> None:
    eeg = _eeg(seconds=30.0)
    eeg[6] *= 30
    assert "noisy" in channel_faults(in_memory(eeg, SFREQ, NAMES))["C6"]


def test_gaps_are_not_the_channels_fault() -> None:
    eeg = _eeg(seconds=60.0)
    eeg[:, round(10 * SFREQ) : round(50 * SFREQ)] = 0.0
    assert channel_faults(in_memory(eeg, SFREQ, NAMES, gaps=((10.0, 50.0),))) == {}


def test_recordings_that_say_nothing() -> None:
    assert channel_faults(in_memory(np.zeros((0, 5000)), SFREQ, [])) == {}
    assert channel_faults(in_memory(np.zeros((2, 20)), SFREQ, NAMES[:2])) == {}


def test_a_clean_real_recording_has_no_bad_channel() -> None:
    assert channel_faults(open_eeg(shared_file("eeg", "eeglab", "eeglab_data.set"))) == {}
