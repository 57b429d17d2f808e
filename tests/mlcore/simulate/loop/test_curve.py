from __future__ import annotations

import numpy as np
import pytest

from mlcore.simulate.loop.curve import Curve, common_range, smoothed
from mlcore.simulate.loop.run import Point, Run


def _run(*points: tuple[int, int, float, float], n_pool: int = 100) -> Run:
    return Run("x", 0, n_pool, tuple(Point(*point) for point in points), ())


def test_the_area_is_the_mean_score_between_two_costs() -> None:
    curve = Curve(np.array([10.0, 20.0, 40.0]), np.array([0.2, 0.4, 0.8]))
    # trapezoids by hand: 10 · 0.3 + 20 · 0.6
    assert curve.area(10.0, 40.0) == pytest.approx(15.0 / 30.0)
    # from 15 to 30: 5 · 0.35 + 10 · 0.5
    assert curve.area(15.0, 30.0) == pytest.approx(6.75 / 15.0)
    assert curve.area(20.0, 20.0) == pytest.approx(0.4)


def test_who_has_nothing_left_to_ask_stays_where_they_are() -> None:
    curve = Curve(np.array([10.0, 20.0]), np.array([0.2, 0.4]))
    assert curve.at(np.array([15.0, 30.0])).tolist() == pytest.approx([0.3, 0.4])
    assert curve.area(10.0, 40.0) == pytest.approx((3.0 + 8.0) / 30.0)


def test_a_target_is_reached_between_two_points() -> None:
    curve = Curve(np.array([10.0, 20.0, 30.0, 40.0]), np.array([0.0, 0.3, 0.6, 0.6]))
    assert smoothed(curve.score).tolist() == pytest.approx([0.15, 0.3, 0.5, 0.6])
    assert curve.reached(0.4) == pytest.approx(25.0)
    assert curve.reached(0.1) == 10.0
    assert curve.reached(0.61) is None


def test_one_lucky_batch_reaches_nothing() -> None:
    assert Curve(np.arange(4.0), np.array([0.2, 0.8, 0.2, 0.2])).reached(0.7) is None


def test_axes_and_the_range_all_runs_are_judged_over() -> None:
    long = _run((10, 8, 50.0, 0.3), (120, 90, 900.0, 0.6))
    short = _run((10, 8, 50.0, 0.3), (60, 60, 400.0, 0.6))
    assert Curve.of(short, "labels").cost.tolist() == [8.0, 60.0]
    assert common_range([long, short], "answers") == (10.0, 100.0)
    assert common_range([long, short], "seconds") == (50.0, 900.0)
