from __future__ import annotations

from dataclasses import replace

import mne
import numpy as np
import pytest
from scipy.signal import welch

from mlcore.simulate import Difficulty, SimulationConfig
from mlcore.simulate.brain import draw_eeg
from mlcore.simulate.mahnob import EEG_CHANNELS
from mlcore.simulate.plan import TrialPlan
from mlcore.simulate.recordings import draw_plans, draw_subjects
from tests.mlcore.simulate.conftest import DataSet

QUIET = Difficulty(subject_shift=0.0, eeg_artefacts_per_min=0.0, bad_channel_share=0.0, ambiguous_share=0.0)
CONFIG = SimulationConfig(n_subjects=1, n_trials=1, trial_s=60.0, difficulty=QUIET, seed=1)


def _log_power(plan: TrialPlan, channels: tuple[str, ...], band_hz: tuple[float, float]) -> list[float]:
    eeg_uv = draw_eeg(
        plan,
        draw_subjects(CONFIG)[0],
        sfreq=256.0,
        n_samples=70 * 256,
        difficulty=QUIET,
        rng=np.random.default_rng(0),
        subject_rng=np.random.default_rng(1),
    )
    rows = [EEG_CHANNELS.index(name) for name in channels]
    hz, power = welch(eeg_uv[rows], fs=256.0, nperseg=512, axis=1)
    inside = (hz >= band_hz[0]) & (hz < band_hz[1])
    return list(np.log(power[:, inside].mean(axis=1)))


def _plan(valence: float, arousal: float) -> TrialPlan:
    plan = draw_plans(CONFIG)[0]
    flat = np.ones_like(plan.valence)
    return replace(plan, valence=valence * flat, arousal=arousal * flat, eeg_share=1.0, blinks_s=())


def test_frontal_alpha_asymmetry_follows_valence() -> None:
    left_up, right_up = (_log_power(_plan(value, 0.0), ("F3", "F4"), (8.0, 13.0)) for value in (0.8, -0.8))
    # F4 minus F3 grows with positive valence
    assert (left_up[1] - left_up[0]) - (right_up[1] - right_up[0]) > 0.3


def test_arousal_lowers_alpha_and_raises_beta() -> None:
    alpha = [_log_power(_plan(0.0, arousal), ("OZ",), (8.0, 13.0))[0] for arousal in (-0.8, 0.8)]
    beta = [_log_power(_plan(0.0, arousal), ("FZ",), (14.0, 30.0))[0] for arousal in (-0.8, 0.8)]
    assert alpha[0] - alpha[1] > 0.3
    assert beta[1] - beta[0] > 0.2


def test_a_silent_modality_shows_nothing() -> None:
    plans = [replace(_plan(value, value), eeg_share=0.0) for value in (-0.8, 0.8)]
    first, second = (_log_power(plan, ("F3", "OZ"), (8.0, 13.0)) for plan in plans)
    assert first == pytest.approx(second)


def test_blinks_peak_over_the_forehead_when_the_lids_close(small: DataSet) -> None:
    for trial in small.trials:
        raw = mne.io.read_raw_bdf(small.file(trial, "*.bdf"), preload=True, verbose="error")
        frontal = [name for name in ("FP1", "FP2") if name not in trial.item["bad_channels"]]
        raw.filter(0.5, 15.0, picks=frontal, verbose="error")
        front_uv = 1e6 * raw.get_data(picks=frontal).mean(axis=0)
        at_blinks = []
        for blink_s in trial.item["blinks_s"]:
            near = front_uv[round((blink_s - 0.1) * 256) : round((blink_s + 0.1) * 256)]
            at_blinks.append(near.max())
        assert np.median(at_blinks) > 3.0 * np.median(np.abs(front_uv))
