"""What a round is given, and what it gives back."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from mlcore.acquire import PoolScores
from mlcore.evaluate import trial_keys
from mlcore.store import Store
from mlcore.types import JsonObject

Rows = NDArray[np.int64]
Targets = Mapping[str, NDArray[np.floating]]


@dataclass(frozen=True, slots=True)
class RoundData:
    """Rows of a store and what people said of them.

    Args:
        store: the clips.
        classes: class names of each class target, K ≥ 2; empty where only traces are learnt.
        labelled_rows: (n,) rows to learn from.
        targets: per class target (n, K) distributions over the classes; a row of NaN = not scored.
        test_rows: (m,) rows of the test subjects that have labels.
        test_targets: per class target (m, K).
        pool_rows: (p,) unlabelled rows to score.
        traces: per trace target (n, T) values over the clip, NaN = not scored; names of their own.
        weights: per class target (n,) ≥ 0, how much a labelled clip's answer counts; 1 for each where none are given.
    """

    store: Store
    classes: Mapping[str, tuple[str, ...]]
    labelled_rows: Rows
    targets: Targets
    test_rows: Rows
    test_targets: Targets
    pool_rows: Rows
    traces: Targets = field(default_factory=dict)
    weights: Targets = field(default_factory=dict)

    def weight_of(self, target: str) -> NDArray[np.float64]:
        """(n,) how much each labelled clip's answer counts for a class target."""
        given = self.weights.get(target)
        return np.ones(len(self.labelled_rows)) if given is None else np.asarray(given, dtype=np.float64)

    def trials(self) -> Rows:
        """Whole numbers (N,), equal for clips of the same subject, session and trial."""
        return trial_keys(self.store.subjects, self.store.sessions, self.store.trials)


@dataclass(frozen=True, slots=True)
class Progress:
    """Where a round stands; epochs count from 1."""

    stage: str
    epoch: int
    n_epochs: int
    loss: float
    validation_loss: float | None
    fraction: float
    seconds_left: float | None


@dataclass(frozen=True, slots=True)
class Learnt:
    """What training alone found, before the pool is scored; `model_folder` holds model.safetensors and model.json.

    Args:
        metrics: on the test rows.
        history: of every epoch.
        unseen: of the labelled rows, by networks that did not learn from them.
        model_folder: where the model lies.
    """

    metrics: JsonObject
    history: list[JsonObject]
    unseen: PoolScores
    model_folder: Path


@dataclass(frozen=True, slots=True)
class RoundResult:
    """What a round found; `model_folder` holds model.safetensors and model.json."""

    metrics: JsonObject
    history: list[JsonObject]
    pool: PoolScores
    model_folder: Path


@dataclass(frozen=True, slots=True)
class Hooks:
    """How a round talks to whoever runs it."""

    on_progress: Callable[[Progress], None]
    should_stop: Callable[[], bool]
