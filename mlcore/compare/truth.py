"""The answers of one target as the harness keeps them, away from the methods."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self

import numpy as np
from numpy.typing import NDArray

from mlcore.errors import StoreError
from mlcore.evaluate import Spans, trial_keys
from mlcore.store import Store, TargetKind
from mlcore.train.targets import as_distributions, class_names

Rows = NDArray[np.int64]
Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Answers:
    """One target of every clip of a store, and whose clips they are.

    Args:
        target: its name.
        kind: as the store says.
        classes: names of the K classes; empty for a trace.
        values: (N, K) distributions or (N, T) traces; NaN where nobody answered.
        sfreq: values a second of a trace, else 0.
        subjects: (N,).
        trials: (N,) whole numbers, equal for clips of one subject, session and trial.
        spans: where each clip lies in its recording.
    """

    target: str
    kind: TargetKind
    classes: tuple[str, ...]
    values: Floats
    sfreq: float
    subjects: NDArray[np.str_]
    trials: NDArray[np.int64]
    spans: Spans

    @classmethod
    def of(cls, store: Store, target: str) -> Self:
        """Read a target.

        Raises:
            StoreError: the store has no such target.
        """
        meta = store.meta.targets.get(target)
        if meta is None:
            known = ", ".join(sorted(store.meta.targets)) or "none"
            raise StoreError(f"no target {target!r}: the store has {known}")
        is_trace = meta.kind is TargetKind.TRACE
        values = store.target(target).astype(np.float64) if is_trace else as_distributions(store, target)
        classes = () if is_trace else class_names(store, target)
        trials = trial_keys(store.subjects, store.sessions, store.trials)
        return cls(target, meta.kind, classes, values, meta.sfreq, store.subjects, trials, spans_of(store))

    @property
    def is_trace(self) -> bool:
        """Whether the target is a curve over time."""
        return self.kind is TargetKind.TRACE

    @property
    def scored(self) -> Rows:
        """Rows that somebody answered: of a trace at least one value, of a distribution all of it."""
        known = ~np.isnan(self.values)
        return np.flatnonzero(known.any(axis=1) if self.is_trace else known.all(axis=1))


def spans_of(store: Store) -> Spans:
    """Where each clip lies; sessions of different subjects are different recordings."""
    recording = trial_keys(store.subjects, store.sessions, np.zeros(store.n_clips, dtype=np.int64))
    return Spans(recording, store.start_s, store.stop_s)
