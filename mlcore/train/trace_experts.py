"""Fitting the linear experts of traces: how strongly they are held back is chosen on clips not learnt from."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from mlcore.train.linear import LinearModel
from mlcore.train.ridge import PENALTIES, Ridge, fit_ridge, fit_ridges
from mlcore.train.split import Fold

Floats = NDArray[np.float64]
Mask = NDArray[np.bool_]
#: λ where nothing is held back to choose by
USUAL = PENALTIES[len(PENALTIES) // 2]


@dataclass(frozen=True, slots=True)
class TraceExpert:
    """A linear model of one modality and trace target.

    Args:
        ridge: fitted to every labelled clip that can be read.
        held_out: (n, T) traces by models that had not learnt from the clip; NaN where no fold held it.
        penalty: λ that was chosen.
    """

    ridge: Ridge
    held_out: Floats
    penalty: float

    @property
    def model(self) -> LinearModel:
        """As a map onto one number."""
        return LinearModel(self.ridge.weights[:, None], np.array([self.ridge.bias]))


def fit_trace_expert(x: Floats, y: Floats, *, usable: Mask, folds: Sequence[Fold]) -> TraceExpert:
    """Choose λ by the squared error on the folds' held clips, then fit to all.

    Args:
        x: (n, T, S) features by the step of the labelled clips.
        y: (n, T) standardised traces, NaN = not scored.
        usable: (n,) whether the clip has the modality.
        folds: validation folds over the same clips.
    """
    scored = usable[:, None] & ~np.isnan(y)
    held_out = _held_out(x, y, scored, folds)
    losses = [_squared_error(said, y, scored) for said in held_out]
    best = min(range(len(PENALTIES)), key=lambda one: (losses[one], abs(np.log(PENALTIES[one] / USUAL))))
    penalty = PENALTIES[best]
    return TraceExpert(fit_ridge(x[scored], y[scored], penalty=penalty), held_out[best], penalty)


def _held_out(x: Floats, y: Floats, scored: Mask, folds: Sequence[Fold]) -> Floats:
    """(λ, n, T)."""
    said = np.full((len(PENALTIES), *y.shape), np.nan)
    for fold in folds:
        learnt = scored & fold.train[:, None]
        if fold.validation.any() and learnt.any():
            models = fit_ridges(x[learnt], y[learnt], penalties=PENALTIES)
            said[:, fold.validation] = [model.predict(x[fold.validation]) for model in models]
    return said


def _squared_error(said: Floats, y: Floats, scored: Mask) -> float:
    judged = scored & ~np.isnan(said)
    return float(np.mean((said[judged] - y[judged]) ** 2)) if judged.any() else 0.0
