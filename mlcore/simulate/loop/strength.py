"""How strongly the heads of a loop are held back: chosen on answered clips of people that they have not learnt from."""

from __future__ import annotations

import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray

from mlcore.evaluate import negative_log_likelihood
from mlcore.simulate.loop.heads import STRENGTH, fit_heads

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]
#: candidates of C, as the linear experts have them
STRENGTHS = (0.001, 0.01, 0.1, 1.0)
N_FOLDS = 3


def choose_strength(x: Floats, y: Floats, group: Integers, rng: Generator) -> float:
    """The C with the least negative log-likelihood over folds of whole groups; the usual one where there is one group.

    Args:
        x: (n, S).
        y: (n, K) distributions.
        group: (n,) codes of people.
        rng: deals the groups into folds.
    """
    groups = rng.permutation(np.unique(group))
    if len(groups) < 2:
        return STRENGTH
    fold_of = dict(zip(groups.tolist(), (np.arange(len(groups)) % N_FOLDS).tolist(), strict=True))
    fold = np.array([fold_of[one] for one in group.tolist()])
    losses = [_loss(x, y, fold, c=c) for c in STRENGTHS]
    return STRENGTHS[int(np.argmin(losses))]


def _loss(x: Floats, y: Floats, fold: Integers, *, c: float) -> float:
    said = np.empty_like(y)
    for number in np.unique(fold):
        held = fold == number
        heads = fit_heads(x[~held], y[~held], np.ones((1, int((~held).sum()))), c=c)
        said[held] = heads.probabilities(x[held])[0]
    return negative_log_likelihood(said, y)
