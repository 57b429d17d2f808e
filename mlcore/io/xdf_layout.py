"""How the samples of an XDF stream lie in the bytes of a chunk."""

from __future__ import annotations

from dataclasses import dataclass

#: bytes of one value of each numeric format
VALUE_BYTES = {"int8": 1, "int16": 2, "int32": 4, "int64": 8, "float32": 4, "double64": 8}
STAMP_BYTES = 8
#: a length is written in so many bytes
LENGTH_BYTES = (1, 4, 8)


@dataclass(frozen=True, slots=True)
class SampleLayout:
    """What one stream's header promises of its samples."""

    n_channels: int
    #: bytes of one sample without its stamp; None = text
    sample_bytes: int | None

    def end_of(self, content: bytes, n_samples: int) -> int:
        """Where so many samples end; IndexError where they don't fit."""
        if n_samples * (1 + (self.sample_bytes or self.n_channels)) > len(content):
            raise IndexError(n_samples)
        place = 0
        for _ in range(n_samples):
            place = _after_stamp(content, place)
            if self.sample_bytes is None:
                for _ in range(self.n_channels):
                    place = _after_text(content, place)
            else:
                place += self.sample_bytes
        return place


def _after_stamp(content: bytes, place: int) -> int:
    """Where the time stamp ends, which may be left out."""
    width = content[place]
    if width not in (0, STAMP_BYTES):
        raise IndexError(place)
    return place + 1 + width


def _after_text(content: bytes, place: int) -> int:
    """Where the text that begins at `place` ends."""
    width = content[place]
    if width not in LENGTH_BYTES:
        raise IndexError(place)
    start = place + 1 + width
    return start + int.from_bytes(content[place + 1 : start], "little")
