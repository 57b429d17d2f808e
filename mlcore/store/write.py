"""Writing one shard: all of it or nothing."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mlcore.errors import StoreError
from mlcore.store.files import replace_folder
from mlcore.store.meta import ModalityMeta, ShardMeta, TargetKind, TargetMeta
from mlcore.store.table import ClipTable

META_NAME = "meta.json"
CLIPS_NAME = "clips.parquet"


@dataclass(frozen=True, slots=True)
class RowStream:
    """A modality's array too large to hold in memory: its rows come one after another, and are written as they come."""

    #: (N, *shape)
    shape: tuple[int, ...]
    #: N arrays of shape (*shape); those of absent clips are written as zeros whatever they hold
    rows: Iterable[NDArray[Any]]


def write_shard(
    folder: Path, meta: ShardMeta, clips: ClipTable, arrays: Mapping[str, NDArray[Any] | RowStream]
) -> None:
    """Write a shard; one that stood in `folder` is replaced in one step.

    Args:
        folder: the shard's folder.
        meta: what it holds.
        clips: N rows.
        arrays: each modality as (N, *shape) in its dtype, or as a `RowStream`, finite where the clip is present; each
            distribution target as (N, K), rows summing to 1 or all NaN; each trace target as (N, T), NaN = not scored.

    Raises:
        StoreError: table, arrays and meta don't fit one another; nothing was written.
        OSError: the disk refused; what stood there before still does.
    """
    clips.check(meta)
    expected = {*meta.modalities, *array_targets(meta)}
    if set(arrays) != expected:
        raise StoreError(f"{folder.name}: expected arrays {sorted(expected)}, got {sorted(arrays)}")
    for name, modality in meta.modalities.items():
        _check_given(name, arrays[name], modality, clips)
    for name, target in array_targets(meta).items():
        _check_target_array(name, arrays[name], target, len(clips))
    replace_folder(folder, lambda beside: _fill(beside, meta, clips, arrays))


def _check_given(name: str, given: NDArray[Any] | RowStream, meta: ModalityMeta, clips: ClipTable) -> None:
    """What can be told before anything is written: of a stream the shape alone."""
    if isinstance(given, RowStream):
        _check_shape(name, given.shape, meta, len(clips))
        return
    check_modality(name, given, meta, len(clips))
    _check_finite(name, given, clips.present[name])


def _check_target_array(name: str, given: NDArray[Any] | RowStream, target: TargetMeta, n_clips: int) -> None:
    if isinstance(given, RowStream):
        raise StoreError(f"{name}: expected an array of targets, got a stream of rows")
    check_target(name, given, target, n_clips)
    _check_rows(name, given, target)


def array_targets(meta: ShardMeta) -> dict[str, TargetMeta]:
    """Targets that are stored as arrays: distributions and traces."""
    return {name: target for name, target in meta.targets.items() if not target.is_column}


def check_modality(name: str, array: NDArray[Any], meta: ModalityMeta, n_clips: int) -> None:
    """Raise StoreError unless an array has the shape and element type that the meta says."""
    _check_shape(name, array.shape, meta, n_clips)
    if array.dtype != np.dtype(meta.dtype):
        raise StoreError(f"{name}: expected {meta.dtype}, got {array.dtype}")


def _check_shape(name: str, shape: tuple[int, ...], meta: ModalityMeta, n_clips: int) -> None:
    expected = (n_clips, *meta.shape)
    if shape != expected:
        raise StoreError(f"{name}: expected shape {expected}, got {shape}")


def check_target(name: str, array: NDArray[Any], meta: TargetMeta, n_clips: int) -> None:
    """Raise StoreError unless a distribution is (N, K) and a trace (N, T), of a float type."""
    n_columns = len(meta.classes) if meta.kind is TargetKind.DISTRIBUTION else None
    if array.ndim != 2 or array.shape[0] != n_clips or n_columns not in (None, array.shape[1]):
        wanted = f"({n_clips}, {'T' if n_columns is None else n_columns})"
        raise StoreError(f"{name}: expected shape {wanted}, got {array.shape}")
    if array.dtype.kind != "f":
        raise StoreError(f"{name}: expected a float type, got {array.dtype}")


def _check_finite(name: str, array: NDArray[Any], present: NDArray[np.bool_]) -> None:
    bad = [row for row in np.flatnonzero(present) if not np.isfinite(array[row]).all()]
    if bad:
        raise StoreError(f"{name}: {len(bad)} present clips hold NaN or infinite values, the first in row {bad[0]}")


def _check_rows(name: str, array: NDArray[Any], meta: TargetMeta) -> None:
    if meta.kind is not TargetKind.DISTRIBUTION:
        return
    scored = array[~np.isnan(array).all(axis=1)]
    if not (np.all(scored >= 0) and np.allclose(scored.sum(axis=1), 1.0, atol=1e-3)):
        raise StoreError(f"{name}: a row is neither a distribution that sums to 1 nor all NaN")


def _fill(beside: Path, meta: ShardMeta, clips: ClipTable, arrays: Mapping[str, NDArray[Any] | RowStream]) -> None:
    for name, given in arrays.items():
        if isinstance(given, RowStream):
            _write_rows(beside / f"{name}.npy", given, meta.modalities[name], clips.present[name])
        else:
            np.save(beside / f"{name}.npy", given, allow_pickle=False)
    clips.write(beside / CLIPS_NAME)
    text = json.dumps(meta.to_json(), indent=1, ensure_ascii=False)
    (beside / META_NAME).write_text(text + "\n", encoding="utf-8")


def _write_rows(path: Path, stream: RowStream, meta: ModalityMeta, present: NDArray[np.bool_]) -> None:
    dtype, absent = np.dtype(meta.dtype), np.zeros(meta.shape, dtype=meta.dtype)
    header = {"descr": np.lib.format.dtype_to_descr(dtype), "fortran_order": False, "shape": stream.shape}
    n_rows = 0
    with path.open("wb") as file:
        np.lib.format.write_array_header_1_0(file, header)
        for n_rows, row in enumerate(stream.rows, start=1):
            if n_rows > len(present):
                break
            is_present = bool(present[n_rows - 1])
            _check_row(path.stem, row, meta, number=n_rows - 1, is_present=is_present)
            file.write((np.ascontiguousarray(row) if is_present else absent).tobytes())
    if n_rows != len(present):
        more = "more" if n_rows > len(present) else str(n_rows)
        raise StoreError(f"{path.stem}: expected {len(present)} rows, the stream gave {more}")


def _check_row(name: str, row: NDArray[Any], meta: ModalityMeta, *, number: int, is_present: bool) -> None:
    if row.shape != tuple(meta.shape) or row.dtype != np.dtype(meta.dtype):
        raise StoreError(
            f"{name}: expected rows {tuple(meta.shape)} of {meta.dtype}, row {number} is {row.shape} of {row.dtype}"
        )
    if is_present and not np.isfinite(row).all():
        raise StoreError(f"{name}: the present clip in row {number} holds NaN or infinite values")
