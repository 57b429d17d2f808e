"""Arrays that are written row by row and never held whole in memory."""

from __future__ import annotations

from pathlib import Path
from types import TracebackType
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from mlcore.vision.weights import VisionError


class RowWriter:
    """A .npy file whose length is known in the end.

    Args:
        path: the file; it is made anew.
        dtype: of a row, structured or plain.
        shape: of a row of a plain type.
    """

    def __init__(self, path: Path, dtype: np.dtype[Any], shape: tuple[int, ...] = ()) -> None:
        self._dtype, self._shape = dtype, shape
        self._n_rows = 0
        self._file = path.open("wb")
        self._write_header()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _write_header(self) -> None:
        # numpy leaves room in a header for the first axis to grow
        described = {
            "descr": np.lib.format.dtype_to_descr(self._dtype),
            "fortran_order": False,
            "shape": (self._n_rows, *self._shape),
        }
        self._file.seek(0)
        np.lib.format.write_array_header_1_0(self._file, described)

    def append(self, rows: NDArray[Any]) -> None:
        """Add rows (n, …) at the end."""
        if rows.dtype != self._dtype or rows.shape[1:] != self._shape:
            raise VisionError(f"expected rows {self._shape} of {self._dtype}, got {rows.shape[1:]} of {rows.dtype}")
        self._file.write(np.ascontiguousarray(rows).data)
        self._n_rows += len(rows)

    def close(self) -> None:
        """Write the number of rows into the file's head; it is then an ordinary .npy file."""
        if not self._file.closed:
            self._write_header()
            self._file.close()
