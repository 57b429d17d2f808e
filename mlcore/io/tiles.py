"""Display tiles: the EEG as int16 files from which the server cuts what the browser draws."""

from __future__ import annotations

import json
import math
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from scipy.signal import resample_poly

from mlcore.io.recording import EegRecording
from mlcore.types import JsonObject

#: another number means that tiles have to be made again
TILES_VERSION = 1
_BLOCK_S = 60.0
_LARGEST = 32767
_UV_PER_VOLT = 1e6
#: finest step: below the noise of any amplifier. Coarsest step of electrical channels: drifts clip before it does harm
_FINEST_UV, _COARSEST_UV = 1e-3, 0.5
_ELECTRICAL = frozenset({"eeg", "eog", "ecg", "emg"})
#: a rate so little above the limit is not worth halving
_RATE_SLACK = 1.01


@dataclass(frozen=True, slots=True)
class _Plan:
    """How samples become int16: which channels, thinned by what, around which level, in which steps."""

    channels: tuple[str, ...]
    kinds: tuple[str, ...]
    factor: int
    sfreq: float
    n_samples: int
    level_uv: NDArray[np.float64]  # (C, 1)
    scale_uv: NDArray[np.float64]  # (C, 1)


def write_tiles(recording: EegRecording, folder: Path, *, max_sfreq: float = 256.0) -> JsonObject:
    """Write `eeg.npy` (int16, (C, T)) and `tiles.json` into a folder, block by block.

    Args:
        recording: an open recording; every channel but triggers is written.
        folder: made if absent; what it holds of an earlier run is replaced.
        max_sfreq: the tiles' rate at most, in Hz; faster recordings are low-passed and thinned by a whole factor.

    Returns:
        What `tiles.json` holds: {"version", "sfreq", "n_samples", "channels": [{"name", "kind", "scale_uv"}]};
        value_uv = int16 · scale_uv, each channel's mean taken off (an amplifier's offset is thousands of µV).

    Raises:
        RecordingError: the file can't be read to its end.
    """
    folder.mkdir(parents=True, exist_ok=True)
    plan = _plan(recording, max_sfreq)
    part = folder / ".eeg.npy.part"
    tiles = np.lib.format.open_memmap(part, "w+", dtype=np.int16, shape=(len(plan.channels), plan.n_samples))
    for first, block_uv in _blocks_uv(recording, plan.channels, factor=plan.factor):
        steps = np.rint((block_uv - plan.level_uv) / plan.scale_uv)
        width = min(block_uv.shape[1], plan.n_samples - first)
        tiles[:, first : first + width] = np.clip(steps[:, :width], -_LARGEST, _LARGEST)
    tiles.flush()
    del tiles
    part.replace(folder / "eeg.npy")
    described = _described(plan)
    (folder / "tiles.json").write_text(json.dumps(described), encoding="utf-8")
    return described


def _plan(recording: EegRecording, max_sfreq: float) -> _Plan:
    info = recording.info
    shown = [index for index, kind in enumerate(info.kinds) if kind != "stim"]
    channels = tuple(info.channels[index] for index in shown)
    kinds = tuple(info.kinds[index] for index in shown)
    factor = max(1, math.ceil(info.sfreq / (max_sfreq * _RATE_SLACK)))
    level_uv, reach_uv = _levels(recording, channels)
    coarsest = np.array([[_COARSEST_UV if kind in _ELECTRICAL else np.inf] for kind in kinds]).reshape(-1, 1)
    return _Plan(
        channels=channels,
        kinds=kinds,
        factor=factor,
        sfreq=info.sfreq / factor,
        n_samples=math.ceil(info.n_samples / factor),
        level_uv=level_uv,
        scale_uv=np.clip(reach_uv / _LARGEST, _FINEST_UV, coarsest),
    )


def _levels(recording: EegRecording, channels: tuple[str, ...]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Each channel's mean and its largest distance from it, both (C, 1) in µV."""
    total, count = np.zeros((len(channels), 1)), 0
    low, high = np.full((len(channels), 1), np.inf), np.full((len(channels), 1), -np.inf)
    for _first, block_uv in _blocks_uv(recording, channels, factor=1):
        total += block_uv.sum(axis=1, keepdims=True)
        count += block_uv.shape[1]
        low = np.minimum(low, block_uv.min(axis=1, keepdims=True))
        high = np.maximum(high, block_uv.max(axis=1, keepdims=True))
    level = total / max(count, 1)
    return level, np.maximum(high - level, level - low)


def _blocks_uv(
    recording: EegRecording, channels: tuple[str, ...], *, factor: int
) -> Iterator[tuple[int, NDArray[np.float64]]]:
    """(first output sample, (C, t) µV) through the recording; neighbours overlap, so that filtering leaves no seams."""
    info = recording.info
    length = max(factor, round(_BLOCK_S * info.sfreq) // factor * factor)
    pad = 0 if factor == 1 else 20 * factor
    for first in range(0, info.n_samples, length):
        before, after = max(0, first - pad), min(info.n_samples, first + length + pad)
        block_uv = _finite(recording.read(channels, before / info.sfreq, after / info.sfreq)) * _UV_PER_VOLT
        wanted = math.ceil((min(info.n_samples, first + length) - first) / factor)
        if factor > 1:
            block_uv = resample_poly(block_uv, 1, factor, axis=1, padtype="line")
        skipped = (first - before) // factor
        yield first // factor, block_uv[:, skipped : skipped + wanted]


def _finite(samples: NDArray[np.float64]) -> NDArray[np.float64]:
    return np.nan_to_num(samples, nan=0.0, posinf=0.0, neginf=0.0)


def _described(plan: _Plan) -> JsonObject:
    channels = [
        {"name": name, "kind": kind, "scale_uv": float(scale)}
        for name, kind, scale in zip(plan.channels, plan.kinds, plan.scale_uv[:, 0], strict=True)
    ]
    return {"version": TILES_VERSION, "sfreq": plan.sfreq, "n_samples": plan.n_samples, "channels": channels}
