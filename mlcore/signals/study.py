"""A recording's EEG as a study wants it: its channels, its rate, band-limited, average reference; a block at a time."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import lru_cache

import mne
import numpy as np
from numpy.typing import NDArray
from scipy.signal import oaconvolve

from mlcore.errors import RecordingError, SignalError
from mlcore.io.recording import EegRecording
from mlcore.signals.names import match_channels, plain_name
from mlcore.signals.resampling import lay_on_grid, mirrored, reflected, source_range

_UV_PER_VOLT = 1e6
#: Hz; the upper edge stays below this share of the Nyquist frequency where a rate is low
BAND_HZ = (0.5, 45.0)
_NYQUIST_SHARE = 0.9
#: from the upper edge to where nothing passes: the mains at 50 Hz is gone
_FALL_HZ = 5.0
#: with fewer channels their mean is the signal itself, and subtracting it leaves nothing
FEWEST_FOR_REFERENCE = 4
#: length of what is read and filtered at once: bounds memory, whatever the recording's length
_BLOCK_S = 20.0
#: blocks kept while windows are cut: those that overlap, and those that lie across a seam
_KEPT_BLOCKS = 2

_Block = NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class _Gap:
    """A stretch without samples, [first, last) at the recording's rate, and the values on both sides in µV."""

    first: int
    last: int
    before_uv: NDArray[np.float64]  # (R,)
    after_uv: NDArray[np.float64]

    def fill(self, samples_uv: NDArray[np.float64], low: int) -> None:
        """A straight line across the gap, in place, in samples that begin at index `low`."""
        begin, end = max(self.first, low), min(self.last, low + samples_uv.shape[1])
        if begin < end:
            share = (np.arange(begin, end) - self.first + 1) / (self.last - self.first + 1)
            samples_uv[:, begin - low : end - low] = np.outer(self.before_uv, 1 - share) + np.outer(
                self.after_uv, share
            )


@dataclass(frozen=True, slots=True)
class StudyEegStream:
    """The study's channels of one recording, made as they are asked for; sample 0 = session time 0."""

    recording: EegRecording
    #: (C,) bool: channels that the recording has and nobody marked as bad
    present: NDArray[np.bool_]
    sfreq: float
    #: the present channels as the file names them, in the study's order
    names: tuple[str, ...]
    #: the whole recording's length at the study's rate
    n_samples: int
    block_n: int
    taps: NDArray[np.float64] = field(repr=False)
    gaps: tuple[_Gap, ...] = field(repr=False)

    def windows(self, starts_s: Sequence[float], n_samples: int) -> Iterator[_Block]:
        """Windows (C, n_samples) float32 in µV, in the order of their starts.

        Rows of absent channels are zero, and so is what lies outside the recording or in one of its gaps. Memory does
        not depend on the recording's length; in the order of time no sample is read or filtered twice.

        Args:
            starts_s: session times in seconds, in any order; rounded to the study's samples.
            n_samples: length of a window.

        Raises:
            RecordingError: the file can't be read there.
        """
        block = lru_cache(maxsize=_KEPT_BLOCKS)(self._block)
        for start_s in starts_s:
            yield self._window(block, round(start_s * self.sfreq), n_samples)

    def _window(self, block: Callable[[int], _Block], first: int, n_samples: int) -> _Block:
        cut = np.zeros((len(self.present), n_samples), dtype=np.float32)
        low, high = max(first, 0), min(first + n_samples, self.n_samples)
        for index in range(low // self.block_n, math.ceil(high / self.block_n) if low < high else 0):
            begin, end = max(low, index * self.block_n), min(high, (index + 1) * self.block_n)
            origin = index * self.block_n
            cut[:, begin - first : end - first] = block(index)[:, begin - origin : end - origin]
        return cut

    def _block(self, index: int) -> _Block:
        first = index * self.block_n
        last = min(first + self.block_n, self.n_samples)
        out = np.zeros((len(self.present), last - first), dtype=np.float32)
        if self.names:
            half = len(self.taps) // 2
            filtered = oaconvolve(self._at_rate(first - half, last + half), self.taps[None], mode="valid", axes=1)
            out[self.present] = _referenced(filtered)
        self._silence_gaps(out, first)
        return out

    def _at_rate(self, first: int, last: int) -> NDArray[np.float64]:
        from_hz = self.recording.info.sfreq
        if from_hz == self.sfreq:
            return self._source(first, last)
        low, high = source_range(first, last, from_hz=from_hz, to_hz=self.sfreq)
        return lay_on_grid(self._source(low, high), first, last, from_hz=from_hz, to_hz=self.sfreq)

    def _source(self, low: int, high: int) -> NDArray[np.float64]:
        """Samples at the recording's own rate; beyond its ends they are reflected around its last values."""
        inside = mirrored(np.arange(low, high), self.recording.info.n_samples)
        begin = int(inside.min())
        return reflected(self._read(begin, int(inside.max()) + 1), low - begin, high - begin)

    def _read(self, first: int, last: int) -> NDArray[np.float64]:
        samples_uv = _read_uv(self.recording, self.names, first, last)
        for gap in self.gaps:
            gap.fill(samples_uv, first)
        _bridge_missing(samples_uv)
        return samples_uv

    def _silence_gaps(self, block: _Block, first: int) -> None:
        for start_s, stop_s in self.recording.gaps:
            begin, end = round(start_s * self.sfreq) - first, round(stop_s * self.sfreq) - first
            block[:, max(begin, 0) : max(end, 0)] = 0.0


def study_eeg_stream(
    recording: EegRecording,
    channels: Sequence[str],
    sfreq: float,
    *,
    bad: Sequence[str] = (),
    block_s: float = _BLOCK_S,
) -> StudyEegStream:
    """Bring a recording to a study's channels and rate, a block at a time, as if the whole had been done at once.

    Resampled (anti-aliased, any ratio of rates kept in step), then band-passed 0.5–45 Hz by a zero-phase FIR filter of
    MNE's design whose answer to offsets and straight drifts is exactly zero, then referenced to the mean of the present
    channels (with at least four of them). Values that are no numbers are bridged by straight lines.

    Args:
        recording: an open EEG recording.
        channels: the study's names; matched without regard to case, prefix, reference suffix or old 10-20 names.
        sfreq: the study's rate in Hz, > 1.1.
        bad: channels to be treated as absent, matched in the same way: not in the mean, zero, `present` False.
        block_s: seconds that are filtered at once; changes memory and speed, not the result.

    Returns:
        The stream: `present` (C,), and `windows` in µV.

    Raises:
        RecordingError: the rates can't be brought together, or the file can't be read.
        SignalError: the rate is too low for the band.
    """
    edges_hz = _band_hz(recording, sfreq)
    places = match_channels(channels, recording.info.channels)
    unwanted = {plain_name(name) for name in bad}
    kinds = recording.info.kinds
    used = [
        place if place is not None and kinds[place] == "eeg" and plain_name(name) not in unwanted else None
        for name, place in zip(channels, places, strict=True)
    ]
    names = tuple(recording.info.channels[place] for place in used if place is not None)
    return StudyEegStream(
        recording=recording,
        present=np.array([place is not None for place in used], dtype=np.bool_),
        sfreq=sfreq,
        names=names,
        n_samples=round(recording.info.duration_s * sfreq),
        block_n=max(1, round(block_s * sfreq)),
        taps=_taps(edges_hz, sfreq),
        gaps=tuple(_gap(recording, names, span_s) for span_s in recording.gaps) if names else (),
    )


def _band_hz(recording: EegRecording, sfreq: float) -> tuple[float, float]:
    lowest = 2 * BAND_HZ[0] / _NYQUIST_SHARE
    if sfreq <= lowest:
        raise SignalError(f"sfreq: expected more than {lowest:.1f} Hz, got {sfreq}.")
    if recording.info.sfreq <= lowest:
        name, own_hz = recording.path.name, recording.info.sfreq
        raise RecordingError(f"{name}: at {own_hz:g} Hz it holds nothing of the band from {BAND_HZ[0]:g} Hz on.")
    return BAND_HZ[0], min(BAND_HZ[1], _NYQUIST_SHARE * min(sfreq, recording.info.sfreq) / 2)


def _taps(edges_hz: tuple[float, float], sfreq: float) -> NDArray[np.float64]:
    """MNE's filter, its answer at 0 Hz made exactly zero: an amplifier's offset is thousands of µV."""
    fall_hz = min(_FALL_HZ, sfreq / 2 - edges_hz[1])
    taps: NDArray[np.float64] = mne.filter.create_filter(
        None, sfreq, *edges_hz, h_trans_bandwidth=fall_hz, verbose="error"
    )
    window = np.hamming(len(taps))
    return np.asarray(taps - window * (taps.sum() / window.sum()))


def _gap(recording: EegRecording, names: Sequence[str], span_s: tuple[float, float]) -> _Gap:
    sfreq, n_samples = recording.info.sfreq, recording.info.n_samples
    first, last = (min(max(math.ceil(round(time_s * sfreq, 6)), 0), n_samples) for time_s in span_s)
    before = _read_uv(recording, names, max(first - 1, 0), max(first, 1))[:, 0]
    after = _read_uv(recording, names, min(last, n_samples - 1), min(last, n_samples - 1) + 1)[:, 0]
    return _Gap(first, last, before, after)


def _read_uv(recording: EegRecording, names: Sequence[str], first: int, last: int) -> NDArray[np.float64]:
    sfreq = recording.info.sfreq
    return np.asarray(recording.read_raw(names, first / sfreq, last / sfreq) * _UV_PER_VOLT)


def _bridge_missing(samples_uv: NDArray[np.float64]) -> None:
    """Straight lines across what is no number, in place; a row without any number becomes zero."""
    finite = np.isfinite(samples_uv)
    for row in np.flatnonzero(~finite.all(axis=1)).tolist():
        known = np.flatnonzero(finite[row])
        places = np.arange(samples_uv.shape[1])
        samples_uv[row] = np.interp(places, known, samples_uv[row, known]) if known.size else 0.0


def _referenced(samples: NDArray[np.float64]) -> NDArray[np.float64]:
    if len(samples) < FEWEST_FOR_REFERENCE:
        return samples
    return np.asarray(samples - samples.mean(axis=0, keepdims=True))
