"""The mains: which frequency it has, and taking it out with its harmonics."""

from __future__ import annotations

import mne
import numpy as np
from numpy.typing import NDArray
from scipy.signal import welch

from mlcore.errors import SignalError

Array = NDArray[np.float64]

MAINS_HZ = (50.0, 60.0)
#: seconds of a spectrum: lines are 1 Hz wide at most
_SPECTRUM_S = 4.0
_ON_HZ, _BESIDE_HZ = 0.5, 4.0
#: power on the line over the power beside it from which there is a line
_STANDS_OUT = 4.0
_NOTCH_HZ = 2.0


def mains_hz(samples: NDArray[np.floating], sfreq: float) -> float | None:
    """50 or 60 Hz, whichever line stands out from the spectrum; None where neither does, or the rate can't hold them.

    The largest power within 0.5 Hz of the frequency over the median from there to 4 Hz beside it, in Welch spectra of
    4 s; the median channel decides, from a ratio of 4 on.

    Args:
        samples: (C, T) finite, in any unit.
        sfreq: samples per second.
    """
    hz, power = welch(samples, sfreq, nperseg=min(samples.shape[1], round(_SPECTRUM_S * sfreq)), axis=1)
    found = {line_hz: _prominence(hz, power, line_hz) for line_hz in MAINS_HZ}
    best = max(MAINS_HZ, key=lambda line_hz: found[line_hz])
    return best if found[best] >= _STANDS_OUT else None


def _prominence(hz: Array, power: Array, line_hz: float) -> float:
    distance = np.abs(hz - line_hz)
    on, beside = distance <= _ON_HZ, (distance > 2 * _ON_HZ) & (distance <= _BESIDE_HZ)
    if line_hz + 2 * _ON_HZ > hz[-1] or not on.any() or not beside.any() or len(power) == 0:
        return 0.0
    floor = np.median(power[:, beside], axis=1)
    ratio = np.divide(power[:, on].max(axis=1), floor, out=np.zeros_like(floor), where=floor > 0)
    return float(np.median(ratio))


def notch(samples: NDArray[np.floating], sfreq: float, line_hz: float) -> Array:
    """Take out a line and all its harmonics below the Nyquist frequency, without a shift in time (MNE, IIR).

    Args:
        samples: (…, T) finite, in any unit.
        sfreq: samples per second; need not be whole.
        line_hz: the mains frequency, > 0; each notch is 2 Hz wide.

    Returns:
        (…, T) float64; unchanged where the rate can't hold the line.

    Raises:
        SignalError: a frequency that is not above 0, or less than half a second of signal.
    """
    if line_hz <= 0:
        raise SignalError(f"line_hz: expected more than 0 Hz, got {line_hz}.")
    data = np.array(samples, dtype=np.float64)
    lines_hz = np.arange(line_hz, sfreq / 2 - _NOTCH_HZ, line_hz)
    if lines_hz.size == 0 or data.size == 0:
        return data
    if data.shape[-1] < sfreq / _NOTCH_HZ:
        raise SignalError(f"samples: a notch needs {1 / _NOTCH_HZ:g} s, got {data.shape[-1] / sfreq:g} s.")
    return _notched(data, sfreq, lines_hz)


def _notched(data: Array, sfreq: float, lines_hz: Array) -> Array:
    shape = {"order": 2, "ftype": "butter", "output": "sos"}
    for line_hz in lines_hz:  # MNE takes one frequency at a time for IIR filters
        edges = {"notch_widths": _NOTCH_HZ, "trans_bandwidth": _NOTCH_HZ / 2}
        data = mne.filter.notch_filter(
            data, sfreq, [line_hz], method="iir", iir_params=dict(shape), verbose="error", **edges
        )
    return data
