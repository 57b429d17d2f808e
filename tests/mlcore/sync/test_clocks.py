from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mlcore.errors import SyncError
from mlcore.sync import common_end_s, fit_clock, given_offset
from mlcore.sync.spans import eeg_span, video_span
from mlcore.types import ClockMap, EegInfo, VideoInfo

offsets = st.floats(-1000, 1000)
drifts = st.floats(-0.005, 0.005)


@settings(deadline=None)
@given(offsets, drifts, st.floats(0, 10_000))
def test_there_and_back(offset_s: float, drift: float, video_s: float) -> None:
    clock = ClockMap(offset_s, drift)
    assert clock.to_video(clock.to_session(video_s)) == pytest.approx(video_s, abs=1e-6)


@settings(deadline=None)
@given(offsets, drifts)
def test_fit_finds_offset_and_drift(offset_s: float, drift: float) -> None:
    video_s = np.linspace(0, 600, 13)
    clock = fit_clock(list(video_s), list(offset_s + (1 + drift) * video_s), method="markers")
    assert clock.offset_s == pytest.approx(offset_s, abs=1e-6)
    assert clock.drift == pytest.approx(drift, abs=1e-9)
    assert clock.residual_ms == pytest.approx(0.0, abs=1e-3)


def test_residual_is_the_spread_that_is_left() -> None:
    video_s = np.arange(0, 100, 1.0)
    jitter_s = np.where(np.arange(100) % 2 == 0, 0.005, -0.005)
    clock = fit_clock(list(video_s), list(3 + video_s + jitter_s), method="markers", fit_drift=False)
    assert clock.offset_s == pytest.approx(3.0)
    assert clock.residual_ms == pytest.approx(5.0)


@pytest.mark.parametrize(("n", "fit_drift"), [(1, True), (1, False), (2, True)])
def test_too_few_anchors_leave_no_residual(n: int, fit_drift: bool) -> None:
    times_s = [float(index) for index in range(n)]
    assert fit_clock(times_s, times_s, method="markers", fit_drift=fit_drift).residual_ms is None


def test_impossible_drift_is_refused() -> None:
    with pytest.raises(SyncError, match="not the same moments"):
        fit_clock([0.0, 10.0], [0.0, 11.0], method="markers")


@pytest.mark.parametrize(("video_s", "session_s"), [([], []), ([1.0], [1.0, 2.0])])
def test_anchors_come_in_pairs(video_s: list[float], session_s: list[float]) -> None:
    with pytest.raises(SyncError, match="expected pairs"):
        fit_clock(video_s, session_s, method="markers")


def test_offset_must_be_a_number() -> None:
    assert given_offset(-1.5).to_session(2.0) == 0.5
    with pytest.raises(SyncError, match="finite"):
        given_offset(float("nan"))


def test_spans() -> None:
    eeg = EegInfo("BDF", ("Cz",), ("eeg",), 100.0, 1000)
    video = VideoInfo("mp4", "h264", 64, 48, 100, 4.0, 25.0, is_variable=False)
    assert eeg_span(eeg) == (0.0, 10.0)
    assert video_span(video, ClockMap(8.0, 0.5)) == (8.0, 14.0)
    assert common_end_s((0.0, 10.0), None, (8.0, 14.0)) == 14.0
    assert (eeg_span(None), video_span(None, ClockMap(0.0)), common_end_s(None)) == (None, None, 0.0)
