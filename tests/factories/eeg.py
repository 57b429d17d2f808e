"""Small EEG files with known contents, written by edfio and pyedflib."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pyedflib
from edfio import Bdf, BdfSignal
from numpy.typing import NDArray

_FULL_SCALE = 2**23
_RANGE_UV = 262144.0
#: BioSemi's flags above the trigger bits
STATUS_FLAGS = 0x900000


def sines_uv(n_channels: int, n_samples: int, sfreq: float, *, amplitude_uv: float = 40.0) -> NDArray[np.float64]:
    """(C, T) µV: channel k is a sine of 5 + k Hz."""
    times_s = np.arange(n_samples) / sfreq
    hz = 5.0 + np.arange(n_channels)[:, None]
    return amplitude_uv * np.sin(2 * np.pi * hz * times_s)


def pulses(
    n_samples: int, starts: Sequence[int], *, resting: int = 0, value: int = 16, width: int = 5
) -> NDArray[np.int64]:
    """A trigger channel: resting, with pulses of some samples."""
    status = np.full(n_samples, resting, dtype=np.int64)
    for start in starts:
        status[start : start + width] = value
    return status


def write_bdf(
    path: Path, channels: Sequence[str], data_uv: NDArray[np.float64], *, sfreq: int, status: NDArray[np.int64]
) -> Path:
    """Write BDF with a Status channel last, its high bits set as BioSemi sets them."""
    signals = [_eeg(name, row, sfreq) for name, row in zip(channels, data_uv, strict=True)]
    signals.append(_status(status | STATUS_FLAGS, sfreq))
    Bdf(signals, data_record_duration=1.0).write(path)
    return path


def _eeg(name: str, row_uv: NDArray[np.float64], sfreq: int) -> BdfSignal:
    return BdfSignal.from_digital(
        np.rint(row_uv * _FULL_SCALE / _RANGE_UV).astype(np.int32),
        sfreq,
        label=name,
        physical_dimension="uV",
        physical_range=(-_RANGE_UV, _RANGE_UV - _RANGE_UV / _FULL_SCALE),
        digital_range=(-_FULL_SCALE, _FULL_SCALE - 1),
    )


def _status(values: NDArray[np.int64], sfreq: int) -> BdfSignal:
    signed = np.where(values >= _FULL_SCALE, values - 2 * _FULL_SCALE, values).astype(np.int32)
    return BdfSignal.from_digital(
        signed,
        sfreq,
        label="Status",
        physical_dimension="Boolean",
        physical_range=(-_FULL_SCALE, _FULL_SCALE - 1),
        digital_range=(-_FULL_SCALE, _FULL_SCALE - 1),
    )


def write_edf_plus(
    path: Path, channels: Sequence[str], data_uv: NDArray[np.float64], *, sfreq: int, marks: Sequence[tuple[float, str]]
) -> Path:
    """Write EDF+ with annotations, by pyedflib."""
    with pyedflib.EdfWriter(str(path), len(channels), file_type=pyedflib.FILETYPE_EDFPLUS) as writer:
        for index, name in enumerate(channels):
            writer.setSignalHeader(index, _header(name, sfreq))
        writer.writeSamples(list(data_uv))
        for onset_s, text in marks:
            writer.writeAnnotation(onset_s, -1, text)
    return path


def _header(name: str, sfreq: int) -> dict[str, str | int | float | None]:
    reach = {"physical_max": 500.0, "physical_min": -500.0, "digital_max": 32767, "digital_min": -32768}
    return {"label": name, "dimension": "uV", "sample_frequency": sfreq, **reach, "transducer": "", "prefilter": ""}
