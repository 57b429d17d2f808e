"""EEG for the screen: stretches of the display tiles, read through a memory map, as one binary answer."""

from __future__ import annotations

import json
import math
import struct
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from annotator.exceptions import DomainError, NotFound
from annotator.models import RecordingSession
from annotator.queries import media

#: one answer holds no more than this
MAX_STRETCH_S = 120.0


@dataclass(frozen=True, slots=True)
class Stretch:
    meta: media.TileMeta
    start_s: float
    samples: NDArray[np.int16]  # (C, T)


def read_stretch(session: RecordingSession, *, start_s: float, stop_s: float) -> Stretch:
    """Every channel from the last sample at or before `start_s` up to `stop_s`, cut to what was recorded."""
    folder, meta = media.tiles_folder(session), media.tile_meta(session)
    if folder is None or meta is None:
        raise NotFound("This session has no EEG.")
    if not (math.isfinite(start_s) and math.isfinite(stop_s) and start_s < stop_s):
        raise DomainError("start_s must lie before stop_s.", "bad_stretch")
    if stop_s - start_s > MAX_STRETCH_S:
        raise DomainError(f"At most {MAX_STRETCH_S:.0f} s of EEG at a time.", "bad_stretch")
    first = min(max(0, math.floor(start_s * meta.sfreq + 1e-6)), meta.n_samples)
    last = min(max(first, math.ceil(stop_s * meta.sfreq - 1e-6)), meta.n_samples)
    return Stretch(meta, first / meta.sfreq, _read(folder / "eeg.npy", first, last))


def _read(path: Path, first: int, last: int) -> NDArray[np.int16]:
    if not path.is_file():
        raise NotFound("The EEG of this session is not on the server any more: import it again.", "file_missing")
    samples = np.load(path, mmap_mode="r", allow_pickle=False)
    return np.ascontiguousarray(samples[:, first:last], dtype="<i2")


def to_bytes(stretch: Stretch) -> bytes:
    """uint32 LE header length · JSON header, padded so that data begin at a multiple of 8 · int16 LE, by channel."""
    header = {
        "channels": list(stretch.meta.channels),
        "sfreq": stretch.meta.sfreq,
        "start_s": stretch.start_s,
        "n_samples": stretch.samples.shape[1],
    }
    text = json.dumps(header, ensure_ascii=False).encode()
    text += b" " * (-(4 + len(text)) % 8)
    return struct.pack("<I", len(text)) + text + stretch.samples.tobytes()
