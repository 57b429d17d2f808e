"""Relating the clocks of a recording: session_s = offset_s + (1 + drift) · video_s."""

from mlcore.sync.blinks import BlinkMatch, BlinkSearch, blink_clock
from mlcore.sync.clocks import fit_clock, given_offset, hand_clock, unrelated
from mlcore.sync.frames import frame_stamp_clock
from mlcore.sync.pictures import PictureMatch, picture_clock
from mlcore.sync.robust import EventFit, event_clock, fit_events
from mlcore.sync.sequences import Marks, SequenceMatch, match_sequences
from mlcore.sync.spans import common_end_s, eeg_span, video_span

__all__ = [
    "BlinkMatch",
    "BlinkSearch",
    "EventFit",
    "Marks",
    "PictureMatch",
    "SequenceMatch",
    "blink_clock",
    "common_end_s",
    "eeg_span",
    "event_clock",
    "fit_clock",
    "fit_events",
    "frame_stamp_clock",
    "given_offset",
    "hand_clock",
    "match_sequences",
    "picture_clock",
    "unrelated",
    "video_span",
]
