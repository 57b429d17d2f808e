from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy.signal import welch

from mlcore.simulate.plan import TrialPlan, draw_trial
from mlcore.simulate.store_config import StoreConfig
from mlcore.simulate.store_eeg import draw_trial_eeg, unrelated
from mlcore.simulate.store_people import draw_person

CONFIG = StoreConfig(subject_shift=0.0, eeg_artefacts_per_min=0.0, bad_channel_share=0.0, n_channels=32, eeg_snr=1.2)
PERSON = draw_person(1, np.random.default_rng(0), CONFIG)


def _plan(valence: float, arousal: float) -> TrialPlan:
    plan = draw_trial(PERSON.traits, 1, cell=(1, 1), config=CONFIG.recording(), rng=np.random.default_rng(0))
    flat = np.ones_like(plan.valence)
    return replace(plan, valence=valence * flat, arousal=arousal * flat, eeg_share=1.0, blinks_s=(), artefacts=())


def _log_power(plan: TrialPlan, channel: str, band_hz: tuple[float, float], config: StoreConfig = CONFIG) -> float:
    """Mean over 20 trials that differ in all but the emotion."""
    row = config.channels.index(channel)
    person = draw_person(1, np.random.default_rng(0), config)
    eeg = np.stack([draw_trial_eeg(plan, person, config, np.random.default_rng(seed))[row] for seed in range(20)])
    hz, power = welch(eeg, fs=config.sfreq, nperseg=256, axis=1)
    inside = (hz >= band_hz[0]) & (hz < band_hz[1])
    return float(np.log(power[:, inside].mean(axis=1)).mean())


def test_frontal_alpha_asymmetry_follows_valence() -> None:
    right_less_left = [
        _log_power(_plan(valence, 0.0), "F4", (8.0, 13.0)) - _log_power(_plan(valence, 0.0), "F3", (8.0, 13.0))
        for valence in (-0.8, 0.8)
    ]
    assert right_less_left[1] - right_less_left[0] > 0.2


def test_arousal_lowers_alpha_and_raises_beta() -> None:
    assert _log_power(_plan(0.0, -0.8), "Oz", (8.0, 13.0)) - _log_power(_plan(0.0, 0.8), "Oz", (8.0, 13.0)) > 0.3
    assert _log_power(_plan(0.0, 0.8), "Fz", (14.0, 30.0)) - _log_power(_plan(0.0, -0.8), "Fz", (14.0, 30.0)) > 0.2


def test_gamma_follows_the_strength_of_valence_not_its_sign() -> None:
    sad, neutral, glad = (_log_power(_plan(value, 0.0), "T7", (31.0, 45.0)) for value in (-0.8, 0.0, 0.8))
    assert sad == pytest.approx(glad, abs=0.05)
    assert min(sad, glad) - neutral > 0.1


def test_a_silent_eeg_shows_nothing() -> None:
    silent = replace(CONFIG, eeg_snr=0.0)
    first, second = (_log_power(_plan(value, value), "Oz", (8.0, 13.0), silent) for value in (-0.8, 0.8))
    assert first == pytest.approx(second)
    one_sided = [_log_power(replace(_plan(v, v), eeg_share=0.0), "Oz", (8.0, 13.0)) for v in (-0.8, 0.8)]
    assert one_sided[0] == pytest.approx(one_sided[1])


def test_the_background_falls_with_frequency() -> None:
    slow, fast = (_log_power(_plan(0.0, 0.0), "C3", band) for band in ((1.0, 3.0), (50.0, 60.0)))
    assert slow - fast > 2.0


def test_unrelated_changes_have_variance_one() -> None:
    rng, times_s = np.random.default_rng(0), np.arange(0.0, 16.0, 0.25)
    changes: NDArray[np.float64] = unrelated(4000, times_s, rng)
    assert changes.var() == pytest.approx(1.0, abs=0.05)
    assert changes.mean() == pytest.approx(0.0, abs=0.05)
