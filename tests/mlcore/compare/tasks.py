"""Tasks on small simulated stores."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from mlcore.compare.contract import Floats, Rows, Task
from mlcore.store import Store, TargetKind
from tests.factories.stores import Classes

NAMES = ("low", "middle", "high")
N_STEPS = 10


def class_task(
    store: Store,
    truth: Classes,
    folder: Path,
    *,
    modalities: tuple[str, ...] = ("eeg", "face"),
    infer: tuple[str, ...] | None = None,
    seed: int = 0,
) -> Task:
    """Valence in three classes; the last two subjects are asked about."""
    train, test = split(store)
    return Task(
        store=store,
        target="valence",
        kind=TargetKind.CLASS,
        classes=NAMES,
        train=train,
        y=np.eye(3)[truth["valence"][train]],
        test=test,
        modalities=modalities,
        infer=modalities if infer is None else infer,
        seed=seed,
        folder=folder,
    )


def trace_task(store: Store, truth: Classes, folder: Path, *, modalities: tuple[str, ...] = ("eeg", "face")) -> Task:
    """A curve (n, 10) whose level is the class, −1, 0 or 1, with a slope, noise and a step that nobody scored."""
    train, test = split(store)
    return Task(
        store=store,
        target="trace",
        kind=TargetKind.TRACE,
        classes=(),
        train=train,
        y=traces(truth, train),
        test=test,
        modalities=modalities,
        infer=modalities,
        seed=0,
        folder=folder,
    )


def traces(truth: Classes, rows: Rows) -> Floats:
    level = truth["valence"][rows][:, None] - 1.0
    curve = level + 0.05 * np.arange(N_STEPS) + 0.1 * np.random.default_rng(5).standard_normal((len(rows), N_STEPS))
    curve[::3, 2] = np.nan
    return np.asarray(curve)


def split(store: Store) -> tuple[Rows, Rows]:
    is_test = np.isin(store.subjects, np.unique(store.subjects)[-2:])
    return np.flatnonzero(~is_test), np.flatnonzero(is_test)


def never() -> bool:
    return False
