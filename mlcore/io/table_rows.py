"""The rows of a table, read once: samples to a temporary file, times and markers to memory."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.csv
from numpy.typing import NDArray

from mlcore.errors import RecordingError
from mlcore.io.spool import SampleSpool
from mlcore.io.table_head import Role, TableHead
from mlcore.io.table_lines import TableLines
from mlcore.io.table_times import over_midnight, seconds_of

_BLOCK_BYTES = 4_000_000
_NULLS = ["", "NA", "N/A", "n/a", "na", "null", "NULL", "None", "none"]
#: markers that mean "nothing here"
_RESTING = frozenset(("", "0", "0.0", "nan", "none"))
_MOST_EVENTS = 100_000


@dataclass(slots=True)
class TableContents:
    """What was read: samples on disk, times and markers in memory."""

    spool: SampleSpool
    #: of the samples; empty where the table has no times
    stamps_s: NDArray[np.float64]
    #: (row of the sample that follows, time or NaN, text)
    marks: list[tuple[int, float, str]]
    n_broken: int


def read_rows(path: Path, head: TableHead) -> TableContents:
    """Read all rows once.

    Raises:
        RecordingError: a cell that should be a number or a time is none, or there are too many markers.
    """
    rows = _Rows(path, head)
    for batch in _batches(path, head, rows):
        rows.take(batch)
    return rows.contents()


def _batches(path: Path, head: TableHead, rows: _Rows) -> Iterator[pa.RecordBatch]:
    texts = {c.index for c in head.of(Role.MARKER)} | {c.index for c in head.of(Role.TIME) if not c.is_numeric}
    used = {column.index for column in head.columns if column.role is not Role.IGNORED}
    with _lines(path, head) as lines:
        yield from pyarrow.csv.open_csv(
            lines,
            read_options=pyarrow.csv.ReadOptions(
                use_threads=False,
                block_size=_BLOCK_BYTES,
                column_names=[_key(index) for index in range(head.n_columns)],
            ),
            parse_options=pyarrow.csv.ParseOptions(delimiter=head.delimiter, invalid_row_handler=rows.refuse),
            convert_options=pyarrow.csv.ConvertOptions(
                column_types={_key(k): pa.string() if k in texts else pa.float64() for k in used},
                include_columns=[_key(index) for index in sorted(used)],
                null_values=_NULLS,
                strings_can_be_null=False,
                decimal_point=head.decimal,
            ),
        )


def _lines(path: Path, head: TableHead) -> TableLines:
    needed = [column.index for column in head.columns if column.role in (Role.TIME, Role.CHANNEL)]
    return TableLines(
        path,
        encoding=head.encoding,
        data_start=head.data_start,
        delimiter=head.delimiter,
        n_columns=head.n_columns,
        n_needed=max(needed) + 1,
    )


def _key(index: int) -> str:
    """Headings may be doubles; places are not."""
    return f"c{index}"


@dataclass(slots=True)
class _Rows:
    """Takes batches of rows apart: samples, times, markers."""

    path: Path
    head: TableHead
    spool: SampleSpool = field(init=False)
    stamps_s: list[NDArray[np.float64]] = field(default_factory=list)
    marks: list[tuple[int, float, str]] = field(default_factory=list)
    n_broken: int = 0
    before: dict[int, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.spool = SampleSpool(len(self.head.of(Role.CHANNEL)))

    def refuse(self, _row: Any) -> str:
        """A row with too few or too many cells."""
        self.n_broken += 1
        return "skip"

    def take(self, batch: pa.RecordBatch) -> None:
        columns = [batch.column(_key(c.index)).to_numpy(zero_copy_only=False) for c in self.head.of(Role.CHANNEL)]
        samples = np.stack(columns, axis=1).astype(np.float64, copy=False)
        times_s = self._times_s(batch)
        is_sample = ~(np.isnan(samples).all(axis=1) & self._take_marks(batch, times_s, samples))
        self.spool.append(samples[is_sample])
        self.stamps_s.append(times_s[is_sample])

    def _times_s(self, batch: pa.RecordBatch) -> NDArray[np.float64]:
        for column in self.head.of(Role.TIME):
            cells = batch.column(_key(column.index))
            values = cells.to_numpy(zero_copy_only=False) if column.is_numeric else cells.to_pylist()
            return seconds_of(self.path, values, column.unit)
        return np.zeros(batch.num_rows)

    def _take_marks(
        self, batch: pa.RecordBatch, times_s: NDArray[np.float64], samples: NDArray[np.float64]
    ) -> NDArray[np.bool_]:
        """Note markers where they change; which rows have one."""
        is_marked = np.zeros(batch.num_rows, dtype=bool)
        is_alone: NDArray[np.bool_] = np.atleast_1d(np.isnan(samples).all(axis=1))
        places = self.spool.n_rows + np.cumsum(~is_alone) - ~is_alone
        for column in self.head.of(Role.MARKER):
            before = self.before.get(column.index, "")
            for row, cell in enumerate(batch.column(_key(column.index)).to_pylist()):
                text = (cell or "").strip()
                if text.lower() not in _RESTING:
                    is_marked[row] = True
                    if is_alone[row] or text != before:
                        self._mark(int(places[row]), float(times_s[row]), text)
                before = "" if is_alone[row] else text
            self.before[column.index] = before
        return is_marked

    def _mark(self, place: int, time_s: float, text: str) -> None:
        if len(self.marks) >= _MOST_EVENTS:
            raise RecordingError(f"{self.path.name}: it holds more than {_MOST_EVENTS} markers.")
        self.marks.append((place, time_s, text))

    def contents(self) -> TableContents:
        has_times = bool(self.head.of(Role.TIME))
        stamps_s = over_midnight(np.concatenate(self.stamps_s)) if has_times and self.stamps_s else np.zeros(0)
        return TableContents(self.spool, stamps_s, self.marks, self.n_broken)
