"""Samples of XDF streams in an unnamed temporary file: a long recording is not held in memory."""

from __future__ import annotations

import tempfile
import weakref
from typing import IO, Any

import numpy as np
from numpy.typing import NDArray


class SampleFile:
    """Rows of numbers, written once from front to back and read where they are needed.

    The file has no name and is gone when nothing refers to it any more.
    """

    def __init__(self, dtype: np.dtype[Any], n_channels: int) -> None:
        self.dtype, self.n_channels = dtype, n_channels
        self._row_bytes = dtype.itemsize * n_channels
        self._n_rows = 0
        self._file: IO[bytes] = tempfile.TemporaryFile(prefix="xdf-")  # noqa: SIM115
        weakref.finalize(self, self._file.close)

    def __len__(self) -> int:
        return self._n_rows

    def append(self, rows: NDArray[Any]) -> None:
        """Write (n, C) rows behind those that are there."""
        self._file.write(np.ascontiguousarray(rows, dtype=self.dtype).data)
        self._n_rows += len(rows)

    def close_end(self, n_rows: int) -> None:
        """Everything is written: keep the first `n_rows`."""
        self._file.flush()
        self._n_rows = min(self._n_rows, n_rows)

    def rows(self, first: int, last: int) -> NDArray[Any]:
        """Rows first..last−1 as (n, C), mapped from the file in its own number format; mapped anew by each call."""
        n_rows = max(min(last, self._n_rows) - first, 0)
        if n_rows == 0:
            return np.zeros((0, self.n_channels), dtype=self.dtype)
        offset = first * self._row_bytes
        return np.memmap(self._file, self.dtype, mode="r", offset=offset, shape=(n_rows, self.n_channels))
