"""Arrays of numbers out of MATLAB files, version 5 (scipy) and 7.3 (HDF5); traps in them are refused."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import h5py
import numpy as np
import scipy.io

from mlcore.datasets.mat5_arrays import MOST_NUMBERS, Floats, Index, read_cell_arrays, read_part
from mlcore.errors import RecordingError
from mlcore.io.faults import reading, require_file

_HDF5_MAGIC = b"\x89HDF"


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
            if any(n < 0 for _name, shape, _kind in told for n in shape):
                raise ValueError("its sizes are wrong")
            return tuple(MatVariable(name, tuple(shape), kind in _NUMBERS) for name, shape, kind in told)
        with h5py.File(path, "r") as file:
            return tuple(_described(file, name) for name in file if not name.startswith("#"))


_NUMBERS = frozenset({"double", "single", "logical", *(f"{u}int{n}" for u in ("", "u") for n in (8, 16, 32, 64))})


def read_mat(path: Path, name: str, index: Callable[[tuple[int, ...]], Index] | None = None) -> Floats:
    """One variable, or the part of it that `index` picks when told the shape; axes as MATLAB has them.

    Raises:
        RecordingError: absent, no numbers, damaged, or more than 40 million numbers are wanted.
    """
    found = next((variable for variable in mat_variables(path) if variable.name == name), None)
    if found is None:
        raise RecordingError(f"{path.name}: there is no variable {name!r} in the file.")
    if not found.is_numeric:
        raise RecordingError(f"{path.name}: {name!r} is no array of numbers.")
    picked = index(found.shape) if index else ()
    whole = (*picked, *(slice(None) for _axis in found.shape[len(picked) :]))
    n_numbers = math.prod(_length(part, n) for part, n in zip(whole, found.shape, strict=True))
    if n_numbers > MOST_NUMBERS:
        raise RecordingError(f"{path.name}: it claims an array of {n_numbers:,} numbers, more than are read at once.")
    with reading(path, "MATLAB"):
        return _from_hdf5(path, name, whole) if _is_hdf5(path) else read_part(path, name, whole)


def _length(part: int | slice, n: int) -> int:
    return 1 if isinstance(part, int) else len(range(*part.indices(n)))


def read_cells(path: Path, name: str) -> list[Floats]:
    """The arrays of a cell variable of a version 5 file, in MATLAB's order.

    Raises:
        RecordingError: as `read_mat`, or a cell holds something else than numbers.
    """
    require_file(path)
    with reading(path, "MATLAB"):
        return read_cell_arrays(path, name)


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


def _from_hdf5(path: Path, name: str, index: Index) -> Floats:
    with h5py.File(path, "r") as file:
        dataset = _dataset(file, name)
        assert dataset is not None
        if math.prod(dataset.chunks or ()) > MOST_NUMBERS:
            raise ValueError("its blocks are larger than any recording")
        return np.array(dataset[tuple(reversed(index))], dtype=np.float64).T
