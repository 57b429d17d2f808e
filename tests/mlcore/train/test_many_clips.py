"""What training does where clips are many: larger batches, a learning rate to match, cheap noise."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import scipy.stats
import torch

from mlcore.errors import TrainingError
from mlcore.train import RoundConfig
from mlcore.train.augment import STRETCH, white_noise


@pytest.mark.parametrize(
    ("n_clips", "batch"), [(10, 32), (3200, 32), (3201, 33), (6400, 64), (25_600, 256), (1_000_000, 256)]
)
def test_batches_grow_so_that_an_epoch_has_a_hundred_steps(n_clips: int, batch: int) -> None:
    assert RoundConfig().batch_size_for(n_clips) == batch


def test_a_batch_that_was_asked_for_is_never_made_smaller() -> None:
    assert replace(RoundConfig(), batch_size=512).batch_size_for(1_000_000) == 512


def test_the_learning_rate_grows_with_the_root_of_the_batch() -> None:
    config = RoundConfig()
    assert config.stage_for(config.student, 3200) == config.student
    grown = config.stage_for(config.student, 32 * 4 * 100)
    assert grown == replace(config.student, learning_rate=2 * config.student.learning_rate)


def test_an_epoch_needs_a_step() -> None:
    with pytest.raises(TrainingError, match="max_steps_per_epoch: expected 1 or more"):
        replace(RoundConfig(), max_steps_per_epoch=0)


@pytest.mark.parametrize("n_clips", [0, 1, STRETCH, STRETCH + 1, 32])
def test_noise_is_standard_normal_and_no_clips_noise_is_anothers(n_clips: int) -> None:
    torch.manual_seed(0)
    noise = white_noise(torch.zeros(n_clips, 8, 256)).numpy()
    assert noise.shape == (n_clips, 8, 256)
    for clip in noise:
        assert scipy.stats.kstest(clip.ravel(), "norm").pvalue > 1e-4
    assert len({clip.tobytes() for clip in noise}) == n_clips


def test_noise_is_white_within_a_clip() -> None:
    torch.manual_seed(0)
    noise = white_noise(torch.zeros(32, 8, 256)).numpy().astype(np.float64)
    for lag in (1, 2, 7, 64):
        assert abs(float((noise[..., lag:] * noise[..., :-lag]).mean())) < 0.02
    between = np.mean([np.corrcoef(clip) for clip in noise], axis=0)
    assert np.abs(between - np.eye(8)).max() < 0.05
