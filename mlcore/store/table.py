"""The clip table: one row a clip, as columns in memory and as `clips.parquet` on disk."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from numpy.typing import NDArray

from mlcore.errors import StoreError
from mlcore.store.meta import ShardMeta, TargetMeta

#: value of a class or ordinal target where nobody answered (null in the file)
UNLABELLED = -1

TEXT_COLUMNS = ("clip_id", "subject", "session")
FileColumns = dict[str, Any]


@dataclass(frozen=True, slots=True)
class ClipTable:
    """Columns of N clips; every array has length N.

    Args:
        clip_id: unique text ids.
        subject: person, as text.
        session: recording session, as text.
        trial: whole number of the stimulus within the session.
        start_s: start on the session clock, seconds.
        stop_s: end on the session clock, seconds, above `start_s`.
        present: modality name -> bool, whether the modality covers the clip.
        quality: modality name -> signal quality 0..1 (0 = useless or absent).
        targets: class or ordinal target -> answer (class index 0..K-1, level 1..levels), `UNLABELLED` where none.

    Raises:
        StoreError: lengths differ, an id comes twice, a time or quality is out of range.
    """

    clip_id: NDArray[np.str_]
    subject: NDArray[np.str_]
    session: NDArray[np.str_]
    trial: NDArray[np.int64]
    start_s: NDArray[np.float64]
    stop_s: NDArray[np.float64]
    present: Mapping[str, NDArray[np.bool_]]
    quality: Mapping[str, NDArray[np.float64]]
    targets: Mapping[str, NDArray[np.int64]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        for name, column in self._columns().items():
            if np.shape(column) != (len(self.clip_id),):
                raise StoreError(f"column {name}: expected {len(self.clip_id)} rows, got shape {np.shape(column)}")
        if len(np.unique(np.asarray(self.clip_id, dtype=str))) < len(self.clip_id):
            raise StoreError("column clip_id: an id comes twice")
        if not np.all(np.isfinite(self.start_s) & np.isfinite(self.stop_s) & (self.stop_s > self.start_s)):
            raise StoreError("column stop_s: a clip does not end after it starts")
        for name, quality in self.quality.items():
            if not np.all((quality >= 0) & (quality <= 1)):
                raise StoreError(f"column {name}__quality: expected values in 0..1")

    def __len__(self) -> int:
        return len(self.clip_id)

    def _columns(self) -> FileColumns:
        return {
            "clip_id": self.clip_id,
            "subject": self.subject,
            "session": self.session,
            "trial": self.trial,
            "start_s": self.start_s,
            "stop_s": self.stop_s,
            **{f"{name}__present": column for name, column in self.present.items()},
            **{f"{name}__quality": column for name, column in self.quality.items()},
            **dict(self.targets),
        }

    def check(self, meta: ShardMeta) -> None:
        """Raise StoreError unless the columns are those that `meta` promises."""
        if set(self.present) != set(meta.modalities) or set(self.quality) != set(meta.modalities):
            raise StoreError(f"clip table: expected present and quality of {sorted(meta.modalities)}")
        columns = {name: target for name, target in meta.targets.items() if target.is_column}
        if set(self.targets) != set(columns):
            raise StoreError(f"clip table: expected targets {sorted(columns)}, got {sorted(self.targets)}")
        for name, target in columns.items():
            _check_answers(name, self.targets[name], target)

    def write(self, path: Path) -> None:
        """Write as parquet with a checksum on each page."""
        pq.write_table(pa.table(self._arrow()), path, write_page_checksum=True)

    def _arrow(self) -> dict[str, pa.Array]:
        arrow = {name: pa.array(np.asarray(column)) for name, column in self._columns().items()}
        for name in TEXT_COLUMNS:
            arrow[name] = pa.array([str(value) for value in getattr(self, name)], pa.string())
        for name, answers in self.targets.items():
            arrow[name] = pa.array(answers, pa.int64(), mask=np.asarray(answers) == UNLABELLED)
        return arrow


def _check_answers(name: str, answers: NDArray[np.int64], target: TargetMeta) -> None:
    low, high = target.allowed
    if not np.all((answers == UNLABELLED) | ((answers >= low) & (answers <= high))):
        raise StoreError(f"column {name}: expected answers in {low}..{high}")


def read_table(path: Path, meta: ShardMeta) -> ClipTable:
    """Read `clips.parquet` and check it against the shard's meta.

    Args:
        path: the file.
        meta: the shard's; decides which columns must be there. Other columns are ignored.

    Raises:
        StoreError: damaged, a column missing or of the wrong type, a value out of range; the file is named.
    """
    try:
        file = pq.read_table(path, page_checksum_verification=True)
    except (OSError, pa.ArrowException) as error:
        raise StoreError(f"{path} can't be read as parquet: {error}") from error
    try:
        table = _from_arrow(file, meta)
        table.check(meta)
    except StoreError as error:
        raise StoreError(f"{path}: {error}") from None
    return table


def _from_arrow(file: pa.Table, meta: ShardMeta) -> ClipTable:
    targets = [name for name, target in meta.targets.items() if target.is_column]
    return ClipTable(
        clip_id=_text(file, "clip_id"),
        subject=_text(file, "subject"),
        session=_text(file, "session"),
        trial=_numbers(file, "trial", np.int64),
        start_s=_numbers(file, "start_s", np.float64),
        stop_s=_numbers(file, "stop_s", np.float64),
        present={name: _numbers(file, f"{name}__present", np.bool_) for name in meta.modalities},
        quality={name: _numbers(file, f"{name}__quality", np.float64) for name in meta.modalities},
        targets={name: _numbers(file, name, np.int64, null=UNLABELLED) for name in targets},
    )


def _column(file: pa.Table, name: str) -> pa.ChunkedArray:
    if name not in file.column_names:
        raise StoreError(f"column {name} is missing")
    return file.column(name)


def _text(file: pa.Table, name: str) -> NDArray[np.str_]:
    column = _column(file, name)
    if not (pa.types.is_string(column.type) or pa.types.is_large_string(column.type)) or column.null_count:
        raise StoreError(f"column {name}: expected text in every row")
    return np.array(column.to_pylist(), dtype=np.str_)


def _numbers(file: pa.Table, name: str, dtype: type[np.generic], *, null: int | None = None) -> NDArray[Any]:
    column = _column(file, name)
    if null is not None:
        column = column.fill_null(null)
    if column.null_count:
        raise StoreError(f"column {name}: {column.null_count} rows have no value")
    values: NDArray[Any] = column.to_numpy()
    if not np.can_cast(values.dtype, dtype, "same_kind"):
        raise StoreError(f"column {name}: expected {np.dtype(dtype)}, got {column.type}")
    return values.astype(dtype)
