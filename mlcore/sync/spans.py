"""What each stream covers of the session clock."""

from __future__ import annotations

from mlcore.types import ClockMap, EegInfo, VideoInfo


def eeg_span(info: EegInfo | None) -> tuple[float, float] | None:
    """(start_s, stop_s) of the EEG on the session clock, which begins with it; None without EEG."""
    return None if info is None else (0.0, info.duration_s)


def video_span(info: VideoInfo | None, clock: ClockMap) -> tuple[float, float] | None:
    """(start_s, stop_s) of the video on the session clock; may begin below 0; None without video."""
    return None if info is None else (clock.to_session(0.0), clock.to_session(info.duration_s))


def common_end_s(*spans: tuple[float, float] | None) -> float:
    """Session time at which the last stream ends; 0 where there is none."""
    return max((span[1] for span in spans if span is not None), default=0.0)
