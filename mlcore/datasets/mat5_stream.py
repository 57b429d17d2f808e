"""The elements of a MATLAB 5 file as streams: unpacked as they are asked for, never more than that in memory."""

from __future__ import annotations

import struct
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

_HEADER_BYTES, _BLOCK = 128, 1 << 20
MATRIX, _COMPRESSED = 14, 15
_MOST_HEAD_BYTES = 4096


@dataclass(frozen=True, slots=True)
class Tag:
    """Kind and length of what follows; content where that is so short that it stands in the tag itself."""

    kind: int
    n_bytes: int
    inside: bytes


@dataclass(frozen=True, slots=True)
class Head:
    """MATLAB's class, shape and name of a matrix; its content comes next in the stream."""

    kind: int
    shape: tuple[int, ...]
    name: str


class Mat5Stream:
    """One top-level element. Every read gives exactly what is asked; ValueError where the file can't."""

    def __init__(self, file: BinaryIO, n_bytes: int, *, order: str, is_packed: bool) -> None:
        self.order = order
        self._file, self._left = file, n_bytes
        self._unpacker = zlib.decompressobj() if is_packed else None

    def read(self, n_bytes: int) -> bytes:
        """The next bytes."""
        parts, missing = [], n_bytes
        while missing:
            part = self._some(min(missing, _BLOCK))
            if not part:
                raise ValueError("it ends early")
            parts.append(part)
            missing -= len(part)
        return b"".join(parts)

    def skip(self, n_bytes: int) -> None:
        """Pass over bytes."""
        if self._unpacker is None:
            self._left -= n_bytes
            self._file.seek(n_bytes, 1)
            return
        while n_bytes:
            n_bytes -= len(self.read(min(n_bytes, _BLOCK)))

    def tag(self) -> Tag:
        """The next tag."""
        raw = self.read(8)
        kind, n_bytes = struct.unpack(f"{self.order}II", raw)
        n_small = kind >> 16
        if n_small > 4:
            raise ValueError("its sizes are wrong")
        return Tag(kind & 0xFFFF, n_small, raw[4 : 4 + n_small]) if n_small else Tag(kind, n_bytes, b"")

    def content(self, tag: Tag, *, most: int) -> bytes:
        """What belongs to a tag, and the padding after it passed over."""
        if tag.inside:
            return tag.inside
        if tag.n_bytes > most:
            raise ValueError("its sizes are wrong")
        content = self.read(tag.n_bytes)
        self.read(-tag.n_bytes % 8)
        return content

    def head(self) -> Head:
        """The head of the matrix whose tag was just read."""
        flags, dims, name = (self.content(self.tag(), most=_MOST_HEAD_BYTES) for _part in range(3))
        if len(flags) < 4 or len(dims) % 4 or not dims:
            raise ValueError("its sizes are wrong")
        shape = struct.unpack(f"{self.order}{len(dims) // 4}i", dims)
        if min(shape) < 0:
            raise ValueError("its sizes are wrong")
        return Head(struct.unpack(f"{self.order}I", flags[:4])[0] & 0xFF, shape, name.decode("latin-1"))

    def _some(self, most: int) -> bytes:
        if self._unpacker is None:
            return self._raw(most)
        while not self._unpacker.eof:
            packed = self._unpacker.unconsumed_tail or self._raw(_BLOCK)
            part = self._unpacker.decompress(packed, most)
            if part or not packed:
                return part
        return b""

    def _raw(self, most: int) -> bytes:
        content = self._file.read(max(min(most, self._left), 0))
        self._left -= len(content)
        return content


@contextmanager
def matrix_stream(path: Path, name: str) -> Iterator[tuple[Mat5Stream, Head]]:
    """The stream of the matrix of this name, behind its head; ValueError if there is none."""
    with path.open("rb") as file:
        order = ">" if file.read(_HEADER_BYTES)[126:128] == b"MI" else "<"
        while len(raw := file.read(8)) == 8:
            kind, n_bytes = struct.unpack(f"{order}II", raw)
            after = file.tell() + n_bytes
            if after > path.stat().st_size:
                raise ValueError("it was cut short, or its sizes are wrong")
            stream = Mat5Stream(file, n_bytes, order=order, is_packed=kind == _COMPRESSED)
            if (stream.tag().kind if kind == _COMPRESSED else kind) == MATRIX:
                head = stream.head()
                if head.name == name:
                    yield stream, head
                    return
            file.seek(after)
    raise ValueError(f"there is no array {name!r}")
