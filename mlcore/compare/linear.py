"""Logistic regression for classes, ridge for traces: one model a modality, and the mean of what they say."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np

from mlcore.compare.contract import Floats, Method, Rows, Task
from mlcore.compare.folds import inner_folds
from mlcore.compare.inputs import fit_reader, labelled, readable
from mlcore.compare.linear_parts import Part, Search, fit_class_part, fit_trace_part
from mlcore.errors import TrainingError
from mlcore.store import ModalityKind, Store
from mlcore.types import JsonObject

N_INNER_FOLDS = 4


@dataclass(frozen=True, slots=True)
class Linear:
    """One linear model a modality; the answer is the mean over the modalities that a clip has.

    Args:
        parts: by modality.
        n_outputs: K or T.
        details: by modality the number of clips and the setting that inner cross-validation chose.
    """

    parts: dict[str, Part]
    n_outputs: int
    details: JsonObject = field(default_factory=dict)

    @property
    def held(self) -> Rows:
        """None: inner cross-validation holds back each clip in turn, and the last fit sees all of them."""
        return np.zeros(0, dtype=np.int64)

    def predict(self, store: Store, rows: Rows) -> Floats:
        """Mean of the modalities' probabilities (n, K) or traces (n, T); NaN where a clip has none of them."""
        total, n_said = np.zeros((len(rows), self.n_outputs)), np.zeros((len(rows), 1))
        for modality, part in self.parts.items():
            present = store.present(modality)[rows]
            if present.any():
                total[present] += part.predict(store, rows[present])
                n_said[present] += 1
        return np.asarray(total / np.where(n_said > 0, n_said, np.nan))

    def latents(self, store: Store, rows: Rows) -> dict[str, Floats]:
        """There is no latent space."""
        return {}


def fit_linear(task: Task, should_stop: Callable[[], bool]) -> Linear:
    """Fit each modality's model to the training clips that have it.

    Raises:
        TrainingError: no clip to learn from.
        Cancelled: the caller asked.
    """
    parts: dict[str, Part] = {}
    details: JsonObject = {}
    for modality in readable(task, ModalityKind):
        use = labelled(task) & task.store.present(modality)[task.train]
        if use.any():
            parts[modality], chosen = _fit_part(task, modality, use=np.flatnonzero(use), should_stop=should_stop)
            details[modality] = {"n_train": int(use.sum()), "c" if not task.is_trace else "penalty": chosen}
    if not parts:
        raise TrainingError(f"{task.target}: no training clip has both a label and one of {', '.join(task.infer)}")
    return Linear(parts, task.y.shape[1], details)


def _fit_part(task: Task, modality: str, *, use: Rows, should_stop: Callable[[], bool]) -> tuple[Part, float]:
    rows, y = task.train[use], task.y[use]
    reader = fit_reader(task, modality, learn=rows)
    search = Search(inner_folds(task.store, rows, n_folds=N_INNER_FOLDS, seed=task.seed), should_stop)
    if task.is_trace:
        return fit_trace_part(reader, task.store, rows, y, search=search)
    return fit_class_part(reader, task.store, rows, y, search=search)


def _refuses(task: Task) -> str | None:
    if readable(task, ModalityKind):
        return None
    return "linear has nothing to read: no modality may be both learnt from and read of the clips that are asked about"


LINEAR = Method(
    name="linear",
    summary="logistic regression (traces: ridge) on each modality's summary, and the mean of the modalities' answers",
    refuses=_refuses,
    fit=fit_linear,
)
