"""EEG answers read as the browser reads them, by another way of counting."""

from __future__ import annotations

import json
import struct
from typing import Any

import numpy as np
from numpy.typing import NDArray


def read_answer(data: bytes) -> tuple[dict[str, Any], NDArray[np.float64]]:
    """The header, and the values in µV: (C, 1, T) samples or (C, 2, T) least and greatest."""
    (length,) = struct.unpack_from("<I", data)
    header = json.loads(data[4 : 4 + length].decode())
    assert (4 + length) % 8 == 0, "the data begin at a multiple of 8"
    assert header["encoding"] == "zigzag-delta-planes"
    n_parts = 1 if header["kind"] == "samples" else 2
    low, high = np.frombuffer(data, np.uint8, offset=4 + length).reshape(2, -1).astype(np.int64)
    folded = low + 256 * high
    differences = np.where(folded % 2, -(folded + 1) // 2, folded // 2)
    shape = (len(header["channels"]), n_parts, header["n_samples"])
    numbers = np.cumsum(differences.reshape(shape), axis=2).astype(np.int16)
    scale, offset = (np.array([channel[key] for channel in header["channels"]]) for key in ("scale_uv", "offset_uv"))
    return header, numbers * scale[:, None, None] + offset[:, None, None]
