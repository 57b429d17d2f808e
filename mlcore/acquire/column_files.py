"""Columns of known length written batch by batch as plain .npy files, and mapped back."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from contextlib import ExitStack
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np
from numpy.lib import format as npy
from numpy.typing import NDArray

from mlcore.acquire.score_columns import Key
from mlcore.errors import StoreError
from mlcore.store.files import map_array, read_json
from mlcore.types import JsonObject

JSON_NAME = "columns.json"
Batch = Mapping[Key, NDArray[Any]]


def write_columns(folder: Path, batches: Iterable[Batch], *, n_rows: int, facts: JsonObject) -> None:
    """Write batches of rows one after another; memory holds one batch.

    The first batch says which columns there are, of what type and shape.

    Args:
        folder: an empty one; see `mlcore.store.files.replace_folder` for writing it in one step.
        batches: at least one, each with every column of the first.
        n_rows: of all batches together.
        facts: kept beside the columns, plain values.

    Raises:
        StoreError: a batch does not fit the first, or the rows are not as many as was said.
    """
    files: dict[Key, BinaryIO] = {}
    kinds: dict[Key, tuple[np.dtype[Any], tuple[int, ...]]] = {}
    n_written = 0
    with ExitStack() as stack:
        for batch in batches:
            if not kinds:
                kinds = {key: (column.dtype, column.shape[1:]) for key, column in batch.items()}
                files = {key: stack.enter_context((folder / file_name(key)).open("wb")) for key in kinds}
                for key, (dtype, shape) in kinds.items():
                    _begin(files[key], dtype, (n_rows, *shape))
            n_written += _append(files, kinds, batch)
    if n_written != n_rows:
        raise StoreError(f"{folder}: expected {n_rows} rows, got {n_written}")
    item = {"n_rows": n_rows, "columns": [list(key) for key in kinds], "facts": facts}
    (folder / JSON_NAME).write_text(json.dumps(item, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")


def file_name(key: Key) -> str:
    """Names of modalities and targets hold no double underscore."""
    return "__".join(key) + ".npy"


def _begin(file: BinaryIO, dtype: np.dtype[Any], shape: tuple[int, ...]) -> None:
    header = {"descr": npy.dtype_to_descr(dtype), "fortran_order": False, "shape": shape}
    npy.write_array_header_2_0(file, header)


def _append(
    files: Mapping[Key, BinaryIO], kinds: Mapping[Key, tuple[np.dtype[Any], tuple[int, ...]]], batch: Batch
) -> int:
    lengths = {len(column) for column in batch.values()}
    found = {key: (column.dtype, column.shape[1:]) for key, column in batch.items()}
    if len(lengths) != 1 or found != kinds:
        raise StoreError("a batch of columns does not fit the first: " + _difference(kinds, found))
    for key, column in batch.items():
        files[key].write(np.ascontiguousarray(column).data.cast("B") if column.size else b"")
    return lengths.pop()


def _difference(expected: Mapping[Key, object], got: Mapping[Key, object]) -> str:
    for key in {**expected, **got}:
        if expected.get(key) != got.get(key):
            return f"{'.'.join(key)} is {got.get(key)}, expected {expected.get(key)}"
    return "its columns differ in length"


def read_facts(folder: Path) -> JsonObject:
    """What was kept beside the columns.

    Raises:
        StoreError: there are none, or they are damaged.
    """
    item = read_json(folder / JSON_NAME)
    if not isinstance(item, dict) or not isinstance(item.get("facts"), dict):
        raise StoreError(f"{folder / JSON_NAME} does not describe columns")
    return dict(item["facts"])


def open_columns(folder: Path) -> dict[Key, NDArray[Any]]:
    """Every column, mapped into memory: pages are read when touched.

    Raises:
        StoreError: a file is missing, damaged or of another length; it is named.
    """
    item = read_json(folder / JSON_NAME)
    try:
        keys, n_rows = [tuple(str(part) for part in key) for key in item["columns"]], int(item["n_rows"])
    except (KeyError, TypeError, ValueError) as error:
        raise StoreError(f"{folder / JSON_NAME} does not describe columns: {error}") from error
    return {key: _map(folder / file_name(key), n_rows) for key in keys}


def _map(path: Path, n_rows: int) -> NDArray[Any]:
    column = map_array(path)
    if len(column) != n_rows:
        raise StoreError(f"{path}: expected {n_rows} rows, got {len(column)}")
    return column
