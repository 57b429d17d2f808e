"""The bytes of an upload: appended by one writer at a time, counted only when they are safe on the disk.

The row's offset and the file's length are held against each other: bytes behind the offset were not yet vouched for
when a server died, bytes that are missing before it were lost, and in both cases the shorter of the two is true.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import BinaryIO

from django.db import connection
from django.utils import timezone
from django.utils.translation import gettext

from annotator.exceptions import Conflict, DomainError, NotFound
from annotator.models import Upload, UploadFile

BLOCK_BYTES = 256 * 1024
#: after so many bytes what came is made safe and counted: a killed server loses no more than this
COUNT_EVERY_BYTES = 16 * 1024 * 1024
ALGORITHMS = ("sha1", "sha256")
Read = Callable[[int], bytes]


@dataclass(frozen=True, slots=True)
class Checksum:
    """What a client says of one piece."""

    algorithm: str
    digest: bytes


def offset_of(file: UploadFile) -> int:
    """How much of it is safe."""
    with _sole_writer(file) as is_mine:
        return _true_offset(file) if is_mine else file.offset_bytes


def receive(file: UploadFile, *, offset: int, read: Read, checksum: Checksum | None = None) -> int:
    """Append what `read` gives, from `offset` on; the new offset. What came before a break in the line is kept.

    A piece with a checksum counts as a whole or not at all. Raises Conflict where `offset` is not the file's, or
    somebody else writes at this moment.
    """
    with _sole_writer(file) as is_mine:
        if not is_mine:
            raise Conflict(gettext("Another request is sending this file at this moment."), "offset_conflict")
        true_offset = _true_offset(file)
        if offset != true_offset:
            raise Conflict(
                gettext("The file is at byte {true_offset}, not {offset}: go on from there.").format(
                    true_offset=true_offset, offset=offset
                ),
                "offset_conflict",
            )
        file.part.parent.mkdir(parents=True, exist_ok=True)
        with file.part.open("ab") as out:
            out.truncate(offset)
            return _append(file, out, read, checksum)


@contextmanager
def _sole_writer(file: UploadFile) -> Iterator[bool]:
    """A lock of the database's session: it is free again at once when the server that held it dies."""
    key = int.from_bytes(file.pk.bytes[:8], "big", signed=True)
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_lock(%s)", [key])
        is_mine = bool(cursor.fetchone()[0])
    try:
        yield is_mine
    finally:
        if is_mine:
            with connection.cursor() as cursor:
                cursor.execute("SELECT pg_advisory_unlock(%s)", [key])


def _true_offset(file: UploadFile) -> int:
    """The caller is the sole writer."""
    counted = UploadFile.objects.filter(pk=file.pk).values_list("offset_bytes", flat=True).first()
    if counted is None:
        raise _gone()
    on_disk = file.part.stat().st_size if file.part.exists() else 0
    if on_disk < counted:
        _count(file, on_disk)
    file.offset_bytes = min(on_disk, counted)
    return file.offset_bytes


def _append(file: UploadFile, out: BinaryIO, read: Read, checksum: Checksum | None) -> int:
    start, digest = file.offset_bytes, hashlib.new(checksum.algorithm, usedforsecurity=False) if checksum else None
    place = counted = start
    while place < file.size_bytes and (block := _next_block(read, file.size_bytes - place)):
        _write(file, out, block)
        place += len(block)
        if digest is not None:
            digest.update(block)
        elif place - counted >= COUNT_EVERY_BYTES:
            counted = _make_safe(file, out, place)
    if checksum is not None and digest is not None and digest.digest() != checksum.digest:
        out.truncate(start)
        raise DomainError(gettext("The piece did not come in as it was sent: send it again."), "bad_checksum")
    return _make_safe(file, out, place)


def _next_block(read: Read, n_left: int) -> bytes:
    try:
        return read(min(BLOCK_BYTES, n_left))
    except OSError:  # the client is gone
        return b""


def _write(file: UploadFile, out: BinaryIO, block: bytes) -> None:
    try:
        out.write(block)
    except OSError as error:
        raise DomainError(
            gettext("{path} can't be stored on the server ({strerror}): ask its operator, then go on.").format(
                path=file.path, strerror=error.strerror
            ),
            "disk_full",
        ) from error


def _make_safe(file: UploadFile, out: BinaryIO, place: int) -> int:
    out.flush()
    os.fsync(out.fileno())
    _count(file, place)
    return place


def _count(file: UploadFile, place: int) -> None:
    if not UploadFile.objects.filter(pk=file.pk).update(offset_bytes=place):
        file.part.unlink(missing_ok=True)
        raise _gone()
    Upload.objects.filter(pk=file.upload_id).update(touched_at=timezone.now())
    file.offset_bytes = place


def _gone() -> NotFound:
    return NotFound(gettext(gettext("This upload was discarded.")), "gone")
