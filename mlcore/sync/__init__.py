"""Relating the clocks of a recording: session_s = offset_s + (1 + drift) · video_s."""

from mlcore.sync.clocks import fit_clock, given_offset, unrelated
from mlcore.sync.spans import common_end_s, eeg_span, video_span

__all__ = ["common_end_s", "eeg_span", "fit_clock", "given_offset", "unrelated", "video_span"]
