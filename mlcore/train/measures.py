"""What a subject's own clips say of its scale: of signals and of summaries, each clip read and summarised once."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mlcore.nets import summarise, summary_width
from mlcore.store import ModalityKind, ModalityMeta, Store
from mlcore.train.pairs import Pair, mean_and_spread, safe, unknown

Floats = NDArray[np.float64]
Rows = NDArray[np.int64]
#: clips that are read at a time
BATCH = 256


@dataclass(frozen=True, slots=True)
class Measures:
    """One modality of one subject, from all of its clips and no label.

    Args:
        rows: (n,) of its clips that have the modality.
        signal: centre and scale (F,) of the signals.
        summary: mean and standard deviation (S,) of the summaries.
        summaries: (n, S) as they were computed on the way, NaN where there is no data.
    """

    rows: Rows
    signal: Pair
    summary: Pair
    summaries: Floats


@dataclass(frozen=True, slots=True)
class SummaryTable:
    """Standardised summaries of a store's clips, from when its subjects were measured.

    Args:
        store: whose clips.
        covered: (N,) whether the clip is of a subject that was measured.
        values: (N, S), zeros where there is no data.
    """

    store: Store
    covered: NDArray[np.bool_]
    values: NDArray[np.float32]

    def of(self, store: Store, rows: Rows) -> NDArray[np.float32] | None:
        """The summaries (n, S) of some rows; None of another store, or where one of them is not covered."""
        return self.values[rows] if store is self.store and bool(self.covered[rows].all()) else None


def measure_subjects(
    store: Store, modality: str, subjects: Iterable[str], *, flag: int | None
) -> Iterator[tuple[str, Measures]]:
    """Measure subjects one after another; memory holds one subject's measures and one batch of its clips.

    Args:
        store: the clips.
        modality: which.
        subjects: who.
        flag: place of a 0/1 feature that is left as it is, or None.
    """
    meta, everyone, present = store.meta.modalities[modality], store.subjects, store.present(modality)
    for subject in subjects:
        rows = np.flatnonzero((everyone == subject) & present)
        yield subject, _measure(store, modality, rows, meta=meta, flag=flag)


def _measure(store: Store, modality: str, rows: Rows, *, meta: ModalityMeta, flag: int | None) -> Measures:
    """Signals are looked at and summarised while a batch of them is in memory."""
    looks: list[Floats] = []
    summaries = np.empty((len(rows), summary_width(meta)))
    for batch in batches_of(len(rows)):
        clips = store.gather(modality, rows[batch])
        looks.append(_LOOKS[meta.kind](clips))
        summaries[batch] = summarise(clips, meta)
    signal = _signal_pair(np.concatenate(looks), meta, flag) if looks else unknown(n_scaled(meta))
    return Measures(rows, signal, mean_and_spread(summaries), summaries)


def n_scaled(meta: ModalityMeta) -> int:
    """F, the length of the axis that is standardised: channels, or features; none of pictures."""
    if meta.kind is ModalityKind.FRAMES:
        return 0
    return meta.shape[0] if meta.kind is ModalityKind.WAVEFORM else meta.shape[-1]


def batches_of(n_rows: int) -> Iterator[slice]:
    """Stretches of at most `BATCH` rows."""
    for start in range(0, n_rows, BATCH):
        yield slice(start, min(start + BATCH, n_rows))


def _rms(clips: NDArray[Any]) -> Floats:
    """Of each channel; (n, C, T) -> (n, C)."""
    return np.asarray(np.sqrt((clips.astype(np.float64) ** 2).mean(axis=2)))


def _steps(clips: NDArray[Any]) -> NDArray[Any]:
    """Steps that hold data; (n, T, F) -> (m, F)."""
    steps = clips.reshape(-1, clips.shape[-1])
    return steps[steps.any(axis=1)]


def _nothing(clips: NDArray[Any]) -> Floats:
    """Pictures have no scale of their own: brightness is part of what they show."""
    return np.zeros((len(clips), 0))


#: what is kept of a batch of clips until all of a subject's are read
_LOOKS: Mapping[ModalityKind, Callable[[NDArray[Any]], NDArray[Any]]] = {
    ModalityKind.WAVEFORM: _rms,
    ModalityKind.SEQUENCE: _steps,
    ModalityKind.VECTOR: _steps,
    ModalityKind.FRAMES: _nothing,
}


def _signal_pair(looks: Floats, meta: ModalityMeta, flag: int | None) -> Pair:
    """Centre and scale: of a waveform 0 (the band has no DC) and the median over clips of each channel's RMS, of which
    a few bad clips change nothing; of a sequence each feature's median over the steps and 1; of a vector each feature's
    mean and standard deviation.
    """
    if not len(looks):
        return unknown(n_scaled(meta))
    if meta.kind is ModalityKind.WAVEFORM:
        return np.zeros(n_scaled(meta)), safe(np.median(looks, axis=0))
    centre, scale = _vector_pair(looks) if meta.kind is ModalityKind.VECTOR else _sequence_pair(looks)
    if flag is not None:
        centre[flag], scale[flag] = 0.0, 1.0
    return centre, scale


def _sequence_pair(steps: Floats) -> Pair:
    return np.median(steps, axis=0).astype(np.float64), np.ones(steps.shape[1])


def _vector_pair(rows: Floats) -> Pair:
    return mean_and_spread(rows.astype(np.float64))
