"""Filters on arrays: zero-phase for what is recorded, causal for what is still coming; designed by MNE."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum

import mne
import numpy as np
from numpy.typing import NDArray
from scipy.signal import sosfilt, sosfilt_zi

from mlcore.errors import SignalError

Array = NDArray[np.float64]

#: an upper edge from this share of the Nyquist frequency on takes nothing away that the amplifier left
_OPEN_FROM = 0.95
_IIR_ORDER = 4


class FilterKind(StrEnum):
    """Finite answers are exact and local; infinite ones are short enough for short signals."""

    FIR = "fir"
    IIR = "iir"


@dataclass(frozen=True, slots=True)
class Band:
    """What passes, in Hz; None = open on that side."""

    low_hz: float | None
    high_hz: float | None

    def within(self, sfreq: float) -> Band:
        """The band as a rate can hold it: an upper edge at 95 % of the Nyquist frequency or above is open.

        Raises:
            SignalError: nothing of the band lies below the Nyquist frequency, or its edges are the wrong way round.
        """
        nyquist_hz = sfreq / 2
        high_hz = None if self.high_hz is None or self.high_hz >= _OPEN_FROM * nyquist_hz else self.high_hz
        top_hz = nyquist_hz if high_hz is None else high_hz
        if not (self.low_hz is None or 0 < self.low_hz < top_hz) or top_hz <= 0:
            raise SignalError(
                f"band: expected 0 < low < high, and low below {nyquist_hz:g} Hz (half of {sfreq:g} Hz), "
                f"got {self.low_hz} to {self.high_hz}."
            )
        return Band(self.low_hz, high_hz)

    @property
    def is_open(self) -> bool:
        """Whether everything passes."""
        return self.low_hz is None and self.high_hz is None


def zero_phase(samples: NDArray[np.floating], sfreq: float, band: Band, *, kind: FilterKind = FilterKind.FIR) -> Array:
    """Filter without any shift in time; looks into the future, so for recorded signals only.

    Args:
        samples: (…, T) finite, in any unit.
        sfreq: samples per second; need not be whole.
        band: what passes.
        kind: FIR (Hamming-windowed, MNE's transition widths) or IIR (Butterworth of order 4, forward and backward).

    Returns:
        (…, T) float64.

    Raises:
        SignalError: the band does not fit the rate, or the signal is shorter than the filter.
    """
    fitting = band.within(sfreq)
    data = np.array(samples, dtype=np.float64)
    if fitting.is_open or data.size == 0:
        return data
    if kind is FilterKind.FIR:
        _refuse_short(data.shape[-1], _fir_length(sfreq, fitting), sfreq)
        return _by_mne(data, sfreq, fitting, method="fir", phase="zero")
    _refuse_short(data.shape[-1], 3 * (2 * _IIR_ORDER + 1) + 1, sfreq)
    return _by_mne(data, sfreq, fitting, method="iir", phase="zero", iir_params=_iir_params())


def causal(samples: NDArray[np.floating], sfreq: float, band: Band) -> Array:
    """Filter as it can be done live: what comes out at a time depends on nothing later. See `CausalFilter`.

    Args:
        samples: (C, T) finite, in any unit.
        sfreq: samples per second; need not be whole.
        band: what passes.

    Returns:
        (C, T) float64, delayed as a Butterworth filter of order 4 delays.

    Raises:
        SignalError: the band does not fit the rate.
    """
    return CausalFilter(sfreq, band).feed(samples)


@dataclass(slots=True)
class CausalFilter:
    """A Butterworth filter of order 4 that is fed piece by piece; the pieces' lengths change nothing.

    It starts as if the first sample had stood for ever, so that an amplifier's offset gives no jump.
    """

    sfreq: float
    band: Band
    _sections: Array | None = field(init=False)
    _state: Array | None = field(init=False, default=None)

    def __post_init__(self) -> None:
        fitting = self.band.within(self.sfreq)
        self._sections = None if fitting.is_open else _sections(self.sfreq, fitting)

    def feed(self, samples: NDArray[np.floating]) -> Array:
        """The next (C, T) samples, filtered."""
        data = np.array(samples, dtype=np.float64)
        if self._sections is None or data.shape[-1] == 0:
            return data
        if self._state is None:
            self._state = sosfilt_zi(self._sections)[:, None, :] * data[None, :, :1]
        filtered, self._state = sosfilt(self._sections, data, axis=-1, zi=self._state)
        return np.asarray(filtered)


def _iir_params() -> dict[str, object]:
    return {"order": _IIR_ORDER, "ftype": "butter", "output": "sos"}


def _sections(sfreq: float, band: Band) -> Array:
    designed = mne.filter.create_filter(
        None, sfreq, band.low_hz, band.high_hz, method="iir", iir_params=_iir_params(), phase="forward", verbose="error"
    )
    return np.asarray(designed["sos"])


def _fir_length(sfreq: float, band: Band) -> int:
    return len(mne.filter.create_filter(None, sfreq, band.low_hz, band.high_hz, verbose="error"))


def _by_mne(data: Array, sfreq: float, band: Band, **how: object) -> Array:
    filtered = mne.filter.filter_data(data, sfreq, band.low_hz, band.high_hz, copy=False, verbose="error", **how)
    return np.asarray(filtered)


def _refuse_short(n_samples: int, n_needed: int, sfreq: float) -> None:
    if n_samples < n_needed:
        raise SignalError(
            f"samples: the filter needs {n_needed} samples ({n_needed / sfreq:.2f} s), got {n_samples}; "
            "use a longer stretch, a wider band or an IIR filter."
        )
