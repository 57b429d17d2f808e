from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from mlcore.acquire import Costs, measure_costs
from mlcore.acquire.seconds import ANSWER_S
from mlcore.errors import TrainingError

Floats = NDArray[np.float64]


def _measured(
    n: int, *, rng: np.random.Generator, noise: float = 0.3
) -> tuple[NDArray[np.int64], NDArray[np.uint8], Floats, Floats]:
    """Subject 1 costs twice what subject 0 does, EEG alone 1.5 times what both do."""
    subject, ask = rng.integers(0, 2, n), rng.integers(0, 2, n).astype(np.uint8)
    duration_s = np.where(rng.random(n) < 0.5, 4.0, 10.0)
    seconds = 0.7 * (duration_s + ANSWER_S) * 2.0**subject * 1.5**ask * np.exp(rng.normal(0.0, noise, n))
    return subject, ask, duration_s, seconds


def _of(costs: Costs, subject: int, ask: int = 0, duration_s: float = 4.0) -> float:
    return float(costs.of(np.array([subject]), np.array([ask], dtype=np.uint8), np.array([duration_s]))[0])


def test_what_makes_answers_dear_is_found() -> None:
    costs = measure_costs(*_measured(4000, rng=np.random.default_rng(0)))
    assert _of(costs, 1) / _of(costs, 0) == pytest.approx(2.0, rel=0.05)
    assert _of(costs, 0, ask=1) / _of(costs, 0) == pytest.approx(1.5, rel=0.05)
    assert _of(costs, 0, duration_s=10.0) / _of(costs, 0) == pytest.approx(14.0 / 8.0, rel=0.05)


def test_the_predicted_total_is_the_total_spent() -> None:
    subject, ask, duration_s, seconds = _measured(500, rng=np.random.default_rng(1))
    predicted = measure_costs(subject, ask, duration_s, seconds).of(subject, ask, duration_s)
    assert predicted.sum() == pytest.approx(seconds.sum())


def test_a_person_who_left_the_room_changes_little() -> None:
    subject, ask, duration_s, seconds = _measured(200, rng=np.random.default_rng(2))
    usual = measure_costs(subject, ask, duration_s, seconds)
    seconds[:4] = 3600.0
    assert _of(measure_costs(subject, ask, duration_s, seconds), 0) == pytest.approx(_of(usual, 0), rel=0.15)


def test_few_answers_move_a_group_a_little_and_many_move_it_all_the_way() -> None:
    ratios = []
    for n_dear in (1, 5, 200):
        subject = np.repeat([0, 1], [200, n_dear])
        seconds = np.where(subject == 1, 16.0, 8.0)
        n = len(subject)
        costs = measure_costs(subject, np.zeros(n, dtype=np.uint8), np.full(n, 4.0), seconds)
        ratios.append(_of(costs, 1) / _of(costs, 0))
    assert ratios[:2] == pytest.approx([2 ** (1 / 6), 2 ** (1 / 2)], rel=0.02)
    assert 1.9 < ratios[2] < 2.0


def test_a_group_that_was_never_seen_costs_what_all_do() -> None:
    n = 300
    zeros, seconds = np.zeros(n, dtype=np.int64), np.full(n, 16.0)
    costs = measure_costs(zeros, zeros.astype(np.uint8), np.full(n, 4.0), seconds)
    assert _of(costs, 9, ask=2, duration_s=40.0) == pytest.approx(2 * (40.0 + ANSWER_S), rel=0.05)


@pytest.mark.parametrize(("name", "duration_s", "seconds"), [("duration_s", 0.0, 5.0), ("seconds", 4.0, np.nan)])
def test_a_cost_that_is_none_is_an_error(name: str, duration_s: float, seconds: float) -> None:
    with pytest.raises(TrainingError, match=f"{name}: expected positive numbers, got others for 1 of 1 answers"):
        measure_costs(np.array([0]), np.array([0], dtype=np.uint8), np.array([duration_s]), np.array([seconds]))
