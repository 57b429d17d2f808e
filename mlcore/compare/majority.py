"""What is said without looking: the training clips' class frequencies, or their mean value."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from mlcore.compare.contract import Floats, Method, Rows, Task
from mlcore.compare.inputs import labelled
from mlcore.errors import TrainingError
from mlcore.store import Store
from mlcore.types import JsonObject


@dataclass(frozen=True, slots=True)
class Constant:
    """One answer (K,) or (T,) for every clip."""

    answer: Floats

    @property
    def held(self) -> Rows:
        """None: every training clip was counted."""
        return np.zeros(0, dtype=np.int64)

    @property
    def details(self) -> JsonObject:
        """The answer itself."""
        return {"answer": self.answer.tolist()}

    def predict(self, store: Store, rows: Rows) -> Floats:
        """The same for each of the rows, whatever is present."""
        return np.tile(self.answer, (len(rows), 1))

    def latents(self, store: Store, rows: Rows) -> dict[str, Floats]:
        """There is no latent space."""
        return {}


def fit_majority(task: Task, should_stop: Callable[[], bool]) -> Constant:
    """Mean of the training distributions; of traces the mean of all values, at every step."""
    y = task.y[labelled(task)]
    if not len(y):
        raise TrainingError(f"{task.target}: none of the training clips has a label")
    return Constant(np.full(y.shape[1], np.nanmean(y)) if task.is_trace else y.mean(axis=0))


MAJORITY = Method(
    name="majority",
    summary="the training clips' class frequencies, or their mean value: what is said without looking",
    refuses=lambda task: None,
    fit=fit_majority,
)
