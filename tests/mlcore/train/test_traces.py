"""Rounds with a trace: it is followed where it can be, and never further than that."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from safetensors.torch import load_file

from mlcore.evaluate import ccc
from mlcore.store import Store
from mlcore.train import RoundConfig, RoundData, RoundResult, load_model, score
from tests.mlcore.train.rounds import run
from tests.mlcore.train.trace_rounds import (
    CLASSES,
    EASY,
    LONGER,
    TRACE,
    networks_alone,
    simulated,
    trace_round,
    truth_of,
    with_classes,
    with_trace,
)

Trained = tuple[RoundData, RoundResult]


@pytest.fixture(scope="module")
def trace_alone(easy: Store, tmp_path_factory: pytest.TempPathFactory) -> Trained:
    """Two networks on the trace of the easy store."""
    data = trace_round(easy)
    return data, run(data, LONGER, tmp_path_factory.mktemp("alone"))


@pytest.fixture(scope="module")
def both_kinds(gappy: Store, tmp_path_factory: pytest.TempPathFactory) -> Trained:
    """Two networks on classes and the trace of the store with gaps."""
    data = with_classes(trace_round(gappy))
    return data, run(data, LONGER, tmp_path_factory.mktemp("both"))


def test_it_follows_what_can_be_followed_in_people_it_has_not_seen(trace_alone: Trained) -> None:
    data, result = trace_alone
    truth, model = truth_of(data.store, data.pool_rows), load_model(result.model_folder)
    assert ccc(truth, result.pool.traces[TRACE]) > 0.75
    for modality in ("eeg", "face"):
        alone, networks = (
            score(one, data.store, data.pool_rows, modalities=[modality]) for one in (model, networks_alone(model))
        )
        assert ccc(truth, alone.traces[TRACE]) > 0.6
        assert ccc(truth, networks.traces[TRACE]) > 0.5


def test_the_trace_comes_on_its_own_scale(easy: Store, config: RoundConfig, tmp_path: Path) -> None:
    """A trace in other units is the same trace: y -> 100 + 50 y."""
    data = trace_round(easy)
    plain = run(data, config, tmp_path / "plain").pool
    scaled = run(with_trace(data, 100 + 50 * data.traces[TRACE]), config, tmp_path / "scaled").pool
    assert np.allclose(scaled.traces[TRACE], 100 + 50 * plain.traces[TRACE], atol=0.1)
    assert np.allclose(scaled.trace_variance, 2500 * plain.trace_variance, rtol=0.01)


def test_what_cannot_be_followed_stays_at_chance(tmp_path: Path) -> None:
    """A leak between the clips that are asked about and training would show here."""
    silent = replace(EASY, n_subjects=10, eeg_snr=0.0, face_snr=0.0)
    found = []
    for seed in (0, 1):
        store = simulated(tmp_path / f"store {seed}", replace(silent, seed=seed))
        data = trace_round(store, n_test_subjects=5)
        pool = run(data, replace(LONGER, n_members=1), tmp_path / f"round {seed}").pool
        found.append(ccc(truth_of(store, data.pool_rows), pool.traces[TRACE]))
    assert abs(np.mean(found)) < 0.2


def test_stretches_that_nobody_scored_are_passed_over(easy: Store, tmp_path: Path) -> None:
    """What stood where nothing was scored can't have been read: rubbish there would have spoilt everything."""
    data = trace_round(easy)
    trace = data.traces[TRACE].copy()
    trace[::2, :6] = np.nan
    trace[5] = np.nan
    pool = run(with_trace(data, trace), replace(LONGER, n_members=1), tmp_path / "holes").pool
    assert np.isfinite(pool.traces[TRACE]).all()
    assert ccc(truth_of(easy, data.pool_rows), pool.traces[TRACE]) > 0.7


def test_a_missing_modality_leaves_the_other_alone(gappy: Store, both_kinds: Trained) -> None:
    data, result = both_kinds
    pool, model = result.pool, load_model(result.model_folder)
    assert ccc(truth_of(gappy, data.pool_rows), pool.traces[TRACE]) > 0.6
    eeg, face = (score(model, gappy, data.pool_rows, modalities=[one]) for one in ("eeg", "face"))
    has_eeg, has_face = (gappy.present(one)[data.pool_rows] for one in ("eeg", "face"))
    assert np.array_equal(np.isnan(eeg.traces[TRACE]).all(axis=1), ~has_eeg)
    assert np.array_equal(np.isnan(eeg.trace_variance), ~has_eeg)
    assert np.isfinite(pool.traces[TRACE]).all()
    assert np.array_equal(pool.traces[TRACE][~has_face], eeg.traces[TRACE][~has_face])
    assert np.array_equal(pool.traces[TRACE][~has_eeg], face.traces[TRACE][~has_eeg])
    assert np.array_equal(pool.trace_variance[~has_face], eeg.trace_variance[~has_face])


def test_a_trace_alone_has_no_classes_to_tell_of(easy: Store, config: RoundConfig, folder: Path) -> None:
    data = trace_round(easy)
    result = run(data, config, folder)
    assert result.pool.alpha == {}
    assert result.pool.mean_entropy.tolist() == [0.0] * len(data.pool_rows)
    assert result.pool.traces[TRACE].shape == (len(data.pool_rows), 16)
    assert np.all(result.pool.trace_variance > 0)
    assert np.isfinite(result.pool.agreement).all()
    assert result.metrics["mean_balanced_accuracy"] is None
    assert {row["stage"] for row in result.history} == {"teacher", "student"}
    assert not any(".banks." in name for name in load_file(folder / "model.safetensors"))


def test_classes_and_traces_are_learnt_side_by_side(gappy: Store, both_kinds: Trained) -> None:
    data, pool = both_kinds[0], both_kinds[1].pool
    assert set(pool.alpha) == {CLASSES}
    assert np.all((pool.mean_entropy > 0) & (pool.mean_entropy <= 1))
    truth = gappy.target(CLASSES)[data.pool_rows]
    assert np.mean(pool.alpha[CLASSES].argmax(axis=1) == truth) > 0.5


def test_a_saved_model_follows_as_the_round_did(gappy: Store, both_kinds: Trained) -> None:
    data, result = both_kinds
    pool, folder = result.pool, result.model_folder
    again = score(load_model(folder), gappy, data.pool_rows)
    assert np.array_equal(again.traces[TRACE], pool.traces[TRACE])
    assert np.array_equal(again.trace_variance, pool.trace_variance)
    assert np.array_equal(again.mean_entropy, pool.mean_entropy)
    singly = score(load_model(folder), gappy, data.pool_rows, batch_size=1)
    assert np.allclose(singly.traces[TRACE], pool.traces[TRACE], atol=1e-5)
