from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from mlcore.errors import ConcordError
from mlcore.simulate.store_config import StoreConfig
from mlcore.simulate.store_dead import face_quality, garbage_eeg, garbage_face
from mlcore.simulate.stores import simulate_store
from mlcore.simulate.truth import TRUTH_NAME
from mlcore.store import UNLABELLED, Store, describe, open_store

USUAL = StoreConfig(n_subjects=4, n_trials=5, clips_per_trial=5, n_channels=4, seed=907)
DEAD = replace(USUAL, dead_eeg_share=0.1, dead_face_share=0.1, dead_both_share=0.3)


@pytest.fixture(scope="module")
def usual(tmp_path_factory: pytest.TempPathFactory) -> Store:
    return open_store(simulate_store(tmp_path_factory.mktemp("usual") / "store", USUAL))


@pytest.fixture(scope="module")
def dead(tmp_path_factory: pytest.TempPathFactory) -> Store:
    return open_store(simulate_store(tmp_path_factory.mktemp("dead") / "store", DEAD))


def _changed(store: Store, other: Store, modality: str) -> np.ndarray:
    rows = np.arange(store.n_clips)
    differs = store.gather(modality, rows) != other.gather(modality, rows)
    return np.asarray(differs.reshape(store.n_clips, -1).any(axis=1))


def test_the_shares_asked_for_are_garbage_and_nothing_else_is(usual: Store, dead: Store) -> None:
    eeg, face = (_changed(dead, usual, name) for name in ("eeg", "face"))
    assert [(eeg & face).sum(), (eeg & ~face).sum(), (~eeg & face).sum()] == [30, 10, 10]
    bad = dead.target("signal") == 1
    assert np.array_equal(bad, eeg & face)
    assert np.array_equal(dead.target("valence3"), np.where(bad, UNLABELLED, usual.target("valence3")))
    assert np.array_equal(np.isnan(dead.target("valence_votes")).all(axis=1), bad)


def test_measured_quality_tells_garbage(usual: Store, dead: Store) -> None:
    for name in ("eeg", "face"):
        garbage = _changed(dead, usual, name)
        assert dead.quality(name)[garbage].max() < 0.5
        assert np.array_equal(dead.quality(name)[~garbage], usual.quality(name)[~garbage])


def test_garbage_holds_nothing_of_the_clip() -> None:
    rng = np.random.default_rng(1)
    clips = rng.normal(size=(6, 4, 512))
    assert np.array_equal(
        garbage_eeg(clips, 128.0, np.random.default_rng(2)), garbage_eeg(-clips, 128.0, np.random.default_rng(2))
    )
    tracks = np.concatenate([rng.normal(size=(6, 20, 23)), np.ones((6, 20, 1))], axis=2)
    assert np.array_equal(
        garbage_face(tracks, np.random.default_rng(2)), garbage_face(tracks[::-1], np.random.default_rng(2))
    )


def test_a_picture_that_stands_still_and_a_face_that_is_lost_cost_quality() -> None:
    moving = np.concatenate([np.random.default_rng(3).normal(size=(1, 20, 23)), np.ones((1, 20, 1))], axis=2)
    frozen, lost = np.repeat(moving[:, :1], 20, axis=1), moving.copy()
    lost[:, 5:] = 0.0
    found = face_quality(np.concatenate([moving, frozen, lost]), 5.0)
    assert found.tolist() == [1.0, 0.0, 0.25]


def test_trials_move_to_the_middle(tmp_path: Path, usual: Store) -> None:
    skewed = open_store(simulate_store(tmp_path / "store", replace(USUAL, neutral_share=1.0)))
    assert (skewed.target("valence3") == 1).mean() > (usual.target("valence3") == 1).mean() + 0.2


def test_clips_may_overlap(tmp_path: Path) -> None:
    store = open_store(simulate_store(tmp_path / "store", replace(USUAL, hop_s=1.0)))
    assert store.start_s[:5].tolist() == [4.5, 5.5, 6.5, 7.5, 8.5]
    assert (store.stop_s - store.start_s == 4.0).all()
    eeg = store.gather("eeg", np.arange(2))
    assert np.array_equal(eeg[0, :, 128:], eeg[1, :, :-128])
    traces = store.target("valence")[:2]
    assert np.array_equal(traces[0, 4:], traces[1, :-4])


def test_what_is_not_asked_for_is_not_told(tmp_path: Path, usual: Store) -> None:
    assert not {"dead_eeg_share", "dead_face_share", "dead_both_share", "neutral_share", "hop_s"} & set(USUAL.to_json())
    assert "signal" not in describe(usual)["targets"]
    out = simulate_store(tmp_path / "store", replace(USUAL, n_subjects=1, neutral_share=0.5))
    config = json.loads((out / TRUTH_NAME).read_text(encoding="utf-8"))["config"]
    assert config["neutral_share"] == 0.5
    assert "hop_s" not in config


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"dead_both_share": 1.2}, "dead_both_share should be a share 0..1, got 1.2"),
        ({"dead_both_share": 0.6, "dead_eeg_share": 0.6}, "dead_both_share should be at most 1, got 1.2"),
        ({"hop_s": 5.0}, "hop_s should be 0..window_s, got 5.0"),
        ({"hop_s": 0.1}, "hop_s × sfreq should be a whole number of steps"),
        ({"neutral_share": -0.1}, "neutral_share should be a share 0..1, got -0.1"),
    ],
)
def test_values_out_of_range_are_named(changes: dict[str, float], message: str) -> None:
    with pytest.raises(ConcordError, match=message):
        replace(StoreConfig(), **changes)  # type: ignore[arg-type]
