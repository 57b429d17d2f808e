"""One modality's linear model, and how strongly it is held down."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from mlcore.compare.contract import Floats, Rows
from mlcore.compare.inputs import Reader
from mlcore.errors import Cancelled
from mlcore.evaluate import negative_log_likelihood
from mlcore.store import ModalityKind, Store
from mlcore.train.linear import LinearModel, fit_logistic
from mlcore.train.ridge import PENALTIES, Ridge, fit_ridge
from mlcore.train.trace_features import trace_features

#: candidates of C
TRUSTS = (0.001, 0.01, 0.1, 1.0)


class Part(Protocol):
    """One modality's answer."""

    def predict(self, store: Store, rows: Rows) -> Floats:
        """Probabilities (n, K) or traces (n, T) of clips that have the modality."""
        ...


@dataclass(frozen=True, slots=True)
class ClassPart:
    """Class probabilities from a clip's summary."""

    reader: Reader
    model: LinearModel

    def predict(self, store: Store, rows: Rows) -> Floats:
        """(n, K)."""
        return self.model.probabilities(self.reader.summaries(store, rows).astype(np.float64))


@dataclass(frozen=True, slots=True)
class TracePart:
    """Each step's value from the clip's summary and, where there is a sequence, its features at that step."""

    reader: Reader
    model: Ridge
    n_steps: int

    def predict(self, store: Store, rows: Rows) -> Floats:
        """(n, T)."""
        x = _features(self.reader, store, rows, n_steps=self.n_steps)
        return self.model.predict(x)


@dataclass(frozen=True, slots=True)
class Search:
    """How a model's one setting is found: the candidate with the least mean loss over the inner folds.

    Args:
        folds: which rows (n,) each fold holds back; without folds the middle candidate is taken.
        should_stop: asked before each fit.
    """

    folds: Sequence[NDArray[np.bool_]]
    should_stop: Callable[[], bool]

    def best(self, candidates: Sequence[float], loss: Callable[[float, NDArray[np.bool_]], float]) -> float:
        """The candidate whose `loss(candidate, held)` is least on average."""
        if not self.folds:
            return candidates[len(candidates) // 2]
        losses = [np.mean([self._watched(loss, one, held) for held in self.folds]) for one in candidates]
        return candidates[int(np.argmin(losses))]

    def _watched(
        self, loss: Callable[[float, NDArray[np.bool_]], float], candidate: float, held: NDArray[np.bool_]
    ) -> float:
        if self.should_stop():
            raise Cancelled("the comparison was stopped")
        return loss(candidate, held)


def fit_class_part(reader: Reader, store: Store, rows: Rows, y: Floats, *, search: Search) -> tuple[ClassPart, float]:
    """Logistic regression on rows (n,) with distributions (n, K); also the C that was chosen."""
    x = reader.summaries(store, rows).astype(np.float64)

    def loss(c: float, held: NDArray[np.bool_]) -> float:
        return negative_log_likelihood(fit_logistic(x[~held], y[~held], c=c).probabilities(x[held]), y[held])

    c = search.best(TRUSTS, loss)
    return ClassPart(reader, fit_logistic(x, y, c=c)), c


def fit_trace_part(reader: Reader, store: Store, rows: Rows, y: Floats, *, search: Search) -> tuple[TracePart, float]:
    """Ridge regression on rows (n,) with traces (n, T), NaN = not scored; also the λ that was chosen."""
    x = _features(reader, store, rows, n_steps=y.shape[1])
    scored = ~np.isnan(y)

    def fit(use: NDArray[np.bool_], penalty: float) -> Ridge:
        return fit_ridge(x[use], y[use], penalty=penalty)

    def loss(penalty: float, held: NDArray[np.bool_]) -> float:
        model, asked = fit(scored & ~held[:, None], penalty), scored & held[:, None]
        return float(np.mean((model.predict(x[asked]) - y[asked]) ** 2))

    penalty = search.best(PENALTIES, loss)
    return TracePart(reader, fit(scored, penalty), y.shape[1]), penalty


def _features(reader: Reader, store: Store, rows: Rows, *, n_steps: int) -> Floats:
    """(n, T, S): the summary at every step of the trace, and a sequence's features at the same time."""
    tracks = reader.signals(store, rows) if reader.meta.kind is ModalityKind.SEQUENCE else None
    return trace_features(reader.summaries(store, rows), tracks, n_values=n_steps)
