"""Pickles that hold numpy arrays and nothing else, read without running them.

A pickle is a program for a stack machine, and unpickling runs it. Here its operations are walked one by one
(`pickletools.genops`, which executes nothing), and the few that build a dictionary of arrays are carried out on
stand-ins: no name is ever imported, nothing of the pickle is ever called, and an array is made only from as many
bytes as are there.
"""

from __future__ import annotations

import math
import pickletools
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

import numpy as np
from numpy.typing import NDArray

from mlcore.datasets.pickle_machine import ArrayToBe, Machine
from mlcore.errors import RecordingError
from mlcore.io.faults import reading, require_file

#: DEAP's files have 103 MB
LARGEST_BYTES = 160_000_000
_MOST_OPERATIONS = 100_000
_KIND = "a pickle of arrays"
_NUMBERS = frozenset({"f8", "f4", "i8", "i4", "i2", "i1", "u8", "u4", "u2", "u1"})


def read_arrays(path: Path, names: Sequence[str]) -> dict[str, NDArray[np.float64]]:
    """Arrays of a pickled dictionary.

    Args:
        path: a pickle of any protocol, by Python 2 or 3, that holds `{name: array of numbers}`.
        names: the keys wanted.

    Raises:
        RecordingError: it lacks one, holds anything but arrays of numbers, is damaged, or larger than 160 MB.
    """
    with reading(path, _KIND):
        held = _arrays(path, skips=False)
        return {name: _values(path, name, held) for name in names}


def array_shapes(path: Path) -> dict[str, tuple[int, ...]]:
    """Shapes of the arrays of a pickled dictionary; what they hold is skipped, not read. Errors as `read_arrays`."""
    with reading(path, _KIND):
        return {name: array.shape for name, array in _arrays(path, skips=True).items()}


def _arrays(path: Path, *, skips: bool) -> dict[str, ArrayToBe]:
    require_file(path)
    if path.stat().st_size > LARGEST_BYTES:
        raise RecordingError(f"{path.name}: a pickle above {LARGEST_BYTES // 1_000_000} MB is not read.")
    machine = Machine()
    with _tape(path, skips=skips) as tape:
        for number, (operation, argument, _place) in enumerate(pickletools.genops(tape)):  # type: ignore[arg-type]
            if number > _MOST_OPERATIONS:
                raise ValueError("it has more operations than a few arrays need")
            machine.step(operation.name, argument)
    return machine.result()


def _values(path: Path, name: str, held: dict[str, ArrayToBe]) -> NDArray[np.float64]:
    array = held.get(name)
    if array is None:
        raise RecordingError(f"{path.name}: the pickle holds no array {name!r}.")
    if array.code not in _NUMBERS:
        raise ValueError(f"{name!r} is an array of {array.code!r}, not of numbers")
    content = array.raw.encode("latin-1") if isinstance(array.raw, str) else array.raw
    kind = np.dtype((array.order if array.order in "<>" else "<") + array.code)
    n_numbers = math.prod(array.shape)
    if len(content) != n_numbers * kind.itemsize:
        raise ValueError(f"{name!r} claims {n_numbers:,} numbers and has {len(content):,} bytes")
    if n_numbers * 8 > LARGEST_BYTES:
        raise ValueError(f"{name!r} would take more than {LARGEST_BYTES // 1_000_000} MB")
    values = np.frombuffer(content, kind).reshape(array.shape, order="F" if array.is_fortran else "C")
    return values.astype(np.float64, copy=False)


@dataclass(slots=True)
class _Tape:
    """A file that gives no more than it has, whatever is asked; long reads may be skipped instead of made."""

    file: BinaryIO
    n_bytes: int
    skips: bool

    _LONG = 1 << 16

    def read(self, n: int = -1) -> bytes:
        left = self.n_bytes - self.file.tell()
        if n < 0 or n > left:
            raise ValueError("it ends early")
        if not self.skips or n < self._LONG:
            return self.file.read(n)
        self.file.seek(n, 1)
        return bytes(n)

    def readline(self) -> bytes:
        return self.file.readline()

    def tell(self) -> int:
        return self.file.tell()


@contextmanager
def _tape(path: Path, *, skips: bool) -> Iterator[_Tape]:
    with path.open("rb") as file:
        yield _Tape(file, path.stat().st_size, skips)
