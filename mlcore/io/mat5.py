"""MATLAB 5 files (`save -v6`, `-v7`) read as a stream: bounded memory, bounded depth, only the fields asked for.

scipy.io.loadmat holds every variable whole and follows nested cells as deep as a file pretends to be; an EEGLAB set
may hold two hours of samples, and comes from strangers.
"""

from __future__ import annotations

import math
import struct
import zlib
from collections.abc import Callable, Collection
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any, NoReturn

import numpy as np

from mlcore.errors import RecordingError
from mlcore.io.spool import SampleSpool

_HEADER = 128
_BLOCK = 4_000_000
_MATRIX, _COMPRESSED = 14, 15
_CELL, _STRUCT, _OBJECT, _CHAR = 1, 2, 3, 4
_NUMERIC = range(6, 16)
_NUMBERS = {1: "i1", 2: "u1", 3: "i2", 4: "u2", 5: "i4", 6: "u4", 7: "f4", 9: "f8", 12: "i8", 13: "u8"}
_ENCODINGS = {1: "latin-1", 2: "utf-8", 4: "utf-16", 16: "utf-8", 17: "utf-16", 18: "utf-32"}
_MAX_DEPTH = 16
#: of all values that are kept, samples apart: bytes, and elements of lists
_MAX_VALUE_BYTES = 100_000_000
_MAX_ELEMENTS = 2_000_000
#: longest name, and list of field names
_MAX_NAME_BYTES, _MAX_FIELDS_BYTES = 512, 1_000_000
_MAX_CHANNELS = 5000
#: what unpacks to more than this must not be packed tighter than that: no signal is
_MAX_TIGHT_BYTES, _MAX_RATIO = 500_000_000, 100

Names = tuple[str, ...]


def read_mat5(path: Path, wanted: Collection[str], *, samples: str) -> dict[str, Any]:
    """Variables of a file; of structures their fields.

    Args:
        path: of the file.
        wanted: names of variables or fields to keep, at any depth; others are skipped.
        samples: which of them may be a matrix of samples (C, T): it becomes a `SampleSpool`.

    Returns:
        By name: numbers, arrays, texts, dicts (a structure), lists of dicts (an array of structures) and lists (cells).

    Raises:
        RecordingError: no such file, or its structure is not sound.
    """
    out: dict[str, Any] = {}
    with path.open("rb") as file:
        order = _byte_order(path, file.read(_HEADER))
        while len(tag := file.read(8)) == 8:
            kind, n_bytes = struct.unpack(f"{order}II", tag)
            source = _Source(path, file, n_bytes, is_packed=kind == _COMPRESSED)
            reader = _Reader(source, order, wanted=wanted, samples=samples)
            if kind == _COMPRESSED:
                kind, n_bytes = struct.unpack(f"{order}II", source.read(8))
            if kind == _MATRIX:
                name, value = reader.matrix(n_bytes, ())
                out[name] = value
            source.finish()
    return out


def _byte_order(path: Path, header: bytes) -> str:
    if len(header) < _HEADER or header[126:128] not in (b"IM", b"MI"):
        raise RecordingError(f"{path.name}: this is no MATLAB 5 file (its first bytes say otherwise).")
    return "<" if header[126:128] == b"IM" else ">"


class _Source:
    """The bytes of one top-level element, unpacked as they are asked for."""

    def __init__(self, path: Path, file: IO[bytes], n_bytes: int, *, is_packed: bool) -> None:
        self.path = path
        self.n_packed = n_bytes
        self.is_packed = is_packed
        self.position = 0
        self._file = file
        self._left = n_bytes
        self._unpacker = zlib.decompressobj() if is_packed else None

    def read(self, n_bytes: int) -> bytes:
        """Exactly that many bytes."""
        content = self._raw(n_bytes) if self._unpacker is None else self._unpacked(n_bytes)
        if len(content) < n_bytes:
            raise RecordingError(f"{self.path.name}: the file was cut short, or its sizes are wrong; copy it again.")
        self.position += n_bytes
        return content

    def skip(self, n_bytes: int) -> None:
        """Pass over bytes."""
        while n_bytes > 0:
            n_bytes -= len(self.read(min(n_bytes, _BLOCK)))

    def finish(self) -> None:
        """Move the file to the next element."""
        self._file.seek(self._left, 1)

    def _raw(self, n_bytes: int) -> bytes:
        content = self._file.read(min(n_bytes, self._left))
        self._left -= len(content)
        return content

    def _unpacked(self, n_bytes: int) -> bytes:
        assert self._unpacker is not None
        parts: list[bytes] = []
        missing = n_bytes
        while missing > 0 and not self._unpacker.eof:
            packed = self._unpacker.unconsumed_tail or self._raw(min(_BLOCK, self._left))
            part = self._unpacker.decompress(packed, missing)
            if not part and not packed:
                break
            parts.append(part)
            missing -= len(part)
        return b"".join(parts)


@dataclass(frozen=True, slots=True)
class _Matrix:
    """The head of a matrix element."""

    kind: int
    dims: tuple[int, ...]
    name: str

    @property
    def n_items(self) -> int:
        return math.prod(self.dims)


@dataclass(frozen=True, slots=True)
class _Tag:
    """What stands before data; up to four bytes of them stand inside it."""

    kind: int
    n_bytes: int
    inside: bytes | None


class _Reader:
    """Parses matrix elements of one source."""

    def __init__(self, source: _Source, order: str, *, wanted: Collection[str], samples: str) -> None:
        self._source = source
        self._order = order
        self._wanted = wanted
        self._samples = samples
        self._bytes_left = _MAX_VALUE_BYTES
        self._elements_left = _MAX_ELEMENTS

    def matrix(self, n_bytes: int, names: Names) -> tuple[str, Any]:
        """Name and value of the element whose tag was just read; `names` lead to it. Unwanted values are None."""
        if n_bytes == 0:
            return "", []
        stop = self._source.position + n_bytes
        if len(names) > _MAX_DEPTH:
            self._fail("its structures are nested too deep")
        head = self._head()
        full = names or (head.name,)
        value = self._value(head, full) if full[-1] in self._wanted else None
        if self._source.position > stop:
            self._fail("its sizes are wrong")
        self._source.skip(stop - self._source.position)
        return head.name, value

    def _head(self) -> _Matrix:
        flags, dims = self._content(8), self._content(4 * 32)
        name = self._content(_MAX_NAME_BYTES)
        if len(flags) != 8 or len(dims) < 8 or len(dims) % 4:
            self._fail("its sizes are wrong")
        sizes = struct.unpack(f"{self._order}{len(dims) // 4}i", dims)
        if min(sizes) < 0:
            self._fail("it has a matrix of negative size")
        kind = struct.unpack(f"{self._order}I", flags[:4])[0] & 0xFF
        return _Matrix(kind, sizes, name.decode("latin-1"))

    def _value(self, head: _Matrix, names: Names) -> Any:
        readers: dict[int, Callable[[_Matrix, Names], Any]] = {
            _CELL: self._cell,
            _STRUCT: self._struct,
            _OBJECT: self._object,
            _CHAR: self._char,
        }
        if head.kind in readers:
            return readers[head.kind](head, names)
        return self._numbers(head, names) if head.kind in _NUMERIC else None

    def _cell(self, head: _Matrix, names: Names) -> list[Any]:
        self._count(head.n_items)
        return [self._child((*names, names[-1])) for _ in range(head.n_items)]

    def _object(self, head: _Matrix, names: Names) -> Any:
        self._content(_MAX_NAME_BYTES)  # the name of its class
        return self._struct(head, names)

    def _struct(self, head: _Matrix, names: Names) -> Any:
        (width,) = struct.unpack(f"{self._order}I", self._content(4).ljust(4, b"\0"))
        packed = self._content(_MAX_FIELDS_BYTES)
        if not 0 < width <= _MAX_NAME_BYTES:
            self._fail("its sizes are wrong")
        fields = [packed[k : k + width].partition(b"\0")[0].decode("latin-1") for k in range(0, len(packed), width)]
        self._count(head.n_items)
        elements = [self._fields(fields, names) for _ in range(head.n_items)]
        return elements[0] if len(elements) == 1 else elements

    def _fields(self, fields: list[str], names: Names) -> dict[str, Any]:
        """One structure; a field that nobody wants is passed over unread."""
        kept = {}
        for field in fields:
            if field in self._wanted:
                kept[field] = self._child((*names, field))
            else:
                self._source.skip(self._matrix_bytes())
        return kept

    def _child(self, names: Names) -> Any:
        return self.matrix(self._matrix_bytes(), names)[1]

    def _char(self, _head: _Matrix, _names: Names) -> str:
        tag = self._tag()
        if tag.kind not in _ENCODINGS:
            self._fail("a text in it has no encoding that is known")
        encoding = _ENCODINGS[tag.kind]
        suffix = ("-le" if self._order == "<" else "-be") if encoding in ("utf-16", "utf-32") else ""
        return self._data(tag).decode(f"{encoding}{suffix}", errors="replace").rstrip("\0")

    def _numbers(self, head: _Matrix, names: Names) -> Any:
        tag = self._tag()
        if names[-1] == self._samples and head.n_items > head.dims[0] >= 1:
            return self._spooled(head, tag)
        dtype = self._dtype(tag.kind)
        values = np.frombuffer(self._data(tag), dtype)
        if values.size != head.n_items:
            self._fail("its sizes are wrong")
        return float(values[0]) if values.size == 1 else values.astype(np.float64)

    def _spooled(self, head: _Matrix, tag: _Tag) -> SampleSpool:
        dtype, n_channels = self._dtype(tag.kind), head.dims[0]
        self._check_samples(head, tag, dtype.itemsize)
        spool = SampleSpool(n_channels)
        row_bytes = n_channels * dtype.itemsize
        step = max(1, _BLOCK // row_bytes) * row_bytes
        for start in range(0, tag.n_bytes, step):
            content = tag.inside or self._source.read(min(step, tag.n_bytes - start))
            spool.append(np.frombuffer(content, dtype).reshape(-1, n_channels))
        return spool

    def _check_samples(self, head: _Matrix, tag: _Tag, item_bytes: int) -> None:
        n_packed = self._source.n_packed
        if tag.n_bytes != head.n_items * item_bytes or head.dims[0] > _MAX_CHANNELS:
            self._fail("its sizes are wrong")
        if not self._source.is_packed and tag.n_bytes > n_packed:
            self._fail("its sizes are wrong")
        if tag.n_bytes > max(_MAX_TIGHT_BYTES, _MAX_RATIO * n_packed):
            self._fail(f"it claims to unpack to more than {_MAX_RATIO} times its size")

    def _dtype(self, kind: int) -> np.dtype[Any]:
        if kind not in _NUMBERS:
            self._fail("it has numbers of a type that is not known")
        return np.dtype(f"{self._order}{_NUMBERS[kind]}")

    def _matrix_bytes(self) -> int:
        tag = self._tag()
        if tag.kind != _MATRIX:
            self._fail("its sizes are wrong")
        return tag.n_bytes

    def _tag(self) -> _Tag:
        content = self._source.read(8)
        first, second = struct.unpack(f"{self._order}II", content)
        n_small = first >> 16
        if not n_small:
            return _Tag(first, second, None)
        if n_small > 4:
            self._fail("its sizes are wrong")
        return _Tag(first & 0xFFFF, n_small, content[4 : 4 + n_small])

    def _data(self, tag: _Tag, most: int = _MAX_VALUE_BYTES) -> bytes:
        if tag.inside is not None:
            return tag.inside
        self._bytes_left -= tag.n_bytes
        if tag.n_bytes > most or self._bytes_left < 0:
            self._fail("its texts and numbers are larger than any recording's")
        content = self._source.read(tag.n_bytes)
        self._source.skip(-tag.n_bytes % 8)
        return content

    def _content(self, most: int) -> bytes:
        return self._data(self._tag(), most)

    def _count(self, n_items: int) -> None:
        self._elements_left -= n_items
        if self._elements_left < 0:
            self._fail("its lists are longer than any recording's")

    def _fail(self, why: str) -> NoReturn:
        raise RecordingError(f"{self._source.path.name}: can't be read as a MATLAB 5 file ({why}).")
