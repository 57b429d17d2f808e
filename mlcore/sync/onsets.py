"""How long after its stamp a flagged frame lit a photodiode (or sounded) in the EEG amplifier."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from mlcore.io.xdf import eeg_stream
from mlcore.io.xdf_streams import XdfFile, XdfStream
from mlcore.sync.clocks import MS_PER_S
from mlcore.sync.frames import frame_streams
from mlcore.sync.robust import Floats

#: a screen lights up within this after the frame was handed to it
LONGEST_S = 0.25
_REST_S = 0.1
#: an onset rises this many times over what the channel does at rest
_LEAST_RISE = 8.0
_LEAST_EVENTS = 3
#: delays of one screen lie within a frame or two of each other; wider is no answer to the flags
_WIDEST_SPREAD_MS = 20.0


@dataclass(frozen=True, slots=True)
class OnsetDelays:
    """Delays of one channel behind one stream of flagged frames."""

    stream: str
    channel: int
    #: (E,) milliseconds, in order of time
    delays_ms: tuple[float, ...]

    @property
    def mean_ms(self) -> float:
        """Mean delay."""
        return float(np.mean(self.delays_ms))

    @property
    def spread_ms(self) -> float:
        """Standard deviation of the delays."""
        return float(np.std(self.delays_ms))


def onset_delays_ms(
    signal: Floats, stamps_s: Floats, event_stamps_s: Floats, *, longest_s: float = LONGEST_S
) -> Floats:
    """Time from each event to the first sample past half of the swing that follows it.

    Args:
        signal: (T,) a photodiode's channel, any unit and sign.
        stamps_s: (T,) its rising stamps, seconds.
        event_stamps_s: (E,) stamps of the events on the same clock.
        longest_s: how long after its event an onset may come.

    Returns:
        (E,) milliseconds; NaN where nothing rises 8 times over the rest before the event.
    """
    return np.array([_delay_ms(signal, stamps_s, float(event_s), longest_s) for event_s in event_stamps_s])


def _delay_ms(signal: Floats, stamps_s: Floats, event_s: float, longest_s: float) -> float:
    rest_from, start, stop = np.searchsorted(stamps_s, (event_s - _REST_S, event_s, event_s + longest_s))
    if rest_from == start or start == stop:
        return float("nan")
    rest = signal[rest_from:start]
    swing = np.abs(signal[start:stop] - np.median(rest))
    height = float(np.max(swing))
    if height == 0.0 or height < _LEAST_RISE * float(np.ptp(rest)):
        return float("nan")
    onset = int(np.argmax(swing >= height / 2))
    return MS_PER_S * (float(stamps_s[start + onset]) - event_s)


def flagged_stamps_s(stream: XdfStream) -> Floats:
    """(E,) stamps at which the second channel of a frame stream leaves 0; none where it has one channel."""
    if stream.n_channels < 2:
        return np.zeros(0)
    is_on = np.asarray(stream.values[:, 1]) != 0
    starts = np.flatnonzero(is_on[1:] & ~is_on[:-1]) + 1
    return stream.raw_stamps_s[starts]


def find_onset_delays(file: XdfFile) -> tuple[OnsetDelays, ...]:
    """For each stream that flags frames, the EEG channel that answers most evenly, best first; () for none.

    Raises:
        RecordingError: the file has no sampled signal.
    """
    streams = [stream for stream in frame_streams(file) if flagged_stamps_s(stream).size >= _LEAST_EVENTS]
    if not streams:
        return ()
    eeg = eeg_stream(file)
    found = (_best(eeg, stream) for stream in streams if stream is not eeg)
    answers = [delays for delays in found if delays is not None]
    return tuple(sorted(answers, key=lambda delays: delays.spread_ms))


def _best(eeg: XdfStream, flags: XdfStream) -> OnsetDelays | None:
    events_s = flagged_stamps_s(flags)
    answers = (_answer(eeg, channel, flags.name, events_s) for channel in range(eeg.n_channels))
    found = [answer for answer in answers if answer is not None]
    return min(found, key=lambda answer: answer.spread_ms, default=None)


def _answer(eeg: XdfStream, channel: int, name: str, events_s: Floats) -> OnsetDelays | None:
    delays_ms = onset_delays_ms(np.asarray(eeg.values[:, channel], dtype=np.float64), eeg.stamps_s, events_s)
    if not np.isfinite(delays_ms).all() or np.std(delays_ms) > _WIDEST_SPREAD_MS:
        return None
    return OnsetDelays(name, channel, tuple(float(delay) for delay in delays_ms))
