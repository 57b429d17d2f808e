"""Samples that a file's format doesn't let us find: written once to an unnamed temporary file, read from there."""

from __future__ import annotations

import os
import tempfile
import weakref
from collections.abc import Sequence
from typing import IO

import numpy as np
from numpy.typing import NDArray

_ITEM = np.dtype("<f4").itemsize


class SampleSpool:
    """Rows of float32 samples on disk; the file has no name and vanishes with the object."""

    def __init__(self, n_channels: int) -> None:
        self._file: IO[bytes] = tempfile.TemporaryFile(prefix="concord-eeg-")  # noqa: SIM115 (lives as long as self)
        weakref.finalize(self, self._file.close)
        self.n_channels = n_channels
        self.n_rows = 0
        #: per channel, how many of its samples are no numbers
        self.n_not_finite = np.zeros(n_channels, dtype=np.int64)

    def append(self, rows: NDArray[np.floating]) -> None:
        """Add samples (T, C)."""
        block = np.ascontiguousarray(rows, dtype="<f4")
        self.n_not_finite += np.count_nonzero(~np.isfinite(block), axis=0)
        self._file.write(block.tobytes())
        self.n_rows += len(block)

    def read(self, picks: Sequence[int], first: int, last: int) -> NDArray[np.float64]:
        """Samples of some channels as (C, T) float64."""
        self._file.flush()
        row_bytes = self.n_channels * _ITEM
        content = os.pread(self._file.fileno(), (last - first) * row_bytes, first * row_bytes)
        rows = np.frombuffer(content, dtype="<f4").reshape(-1, self.n_channels)
        return np.ascontiguousarray(rows[:, list(picks)].T, dtype=np.float64)
