"""Where clips lie before there is a model: what is measured of each, pooled over its time, on its subject's scale."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from mlcore.acquire.candidates import Embedding, Floats, Places
from mlcore.nets import summarise, summary_width
from mlcore.store import Store

#: cut-off of standardised summaries, as in training
LIMIT = 3.0
#: quality from which a clip helps to say what is usual for its subject
USUAL_QUALITY = 0.5
#: clips whose signals are in memory at a time
_BATCH = 256
_SMALLEST = 1e-6


def pooled_features(store: Store, rows: Places, *, subject: Places, quality: Mapping[str, Floats]) -> Embedding:
    """The clips' summaries, standardised within each subject and shrunk by quality towards the subject's mean.

    x = z · quality / √S of each modality, z as `standardised` gives it; the modalities side by side, so that each
    counts alike however many features it has. Memory holds the result and one subject's summaries; signals are read
    batch by batch.

    Args:
        store: the clips.
        rows: (n,) which of them.
        subject: (n,) codes of the people.
        quality: modality -> (n,) measured 0..1, NaN where the clip lacks it; what the store lacks is passed over.

    Returns:
        (n, D) in single precision; 0 where there is nothing.
    """
    names = [name for name in store.meta.modalities if name in quality]
    widths = [summary_width(store.meta.modalities[name]) for name in names]
    starts = np.cumsum([0, *widths])
    found = np.zeros((len(rows), starts[-1]), dtype=np.float32)
    for person in np.unique(subject):
        mine = np.flatnonzero(subject == person)
        for name, start, width in zip(names, starts, widths, strict=False):
            found[mine, start : start + width] = _trusted(store, name, rows[mine], quality[name][mine])
    return found


def _trusted(store: Store, modality: str, rows: Places, quality: Floats) -> Floats:
    """One subject's clips in one modality (n, S)."""
    summaries = _summaries(store, modality, rows)
    z = standardised(summaries, np.zeros(len(rows), dtype=np.int64), quality)
    return np.asarray(z * np.nan_to_num(quality, nan=0.0)[:, None] / np.sqrt(z.shape[1]))


def _summaries(store: Store, modality: str, rows: Places) -> Floats:
    """(n, S), NaN where there is no data; read forwards whatever the order of the rows."""
    meta = store.meta.modalities[modality]
    summaries = np.empty((len(rows), summary_width(meta)))
    forwards = np.argsort(rows, kind="stable")
    for start in range(0, len(rows), _BATCH):
        part = forwards[start : start + _BATCH]
        summaries[part] = summarise(store.gather(modality, rows[part]), meta)
    return summaries


def standardised(summaries: Floats, subject: Places, quality: Floats) -> Floats:
    """z = clip((s − mean) / std, ±3) within each subject, over its clips of usable quality (all, below two of those).

    Args:
        summaries: (N, S), NaN = no data.
        subject: (N,)
        quality: (N,) 0..1, NaN = the clip lacks the modality.

    Returns:
        (N, S); 0, the subject's mean, where there is no data.
    """
    out = np.zeros_like(summaries)
    for code in np.unique(subject):
        rows = np.flatnonzero((subject == code) & ~np.isnan(quality))
        usual = rows[quality[rows] >= USUAL_QUALITY]
        mean, spread = _scale(summaries[usual if len(usual) > 1 else rows])
        out[rows] = np.clip((summaries[rows] - mean) / spread, -LIMIT, LIMIT)
    return np.nan_to_num(out, nan=0.0)


def _scale(summaries: Floats) -> tuple[Floats, Floats]:
    """Mean and standard deviation (S,), NaN left out; 0 and 1 where nothing is known or varies."""
    known = ~np.isnan(summaries)
    n_known = np.maximum(known.sum(axis=0), 1)
    mean = np.where(known, summaries, 0.0).sum(axis=0) / n_known
    spread = np.sqrt((np.where(known, summaries - mean, 0.0) ** 2).sum(axis=0) / n_known)
    return mean, np.where(spread > _SMALLEST, spread, 1.0)
