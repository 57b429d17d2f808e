"""The binary answer of the EEG addresses: whole numbers written so that gzip makes them small.

uint32 LE header length · JSON header, padded with spaces so that the data begin at a multiple of 8 · data. Encoding
"zigzag-delta-planes": of every row (a channel's samples, or its least and then its greatest values) the differences
between neighbours, the first from 0, modulo 2^16; folded so that small ones of either sign are small (0 −1 1 −2 …);
then the low bytes of all rows, after them the high bytes. The low bytes hold the noise, the high ones are nearly all 0.
"""

from __future__ import annotations

import json
import struct
import zlib

import numpy as np
from numpy.typing import NDArray

from mlcore.types import JsonObject

ENCODING = "zigzag-delta-planes"
_GZIP_WINDOW = 31


def encoded(header: JsonObject, rows: NDArray[np.int16]) -> bytes:
    """The answer that carries `rows` (R, T)."""
    text = json.dumps(header, ensure_ascii=False).encode()
    text += b" " * (-(4 + len(text)) % 8)
    return struct.pack("<I", len(text)) + text + planes(rows)


def planes(rows: NDArray[np.int16]) -> bytes:
    """Low bytes, then high bytes, of the folded differences."""
    differences = rows.copy()
    differences[:, 1:] -= rows[:, :-1]
    folded = ((differences << 1) ^ (differences >> 15)).view(np.uint16)
    return (folded & 0xFF).astype(np.uint8).tobytes() + (folded >> 8).astype(np.uint8).tobytes()


def compressed(body: bytes) -> bytes:
    """As gzip: noise holds no repeats worth looking for, but runs of zeros, so that 10 ms do for a megabyte."""
    packer = zlib.compressobj(level=6, wbits=_GZIP_WINDOW, strategy=zlib.Z_RLE)
    return packer.compress(body) + packer.flush()
