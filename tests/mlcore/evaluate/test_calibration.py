from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from mlcore.errors import TrainingError
from mlcore.evaluate import (
    apply_temperature,
    fit_temperature,
    negative_log_likelihood,
)

Floats = NDArray[np.float64]


@pytest.mark.parametrize("temperature", [0.5, 1.0, 3.0])
def test_the_temperature_that_spoilt_the_answers_is_found(temperature: float) -> None:
    """Classes are drawn from p; the answers are p sharpened by T (p^T), which T undoes."""
    honest, y = _drawn(20_000)
    spoilt = apply_temperature(honest, 1 / temperature)
    found = fit_temperature(spoilt, y)
    assert found == pytest.approx(temperature, rel=0.05)
    assert apply_temperature(spoilt, temperature) == pytest.approx(honest, abs=1e-9)


def test_it_is_the_minimum_of_a_fine_grid() -> None:
    p, y = _drawn(200)
    said = apply_temperature(p, 0.4)
    grid = np.exp(np.linspace(-3, 3, 4001))
    losses = [negative_log_likelihood(apply_temperature(said, t), y) for t in grid]
    assert fit_temperature(said, y) == pytest.approx(grid[int(np.argmin(losses))], rel=2e-3)


@given(st.integers(0, 10_000), st.floats(0.1, 10))
def test_a_fitted_temperature_makes_the_held_back_clips_no_worse(seed: int, sharpness: float) -> None:
    rng = np.random.default_rng(seed)
    p, y = apply_temperature(rng.dirichlet(np.ones(3), 30), 1 / sharpness), rng.dirichlet(np.ones(3), 30)
    after = negative_log_likelihood(apply_temperature(p, fit_temperature(p, y)), y)
    assert after <= negative_log_likelihood(p, y) + 1e-6


def test_too_little_to_learn_from_changes_nothing() -> None:
    p, y = _drawn(40)
    sharp = apply_temperature(p, 0.2)
    first = y[:, 0] == 1
    assert fit_temperature(sharp[:9], y[:9]) == 1.0
    assert first.sum() >= 10
    assert fit_temperature(sharp[first], y[first]) == 1.0
    unlabelled = np.where(np.arange(40)[:, None] < 9, y, np.nan)
    assert fit_temperature(sharp, unlabelled) == 1.0


def test_clips_without_label_or_answer_are_left_out() -> None:
    p, y = _drawn(60)
    holes, gaps = p.copy(), y.copy()
    holes[:10], gaps[10:20] = np.nan, np.nan
    assert fit_temperature(holes, gaps) == fit_temperature(p[20:], y[20:])


def test_a_temperature_keeps_the_order_of_classes_and_rows_of_nan() -> None:
    p = np.array([[0.6, 0.3, 0.1], [np.nan] * 3, [1.0, 0.0, 0.0]])
    for temperature in (0.1, 7.0):
        flattened = apply_temperature(p, temperature)
        assert np.isnan(flattened[1]).all()
        assert flattened[[0, 2]].sum(axis=1) == pytest.approx([1, 1])
        assert flattened[0].argsort().tolist() == [2, 1, 0]
    with pytest.raises(TrainingError, match="above 0, got 0"):
        apply_temperature(p, 0.0)


def _drawn(n: int) -> tuple[Floats, Floats]:
    """Probabilities (n, 3) and one-hot classes that were drawn from them."""
    rng = np.random.default_rng(2)
    p = rng.dirichlet(np.full(3, 1.5), n)
    drawn = (rng.random((n, 1)) > p.cumsum(axis=1)[:, :2]).sum(axis=1)
    return p, np.eye(3)[drawn]
