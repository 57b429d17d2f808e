"""MATLAB 7.3 files (HDF5): the fields asked for, and samples read from the file as they are needed."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import h5py
import numpy as np
from numpy.typing import NDArray

from mlcore.errors import RecordingError

HDF5_MAGIC = b"\x89HDF\r\n\x1a\n"
#: MATLAB's own header comes before HDF5's
MAGIC_PLACE = 512
_MAX_DEPTH = 16
_MAX_VALUE_BYTES = 50_000_000
_MAX_ELEMENTS = 500_000
_MAX_CHUNK_BYTES = 200_000_000


@dataclass(frozen=True, slots=True)
class Hdf5Samples:
    """A matrix of samples that stays in its file: (T, C) there, which is MATLAB's (C, T)."""

    path: Path
    name: str
    n_channels: int
    n_rows: int

    def read(self, picks: Sequence[int], first: int, last: int) -> NDArray[np.float64]:
        """Samples of some channels as (C, T) float64."""
        with h5py.File(self.path, "r") as file:
            rows = file[self.name][first:last]
        return np.ascontiguousarray(np.asarray(rows, dtype=np.float64)[:, list(picks)].T)


@dataclass(slots=True)
class _Reader:
    path: Path
    wanted: Collection[str]
    samples: str
    elements_left: int = field(default=_MAX_ELEMENTS)

    def group(self, group: h5py.Group, depth: int) -> Any:
        """A structure as a dict; an array of structures as a list of dicts."""
        if depth > _MAX_DEPTH:
            self._fail("its structures are nested too deep")
        names = [name for name in group if name in self.wanted]
        for name in names:
            self._require_own(group, name)
        values = {name: self.value(group[name], name, depth + 1) for name in names}
        lists = {name: value for name, value in values.items() if isinstance(value, list)}
        if lists and len(lists) == len(values) and len({len(value) for value in lists.values()}) == 1:
            return [dict(zip(lists, row, strict=True)) for row in zip(*lists.values(), strict=True)]
        return values

    def value(self, item: h5py.Group | h5py.Dataset, name: str, depth: int) -> Any:
        """Whatever one name stands for."""
        if isinstance(item, h5py.Group):
            return self.group(item, depth)
        self._require_inside(item)
        if item.attrs.get("MATLAB_empty", 0):
            return []
        if item.dtype == h5py.ref_dtype:
            return self._references(item, name, depth)
        if item.attrs.get("MATLAB_class") == b"char":
            return "".join(map(chr, self._array(item).T.ravel().astype(int)))
        if name == self.samples and item.ndim >= 2 and item.size > item.shape[-1]:
            return self._samples(item)
        values = self._array(item).astype(np.float64).T
        return float(values.ravel()[0]) if values.size == 1 else values

    def _references(self, item: h5py.Dataset, name: str, depth: int) -> list[Any]:
        self.elements_left -= item.size
        if depth > _MAX_DEPTH or self.elements_left < 0:
            self._fail("its lists are longer, or nested deeper, than any recording's")
        targets = [item.file[reference] if reference else None for reference in np.asarray(item).T.ravel()]
        return [[] if target is None else self.value(target, name, depth + 1) for target in targets]

    def _samples(self, item: h5py.Dataset) -> Hdf5Samples:
        if item.ndim != 2:
            self._fail("it holds epochs; export the continuous recording")
        chunk_bytes = int(np.prod(item.chunks or (1,))) * item.dtype.itemsize
        if not np.issubdtype(item.dtype, np.number) or chunk_bytes > _MAX_CHUNK_BYTES:
            self._fail("its samples are stored in a way that is not read")
        return Hdf5Samples(self.path, item.name, n_channels=item.shape[1], n_rows=item.shape[0])

    def _array(self, item: h5py.Dataset) -> NDArray[Any]:
        if item.size * item.dtype.itemsize > _MAX_VALUE_BYTES or not np.issubdtype(item.dtype, np.number):
            self._fail("its texts and numbers are larger than any recording's")
        return np.atleast_2d(np.asarray(item))

    def _require_own(self, group: h5py.Group, name: str) -> None:
        """No link may lead to another file."""
        if not isinstance(group.get(name, getlink=True), h5py.HardLink):
            self._fail(f"{name!r} in it is a link to somewhere else")

    def _require_inside(self, item: h5py.Dataset) -> None:
        """No values may be kept in another file."""
        if item.external or item.is_virtual:
            self._fail("it keeps values in other files")

    def _fail(self, why: str) -> None:
        raise RecordingError(f"{self.path.name}: can't be read as a MATLAB 7.3 file ({why}).")


def read_mat73(path: Path, wanted: Collection[str], *, samples: str) -> dict[str, Any]:
    """Variables of a file; of structures their fields. Arguments and values as `mat5.read_mat5`.

    Returns:
        By name; the matrix called `samples` is an `Hdf5Samples`.

    Raises:
        RecordingError: its structure is not sound, or leads out of the file.
    """
    with h5py.File(path, "r") as file:
        values = _Reader(path, wanted, samples).group(file, 0)
    return values if isinstance(values, dict) else {}
