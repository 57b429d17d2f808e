from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.optimize import minimize

from mlcore.acquire.forecast import CurvePoint, PowerLaw, fit_power_law, forecast
from mlcore.errors import TrainingError
from mlcore.evaluate import wilson_interval

LAW = PowerLaw(0.85, 1.5, 0.6)


def points_of(law: PowerLaw, n_labels: list[int], *, n: int) -> list[CurvePoint]:
    return [CurvePoint(labels, law.score(labels) * n, n) for labels in n_labels]


def test_a_curve_without_noise_is_found_again() -> None:
    found = fit_power_law(points_of(LAW, [20, 40, 80, 160, 320], n=10_000_000))
    assert (found.a, found.b, found.c) == pytest.approx((LAW.a, LAW.b, LAW.c), rel=0.03)
    assert found.score(640) == pytest.approx(LAW.score(640), abs=2e-3)


@pytest.mark.parametrize("seed", range(4))
def test_no_search_finds_a_better_fit(seed: int) -> None:
    rng = np.random.default_rng(seed)
    points = [CurvePoint(n, float(rng.binomial(40, LAW.score(n))), 40) for n in (20, 40, 80, 160)]
    found = fit_power_law(points)
    shares = np.array([(point.n_correct + 2) / 44 for point in points])
    weight, scores = 40 / (shares * (1 - shares)), np.array([point.score for point in points])
    x = np.array([point.n_labels for point in points], dtype=np.float64)

    def loss(free: np.ndarray[tuple[int], np.dtype[np.float64]]) -> float:
        a, b, log_c = free
        misfit = float((weight * (scores - a + b * x ** -np.exp(log_c)) ** 2).sum()) / 2
        return misfit + float((log_c - np.log(0.5)) / 0.7) ** 2 / 2

    bounds = [(0.0, 1.0), (0.0, None), (np.log(0.05), np.log(2.0))]
    starts = [(0.9, 1.0, np.log(c)) for c in (0.1, 0.3, 0.6, 1.5)]
    best = min(minimize(loss, start, bounds=bounds, method="L-BFGS-B").fun for start in starts)
    # the exponents tried are 6 % apart
    assert loss(np.array([found.a, found.b, np.log(found.c)])) <= best + 0.01


@pytest.mark.parametrize("n_points", [0, 1, 2])
def test_below_three_points_it_can_not_be_told(n_points: int) -> None:
    points = points_of(LAW, [20, 40][:n_points], n=50)
    assert forecast(points) is None
    assert forecast([*points, *points]) is None
    with pytest.raises(TrainingError, match="3 different numbers of labels"):
        fit_power_law(points)


def test_the_forecast_is_at_twice_the_labels_and_its_gain_from_those_there_are() -> None:
    points = points_of(LAW, [20, 40, 80], n=100)
    found, later = forecast(points), forecast(points, now=120)
    assert found is not None
    assert later is not None
    assert (found.n_labels, later.n_labels) == (160, 240)
    assert found.score == found.curve.score(160)
    assert found.gain == pytest.approx(found.curve.score(160) - found.curve.score(80))
    assert later.gain == pytest.approx(found.curve.score(240) - found.curve.score(120))
    assert found.to_json()["curve"] == {"a": found.curve.a, "b": found.curve.b, "c": found.curve.c}


@pytest.mark.parametrize("law", [LAW, PowerLaw(0.6, 0.4, 0.3), PowerLaw(0.95, 3.0, 0.9)])
def test_its_interval_holds_what_comes_nine_times_in_ten(law: PowerLaw) -> None:
    rng = np.random.default_rng(1)
    held = 0
    for seed in range(60):
        points = [CurvePoint(n, float(rng.binomial(60, law.score(n))), 60) for n in (30, 60, 90, 120, 150)]
        found = forecast(points, seed=seed, n_resamples=300)
        assert found is not None
        held += found.interval.low <= law.score(300) <= found.interval.high
    assert held >= 54


def test_the_same_seed_gives_the_same_forecast_and_more_clips_a_narrower_one() -> None:
    few, many = (points_of(LAW, [20, 40, 80, 160], n=n) for n in (30, 3000))
    assert forecast(few, seed=1) == forecast(few, seed=1)
    widths = []
    for points in (few, many):
        found = forecast(points)
        assert found is not None
        widths.append(found.interval.high - found.interval.low)
    assert widths[1] < widths[0] / 3


@given(
    st.lists(st.tuples(st.integers(1, 5000), st.integers(0, 30), st.integers(1, 30)), min_size=3, max_size=6),
    st.integers(0, 3),
)
def test_whatever_the_scores_the_forecast_is_a_share_that_never_falls(
    rows: list[tuple[int, int, int]], seed: int
) -> None:
    points = [CurvePoint(labels, min(right, n), n) for labels, right, n in rows]
    found = forecast(points, seed=seed, n_resamples=50)
    assert (found is None) == (len({labels for labels, *_ in rows}) < 3)
    if found is not None:
        assert 0 <= found.interval.low <= found.score <= found.interval.high <= 1
        assert 0 <= found.gain <= found.gain_interval.high


def test_with_subjects_enough_whole_subjects_are_drawn() -> None:
    apart = tuple((6.0, 6) if number % 2 else (0.0, 6) for number in range(10))
    clustered, flat = CurvePoint(50, 30, 60, apart), CurvePoint(50, 30, 60)
    wilson = wilson_interval(30, 60)
    assert flat.interval() == wilson
    assert clustered.interval().high - clustered.interval().low > 1.5 * (flat.interval().high - flat.interval().low)
    # subjects who are all alike make no interval narrower than clips drawn one by one
    alike = CurvePoint(50, 30, 60, tuple((3.0, 6) for _ in range(10)))
    assert alike.interval() == wilson
    few = CurvePoint(50, 30, 60, apart[:4])
    assert few.interval() == wilson


def test_points_that_make_no_sense_are_refused() -> None:
    for wrong in ((0, 1.0, 2), (5, 3.0, 2), (5, 0.0, 0)):
        with pytest.raises(TrainingError, match="learning curve"):
            CurvePoint(*wrong)
