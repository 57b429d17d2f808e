"""Display tiles: the EEG as int16 files from which the server cuts what the browser draws.

Two pyramids, written in one pass over the recording:

- *samples*: as recorded up to the wanted rate, then low-passed and halved again and again down to some 30 Hz, so that
  montage and filters can run on them in the browser. 60 s of 64 channels at 256 Hz are 983,040 samples, which no
  lossless code brings below 350 kB: the server answers with the finest level that fits.
- *envelope*: least and greatest of the samples as recorded, in bins of 1/32 s and of 4, 16, 64 … times that, for views
  too long for samples.
"""

from __future__ import annotations

import json
import math
import shutil
from collections.abc import Iterator
from contextlib import ExitStack
from itertools import chain
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from mlcore.io.recording import EegRecording
from mlcore.io.tiles_series import SeriesPlan, SeriesWriter
from mlcore.io.tiles_thin import Block, Extremes, Thinner
from mlcore.types import EegInfo, JsonObject

#: another number means that tiles have to be made again
TILES_VERSION = 2
_UV_PER_VOLT = 1e6
_ELECTRICAL = frozenset({"eeg", "eog", "ecg", "emg"})
#: a rate so little above the limit is not worth halving
_RATE_SLACK = 1.01
#: the lowest rate worth filtering in the browser; levels below it are not made
_LOWEST_SFREQ = 30.0
_BINS_PER_S, _BIN_FACTOR = 32.0, 4
#: an envelope of so few bins needs none coarser
_FEWEST_BINS = 1024
#: values read at once, over all channels
_CHUNK = 1 << 21


def write_tiles(recording: EegRecording, folder: Path, *, max_sfreq: float | None = 256.0) -> JsonObject:
    """Write both pyramids and `tiles.json` into a folder, in one pass and bounded memory.

    Args:
        recording: an open recording; every channel but triggers is written.
        folder: made if absent; what it holds of an earlier run is replaced, whole or not at all.
        max_sfreq: rate of the finest samples at most, in Hz; faster recordings are low-passed and thinned by a whole
            factor. None: the recording's own rate.

    Returns:
        What `tiles.json` holds: {"version", "sfreq", "n_samples", "duration_s", "channels": [{"name", "kind"}],
        "levels": [{"file", "kind", "sfreq", "n_samples", "block", "as_recorded"}]}; `SeriesWriter` says what is in
        each file. Sample k of a level lies at k / sfreq; column k of an envelope covers k / sfreq to (k + 1) / sfreq.

    Raises:
        RecordingError: the file can't be read to its end.
    """
    part = folder.with_name(f".{folder.name}.part")
    shutil.rmtree(part, ignore_errors=True)
    part.mkdir(parents=True)
    try:
        described = _write(recording, part, max_sfreq=max_sfreq)
        shutil.rmtree(folder, ignore_errors=True)
        part.rename(folder)
    finally:
        shutil.rmtree(part, ignore_errors=True)
    return described


def _write(recording: EegRecording, folder: Path, *, max_sfreq: float | None) -> JsonObject:
    info = recording.info
    shown = [index for index, kind in enumerate(info.kinds) if kind != "stim"]
    factor = 1 if max_sfreq is None else max(1, math.ceil(info.sfreq / (max_sfreq * _RATE_SLACK)))
    plans = (*sample_plans(info, factor), *envelope_plans(info))
    if shown and info.n_samples:
        _stream(recording, shown, folder, factor=factor, plans=plans)
    described: JsonObject = {
        "version": TILES_VERSION,
        "sfreq": plans[0].sfreq,
        "n_samples": plans[0].n_samples,
        "duration_s": info.duration_s,
        "channels": [{"name": info.channels[index], "kind": info.kinds[index]} for index in shown],
        "levels": [plan.described for plan in plans],
    }
    (folder / "tiles.json").write_text(json.dumps(described), encoding="utf-8")
    return described


def sample_plans(info: EegInfo, factor: int) -> list[SeriesPlan]:
    """The rates that samples are kept at: the recording's, thinned by `factor`, then halves of it."""
    sfreq, n_samples = info.sfreq / factor, math.ceil(info.n_samples / factor)
    plans = [SeriesPlan("samples-0", sfreq, n_samples, n_parts=1, is_as_recorded=factor == 1)]
    while sfreq / 2 >= _LOWEST_SFREQ:
        sfreq, n_samples = sfreq / 2, math.ceil(n_samples / 2)
        plans.append(SeriesPlan(f"samples-{len(plans)}", sfreq, n_samples, n_parts=1, is_as_recorded=False))
    return plans


def envelope_plans(info: EegInfo) -> list[SeriesPlan]:
    """The widths of bins that extremes are kept for."""
    length = bin_length(info.sfreq)
    sfreq, n_bins = info.sfreq / length, math.ceil(info.n_samples / length)
    plans = [SeriesPlan("envelope-0", sfreq, n_bins, n_parts=2, is_as_recorded=True)]
    while n_bins > _FEWEST_BINS:
        sfreq, n_bins = sfreq / _BIN_FACTOR, math.ceil(n_bins / _BIN_FACTOR)
        plans.append(SeriesPlan(f"envelope-{len(plans)}", sfreq, n_bins, n_parts=2, is_as_recorded=True))
    return plans


def bin_length(sfreq: float) -> int:
    """Recorded samples in the narrowest bin."""
    return max(1, round(sfreq / _BINS_PER_S))


def _stream(
    recording: EegRecording, shown: list[int], folder: Path, *, factor: int, plans: tuple[SeriesPlan, ...]
) -> None:
    blocks = _blocks_uv(recording, shown)
    first = next(blocks)
    # amplifiers stand thousands of µV off zero: without that, 32-bit floats hold the signal to far below its noise
    level_uv = first.mean(axis=1)
    is_electrical = np.array([recording.info.kinds[index] in _ELECTRICAL for index in shown])
    with ExitStack() as stack:
        writers = [
            stack.enter_context(SeriesWriter(folder, plan, is_electrical=is_electrical, level_uv=level_uv))
            for plan in plans
        ]
        pyramids: tuple[_Samples | _Envelope, ...] = (
            _Samples([writer for writer in writers if writer.plan.n_parts == 1], factor),
            _Envelope([writer for writer in writers if writer.plan.n_parts == 2], bin_length(recording.info.sfreq)),
        )
        for block_uv in chain([first], blocks):
            relative_uv = (block_uv - level_uv[:, None]).astype(np.float32)
            for pyramid in pyramids:
                pyramid.feed(relative_uv)
        for pyramid in pyramids:
            pyramid.finish()


class _Samples:
    """Passes blocks down the levels of samples, each thinned from the one above."""

    def __init__(self, writers: list[SeriesWriter], factor: int) -> None:
        self._writers = writers
        self._thinners = [Thinner(factor) if factor > 1 else None, *(Thinner(2) for _ in writers[1:])]

    def feed(self, block: Block) -> None:
        self._down(block, 0)

    def finish(self) -> None:
        """What a level still holds goes to its file and to the levels below, which then end in turn."""
        for place, thinner in enumerate(self._thinners):
            if thinner is not None:
                rest = thinner.finish()
                self._writers[place].append(rest[:, None])
                self._down(rest, place + 1)

    def _down(self, block: Block, place: int) -> None:
        for writer, thinner in zip(self._writers[place:], self._thinners[place:], strict=True):
            block = block if thinner is None else thinner.feed(block)
            writer.append(block[:, None])


class _Envelope:
    """Passes blocks down the levels of extremes."""

    def __init__(self, writers: list[SeriesWriter], length: int) -> None:
        self._writers = writers
        self._bins = [Extremes(length), *(Extremes(_BIN_FACTOR) for _ in writers[1:])]

    def feed(self, block: Block) -> None:
        self._down(block, block, place=0)

    def finish(self) -> None:
        """As `_Samples.finish`."""
        for place, bins in enumerate(self._bins):
            low, high = bins.finish()
            self._writers[place].append(np.stack((low, high), axis=1))
            self._down(low, high, place=place + 1)

    def _down(self, low: Block, high: Block, *, place: int) -> None:
        for writer, bins in zip(self._writers[place:], self._bins[place:], strict=True):
            low, high = bins.feed(low, high)
            writer.append(np.stack((low, high), axis=1))


def _blocks_uv(recording: EegRecording, shown: list[int]) -> Iterator[NDArray[np.float64]]:
    """(C, t) µV from the first sample to the last; what is no number stands at its channel's mean."""
    n_samples, length = recording.info.n_samples, max(1, _CHUNK // len(shown))
    for first in range(0, n_samples, length):
        block_uv = recording.fetch(shown, first, min(first + length, n_samples)) * _UV_PER_VOLT
        yield block_uv if np.isfinite(block_uv.sum()) else _without_gaps(block_uv)


def _without_gaps(block_uv: NDArray[np.float64]) -> NDArray[np.float64]:
    is_number = np.isfinite(block_uv)
    n_numbers = np.maximum(is_number.sum(axis=1, keepdims=True), 1)
    mean_uv = np.where(is_number, block_uv, 0.0).sum(axis=1, keepdims=True) / n_numbers
    return np.where(is_number, block_uv, mean_uv)
