from __future__ import annotations

from dataclasses import astuple

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mlcore.signals import cut_windows
from mlcore.types import TrialSpec, Window

WHOLE = (TrialSpec(1, 0.0, None),)


def _cut(
    trials: tuple[TrialSpec, ...] = WHOLE,
    *,
    window_s: float = 10.0,
    hop_s: float = 10.0,
    eeg: tuple[float, float] | None = (0.0, 30.0),
    video: tuple[float, float] | None = (0.0, 30.0),
    include_single: bool = True,
    gaps: tuple[tuple[float, float], ...] = (),
) -> list[tuple[object, ...]]:
    windows = cut_windows(
        trials,
        window_s=window_s,
        hop_s=hop_s,
        eeg_span=eeg,
        video_span=video,
        include_single_modality=include_single,
        eeg_gaps=gaps,
    )
    return [astuple(window) for window in windows]


def test_back_to_back() -> None:
    assert _cut() == [(1, 0.0, 10.0, True, True), (1, 10.0, 20.0, True, True), (1, 20.0, 30.0, True, True)]


def test_overlapping_windows() -> None:
    assert [window[1] for window in _cut(hop_s=4.0)] == [0.0, 4.0, 8.0, 12.0, 16.0, 20.0]


def test_windows_stay_inside_their_trials() -> None:
    trials = (TrialSpec(1, 1.0, 12.0), TrialSpec(4, 12.0, 21.9))
    assert [window[:3] for window in _cut(trials)] == [(1, 1.0, 11.0)]


@pytest.mark.parametrize(
    ("video", "expected"),
    [
        ((2.0, 28.0), [True, True, True]),  # 80 % of the first and of the last
        ((2.1, 27.9), [False, True, False]),
        ((-1.5, 12.0), [True, False, False]),
        (None, [False, False, False]),
    ],
)
def test_present_means_four_fifths(video: tuple[float, float] | None, expected: list[bool]) -> None:
    assert [window[4] for window in _cut(video=video)] == expected


def test_single_modality_by_choice() -> None:
    assert len(_cut(video=(0.0, 10.0))) == 3
    assert _cut(video=(0.0, 10.0), include_single=False) == [(1, 0.0, 10.0, True, True)]


def test_windows_with_nothing_are_left_out() -> None:
    assert [window[1] for window in _cut(eeg=(0.0, 10.0), video=(20.0, 30.0))] == [0.0, 20.0]


def test_gaps_in_the_eeg_count_as_missing() -> None:
    assert [window[3] for window in _cut(gaps=((9.0, 12.5),))] == [True, False, True]


@pytest.mark.parametrize(("window_s", "hop_s"), [(0.0, 1.0), (1.0, 0.0), (-1.0, 1.0)])
def test_lengths_above_zero(window_s: float, hop_s: float) -> None:
    with pytest.raises(ValueError, match="expected more than 0 s"):
        _cut(window_s=window_s, hop_s=hop_s)


@given(st.floats(0, 50), st.floats(0, 100), st.floats(0.5, 20), st.floats(0.2, 20))
def test_every_window_fits_its_trial(start_s: float, length_s: float, window_s: float, hop_s: float) -> None:
    trial = TrialSpec(3, start_s, start_s + length_s)
    span = (0.0, 200.0)
    windows = cut_windows(
        [trial], window_s=window_s, hop_s=hop_s, eeg_span=span, video_span=span, include_single_modality=False
    )
    assert all(_fits(window, trial, window_s) for window in windows)
    assert bool(windows) == (length_s >= window_s - 1e-6)


def _fits(window: Window, trial: TrialSpec, window_s: float) -> bool:
    assert trial.stop_s is not None
    is_inside = window.start_s >= trial.start_s and window.stop_s <= trial.stop_s + 1e-5
    return is_inside and abs(window.stop_s - window.start_s - window_s) < 1e-9
