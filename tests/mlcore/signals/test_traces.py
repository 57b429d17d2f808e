"""Held traces at a fixed rate, against a reckoning by small steps; the same figures as tests/js/recorder.test.mjs."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mlcore.signals.traces import resample_held, share_in_parts


def test_the_mean_of_what_stood_and_nan_where_less_than_half_was_seen() -> None:
    times, values = np.array([0, 0.5, 1.25, 3, 4.0]), np.array([0, 1, -1, 2, 2.0])
    is_seen = np.array([True, True, False, True, False])
    found = resample_held(times, values, is_seen, np.arange(5.0))
    assert found.tolist() == pytest.approx([0.5, np.nan, np.nan, 2.0], nan_ok=True)
    assert resample_held(times, values, is_seen, np.array([0.25, 1.25])).tolist() == [0.75]
    assert np.isnan(resample_held(np.zeros(0), np.zeros(0), np.zeros(0, dtype=bool), np.arange(3.0))).all()
    with pytest.raises(ValueError, match="columns of one length"):
        resample_held(times, values[:2], is_seen, np.arange(5.0))


@given(
    st.lists(st.tuples(st.integers(0, 1000), st.integers(-8, 8), st.booleans()), min_size=2, max_size=12),
    st.lists(st.integers(-100, 1100), min_size=2, max_size=8, unique=True),
)
def test_against_steps_of_a_hundredth(events: list[tuple[int, int, bool]], edges: list[int]) -> None:
    """Times are whole hundredths, so that a sum over steps is the integral."""
    ordered = sorted(events, key=lambda event: event[0])
    times, values, seen = (np.array([event[part] for event in ordered]) for part in range(3))
    bounds = sorted(edges)
    found = resample_held(times / 100, values.astype(float), seen.astype(bool), np.array(bounds) / 100)
    steps = np.arange(-200, 1200)
    at = np.searchsorted(times, steps, side="right") - 1
    is_known = (at >= 0) & (at < len(times) - 1) & seen[np.maximum(at, 0)].astype(bool)
    for value, low, high in zip(found, bounds, bounds[1:], strict=False):
        inside = (steps >= low) & (steps < high) & is_known
        expected = values[at[inside]].mean() if inside.sum() >= 0.5 * (high - low) else np.nan
        assert value == pytest.approx(expected, nan_ok=True, abs=1e-9)


def test_shares_in_three_parts() -> None:
    found = share_in_parts(np.array([-0.5, 0.0, 0.5, np.nan]), (-1 / 3, 1 / 3))
    assert found is not None
    assert found.tolist() == pytest.approx([1 / 3] * 3)
    assert share_in_parts(np.array([np.nan]), (0.0, 1.0)) is None
