"""A person who blinks before a camera and under electrodes, with known clocks.

Intervals, durations and amplitudes follow what is reported of spontaneous blinks (Stern et al. 1984,
doi:10.1111/j.1469-8986.1984.tb02312.x; Bentivoglio et al. 1997, doi:10.1002/mds.870120629): log-normal intervals,
lids that close in 70 to 100 ms and open in 150 to 200 ms, 50 to 200 µV above the eyes.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Blinker:
    """How somebody blinks, and how well it is recorded."""

    duration_s: float = 120.0
    per_min: float = 15.0
    amplitude_uv: float = 100.0
    #: +1 or −1, by the reference
    sign: int = 1
    offset_s: float = 0.0
    drift: float = 0.0
    fps: float = 25.0
    eeg_sfreq: float = 128.0
    #: share of blinks that the camera misses, and eye movements that look like blinks in EEG, per blink
    missed: float = 0.1
    extra: float = 0.1


@dataclass(frozen=True, slots=True)
class BlinkRecording:
    """What camera and electrodes gave; eeg_s = offset_s + (1 + drift) · video_s."""

    video_s: Floats
    eye_openness: Floats
    eeg_uv: Floats
    eeg_sfreq: float


def record_blinks(
    who: Blinker, rng: Generator, *, openness: Floats | None = None, background_uv: Floats | None = None
) -> BlinkRecording:
    """Simulate a recording, on a real track of openness and real EEG where they are given (repeated to length)."""
    blinks_s = _blink_times(who, rng)
    video_s = _frame_times(who, rng)
    lids = _looped(_open_eyes(rng) if openness is None else openness, video_s.size, rng)
    seen_s = blinks_s[rng.random(blinks_s.size) >= who.missed]
    eeg_s = np.arange(int((who.duration_s + 20.0) * who.eeg_sfreq)) / who.eeg_sfreq
    eeg_uv = _looped(_pink_uv(rng) if background_uv is None else background_uv, eeg_s.size, rng)
    on_eeg_s = who.offset_s + (1.0 + who.drift) * blinks_s + rng.normal(0.0, 0.01, blinks_s.size)
    glances_s = rng.uniform(0.0, eeg_s[-1], int(who.extra * blinks_s.size))
    heights_uv = who.sign * who.amplitude_uv * rng.uniform(0.7, 1.3, blinks_s.size + glances_s.size)
    eeg_uv = eeg_uv + _potential(eeg_s, np.concatenate([on_eeg_s, glances_s]), heights_uv)
    return BlinkRecording(video_s, lids * (1.0 - _closure(video_s, seen_s, rng)), eeg_uv, who.eeg_sfreq)


def _blink_times(who: Blinker, rng: Generator) -> Floats:
    pause_s = max(60.0 / who.per_min - 0.5, 0.3)
    count = int(3 * who.duration_s * who.per_min / 60) + 50
    times_s = np.cumsum(0.5 + rng.lognormal(np.log(pause_s) - 0.32, 0.8, count))
    return times_s[times_s < who.duration_s]


def _frame_times(who: Blinker, rng: Generator) -> Floats:
    """A camera that drops 2 % of its frames."""
    times_s = np.arange(0.0, who.duration_s, 1.0 / who.fps)
    return times_s[rng.random(times_s.size) > 0.02]


def _looped(track: Floats, n: int, rng: Generator) -> Floats:
    """A track forwards and backwards until it is long enough, from a random place."""
    there_and_back = np.concatenate([track, track[::-1]])
    first = int(rng.integers(track.size))
    return np.asarray(np.take(there_and_back, np.arange(first, first + n), mode="wrap"), dtype=np.float64)


def _open_eyes(rng: Generator, n: int = 3000) -> Floats:
    """Openness of eyes that look about: slow changes, a jump every few seconds, the tracker's noise."""
    jumps = np.where(rng.random(n) < 0.01, rng.normal(0.0, 0.03, n), 0.0)
    level = 0.28 + np.convolve(jumps, 0.98 ** np.arange(300))[:n]
    return np.asarray(level + rng.normal(0.0, 0.006, n))


def _pink_uv(rng: Generator, n: int = 30_000) -> Floats:
    hz = np.fft.rfftfreq(n, 1 / 128.0)
    spectrum = (rng.normal(size=hz.size) + 1j * rng.normal(size=hz.size)) / np.sqrt(np.maximum(hz, 0.5))
    noise = np.fft.irfft(spectrum, n)
    return np.asarray(12.0 * noise / noise.std())


def _closure(video_s: Floats, blinks_s: Floats, rng: Generator) -> Floats:
    closed = np.zeros(video_s.size)
    for blink_s in blinks_s:
        shape = np.interp(video_s - blink_s, (-0.11, -0.03, 0.04, 0.2), (0.0, 1.0, 1.0, 0.0), left=0.0, right=0.0)
        closed = np.maximum(closed, rng.uniform(0.5, 1.0) * shape)
    return closed


def _potential(eeg_s: Floats, peaks_s: Floats, heights_uv: Floats) -> Floats:
    wave_uv = np.zeros(eeg_s.size)
    for peak_s, height_uv in zip(peaks_s, heights_uv, strict=True):
        lag_s = eeg_s - peak_s
        wave_uv += height_uv * np.exp(-0.5 * (lag_s / np.where(lag_s < 0, 0.05, 0.09)) ** 2)
    return wave_uv
