"""The rows of a table as bytes for a CSV parser, short ones filled up."""

from __future__ import annotations

import io
from pathlib import Path
from typing import TYPE_CHECKING

from mlcore.errors import RecordingError

if TYPE_CHECKING:
    from _typeshed import WriteableBuffer

#: no row of a recording is longer
_MAX_LINE = 1_000_000
_PART_BYTES = 1_000_000


class TableLines(io.RawIOBase):
    """Reads a text file from its first row on, as UTF-8.

    Mind Monitor and others leave out the separators of empty last cells: a row that has the cells that are needed
    gets them back. What can't be decoded is replaced; it can only be part of a text.
    """

    def __init__(
        self, path: Path, *, encoding: str, data_start: int, delimiter: str, n_columns: int, n_needed: int
    ) -> None:
        self._path = path
        self._delimiter = delimiter
        self._n_columns = n_columns
        self._n_needed = n_needed
        self._pending = b""
        binary = path.open("rb")
        binary.seek(data_start)
        self._file = io.TextIOWrapper(binary, encoding=encoding, errors="replace", newline="")

    def readable(self) -> bool:
        """Always."""
        return True

    def close(self) -> None:
        """Close the file beneath too."""
        self._file.close()
        super().close()

    def readinto(self, buffer: WriteableBuffer) -> int:
        """Bytes of the next rows."""
        view = memoryview(buffer).cast("B")
        if not self._pending:
            self._pending = self._next_part()
        part = self._pending[: len(view)]
        self._pending = self._pending[len(part) :]
        view[: len(part)] = part
        return len(part)

    def _next_part(self) -> bytes:
        rows: list[str] = []
        n_held = 0
        while n_held < _PART_BYTES and (line := self._file.readline(_MAX_LINE)):
            if len(line) >= _MAX_LINE:
                raise RecordingError(f"{self._path.name}: a line in it is longer than any row of a recording.")
            rows.append(self._filled(line))
            n_held += len(line)
        return "".join(rows).encode("utf-8", errors="replace")

    def _filled(self, line: str) -> str:
        n_cells = line.count(self._delimiter) + 1
        if not self._n_needed <= n_cells < self._n_columns or '"' in line:
            return line
        bare = line.rstrip("\r\n")
        return bare + self._delimiter * (self._n_columns - n_cells) + line[len(bare) :] if bare else line
