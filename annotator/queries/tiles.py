"""EEG for the screen: a stretch of a session as one binary answer that is small at any zoom.

Up to a minute the answer holds samples, at the finest rate that keeps 64 channels within 350 kB compressed (as a rule
256 Hz up to half a minute, 128 Hz up to a minute), so that montage and filters can run on them; longer stretches, and
shorter ones whose extremes are asked for, hold the least and greatest value of the samples as recorded for each of at
most `width_px` columns.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np
from django.utils.translation import gettext
from numpy.typing import NDArray

from annotator.exceptions import DomainError, NotFound
from annotator.models import RecordingSession
from annotator.queries import media
from annotator.queries.tile_code import ENCODING, compressed, encoded
from annotator.queries.tile_files import TileLevel, Traces, merged, read_traces
from mlcore.types import JsonObject

#: the longest stretch that is answered with samples
MAX_SAMPLES_S = 60.0
MAX_PAD_S = 30.0
#: of a compressed answer with up to 64 channels; more channels may take more
BUDGET_BYTES, BUDGET_CHANNELS = 350_000, 64
NARROWEST_PX, WIDEST_PX = 16, 4096
#: no noise is coded in fewer bits a sample: what would be too much even so is not tried
_FEWEST_BITS = 4
EVERYTHING_S = (-math.inf, math.inf)
_ROUNDING = 1e-6


@dataclass(frozen=True, slots=True)
class Wanted:
    """What a page asks for; times on the session's clock."""

    start_s: float
    stop_s: float
    width_px: int = 1200
    #: more samples on either side, for the edges of filters; envelopes go without
    pad_s: float = 0.0
    #: padding never reaches beyond these
    limits_s: tuple[float, float] = EVERYTHING_S
    #: of a short stretch, too: less to send and to draw
    extremes: bool = False

    def __post_init__(self) -> None:
        if not (math.isfinite(self.start_s) and math.isfinite(self.stop_s) and self.start_s < self.stop_s):
            raise DomainError(gettext("start_s must lie before stop_s."), "bad_stretch")
        if not NARROWEST_PX <= self.width_px <= WIDEST_PX:
            raise DomainError(
                gettext("width_px must lie between {narrowest_px} and {widest_px}.").format(
                    narrowest_px=NARROWEST_PX, widest_px=WIDEST_PX
                ),
                "bad_stretch",
            )
        if not 0 <= self.pad_s <= MAX_PAD_S:
            raise DomainError(
                gettext("pad_s must lie between 0 and {max_pad_s}.").format(max_pad_s=f"{MAX_PAD_S:.0f}"), "bad_stretch"
            )


@dataclass(frozen=True, slots=True)
class Answer:
    plain: bytes
    gzip: bytes


def answer(session: RecordingSession, wanted: Wanted) -> Answer:
    """Every channel of the stretch, cut to what was recorded, at the finest level that fits the budget."""
    meta = media.tile_meta(session)
    if meta is None or not meta.channels:
        raise NotFound(gettext("This session has no EEG."))
    if meta.version != media.TILES_VERSION:
        raise NotFound(gettext("The traces of this session are of an older version: import it again."), "old_tiles")
    budget = BUDGET_BYTES * max(1.0, len(meta.channels) / BUDGET_CHANNELS)
    for header, rows in _from_finest(meta, _cut(wanted, meta), budget):
        plain = encoded(header, rows)
        packed = compressed(plain)
        if len(packed) <= budget:
            break
    return Answer(plain, packed)


def _cut(wanted: Wanted, meta: media.TileMeta) -> Wanted:
    start_s = min(max(wanted.start_s, 0.0), meta.duration_s)
    stop_s = min(max(wanted.stop_s, start_s + _ROUNDING), meta.duration_s + _ROUNDING)
    return replace(wanted, start_s=start_s, stop_s=stop_s)


def _from_finest(meta: media.TileMeta, wanted: Wanted, budget: float) -> Iterator[tuple[JsonObject, NDArray[np.int16]]]:
    if wanted.stop_s - wanted.start_s <= MAX_SAMPLES_S and not wanted.extremes:
        yield from _samples(meta, wanted, budget)
    else:
        yield from _envelopes(meta, wanted)


# --- samples ---------------------------------------------------------------------------------------------------------


def _samples(meta: media.TileMeta, wanted: Wanted, budget: float) -> Iterator[tuple[JsonObject, NDArray[np.int16]]]:
    """From the finest rate down; the last is given whatever its size."""
    levels = [level for level in meta.levels if level.n_parts == 1]
    for level in levels:
        first, last = _span(level, *_padded(wanted))
        n_bits = _FEWEST_BITS * (last - first) * len(meta.channels)
        if n_bits / 8 <= budget or level is levels[-1]:
            yield _described(meta, level, read_traces(level, first, last), start_s=first / level.sfreq)


def _padded(wanted: Wanted) -> tuple[float, float]:
    low_s, high_s = wanted.limits_s
    start_s, stop_s = wanted.start_s - wanted.pad_s, wanted.stop_s + wanted.pad_s
    return min(max(start_s, low_s), wanted.start_s), max(min(stop_s, high_s), wanted.stop_s)


def _span(level: TileLevel, start_s: float, stop_s: float) -> tuple[int, int]:
    """From the last sample at or before `start_s` up to `stop_s`."""
    first = min(max(0, math.floor(start_s * level.sfreq + _ROUNDING)), level.n_samples)
    return first, min(max(first, math.ceil(stop_s * level.sfreq - _ROUNDING)), level.n_samples)


# --- envelopes -------------------------------------------------------------------------------------------------------


def _envelopes(meta: media.TileMeta, wanted: Wanted) -> Iterator[tuple[JsonObject, NDArray[np.int16]]]:
    """Of at most `width_px` columns, then of half as many …; columns lie on one grid wherever the view begins."""
    levels = [level for level in meta.levels if level.n_parts == 2]
    column_s = (wanted.stop_s - wanted.start_s) / wanted.width_px
    while True:
        level = max((one for one in levels if 1 / one.sfreq <= column_s), key=_bin_s, default=levels[0])
        by = max(1, math.ceil(column_s * level.sfreq - _ROUNDING))
        first, last = _span(level, wanted.start_s, wanted.stop_s)
        first -= first % by
        last = min(last + -(last - first) % by, level.n_samples)
        traces = merged(read_traces(level, first, last), by)
        yield _described(meta, level, traces, start_s=first / level.sfreq, sfreq=level.sfreq / by)
        column_s *= 2


def _bin_s(level: TileLevel) -> float:
    return 1 / level.sfreq


# --- both ------------------------------------------------------------------------------------------------------------


def _described(
    meta: media.TileMeta, level: TileLevel, traces: Traces, *, start_s: float, sfreq: float | None = None
) -> tuple[JsonObject, NDArray[np.int16]]:
    n_samples = traces.samples.shape[2]
    sizes = zip(meta.channels, traces.scale_uv.tolist(), traces.offset_uv.tolist(), strict=True)
    header: JsonObject = {
        "kind": "samples" if level.n_parts == 1 else "envelope",
        "as_recorded": level.as_recorded,
        "encoding": ENCODING,
        "channels": [{**channel, "scale_uv": scale, "offset_uv": offset} for channel, scale, offset in sizes],
        "sfreq": level.sfreq if sfreq is None else sfreq,
        "start_s": start_s,
        "n_samples": n_samples,
    }
    n_rows = len(meta.channels) * level.n_parts
    return header, traces.samples.reshape(n_rows, n_samples).astype(np.int16)
