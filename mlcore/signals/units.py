"""Noticing a file whose values are in another unit than it says."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from mlcore.io.recording import EegRecording

_UV_PER_VOLT = 1e6
#: what is looked at: stretches of this length, this many, spread over the recording
_STRETCH_S, _N_STRETCHES = 2.0, 20
#: µV, robust spread of a channel within a stretch: below the first no amplifier is that quiet, above the second no
#: head that loud
_QUIETEST_UV, _LOUDEST_UV = 0.15, 4000.0
#: µV, what scalp EEG mostly has; the factor is the power of 1,000 that comes nearest to it
_TYPICAL_UV = 15.0
_FACTORS = (1e3, 1e6)
#: a unit is the file's, not a channel's: so many of its channels must say the same
_AGREEING_SHARE = 0.6
_MAD_TO_SD = 1.4826


def wrong_unit(recording: EegRecording) -> str | None:
    """One sentence where the EEG's values are about 1,000 or 1,000,000 times too large or too small; None otherwise.

    Each EEG channel's spread is the median over 20 stretches of 2 s of 1.4826 · MAD about the stretch's straight line,
    so that offsets and drifts of thousands of µV and single artefacts don't count; three channels of five must agree.

    Raises:
        RecordingError: the file can't be read.
    """
    spreads_uv = _spreads_uv(recording)
    for is_off in (spreads_uv > _LOUDEST_UV, (spreads_uv > 0) & (spreads_uv < _QUIETEST_UV)):
        if is_off.size and is_off.mean() >= _AGREEING_SHARE:
            return _sentence(recording.path.name, float(np.median(spreads_uv[is_off])))
    return None


def _spreads_uv(recording: EegRecording) -> NDArray[np.float64]:
    """(C,) µV: typical spread of each EEG channel, 0 for one that stands still."""
    names = [name for name, kind in zip(recording.info.channels, recording.info.kinds, strict=True) if kind == "eeg"]
    last_s = max(recording.info.duration_s - _STRETCH_S, 0.0)
    starts_s = np.linspace(0.0, last_s, _N_STRETCHES) if last_s else np.zeros(1)
    kept_s = [float(start_s) for start_s in starts_s if not _in_gap(recording, float(start_s))]
    if not names or not kept_s:
        return np.zeros(len(names))
    return np.median([_spread_uv(recording, names, start_s) for start_s in kept_s], axis=0)


def _in_gap(recording: EegRecording, start_s: float) -> bool:
    return any(a < start_s + _STRETCH_S and start_s < b for a, b in recording.gaps)


def _spread_uv(recording: EegRecording, names: list[str], start_s: float) -> NDArray[np.float64]:
    samples = np.nan_to_num(recording.read(names, start_s, start_s + _STRETCH_S) * _UV_PER_VOLT)  # (C, T)
    times = np.linspace(-0.5, 0.5, samples.shape[1])
    centred = samples - samples.mean(axis=1, keepdims=True)
    slope = centred @ times / max(float(times @ times), 1e-12)
    level = centred - slope[:, None] * times
    return np.asarray(_MAD_TO_SD * np.median(np.abs(level - np.median(level, axis=1, keepdims=True)), axis=1))


def _sentence(name: str, spread_uv: float) -> str:
    is_large = spread_uv > _TYPICAL_UV
    off = spread_uv / _TYPICAL_UV if is_large else _TYPICAL_UV / spread_uv
    factor = min(_FACTORS, key=lambda one: abs(np.log(off / one)))
    return (
        f"{name}: its EEG has a spread of {_told(spread_uv)} µV, about {factor:,.0f} times too "
        f"{'large' if is_large else 'small'} for a scalp: the file names the wrong unit; correct the unit of its "
        "channels in the file, or export it anew, and import it again."
    )


def _told(value: float) -> str:
    return f"{value:,.0f}" if value >= 10 else f"{value:.2g}"
