"""Cutting trials into clips."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence

from mlcore.types import TrialSpec, Window

Span = tuple[float, float]
#: a modality is present in a clip when it covers this share of it
PRESENT_SHARE = 0.8
_ROUNDING_S = 1e-6


def cut_windows(
    trials: Sequence[TrialSpec],
    *,
    window_s: float,
    hop_s: float,
    eeg_span: Span | None,
    video_span: Span | None,
    include_single_modality: bool,
    eeg_gaps: Sequence[Span] = (),
) -> tuple[Window, ...]:
    """Windows of fixed length inside each trial, and which modalities each has.

    Args:
        trials: times on the session clock; a trial without an end reaches to the end of the longer stream.
        window_s: length of a window, > 0.
        hop_s: from start to start, > 0.
        eeg_span: (start_s, stop_s) of the EEG on the session clock; None = no EEG.
        video_span: the same of the video.
        include_single_modality: whether windows with EEG alone or video alone are kept.
        eeg_gaps: stretches inside the span in which no EEG was recorded.

    Returns:
        Windows by trial and time. A modality is present where it covers at least 80 % of the window; windows
        with neither are left out.

    Raises:
        ValueError: a length that is not above 0.
    """
    if window_s <= 0 or hop_s <= 0:
        raise ValueError(f"window_s and hop_s: expected more than 0 s, got {window_s} and {hop_s}.")
    end_s = max((span[1] for span in (eeg_span, video_span) if span is not None), default=0.0)
    windows = (
        _window(trial.number, start_s, start_s + window_s, eeg_span=eeg_span, video_span=video_span, gaps=eeg_gaps)
        for trial in trials
        for start_s in _starts(trial, window_s=window_s, hop_s=hop_s, end_s=end_s)
    )
    return tuple(window for window in windows if _is_kept(window, include_single_modality))


def _starts(trial: TrialSpec, *, window_s: float, hop_s: float, end_s: float) -> Iterator[float]:
    stop_s = end_s if trial.stop_s is None else trial.stop_s
    n_windows = math.floor((stop_s - trial.start_s - window_s + _ROUNDING_S) / hop_s) + 1
    return (trial.start_s + index * hop_s for index in range(max(0, n_windows)))


def _window(
    trial: int, start_s: float, stop_s: float, *, eeg_span: Span | None, video_span: Span | None, gaps: Sequence[Span]
) -> Window:
    missing_s = sum(_overlap_s(gap, start_s, stop_s) for gap in gaps)
    wanted_s = PRESENT_SHARE * (stop_s - start_s) - _ROUNDING_S
    return Window(
        trial=trial,
        start_s=start_s,
        stop_s=stop_s,
        has_eeg=eeg_span is not None and _overlap_s(eeg_span, start_s, stop_s) - missing_s >= wanted_s,
        has_face=video_span is not None and _overlap_s(video_span, start_s, stop_s) >= wanted_s,
    )


def _overlap_s(span: Span, start_s: float, stop_s: float) -> float:
    return max(0.0, min(span[1], stop_s) - max(span[0], start_s))


def _is_kept(window: Window, include_single_modality: bool) -> bool:
    if include_single_modality:
        return window.has_eeg or window.has_face
    return window.has_eeg and window.has_face
