"""A fitted method is asked about clips: it sees what may be read of them, and is calibrated by what it held back."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Self

import numpy as np
from numpy.typing import NDArray

from mlcore.compare.contract import Fitted, Method, Task
from mlcore.compare.said import check_said
from mlcore.compare.views import hide
from mlcore.errors import Cancelled, TrainingError
from mlcore.evaluate import apply_temperature, fit_temperature
from mlcore.store import Store

Rows = NDArray[np.int64]
Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Asked:
    """A fitted method, ready to be asked about its task's test clips.

    Args:
        method: what was fitted.
        task: to which task.
        fitted: what came of it.
        temperature: of its probabilities, None = as they are.
    """

    method: Method
    task: Task
    fitted: Fitted
    temperature: float | None

    @classmethod
    def of(cls, method: Method, task: Task, *, calibrate: bool, should_stop: Callable[[], bool]) -> Self:
        """Fit a method, and a temperature to the clips that it held back.

        Raises:
            TrainingError: it held back clips that it was not given, or said of them what can't be right.
            Cancelled: `should_stop` said so.
        """
        if should_stop():
            raise Cancelled("the comparison was stopped")
        plain = cls(method, task, method.fit(task, should_stop), None)
        return replace(plain, temperature=plain.fit_temperature()) if calibrate else plain

    def say(self, store: Store) -> Floats:
        """What it says of the test clips, calibrated: (m, K) or (m, T)."""
        said = self._ask(store, self.task.test)
        return said if self.temperature is None else apply_temperature(said, self.temperature)

    def fit_temperature(self) -> float | None:
        """Temperature by the clips that the method held back; None for a trace, or where it held back none."""
        held = np.asarray(self.fitted.held, dtype=np.int64)
        if not np.isin(held, self.task.train).all():
            raise TrainingError(f"{self.method.name}: its held rows are not among its training rows")
        if self.task.is_trace or not len(held):
            return None
        p = self._ask(self.task.store, held)
        y = self.task.y[np.searchsorted(self.task.train, held)]
        spoken = ~np.isnan(p).any(axis=1)
        return float(fit_temperature(p[spoken], y[spoken])) if spoken.any() else None

    def latents(self) -> dict[str, Floats]:
        """Places of the test clips by what may be read of them: (m, d) each."""
        found = self.fitted.latents(self._shown(self.task.store), self.task.test)
        return {name: np.asarray(z, dtype=np.float64) for name, z in found.items()}

    def _shown(self, store: Store) -> Store:
        return hide(store, [name for name in self.task.modalities if name not in self.task.infer])

    def _ask(self, store: Store, rows: Rows) -> Floats:
        said = np.asarray(self.fitted.predict(self._shown(store), rows), dtype=np.float64)
        check_said(said, self.method.name, shape=(len(rows), self.task.y.shape[1]), is_trace=self.task.is_trace)
        return said
