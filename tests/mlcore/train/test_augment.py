"""What training does to clips: shifts by hand, shares as measured, and nothing where nothing is asked for."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from mlcore.errors import TrainingError
from mlcore.nets import ClipInput
from mlcore.store import ModalityKind, ModalityMeta
from mlcore.train import RoundConfig
from mlcore.train.augment import shift_track, vary, vary_track, vary_waveform
from mlcore.train.config import Augmentation

NOTHING = Augmentation(0.0, 0.0, 0.0, 0.0, 0.0)
EEG = ModalityMeta(ModalityKind.WAVEFORM, (4, 64), sfreq=64.0)
FACE = ModalityMeta(ModalityKind.SEQUENCE, (10, 3), sfreq=5.0)
CROPS = ModalityMeta(ModalityKind.FRAMES, (5, 3, 24, 17), sfreq=1.0)
ROW = ModalityMeta(ModalityKind.VECTOR, (7,))


@pytest.fixture(autouse=True)
def _seeded() -> None:
    torch.manual_seed(0)


def _tracks(n_clips: int, n_steps: int) -> torch.Tensor:
    """Tracks (n, T, 1) whose steps are 1, 2, …, T."""
    return torch.arange(1.0, n_steps + 1).repeat(n_clips, 1).unsqueeze(-1)


def test_a_track_moves_by_its_own_steps_and_what_is_uncovered_is_zero() -> None:
    moved = shift_track(_tracks(5, 4), torch.tensor([0, 1, -2, 4, -7])).squeeze(-1)
    assert moved.tolist() == [[1, 2, 3, 4], [0, 1, 2, 3], [3, 4, 0, 0], [0, 0, 0, 0], [0, 0, 0, 0]]


@given(st.lists(st.integers(-9, 9), min_size=1, max_size=4), st.integers(1, 6), st.integers(1, 3))
def test_shifts_are_those_of_padding_and_cutting(steps: list[int], n_steps: int, n_features: int) -> None:
    x = np.random.default_rng(0).standard_normal((len(steps), n_steps, n_features))
    moved = shift_track(torch.from_numpy(x), torch.tensor(steps)).numpy()
    for track, shifted, step in zip(x, moved, steps, strict=True):
        padded = np.pad(track, [(9, 9), (0, 0)])
        assert np.array_equal(shifted, padded[9 - step : 9 - step + n_steps])


@pytest.mark.parametrize("meta", [EEG, FACE, CROPS, ROW], ids=lambda meta: str(meta.kind))
def test_where_nothing_is_asked_for_nothing_changes(meta: ModalityMeta) -> None:
    x = ClipInput(torch.randn(6, *meta.shape), torch.randn(6, 2))
    varied = vary(x, meta, NOTHING)
    assert torch.equal(varied.signal, x.signal)
    assert torch.equal(varied.summary, x.summary)


@pytest.mark.parametrize(("meta", "changes"), [(EEG, True), (FACE, True), (CROPS, False), (ROW, False)])
def test_waveforms_and_sequences_are_varied_summaries_and_the_others_never(meta: ModalityMeta, changes: bool) -> None:
    x = ClipInput(torch.randn(20, *meta.shape), torch.randn(20, 2))
    varied = vary(x, meta, Augmentation())
    assert torch.equal(varied.summary, x.summary)
    assert torch.equal(varied.signal, x.signal) != changes


def test_noise_has_its_size_and_channels_are_dropped_as_often_as_asked() -> None:
    x = torch.ones(400, 10, 50)
    noisy = vary_waveform(x, replace(NOTHING, eeg_noise=0.3)) - x
    assert float(noisy.std()) == pytest.approx(0.3, abs=0.005)
    assert float(noisy.mean()) == pytest.approx(0.0, abs=0.005)
    dropped = vary_waveform(x, replace(NOTHING, eeg_channel_dropout=0.2))
    whole = dropped.amin(-1) == 1
    assert torch.equal(whole, dropped.amax(-1) == 1)  # a channel is dropped from end to end
    assert float((~whole).float().mean()) == pytest.approx(0.2, abs=0.03)


def test_a_missing_channel_stays_zero_under_noise() -> None:
    x = torch.randn(8, 4, 64)
    x[:, 2] = 0.0
    x[5] = 0.0
    varied = vary_waveform(x, replace(NOTHING, eeg_noise=1.0))
    assert not varied[:, 2].any()
    assert not varied[5].any()
    assert (varied[[0, 1, 2, 3, 4, 6, 7]][:, [0, 1, 3]] != 0).all()


def test_steps_are_lost_as_often_as_asked_and_whole() -> None:
    varied = vary_track(torch.ones(400, 20, 3), replace(NOTHING, track_step_dropout=0.15), most_steps=2)
    lost = (varied == 0).all(-1)
    assert torch.equal(lost, (varied == 0).any(-1))
    assert float(lost.float().mean()) == pytest.approx(0.15, abs=0.02)


def test_as_many_tracks_are_shifted_as_asked_evenly_either_way() -> None:
    settings = replace(NOTHING, track_shift_share=0.6, track_shift_s=0.4)
    x = ClipInput(_tracks(6000, 10), torch.zeros(6000, 1))
    meta = replace(FACE, shape=(10, 1))  # 0.4 s are 2 steps
    offsets = (x.signal - vary(x, meta, settings).signal)[:, 5, 0].round()
    found = {int(step): float((offsets == step).float().mean()) for step in torch.unique(offsets)}
    assert set(found) == {-2, -1, 0, 1, 2}
    assert [found[step] for step in (-2, -1, 1, 2)] == pytest.approx([0.12] * 4, abs=0.02)
    assert found[0] == pytest.approx(0.4 + 0.12, abs=0.02)


def test_a_track_without_a_rate_is_not_shifted() -> None:
    x = ClipInput(_tracks(50, 10), torch.zeros(50, 1))
    settings = replace(NOTHING, track_shift_share=1.0, track_shift_s=5.0)
    assert torch.equal(vary(x, replace(FACE, shape=(10, 1), sfreq=None), settings).signal, x.signal)


def test_settings_that_older_rounds_wrote_at_the_top_are_moved() -> None:
    config = RoundConfig.from_json({"eeg_noise": 0.7, "eeg_channel_dropout": 0, "batch_size": 8})
    expected = replace(Augmentation(), eeg_noise=0.7, eeg_channel_dropout=0.0)
    assert config == replace(RoundConfig(), batch_size=8, augmentation=expected)
    assert "eeg_noise" not in config.to_json()


def test_what_stands_in_its_new_place_wins_over_the_old() -> None:
    config = RoundConfig.from_json({"eeg_noise": 0.7, "augmentation": {"eeg_noise": 0.2, "track_shift_s": 2}})
    assert config.augmentation == replace(Augmentation(), eeg_noise=0.2, track_shift_s=2.0)


@pytest.mark.parametrize(
    ("item", "message"),
    [
        ({"augmentation": {"noise": 0.1}}, "there is no setting augmentation.noise"),
        ({"eeg_noise": "loud"}, "augmentation.eeg_noise: expected float"),
        ({"track_shift_s": 1.0}, "there is no setting track_shift_s"),
        ({"n_members": 0}, "n_members: expected 1 or more, got 0"),
        ({"pool": "votes"}, "pool: expected one of stacked, discounted, got 'votes'"),
    ],
)
def test_unknown_and_impossible_settings_are_named(item: dict[str, object], message: str) -> None:
    with pytest.raises(TrainingError, match=message):
        RoundConfig.from_json(item)
