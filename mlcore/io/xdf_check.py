"""A first walk through an XDF file that refuses what a reader should not be given: lies, cuts, XML that does things.

Format: https://github.com/sccn/xdf/wiki/Specifications (XDF 1.0). pyxdf believes what a file says of itself.
"""

from __future__ import annotations

import gzip
import math
import struct
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from enum import IntEnum
from pathlib import Path
from typing import BinaryIO
from xml.etree.ElementTree import Element, ParseError

from defusedxml import DefusedXmlException
from defusedxml.ElementTree import fromstring

from mlcore.errors import RecordingError
from mlcore.io.faults import first_sentence
from mlcore.io.xdf_layout import LENGTH_BYTES, STAMP_BYTES, VALUE_BYTES, SampleLayout

_MAGIC = b"XDF:"
_LONGEST_XML = 16 * 2**20
#: what unpacks to more than this many times its size was made to fill a disk; recordings stay below 10
_LARGEST_UNPACKING = 200
_MOST_CHANNELS = 100_000
_FASTEST_HZ = 1e7


class _Tag(IntEnum):
    FILE_HEADER = 1
    STREAM_HEADER = 2
    SAMPLES = 3
    CLOCK_OFFSET = 4
    STREAM_FOOTER = 6


@dataclass(frozen=True, slots=True)
class _Chunk:
    tag: int
    n_bytes: int


@contextmanager
def opened(path: Path) -> Iterator[BinaryIO]:
    """The file's bytes, unpacked where it is an .xdfz."""
    packed = path.suffix.lower() == ".xdfz"
    with gzip.open(path, "rb") if packed else path.open("rb") as file:
        yield file  # type: ignore[misc]  # GzipFile reads and seeks as a BinaryIO does


def check_xdf(path: Path) -> tuple[str, ...]:
    """Walk through every chunk of a file without keeping any.

    Args:
        path: .xdf, or .xdfz (packed by gzip).

    Returns:
        Sentences about what is missing without hurting: footers of a recording that was not closed.

    Raises:
        RecordingError: no XDF, cut short, or its headers contradict its chunks; names file and reason.
    """
    with opened(path) as file:
        if file.read(len(_MAGIC)) != _MAGIC:
            raise RecordingError(f"{path.name}: this is no XDF file (its first bytes say otherwise).")
        walk = _Walk(path, file)
        while (chunk := walk.next_chunk()) is not None:
            walk.check(chunk)
    return walk.notes()


class _Walk:
    """Where the walk is, and what it has learnt of the streams."""

    def __init__(self, path: Path, file: BinaryIO) -> None:
        self._path, self._file = path, file
        packed = path.suffix.lower() == ".xdfz"
        size = path.stat().st_size
        self._end = _LARGEST_UNPACKING * size if packed else size
        self._layouts: dict[int, SampleLayout] = {}
        self._footers: set[int] = set()

    def next_chunk(self) -> _Chunk | None:
        """The chunk that begins here; None at the end of the file."""
        first = self._file.read(1)
        if not first:
            return None
        n_bytes = self._length(first)
        if n_bytes < 2 or self._file.tell() + n_bytes > self._end:
            raise self._cut_short()
        (tag,) = struct.unpack("<H", self._take(2))
        return _Chunk(tag, n_bytes - 2)

    def check(self, chunk: _Chunk) -> None:
        """Check one chunk and move to its end."""
        stop = self._file.tell() + chunk.n_bytes
        if chunk.tag == _Tag.FILE_HEADER:
            self._xml(self._take_xml(chunk.n_bytes), "the file's header")
        elif chunk.tag in (_Tag.STREAM_HEADER, _Tag.SAMPLES, _Tag.CLOCK_OFFSET, _Tag.STREAM_FOOTER):
            self._check_of_stream(chunk, stop)
        self._file.seek(stop - 1)
        if stop > self._file.tell() and not self._file.read(1):
            raise self._cut_short()

    def notes(self) -> tuple[str, ...]:
        """What is missing at the end."""
        if not self._layouts:
            raise RecordingError(f"{self._path.name}: the file was cut short: it holds no stream; copy it again.")
        if self._layouts.keys() <= self._footers:
            return ()
        return (f"{self._path.name}: the recording was never closed; what was written until then was read.",)

    def _check_of_stream(self, chunk: _Chunk, stop: int) -> None:
        (number,) = struct.unpack("<I", self._take(4))
        if chunk.tag == _Tag.STREAM_HEADER:
            self._check_header(number, self._take_xml(stop - self._file.tell()))
            return
        if number not in self._layouts:
            raise self._damaged(f"stream {number} comes before its header")
        if chunk.tag == _Tag.SAMPLES:
            self._check_samples(number, stop)
        elif chunk.tag == _Tag.STREAM_FOOTER:
            self._check_footer(number, self._take_xml(stop - self._file.tell()))
        elif stop - self._file.tell() != 2 * STAMP_BYTES:
            raise self._damaged(f"a clock offset of stream {number} has the wrong length")

    def _check_header(self, number: int, text: bytes) -> None:
        if number in self._layouts:
            raise self._damaged(f"stream {number} has two headers")
        info = self._xml(text, f"the header of stream {number}")
        self._layouts[number] = self._layout(number, info)

    def _layout(self, number: int, info: Element) -> SampleLayout:
        n_channels = self._number(info, "channel_count", number=number, highest=_MOST_CHANNELS)
        sfreq = self._number(info, "nominal_srate", number=number, highest=_FASTEST_HZ)
        channel_format = (info.findtext("channel_format") or "").strip()
        if n_channels < 1 or n_channels != int(n_channels) or sfreq < 0:
            raise self._damaged(f"the header of stream {number} claims {n_channels:g} channels at {sfreq:g} Hz")
        if channel_format == "string":
            return SampleLayout(int(n_channels), None)
        if channel_format not in VALUE_BYTES:
            raise self._damaged(f"the header of stream {number} names the unknown format {channel_format[:40]!r}")
        return SampleLayout(int(n_channels), int(n_channels) * VALUE_BYTES[channel_format])

    def _number(self, info: Element, key: str, *, number: int, highest: float) -> float:
        text = (info.findtext(key) or "").strip()
        try:
            value = float(text)
        except ValueError:
            value = math.nan
        if not -highest <= value <= highest:
            raise self._damaged(f"the header of stream {number} gives {text[:40]!r} as its {key}")
        return value

    def _check_samples(self, number: int, stop: int) -> None:
        layout = self._layouts[number]
        n_samples = self._length(self._take(1))
        content = self._take(stop - self._file.tell()) if n_samples else b""
        try:
            is_whole = layout.end_of(content, n_samples) == len(content)
        except IndexError:
            is_whole = False
        if not is_whole:
            raise self._damaged(f"a chunk of stream {number} claims {n_samples} samples, which do not fit in it")

    def _check_footer(self, number: int, text: bytes) -> None:
        try:
            _parsed(text)
        except DefusedXmlException as error:
            raise self._damaged(f"the footer of stream {number} holds entities or a DTD") from error
        except ParseError:
            return  # such files exist, and nothing of the recording is lost
        self._footers.add(number)

    def _xml(self, text: bytes, what: str) -> Element:
        try:
            return _parsed(text)
        except DefusedXmlException as error:
            raise self._damaged(f"{what} holds entities or a DTD") from error
        except (ParseError, ValueError, LookupError) as error:
            raise self._damaged(f"{what} is no XML: {first_sentence(error)}") from error

    def _take_xml(self, n_bytes: int) -> bytes:
        if n_bytes > _LONGEST_XML:
            raise self._damaged(f"a header claims {n_bytes} bytes")
        return self._take(n_bytes)

    def _take(self, n_bytes: int) -> bytes:
        content = self._file.read(n_bytes) if n_bytes >= 0 else b""
        if len(content) != n_bytes:
            raise self._cut_short()
        return content

    def _length(self, first: bytes) -> int:
        """A number of 1, 4 or 8 bytes, little-endian; the byte before it says how many."""
        if first[0] not in LENGTH_BYTES:
            raise self._damaged("a length is written in an impossible way")
        return int.from_bytes(self._take(first[0]), "little")

    def _cut_short(self) -> RecordingError:
        return RecordingError(f"{self._path.name}: the file was cut short inside a chunk; copy it again.")

    def _damaged(self, reason: str) -> RecordingError:
        return RecordingError(f"{self._path.name}: the XDF file is damaged ({reason}).")


def _parsed(text: bytes) -> Element:
    element: Element = fromstring(text.decode("utf-8", "replace"), forbid_dtd=True)
    return element
