"""What a linear model reads to follow a trace: the clip as a whole and, of a track, the features at each step."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from mlcore.nets import ClipInput, summary_width
from mlcore.store import ModalityKind, ModalityMeta

Floats = NDArray[np.float64]


def trace_features(summaries: NDArray[np.floating], tracks: NDArray[np.floating] | None, *, n_values: int) -> Floats:
    """The summary at every step of the trace, and a sequence's features at the same time.

    Args:
        summaries: (n, S), standardised.
        tracks: (n, T', F), standardised, of a sequence; else None.
        n_values: T of the trace.

    Returns:
        (n, T, S) or (n, T, S + F).
    """
    repeated = np.repeat(np.asarray(summaries, dtype=np.float64)[:, None], n_values, axis=1)
    if tracks is None:
        return repeated
    middles = (np.arange(n_values) + 0.5) / n_values
    steps = tracks[:, (middles * tracks.shape[1]).astype(np.int64)]
    return np.concatenate([repeated, steps.astype(np.float64)], axis=2)


def features_of(x: ClipInput, meta: ModalityMeta, *, n_values: int) -> Floats:
    """`trace_features` of standardised clips, wherever they lie."""
    tracks = x.signal.cpu().numpy() if meta.kind is ModalityKind.SEQUENCE else None
    return trace_features(x.summary.cpu().numpy(), tracks, n_values=n_values)


def trace_width(meta: ModalityMeta) -> int:
    """Number of features a step: S, or S + F of a sequence."""
    return summary_width(meta) + (meta.shape[1] if meta.kind is ModalityKind.SEQUENCE else 0)
