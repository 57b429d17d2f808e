from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mlcore.errors import SyncError
from mlcore.sync import event_clock, fit_events, hand_clock

seeds = st.integers(0, 2**32 - 1)


@settings(deadline=None)
@given(st.floats(-1000, 1000), st.floats(-0.005, 0.005), st.floats(0, 0.3), seeds)
def test_wrong_events_are_left_out(offset_s: float, drift: float, wrong_share: float, seed: int) -> None:
    rng = np.random.default_rng(seed)
    video_s = np.sort(rng.uniform(0, 900, 60))
    session_s = offset_s + (1 + drift) * video_s + rng.normal(0, 0.003, 60)
    wrong = rng.random(60) < wrong_share
    session_s[wrong] += rng.choice((-1, 1), wrong.sum()) * rng.uniform(0.5, 30, wrong.sum())
    fit = fit_events(video_s, session_s, method="status triggers")
    assert not (fit.is_used & wrong).any()
    assert fit.n_left_out <= wrong.sum() + 3
    assert fit.clock.to_session(450.0) == pytest.approx(offset_s + (1 + drift) * 450.0, abs=0.003)
    assert fit.clock.drift == pytest.approx(drift, abs=10e-6)
    assert fit.clock.residual_ms == pytest.approx(3.0, abs=1.5)


def test_events_of_different_things_are_refused() -> None:
    rng = np.random.default_rng(0)
    video_s, session_s = np.sort(rng.uniform(0, 600, (2, 40)), axis=1)
    with pytest.raises(SyncError, match=r"^events: "):
        event_clock(video_s, rng.permutation(session_s), method="status triggers")


def test_impossible_drift_is_refused() -> None:
    video_s = np.arange(0.0, 100.0, 10.0)
    with pytest.raises(SyncError, match=r"would differ by 10\.0 %"):
        event_clock(video_s, 1.1 * video_s, method="status triggers")


@pytest.mark.parametrize(("video_s", "session_s"), [([], []), ([1.0], [1.0, 2.0]), ([1.0, np.nan], [1.0, 2.0])])
def test_events_come_in_pairs_of_numbers(video_s: list[float], session_s: list[float]) -> None:
    with pytest.raises(SyncError, match="expected pairs of finite times"):
        event_clock(video_s, session_s, method="status triggers")


def test_events_close_together_tell_no_drift() -> None:
    clock = event_clock([1.0, 2.0, 3.0], [5.00, 6.02, 7.01], method="BIDS events")
    assert clock.drift == 0.0
    assert clock.offset_s == pytest.approx(4.01)
    assert clock.residual_ms == pytest.approx(8.2, abs=0.1)


@settings(deadline=None)
@given(st.floats(-1000, 1000), st.floats(-0.005, 0.005), st.floats(0, 5000), st.floats(10, 5000))
def test_two_points_set_by_hand_are_met(offset_s: float, drift: float, first_s: float, span_s: float) -> None:
    points = [(video_s, offset_s + (1 + drift) * video_s) for video_s in (first_s, first_s + span_s)]
    clock = hand_clock(points)
    assert (clock.method, clock.residual_ms) == ("hand-set points", None)
    for video_s, session_s in points:
        assert clock.to_session(video_s) == pytest.approx(session_s, abs=1e-6)


def test_one_point_shifts_and_keeps_the_drift() -> None:
    clock = hand_clock([(100.0, 103.0)], drift=0.001)
    assert clock.drift == 0.001
    assert clock.to_session(100.0) == pytest.approx(103.0)
    assert hand_clock([(1.0, 3.0), (3.0, 5.1)], drift=0.001).drift == 0.001


def test_more_points_leave_a_residual() -> None:
    clock = hand_clock([(0.0, 1.0), (100.0, 101.04), (200.0, 201.0)])
    assert clock.residual_ms == pytest.approx(18.9, abs=0.1)


@pytest.mark.parametrize(
    ("points", "reason"),
    [
        ([], "at least one pair"),
        ([(1.0, float("nan"))], "at least one pair"),
        ([(0.0, 0.0), (100.0, 110.0)], "contradict each other by 10.0 % of drift"),
        ([(0.0, 0.0), (5.0, 8.0)], "contradict each other by 3.0 s"),
        ([(0.0, 0.0), (50.0, 54.0), (100.0, 100.0)], "contradict each other by 4.0 s"),
    ],
)
def test_points_that_make_no_map(points: list[tuple[float, float]], reason: str) -> None:
    with pytest.raises(SyncError, match=reason):
        hand_clock(points)
