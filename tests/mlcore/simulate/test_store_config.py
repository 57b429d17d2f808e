from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from mlcore.errors import ConcordError
from mlcore.simulate.mahnob import EEG_CHANNELS
from mlcore.simulate.store_config import CAP_ORDER, StoreConfig


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"n_subjects": 0}, "n_subjects should be 1..999, got 0"),
        ({"n_trials": 61}, "n_trials should be 1..60, got 61"),
        ({"clips_per_trial": 0}, "clips_per_trial should be 1..100, got 0"),
        ({"n_channels": 33}, "n_channels should be 1..32, got 33"),
        ({"n_annotators": 0}, "n_annotators should be 1..100, got 0"),
        ({"sfreq": 64.0}, "sfreq should be 100..1024 Hz, got 64.0"),
        ({"face_fps": 0.5}, "face_fps should be 1..60 steps a second, got 0.5"),
        ({"window_s": 0.5}, "window_s should be 1..60 seconds, got 0.5"),
        ({"face_fps": 5.1}, "window_s × face_fps should be a whole number of steps"),
        ({"eeg_snr": -1.0}, "eeg_snr should be a number from 0, got -1.0"),
        ({"face_snr": float("nan")}, "face_snr should be a number from 0, got nan"),
        ({"label_noise": 1.5}, "label_noise should be a share 0..1, got 1.5"),
        ({"labelled_share": 0.0}, "labelled_share should be above 0 and at most 1, got 0.0"),
        ({"missing_eeg_share": 0.6, "missing_face_share": 0.6}, "missing_eeg_share \\+ missing_face_share should be"),
        ({"seed": -1}, "seed should be 0 or more, got -1"),
    ],
)
def test_values_out_of_range_are_named(changes: dict[str, Any], message: str) -> None:
    with pytest.raises(ConcordError, match=message):
        replace(StoreConfig(), **changes)


def test_a_cap_has_every_channel_once() -> None:
    assert sorted(name.upper() for name in CAP_ORDER) == sorted(EEG_CHANNELS)
    config = StoreConfig(n_channels=5)
    assert [EEG_CHANNELS[row] for row in config.channel_rows] == ["FP1", "FP2", "F3", "F4", "C3"]


def test_clips_follow_one_another_within_the_stimulus() -> None:
    config = StoreConfig(clips_per_trial=3, window_s=4.0)
    recording = config.recording()
    assert config.starts_s == (4.5, 8.5, 12.5)
    assert config.starts_s[-1] + config.window_s == recording.baseline_s + recording.trial_s
    assert config.n_clips == 360
