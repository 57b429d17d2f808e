"""Blinks as frontal EEG shows them: slow deflections of 100 to 400 ms, tens to hundreds of microvolts."""

from __future__ import annotations

import re
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from scipy.signal import butter, find_peaks, sosfiltfilt

from mlcore.io.recording import EegRecording
from mlcore.sync.eyelids import Blinks, Floats

#: where blinks are largest, best first: above the eyes, then what was taped beside them
_PLACES = tuple(
    re.compile(rf"^(EEG[ _-]*)?({names})([ -].*)?$", re.IGNORECASE)
    for names in (r"FP[1Z2]", r"AF[P]?[0-9Z]+H?", r"V?EOG[ _-]?[0-9]?", r"F[0-9Z]+")
)
#: rate to which the traces are brought; blinks end at 10 Hz
TRACE_HZ = 100.0
_BAND_HZ = (1.0, 10.0)
#: a blink of the scalp: rises in 50 to 100 ms, falls in 100 to 200 ms
_RISE_S, _FALL_S = 0.06, 0.09
_LEAST_SPREADS, _FULL_SPREADS = 2.5, 7.0
_MOST_SPREADS = 20.0
_REST_S = 0.25
#: within this of a deflection that is larger, a smaller one of other sign is its echo in the filter
_READ_S = 60.0


def frontal_channels(channels: Sequence[str]) -> tuple[str, ...]:
    """The channels in which blinks are looked for: Fp1, Fpz, Fp2, else AF, EOG, F; () where there is none.

    >>> frontal_channels(["Cz", "FP1", "Fp2", "AF3"]), frontal_channels(["EEG F3-Ref", "Oz"])
    (('FP1', 'Fp2'), ('EEG F3-Ref',))
    """
    groups = (tuple(name for name in channels if place.match(name.strip())) for place in _PLACES)
    return next((group for group in groups if group), ())


def frontal_traces(recording: EegRecording, channels: Sequence[str]) -> tuple[Floats, float]:
    """Traces (C, T) in µV of a long recording, averaged down to at least 100 Hz as they are read; and their rate."""
    sfreq = recording.info.sfreq
    factor = max(int(sfreq // TRACE_HZ), 1)
    block_s = factor * max(int(_READ_S * sfreq) // factor, 1) / sfreq
    starts_s = np.arange(0.0, recording.info.duration_s, block_s)
    blocks = [_thinned(recording.read(channels, start_s, start_s + block_s), factor) for start_s in starts_s]
    return 1e6 * np.concatenate(blocks, axis=1), sfreq / factor


def _thinned(volts: Floats, factor: int) -> Floats:
    n_whole = volts.shape[1] // factor
    return np.asarray(volts[:, : n_whole * factor].reshape(len(volts), n_whole, factor).mean(axis=2))


def blink_score(eeg_uv: Floats, sfreq: float) -> Floats:
    """How much each moment looks like the peak of a blink, in spreads of the trace's own noise, on a 100 Hz grid.

    Args:
        eeg_uv: (C, T) frontal traces in µV; NaN counts as 0.
        sfreq: their rate.

    Returns:
        (T',) mean over channels; positive for deflections upward, negative for those downward.
    """
    traces = np.nan_to_num(np.atleast_2d(eeg_uv))
    sos = butter(2, _band(sfreq), btype="bandpass", fs=sfreq, output="sos")
    times_s = np.arange(int(traces.shape[1] / sfreq * TRACE_HZ)) / TRACE_HZ
    if times_s.size < TRACE_HZ:
        return np.zeros(times_s.size)
    scores = [_score(sosfiltfilt(sos, trace), times_s, sfreq) for trace in traces - traces.mean(axis=1, keepdims=True)]
    return _standardised(np.mean(scores, axis=0))


def _band(sfreq: float) -> tuple[float, float]:
    return _BAND_HZ[0], min(_BAND_HZ[1], 0.4 * sfreq)


def _score(trace: Floats, times_s: Floats, sfreq: float) -> Floats:
    on_grid = np.interp(times_s, np.arange(trace.size) / sfreq, trace)
    return _standardised(np.convolve(on_grid, _template()[::-1], mode="same"))


def _template() -> Floats:
    lag_s = np.arange(-0.4, 0.4 + 0.5 / TRACE_HZ, 1.0 / TRACE_HZ)
    wave = np.exp(-0.5 * (lag_s / np.where(lag_s < 0, _RISE_S, _FALL_S)) ** 2)
    return np.asarray((wave - wave.mean()) / np.linalg.norm(wave - wave.mean()))


def _standardised(trace: Floats) -> Floats:
    """In spreads that the largest tenth does not move; clipped, so that an electrode pop counts as one blink."""
    spread = float(np.median(np.abs(trace - np.median(trace)))) / 0.6745
    return np.clip(trace / spread, -_MOST_SPREADS, _MOST_SPREADS) if spread > 0 else np.zeros_like(trace)


def frontal_blinks(score: Floats, *, sign: int) -> Blinks:
    """Peaks of `blink_score` of one sign (+1 or −1) that stand out of its noise."""
    signed = sign * score
    peaks, _ = find_peaks(signed, height=_LEAST_SPREADS, distance=int(_REST_S * TRACE_HZ))
    weights = np.clip((signed[peaks] - _LEAST_SPREADS) / (_FULL_SPREADS - _LEAST_SPREADS), 0.1, 1.0)
    return Blinks(_finely(signed, peaks) / TRACE_HZ, np.asarray(weights, dtype=np.float64))


def _finely(curve: Floats, peaks: NDArray[np.intp]) -> Floats:
    """Peaks to a fraction of a sample, by the parabola through three."""
    before, at, after = curve[peaks - 1], curve[peaks], curve[peaks + 1]
    bend = np.minimum(before - 2 * at + after, -1e-9)
    return np.asarray(peaks + np.clip(0.5 * (before - after) / bend, -0.5, 0.5))
