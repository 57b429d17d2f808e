"""The files of display tiles, read through a memory map: `mlcore.io.tiles` says how they are written."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from django.utils.translation import gettext
from numpy.typing import NDArray

from annotator.exceptions import NotFound

_LARGEST = 32_767
Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class TileLevel:
    """One file of tiles: samples at one rate, or the least and greatest of bins of one width."""

    path: Path
    sfreq: float
    n_samples: int
    block: int
    n_parts: int  # 1: samples, 2: least and greatest
    as_recorded: bool


@dataclass(frozen=True, slots=True)
class Traces:
    """A stretch of one level: value_uv = offset_uv + scale_uv · samples, of every channel its own."""

    samples: NDArray[np.float32]  # (C, P, T) whole numbers
    scale_uv: Floats  # (C,)
    offset_uv: Floats  # (C,)


def read_traces(level: TileLevel, first: int, last: int) -> Traces:
    """Samples `first` to `last` (not included) of every channel, its blocks brought to one step and one offset."""
    tables = _open(level)
    steps, middles = tables[..., 0], tables[..., 1]
    blocks = range(first // level.block, max(first // level.block + 1, -(-last // level.block)))
    span = slice(blocks.start, min(blocks.stop, len(steps)))
    scale_uv, offset_uv = steps[span].min(axis=0), middles[(span.start + span.stop - 1) // 2]
    stored = np.memmap(level.path.with_suffix(".i16"), dtype="<i2", mode="r").reshape(
        len(steps), steps.shape[1], level.n_parts, level.block
    )
    samples = np.empty((steps.shape[1], level.n_parts, last - first), dtype=np.float32)
    for block in range(span.start, span.stop):
        begin, end = max(first - block * level.block, 0), min(last - block * level.block, level.block)
        part = samples[:, :, block * level.block + begin - first : block * level.block + end - first]
        np.multiply(stored[block, :, :, begin:end], _column(steps[block] / scale_uv), out=part)
        part += _column((middles[block] - offset_uv) / scale_uv)
    return _fitted(Traces(samples, np.asarray(scale_uv), np.asarray(offset_uv)))


def _open(level: TileLevel) -> Floats:
    if not level.path.with_suffix(".i16").is_file() or not level.path.with_suffix(".npy").is_file():
        raise NotFound(
            gettext("The EEG of this session is not on the server any more: import it again."), "file_missing"
        )
    tables: Floats = np.load(level.path.with_suffix(".npy"), mmap_mode="r", allow_pickle=False)
    return tables


def _column(values: Floats) -> NDArray[np.float32]:
    return values.astype(np.float32)[:, None, None]


def _fitted(traces: Traces) -> Traces:
    """Coarser steps for channels that run out of int16 within the stretch."""
    if traces.samples.size == 0:
        return traces
    reach = np.maximum(traces.samples.max(axis=(1, 2)), -traces.samples.min(axis=(1, 2)))
    coarser = np.exp2(np.ceil(np.log2(np.maximum(reach / _LARGEST, 1.0))))
    if coarser.max() == 1.0:
        return traces
    samples = np.rint(traces.samples / _column(coarser))
    return Traces(np.clip(samples, -_LARGEST, _LARGEST), traces.scale_uv * coarser, traces.offset_uv)


def merged(traces: Traces, by: int) -> Traces:
    """Bins joined `by` at a time; the last may hold fewer."""
    n_left = -traces.samples.shape[2] % by
    padded = np.pad(traces.samples, ((0, 0), (0, 0), (0, n_left)), mode="edge") if n_left else traces.samples
    bins = padded.reshape(*padded.shape[:2], -1, by)
    joined = np.stack((bins[:, 0].min(axis=2), bins[:, 1].max(axis=2)), axis=1)
    return Traces(joined, traces.scale_uv, traces.offset_uv)
