"""A recording's EEG as a study wants it: its channels, its rate, band-limited, average reference."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction

import numpy as np
from numpy.typing import NDArray
from scipy.signal import butter, resample_poly, sosfiltfilt

from mlcore.errors import RecordingError
from mlcore.io.recording import EegRecording
from mlcore.signals.names import match_channels

_UV_PER_VOLT = 1e6
#: Hz; the upper edge stays below this share of the Nyquist frequency where a rate is low
BAND_HZ = (0.5, 45.0)
_NYQUIST_SHARE = 0.9
_ORDER = 4
#: with fewer channels their mean is the signal itself, and subtracting it leaves nothing
FEWEST_FOR_REFERENCE = 4
#: channels read and filtered together: bounds the memory of long recordings
_AT_ONCE = 8
#: rates of streams are measured, not round. The coarsest ratio that keeps within 1 ppm (4 ms an hour) is taken:
#: the filter grows with the denominator
_DENOMINATORS = (1_000, 20_000, 100_000, 500_000)
_RATIO_ERROR = 1e-6
_PASSES_BACKWARD = 3 * (2 * _ORDER + 1)


@dataclass(frozen=True, slots=True)
class StudyEeg:
    """The study's channels of one recording; column 0 = session time 0."""

    #: (C, T) float32 µV, rows in the study's order, zeros where a channel is missing
    data: NDArray[np.float32]
    #: (C,) bool
    present: NDArray[np.bool_]
    sfreq: float

    def window(self, start_s: float, n_samples: int) -> NDArray[np.float32]:
        """(C, n_samples) from a session time on; zeros outside the recording."""
        first = round(start_s * self.sfreq)
        cut = np.zeros((len(self.data), n_samples), dtype=np.float32)
        low, high = max(first, 0), min(first + n_samples, self.data.shape[1])
        if low < high:
            cut[:, low - first : high - first] = self.data[:, low:high]
        return cut


def study_eeg(recording: EegRecording, channels: Sequence[str], sfreq: float) -> StudyEeg:
    """Bring a recording to a study's channels and rate.

    Resampled (polyphase, anti-aliased), then band-passed 0.5–45 Hz (Butterworth of order 4, run forward and
    backward: no shift in time), then referenced to the mean of the present channels (with at least four of them).

    Args:
        recording: an open EEG recording.
        channels: the study's names; matched without regard to case, prefix, reference suffix or old 10-20 names.
        sfreq: the study's rate in Hz, > 2.

    Returns:
        `data` (C, T) float32 in µV with T = round(duration · sfreq), and which channels are present.

    Raises:
        RecordingError: the file can't be read to its end.
        ValueError: the rate is too low for the band.
    """
    if sfreq <= 2 * BAND_HZ[0] / _NYQUIST_SHARE:
        raise ValueError(f"sfreq: expected more than {2 * BAND_HZ[0] / _NYQUIST_SHARE:.1f} Hz, got {sfreq}.")
    info = recording.info
    places = match_channels(channels, info.channels)
    present = np.array([place is not None and info.kinds[place] == "eeg" for place in places], dtype=bool)
    data = np.zeros((len(channels), round(info.duration_s * sfreq)), dtype=np.float32)
    rows = [row for row in range(len(channels)) if present[row]]
    for first in range(0, len(rows), _AT_ONCE):
        part = rows[first : first + _AT_ONCE]
        names = [info.channels[place] for place in (places[row] for row in part) if place is not None]
        data[part] = _band_limited(recording, names, sfreq=sfreq, n_samples=data.shape[1])
    _reference(data, present)
    _silence_gaps(data, recording.gaps, sfreq=sfreq)
    return StudyEeg(data=data, present=present, sfreq=sfreq)


def _band_limited(
    recording: EegRecording, names: Sequence[str], *, sfreq: float, n_samples: int
) -> NDArray[np.float64]:
    samples_uv = recording.read(names, 0.0, recording.info.duration_s) * _UV_PER_VOLT
    np.nan_to_num(samples_uv, copy=False, nan=0.0, posinf=0.0, neginf=0.0)
    ratio = _ratio(recording.info.sfreq, sfreq)
    if ratio <= 0:
        raise RecordingError(f"{recording.path.name}: {recording.info.sfreq:g} Hz can't be brought to {sfreq:g} Hz.")
    if ratio != 1:
        samples_uv = resample_poly(samples_uv, ratio.numerator, ratio.denominator, axis=1, padtype="line")
    return band_pass(_fitted(samples_uv, n_samples), min(sfreq, recording.info.sfreq), sfreq)


def _ratio(from_hz: float, to_hz: float) -> Fraction:
    exact = Fraction(to_hz / from_hz)
    tried = [exact.limit_denominator(finest) for finest in _DENOMINATORS]
    return next((ratio for ratio in tried if abs(ratio / exact - 1) <= _RATIO_ERROR), tried[-1])


def band_pass(samples: NDArray[np.float64], content_sfreq: float, sfreq: float) -> NDArray[np.float64]:
    """Zero-phase 0.5–45 Hz along the last axis; the upper edge falls with the rate that the content had."""
    edges = (BAND_HZ[0], min(BAND_HZ[1], _NYQUIST_SHARE * content_sfreq / 2))
    if samples.shape[-1] <= _PASSES_BACKWARD or edges[0] >= edges[1]:
        return samples - samples.mean(axis=-1, keepdims=True) if samples.size else samples
    sections = butter(_ORDER, edges, btype="bandpass", fs=sfreq, output="sos")
    pad = min(samples.shape[-1] - 1, round(3 * sfreq / BAND_HZ[0]))
    filtered: NDArray[np.float64] = sosfiltfilt(sections, samples, axis=-1, padlen=pad)
    return filtered


def _fitted(samples: NDArray[np.float64], n_samples: int) -> NDArray[np.float64]:
    """Cut, or held at the last value, to the length wanted: resampling rounds by a sample or two."""
    short = n_samples - samples.shape[1]
    return np.pad(samples, ((0, 0), (0, short)), mode="edge") if short > 0 else samples[:, :n_samples]


def _reference(data: NDArray[np.float32], present: NDArray[np.bool_]) -> None:
    if np.count_nonzero(present) >= FEWEST_FOR_REFERENCE:
        data[present] -= data[present].mean(axis=0, keepdims=True)


def _silence_gaps(data: NDArray[np.float32], gaps: Sequence[tuple[float, float]], *, sfreq: float) -> None:
    for start_s, stop_s in gaps:
        data[:, max(0, round(start_s * sfreq)) : round(stop_s * sfreq)] = 0.0
