"""Arrays of numbers out of MATLAB files, version 5 (scipy) and 7.3 (HDF5); traps in them are refused."""

from __future__ import annotations

import math
import struct
import zlib
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import scipy.io
from numpy.typing import NDArray

from mlcore.errors import RecordingError
from mlcore.io.faults import reading, require_file

#: 10,000 × 30 × 200 doubles, EAV's largest array, are 480 MB
LARGEST_BYTES = 640_000_000
_MOST_NUMBERS = LARGEST_BYTES // 8
_HDF5_MAGIC = b"\x89HDF"
_HEADER_BYTES, _TAG_BYTES, _COMPRESSED, _BLOCK = 128, 8, 15, 1 << 20

Floats = NDArray[np.float64]
Index = tuple[int | slice, ...]


@dataclass(frozen=True, slots=True)
class MatVariable:
    """A variable as MATLAB sees it: its first axis first, whichever version wrote the file."""

    name: str
    shape: tuple[int, ...]
    is_numeric: bool


def mat_variables(path: Path) -> tuple[MatVariable, ...]:
    """Names and shapes of a MATLAB file's variables; values are not read.

    Raises:
        RecordingError: absent, empty, or no MATLAB file.
    """
    require_file(path)
    with reading(path, "MATLAB"):
        if not _is_hdf5(path):
            told = scipy.io.whosmat(str(path))
            return tuple(MatVariable(name, tuple(shape), kind in _NUMBERS) for name, shape, kind in told)
        with h5py.File(path, "r") as file:
            return tuple(_described(file, name) for name in file if not name.startswith("#"))


_NUMBERS = frozenset({"double", "single", "logical", *(f"{u}int{n}" for u in ("", "u") for n in (8, 16, 32, 64))})


def read_mat(path: Path, name: str, index: Callable[[tuple[int, ...]], Index] | None = None) -> Floats:
    """One variable, or the part of it that `index` picks when told the shape; axes as MATLAB has them.

    Raises:
        RecordingError: absent, no numbers, above 640 MB, or damaged.
    """
    found = next((variable for variable in mat_variables(path) if variable.name == name), None)
    if found is None:
        raise RecordingError(f"{path.name}: there is no variable {name!r} in the file.")
    if not found.is_numeric:
        raise RecordingError(f"{path.name}: {name!r} is no array of numbers.")
    picked = index(found.shape) if index else ()
    with reading(path, "MATLAB"):
        values = _from_hdf5(path, name, picked) if _is_hdf5(path) else _from_mat5(path, found)[picked]
        return np.array(values, dtype=np.float64)


def read_cells(path: Path, name: str) -> list[Floats]:
    """The arrays of a cell variable of a version 5 file, in MATLAB's order.

    Raises:
        RecordingError: as `read_mat`, or a cell holds something else than numbers.
    """
    require_file(path)
    with reading(path, "MATLAB"):
        _require_bearable(path)
        cells = scipy.io.loadmat(str(path), variable_names=[name])[name]
        return [np.array(cell, dtype=np.float64) for cell in np.ravel(cells, order="F")]


def _is_hdf5(path: Path) -> bool:
    """HDF5 may begin after a block of 512 bytes, and MATLAB's does."""
    with path.open("rb") as file:
        start = file.read(516)
    return _HDF5_MAGIC in (start[:4], start[512:])


# --- version 7.3 -----------------------------------------------------------------------------------------------------


def _described(file: h5py.File, name: str) -> MatVariable:
    dataset = _dataset(file, name)
    if dataset is None:
        return MatVariable(name, (), is_numeric=False)
    return MatVariable(name, tuple(reversed(dataset.shape)), dataset.dtype.kind in "fiub")


def _dataset(file: h5py.File, name: str) -> h5py.Dataset | None:
    """The dataset itself: links, and data that lies in other files, are not followed."""
    if not isinstance(file.get(name, getlink=True), h5py.HardLink):
        return None
    item = file[name]
    inside = isinstance(item, h5py.Dataset) and not item.is_virtual and item.external is None
    return item if inside else None


def _from_hdf5(path: Path, name: str, picked: Index) -> Any:
    with h5py.File(path, "r") as file:
        dataset = _dataset(file, name)
        assert dataset is not None
        whole = (*picked, *(slice(None) for _ in range(dataset.ndim - len(picked))))
        _require_numbers(
            path, math.prod(_length(part, n) for part, n in zip(whole, reversed(dataset.shape), strict=True))
        )
        return dataset[tuple(reversed(whole))].T


def _length(part: int | slice, n: int) -> int:
    return 1 if isinstance(part, int) else len(range(*part.indices(n)))


# --- version 5 -------------------------------------------------------------------------------------------------------


def _from_mat5(path: Path, variable: MatVariable) -> Any:
    _require_numbers(path, math.prod(variable.shape))
    _require_bearable(path)
    return scipy.io.loadmat(str(path), variable_names=[variable.name])[variable.name]


def _require_numbers(path: Path, n_numbers: int) -> None:
    if n_numbers > _MOST_NUMBERS:
        raise RecordingError(f"{path.name}: it claims an array of {n_numbers:,} numbers, more than are read at once.")


def _require_bearable(path: Path) -> None:
    """Compressed elements may hold a thousand times their size: they are counted before they are kept."""
    for n_bytes in _inflated_sizes(path):
        if n_bytes > LARGEST_BYTES:
            raise RecordingError(f"{path.name}: it unpacks to more than {LARGEST_BYTES // 1_000_000} MB.")


def _inflated_sizes(path: Path) -> list[int]:
    sizes, end = [], path.stat().st_size
    with path.open("rb") as file:
        big = file.read(_HEADER_BYTES)[126:128] == b"MI"
        while file.tell() + _TAG_BYTES <= end:
            kind, n_bytes = struct.unpack(">II" if big else "<II", file.read(_TAG_BYTES))
            after = file.tell() + n_bytes
            sizes.append(_inflated(file, n_bytes) if kind == _COMPRESSED else n_bytes)
            file.seek(after)
    return sizes


def _inflated(file: Any, n_bytes: int) -> int:
    inflater, n_out = zlib.decompressobj(), 0
    while n_bytes > 0 and n_out <= LARGEST_BYTES and (block := file.read(min(n_bytes, _BLOCK))):
        n_bytes -= len(block)
        while block and n_out <= LARGEST_BYTES:
            n_out += len(inflater.decompress(block, _BLOCK))
            block = inflater.unconsumed_tail
    return n_out
