"""Round data from a simulated store, and rounds that stop when told."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from mlcore.store import Store
from mlcore.train import Progress, RoundConfig, RoundData, RoundResult, StageConfig, run_round
from tests.factories.stores import Classes

NAMES = ("low", "middle", "high")
SMALL = replace(
    RoundConfig(),
    n_members=1,
    teacher=StageConfig(n_epochs=3, patience=3),
    student=StageConfig(n_epochs=3, patience=3),
    batch_size=16,
    device="cpu",
)


def data_of(
    store: Store, truth: Classes, *, test_subjects: int, rng: np.random.Generator, labelled_share: float = 0.6
) -> RoundData:
    """The last subjects test, a random share of the others' clips is labelled, the rest is the pool."""
    is_test = np.isin(store.subjects, np.unique(store.subjects)[len(np.unique(store.subjects)) - test_subjects :])
    others = rng.permutation(np.flatnonzero(~is_test))
    n_labelled = round(labelled_share * len(others))
    labelled, test = np.sort(others[:n_labelled]), np.flatnonzero(is_test)
    return RoundData(
        store=store,
        classes=dict.fromkeys(truth, NAMES),
        labelled_rows=labelled,
        targets=one_hot(truth, labelled),
        test_rows=test,
        test_targets=one_hot(truth, test),
        pool_rows=np.sort(others[n_labelled:]),
    )


def one_hot(truth: Classes, rows: NDArray[np.int64]) -> dict[str, NDArray[np.float32]]:
    """Certain distributions (n, 3)."""
    return {name: np.eye(3, dtype=np.float32)[classes[rows]] for name, classes in truth.items()}


def with_labels(data: RoundData, keep: NDArray[np.bool_]) -> RoundData:
    """The same round with only some of its labelled clips."""
    return replace(
        data,
        labelled_rows=data.labelled_rows[keep],
        targets={name: values[keep] for name, values in data.targets.items()},
        weights={name: values[keep] for name, values in data.weights.items()},
    )


def run(
    data: RoundData,
    config: RoundConfig,
    folder: Path,
    *,
    seed: int = 0,
    should_stop: Callable[[], bool] = lambda: False,
    on_progress: Callable[[Progress], None] = lambda progress: None,
) -> RoundResult:
    return run_round(data, config, seed=seed, folder=folder, on_progress=on_progress, should_stop=should_stop)
