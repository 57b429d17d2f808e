"""Headers that claim more than their file can hold: FFmpeg would fill the memory before it noticed."""

from __future__ import annotations

import struct
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

from mlcore.errors import RecordingError

#: what an MP4 or QuickTime file may begin with
_FIRST_BOXES = frozenset({b"ftyp", b"moov", b"mdat", b"free", b"skip", b"wide", b"styp", b"moof", b"pnot", b"uuid"})
_PARENTS = frozenset({b"moov", b"trak", b"mdia", b"minf", b"stbl", b"moof", b"traf"})
#: where each box keeps its number of frames, counted from the end of its head
_COUNT_AT = {b"stsz": 8, b"stz2": 8, b"trun": 4}
#: no file that a camera wrote has more boxes before its first frames
_MOST_BOXES = 100_000


def check_claims(path: Path) -> None:
    """Refuse an MP4 or QuickTime file whose tables speak of more frames than the file has bytes.

    Raises:
        RecordingError: it does; names the file and both numbers.
    """
    n_bytes = path.stat().st_size
    with path.open("rb") as file:
        if file.read(8)[4:] not in _FIRST_BOXES:
            return
        for n_frames in _claims(file, n_bytes):
            if n_frames > n_bytes:
                raise RecordingError(
                    f"{path.name}: the file is damaged: its header claims {n_frames:,} frames, in {n_bytes:,} bytes."
                )


def _claims(file: BinaryIO, n_bytes: int) -> Iterator[int]:
    """Every number of frames that a table or fragment gives."""
    ends, position, n_boxes = [n_bytes], 0, 0
    while ends and n_boxes < _MOST_BOXES:
        if position + 8 > ends[-1]:
            position = ends.pop()
            continue
        n_boxes += 1
        kind, start, end = _box(file, position, ends[-1])
        if kind in _COUNT_AT:
            file.seek(start + _COUNT_AT[kind])
            yield from struct.unpack(">I", file.read(4).rjust(4, b"\0"))
        if kind in _PARENTS:
            ends.append(end)
            position = start
        else:
            position = end


def _box(file: BinaryIO, position: int, limit: int) -> tuple[bytes, int, int]:
    """Kind of the box there, where its content starts, and where it ends: never beyond its parent."""
    file.seek(position)
    length, kind = struct.unpack(">I4s", file.read(8).rjust(8, b"\0"))
    start = position + 8
    if length == 1:
        (length,) = struct.unpack(">Q", file.read(8).rjust(8, b"\0"))
        start = position + 16
    return kind, start, limit if length < start - position else min(position + length, limit)
