"""Writing one shard: all of it or nothing."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
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


def write_shard(folder: Path, meta: ShardMeta, clips: ClipTable, arrays: Mapping[str, NDArray[Any]]) -> None:
    """Write a shard; one that stood in `folder` is replaced in one step.

    Args:
        folder: the shard's folder.
        meta: what it holds.
        clips: N rows.
        arrays: each modality as (N, *shape) in its dtype, finite where the clip is present; each distribution
            target as (N, K), rows summing to 1 or all NaN; each trace target as (N, T), NaN = not scored.

    Raises:
        StoreError: table, arrays and meta don't fit one another; nothing was written.
        OSError: the disk refused; what stood there before still does.
    """
    clips.check(meta)
    expected = {*meta.modalities, *array_targets(meta)}
    if set(arrays) != expected:
        raise StoreError(f"{folder.name}: expected arrays {sorted(expected)}, got {sorted(arrays)}")
    for name, modality in meta.modalities.items():
        check_modality(name, arrays[name], modality, len(clips))
        _check_finite(name, arrays[name], clips.present[name])
    for name, target in array_targets(meta).items():
        check_target(name, arrays[name], target, len(clips))
        _check_rows(name, arrays[name], target)
    replace_folder(folder, lambda beside: _fill(beside, meta, clips, arrays.items()))


def array_targets(meta: ShardMeta) -> dict[str, TargetMeta]:
    """Targets that are stored as arrays: distributions and traces."""
    return {name: target for name, target in meta.targets.items() if not target.is_column}


def check_modality(name: str, array: NDArray[Any], meta: ModalityMeta, n_clips: int) -> None:
    """Raise StoreError unless an array has the shape and element type that the meta says."""
    expected = (n_clips, *meta.shape)
    if array.shape != expected:
        raise StoreError(f"{name}: expected shape {expected}, got {array.shape}")
    if array.dtype != np.dtype(meta.dtype):
        raise StoreError(f"{name}: expected {meta.dtype}, got {array.dtype}")


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


def _fill(beside: Path, meta: ShardMeta, clips: ClipTable, arrays: Iterable[tuple[str, NDArray[Any]]]) -> None:
    for name, array in arrays:
        np.save(beside / f"{name}.npy", array, allow_pickle=False)
    clips.write(beside / CLIPS_NAME)
    text = json.dumps(meta.to_json(), indent=1, ensure_ascii=False)
    (beside / META_NAME).write_text(text + "\n", encoding="utf-8")
