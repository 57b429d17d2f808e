"""Coefficients of a trace's voices against scikit-learn, and who speaks where a modality is missing."""

from __future__ import annotations

import json
from dataclasses import replace

import numpy as np
import pytest
from numpy.typing import NDArray
from sklearn.linear_model import LinearRegression

from mlcore.train.trace_line import Line, fit_line
from mlcore.train.trace_pool import TracePool, TraceVoice, fit_trace_pool

N, T = 40, 5
Floats = NDArray[np.float64]


def test_a_line_is_scikit_learns_positive_regression() -> None:
    rng = np.random.default_rng(0)
    x = rng.standard_normal((60, 4)) + 2.0
    y = x @ np.array([0.7, -0.5, 0.3, 0.0]) + 1.5 + 0.3 * rng.standard_normal(60)
    reference = LinearRegression(positive=True).fit(x, y)
    line = fit_line(x, y)
    assert line.weights == pytest.approx(reference.coef_.tolist(), abs=1e-8)
    assert line.bias == pytest.approx(float(reference.intercept_))
    assert min(line.weights) == 0.0


def test_a_voice_that_only_rounding_moves_is_not_heard() -> None:
    rng = np.random.default_rng(6)
    y = rng.standard_normal(50)
    x = np.stack([y + rng.standard_normal(50), 0.1 + 1e-17 * y + np.spacing(0.1) * (y > 0)], axis=1)
    assert fit_line(x, y).weights[1] == 0.0


def test_each_modality_is_fitted_alone_then_together_on_what_was_scored() -> None:
    truth, voices = _truth(), _voices()
    pool = fit_trace_pool(voices, truth, has_experts=True)
    said = []
    for name, voice in voices.items():
        known = ~np.isnan(truth) & voice.heard[:, None]
        both = np.stack([voice.networks, voice.expert], axis=-1)
        alone = LinearRegression(positive=True).fit(both[known], truth[known])
        assert pool.alone[name].weights == pytest.approx(alone.coef_.tolist(), abs=1e-8)
        said.append(alone.predict(both.reshape(-1, 2)).reshape(N, T))
    everywhere = ~np.isnan(truth) & np.all([voice.heard for voice in voices.values()], axis=0)[:, None]
    together = LinearRegression(positive=True).fit(np.stack([one[everywhere] for one in said], 1), truth[everywhere])
    assert pool.together is not None
    assert pool.together.weights == pytest.approx(together.coef_.tolist(), abs=1e-8)
    expected = together.predict(np.stack(said, axis=-1).reshape(-1, 2)).reshape(N, T)
    has_both = np.all([voice.heard for voice in voices.values()], axis=0)
    assert np.allclose(pool.answer(voices)[has_both], expected[has_both])


def test_a_clip_with_one_modality_is_answered_by_it_alone() -> None:
    voices = _voices()
    pool = fit_trace_pool(voices, _truth(), has_experts=True)
    only_face = voices["face"].heard & ~voices["eeg"].heard
    assert only_face.any()
    said = pool.answer(voices)
    alone = pool.alone["face"].of(voices["face"].networks, voices["face"].expert)
    assert np.allclose(said[only_face], alone[only_face])
    assert np.array_equal(said[only_face], pool.answer({"face": voices["face"]})[only_face])


def test_nobody_heard_means_nothing_said() -> None:
    deaf = {name: replace(voice, heard=np.zeros(N, dtype=np.bool_)) for name, voice in _voices().items()}
    assert np.isnan(fit_trace_pool(_voices(), _truth(), has_experts=True).answer(deaf)).all()


def test_a_modality_that_says_nothing_counts_nothing_beside_the_other() -> None:
    truth, voices = _truth(), _voices()
    rng = np.random.default_rng(5)
    against = TraceVoice(
        -np.nan_to_num(truth), -np.nan_to_num(truth) + rng.standard_normal((N, T)), voices["eeg"].heard
    )
    pool = fit_trace_pool({"eeg": against, "face": voices["face"]}, truth, has_experts=True)
    assert pool.alone["eeg"].weights == (0.0, 0.0)
    assert pool.together is not None
    assert pool.together.weights[0] == 0.0


def test_without_experts_their_coefficient_stays_zero() -> None:
    pool = fit_trace_pool(_voices(), _truth(), has_experts=False)
    assert all(line.weights[1] == 0.0 and line.weights[0] > 0 for line in pool.alone.values())


def test_few_clips_leave_everyone_as_loud_as_the_next() -> None:
    few = {name: TraceVoice(one.networks[:4], one.expert[:4], one.heard[:4] | True) for name, one in _voices().items()}
    pool = fit_trace_pool(few, _truth()[:4], has_experts=True)
    mean = np.mean([one.networks + one.expert for one in few.values()], axis=0) / 2
    assert np.allclose(pool.answer(few), mean)


def test_three_modalities_share_what_two_are_left_with_in_proportion() -> None:
    ones = np.ones((2, T))
    line = Line((1.0, 0.0))
    pool = TracePool({"a": line, "b": line, "c": line}, Line((0.6, 0.2, 0.1), 0.5))
    heard = np.array([True, True])
    voices = {
        name: TraceVoice(level * ones, 0 * ones, heard & np.array([True, name != "c"]))
        for name, level in {"a": 1.0, "b": 2.0, "c": 3.0}.items()
    }
    said = pool.answer(voices)
    assert said[0].tolist() == pytest.approx([0.5 + 0.6 + 0.4 + 0.3] * T)
    assert said[1].tolist() == pytest.approx([(0.6 * 1 + 0.2 * 2) / 0.8] * T)


def test_the_coefficients_survive_json() -> None:
    for pool in (TracePool(), fit_trace_pool(_voices(), _truth(), has_experts=True)):
        assert TracePool.from_json(json.loads(json.dumps(pool.to_json()))) == pool


def _truth() -> Floats:
    truth = np.random.default_rng(1).standard_normal((N, T))
    truth[::7, 2:] = np.nan
    truth[3] = np.nan
    return truth


def _voices() -> dict[str, TraceVoice]:
    """Noisy copies of the truth, off by a level; each modality is missing in a fifth of the clips."""
    rng, truth = np.random.default_rng(2), np.nan_to_num(_truth())

    def copy(noise: float) -> Floats:
        return np.asarray(0.8 * truth + 0.3 + noise * rng.standard_normal((N, T)))

    heard = np.arange(N) % 5
    return {
        "eeg": TraceVoice(copy(1.0), copy(1.5), heard != 0),
        "face": TraceVoice(copy(0.5), copy(0.7), heard != 1),
    }
