"""Parts of what a MATLAB 5 file holds, read as a stream: part of an array, or cells that are arrays.

MATLAB keeps arrays column by column: what belongs to one index of the last axis lies together, and no more than that
is held at once. scipy reads a whole array, half a gigabyte for EAV, and would do so again for every trial; of cells it
believes every count it reads.
"""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mlcore.datasets.mat5_stream import MATRIX, Head, Mat5Stream, Tag, matrix_stream

_CELL_CLASS, _NUMERIC_CLASSES = 1, range(6, 16)
_NUMBERS = {1: "i1", 2: "u1", 3: "i2", 4: "u2", 5: "i4", 6: "u4", 7: "f4", 9: "f8", 12: "i8", 13: "u8"}
#: a cell a subject; ASCERTAIN's largest have 58 × 36 × 88 numbers
_MOST_CELLS, _MOST_CELL_BYTES = 10_000, 100_000_000

#: held at once; a trial of EAV has 300,000
MOST_NUMBERS = 40_000_000

Floats = NDArray[np.float64]
#: one for each axis
Index = tuple[int | slice, ...]


def read_part(path: Path, name: str, index: Index) -> Floats:
    """`array[index]` of a numeric variable; of the file no more is unpacked than up to the last number wanted.

    Raises:
        ValueError: there is no such array or place, or the file's sizes contradict each other.
    """
    with matrix_stream(path, name) as (stream, head):
        dtype, tag = _numbers(stream, head)
        if len(index) != len(head.shape):
            raise ValueError(f"{name!r} has {len(head.shape)} axes")
        if math.prod(head.shape[:-1]) > MOST_NUMBERS:
            raise ValueError("its columns are longer than any recording")
        if tag.inside:
            return _shaped(tag.inside, dtype, head.shape)[index]
        slabs = _slabs(stream, head, dtype, index)
        return slabs[0] if isinstance(index[-1], int) else _stacked(slabs, head, index)


def _slabs(stream: Mat5Stream, head: Head, dtype: np.dtype[Any], index: Index) -> list[Floats]:
    """What is wanted of each place of the last axis."""
    *rest, n_places = head.shape
    last = index[-1]
    if isinstance(last, int) and not 0 <= last < n_places:
        raise ValueError(f"there is no place {last + 1} of {n_places}")
    places = [last] if isinstance(last, int) else range(*last.indices(n_places))
    n_bytes, position, slabs = math.prod(rest) * dtype.itemsize, 0, list[Floats]()
    for place in places:
        stream.skip((place - position) * n_bytes)
        slabs.append(_shaped(stream.read(n_bytes), dtype, tuple(rest))[index[:-1]].copy())
        position = place + 1
    return slabs


def _stacked(slabs: list[Floats], head: Head, index: Index) -> Floats:
    return np.stack(slabs, axis=-1) if slabs else np.zeros((*head.shape[:-1], 0))[index]


def read_cell_arrays(path: Path, name: str) -> list[Floats]:
    """The arrays of a cell variable, in MATLAB's order.

    Raises:
        ValueError: there is no such variable, a cell holds something else than numbers, or too much is claimed.
    """
    with matrix_stream(path, name) as (stream, head):
        if head.kind != _CELL_CLASS or math.prod(head.shape) > _MOST_CELLS:
            raise ValueError(f"{name!r} is no list of cells, or longer than {_MOST_CELLS:,}")
        cells, n_left = list[Floats](), _MOST_CELL_BYTES
        for _cell in range(math.prod(head.shape)):
            cells.append(_cell_array(stream, most=n_left))
            n_left -= cells[-1].nbytes
        return cells


def _cell_array(stream: Mat5Stream, *, most: int) -> Floats:
    if stream.tag().kind != MATRIX:
        raise ValueError("its sizes are wrong")
    head = stream.head()
    dtype, tag = _numbers(stream, head)
    return _shaped(stream.content(tag, most=most), dtype, head.shape)


def _numbers(stream: Mat5Stream, head: Head) -> tuple[np.dtype[Any], Tag]:
    """Type and tag of an array's numbers."""
    tag = stream.tag()
    if head.kind not in _NUMERIC_CLASSES or tag.kind not in _NUMBERS:
        raise ValueError(f"{head.name or 'a cell'} holds no array of numbers")
    dtype = np.dtype(stream.order + _NUMBERS[tag.kind])
    if tag.n_bytes != math.prod(head.shape) * dtype.itemsize:
        raise ValueError("its sizes are wrong")
    return dtype, tag


def _shaped(content: bytes, dtype: np.dtype[Any], shape: tuple[int, ...]) -> Floats:
    return np.frombuffer(content, dtype).astype(np.float64).reshape(shape, order="F")
