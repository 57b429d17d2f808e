"""Fitting the linear experts: how strongly they are held back is chosen on clips that they have not learnt from."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.special import log_softmax

from mlcore.train.linear import LinearModel, fit_logistic
from mlcore.train.split import Fold
from mlcore.train.tensors import class_weights

Floats = NDArray[np.float64]
Mask = NDArray[np.bool_]
#: C of the logistic regression; the second where nothing is held back to choose by
STRENGTHS = (0.001, 0.01, 0.1, 1.0)
USUAL = 0.01


@dataclass(frozen=True, slots=True)
class Expert:
    """A linear model of one modality and target.

    Args:
        model: fitted to every labelled clip that can be read.
        held_out: (n, K) logits of models that had not learnt from the clip; NaN where no fold held it.
        c: the strength that was chosen.
    """

    model: LinearModel
    held_out: Floats
    c: float


def fit_expert(
    x: NDArray[np.floating],
    y: Floats,
    *,
    usable: Mask,
    folds: Sequence[Fold],
    balance: float,
    clip_weights: Floats | None = None,
) -> Expert:
    """Choose C by the negative log-likelihood on the folds' held clips, then fit to all.

    Args:
        x: (n, S) standardised summaries of the labelled clips.
        y: (n, K) distributions, rows of NaN = not scored.
        usable: (n,) whether the clip has the modality and a label.
        folds: validation folds over the same clips.
        balance: of the classes, see `class_weights`.
        clip_weights: (n,) ≥ 0, how much each clip's label counts; 1 for all if None.
    """
    counted = np.ones(len(y)) if clip_weights is None else clip_weights
    tried = {c: _held_out(x, y, usable, folds, c=c, balance=balance, counted=counted) for c in STRENGTHS}
    c = min(STRENGTHS, key=lambda one: (_nll(tried[one], y, usable, counted), abs(np.log(one / USUAL))))
    return Expert(_fit(x, y, usable, c=c, balance=balance, counted=counted), tried[c], c)


def _held_out(
    x: NDArray[np.floating],
    y: Floats,
    usable: Mask,
    folds: Sequence[Fold],
    *,
    c: float,
    balance: float,
    counted: Floats,
) -> Floats:
    logits = np.full_like(y, np.nan)
    for fold in folds:
        learnt = usable & fold.train
        if fold.validation.any() and learnt.any():
            fitted = _fit(x, y, learnt, c=c, balance=balance, counted=counted)
            logits[fold.validation] = fitted.logits(x[fold.validation])
    return logits


def _fit(x: NDArray[np.floating], y: Floats, usable: Mask, *, c: float, balance: float, counted: Floats) -> LinearModel:
    weights = y[usable] @ class_weights(y[usable], balance=balance) * counted[usable]
    return fit_logistic(x[usable], y[usable], c=c, weights=weights)


def _nll(logits: Floats, y: Floats, usable: Mask, counted: Floats) -> float:
    judged = usable & ~np.isnan(logits).any(axis=1)
    losses = -(y[judged] * log_softmax(logits[judged], axis=1)).sum(axis=1)
    total = float(counted[judged].sum())
    return float((counted[judged] * losses).sum()) / total if total > 0 else 0.0
