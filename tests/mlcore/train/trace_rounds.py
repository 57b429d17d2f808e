"""Rounds on the trace of a small simulated store."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from mlcore.simulate import StoreConfig, simulate_store
from mlcore.store import Store, open_store
from mlcore.train import RoundData, StageConfig, TrainedModel
from mlcore.train.targets import as_distributions, class_names
from tests.mlcore.train.rounds import SMALL

TRACE, CLASSES = "valence", "arousal3"
#: a store whose trace can be read off either modality
EASY = StoreConfig(
    n_subjects=6,
    n_trials=4,
    clips_per_trial=2,
    n_channels=8,
    eeg_snr=4.0,
    face_snr=8.0,
    ambiguous_share=0.0,
    one_sided_share=0.0,
    annotator_noise=0.02,
    annotator_bias=0.0,
    seed=3,
)
LONG = StageConfig(n_epochs=12, patience=12)
LONGER = replace(SMALL, n_members=2, teacher=LONG, student=LONG)
Floats = NDArray[np.float64]


def simulated(folder: Path, config: StoreConfig) -> Store:
    return open_store(simulate_store(folder, config))


def truth_of(store: Store, rows: NDArray[np.int64]) -> Floats:
    """The trace that was stored, (n, 16)."""
    return np.asarray(store.target(TRACE)[rows], dtype=np.float64)


def trace_round(store: Store, *, n_test_subjects: int = 2) -> RoundData:
    """The trace alone: the last subjects are the pool, everyone else is labelled."""
    names = np.unique(store.subjects)
    is_pool = np.isin(store.subjects, names[len(names) - n_test_subjects :])
    labelled, nobody = np.flatnonzero(~is_pool), np.zeros(0, dtype=np.int64)
    return RoundData(
        store=store,
        classes={},
        labelled_rows=labelled,
        targets={},
        test_rows=nobody,
        test_targets={},
        pool_rows=np.flatnonzero(is_pool),
        traces={TRACE: truth_of(store, labelled)},
    )


def with_classes(data: RoundData) -> RoundData:
    """The same round, with a class target beside the trace."""
    y = as_distributions(data.store, CLASSES)
    return replace(
        data,
        classes={CLASSES: class_names(data.store, CLASSES)},
        targets={CLASSES: y[data.labelled_rows]},
        test_targets={CLASSES: y[data.test_rows]},
    )


def with_trace(data: RoundData, trace: NDArray[np.floating]) -> RoundData:
    """The same round with other values, of which NaN are not scored."""
    return replace(data, traces={TRACE: trace})


def networks_alone(model: TrainedModel) -> TrainedModel:
    """The same model without its experts: the mean of what the networks say of each modality."""
    return replace(model, config=replace(model.config, pool="discounted"))
