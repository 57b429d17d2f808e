"""What a closed loop knows of the clips of a store before anybody has answered: never an answer, never the truth."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from mlcore.acquire.features import standardised
from mlcore.evaluate import trial_keys
from mlcore.nets import summarise
from mlcore.store import Store

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]
_BATCH = 256


@dataclass(frozen=True, slots=True)
class Material:
    """N clips, row by row.

    Args:
        clip_ids: (N,).
        subject: (N,) codes of the people.
        session: (N,) codes of the recordings.
        trial: (N,) codes, equal for clips of one trial.
        start_s: (N,) on the session clock.
        stop_s: (N,)
        quality: modality -> (N,) measured, 0..1; NaN where the clip lacks the modality.
        features: modality -> (N, S) summaries, standardised within each subject without labels; 0 where there is
            nothing.
    """

    clip_ids: NDArray[np.str_]
    subject: Integers
    session: Integers
    trial: Integers
    start_s: Floats
    stop_s: Floats
    quality: Mapping[str, Floats]
    features: Mapping[str, Floats]

    @property
    def n_clips(self) -> int:
        """N."""
        return len(self.subject)


def read_material(store: Store) -> Material:
    """Read a store's clips, batch by batch; answers and the truth beside it are left alone."""
    subjects, sessions = store.subjects, store.sessions
    names = tuple(store.meta.modalities)
    quality = {name: np.where(store.present(name), store.quality(name), np.nan) for name in names}
    recordings = np.char.add(np.char.add(subjects.astype(np.str_), "\n"), sessions.astype(np.str_))
    return Material(
        clip_ids=store.clip_ids.astype(np.str_),
        subject=_codes(subjects),
        session=_codes(recordings),
        trial=trial_keys(subjects, sessions, store.trials),
        start_s=store.start_s,
        stop_s=store.stop_s,
        quality=quality,
        features={name: standardised(_summaries(store, name), _codes(subjects), quality[name]) for name in names},
    )


def _summaries(store: Store, modality: str) -> Floats:
    meta, rows = store.meta.modalities[modality], np.arange(store.n_clips)
    parts = [rows[start : start + _BATCH] for start in range(0, len(rows), _BATCH)]
    return np.concatenate([summarise(store.gather(modality, part), meta) for part in parts])


def _codes(names: NDArray[np.str_]) -> Integers:
    return np.unique(names, return_inverse=True)[1].astype(np.int64)
