"""Measures of doubt in numpy, for many clips at once; the closed forms are those of `mlcore.evidence`."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
_TINY = 1e-12


def entropy(p: Floats) -> Floats:
    """−Σ p ln p with 0·ln 0 = 0, in nats; (..., K) -> (...)."""
    return np.asarray(-(p * np.log(np.maximum(p, _TINY))).sum(axis=-1))


def mutual_information(said: Floats) -> Floats:
    """H[mean p] − mean H[p] over members, in nats, ≥ 0; (M, n, K) -> (n,)."""
    return np.asarray(np.maximum(entropy(said.mean(axis=0)) - entropy(said).mean(axis=0), 0.0))


def dissonance(alpha: Floats) -> Floats:
    """Evidence that contradicts itself, 0..1; (n, K) -> (n,). See `mlcore.evidence.dirichlet.dissonance`."""
    belief = (alpha - 1.0) / alpha.sum(axis=1, keepdims=True)
    mine, other = belief[:, :, None], belief[:, None, :]
    both = mine + other
    balance = np.where(both > 0, 1.0 - np.abs(mine - other) / np.maximum(both, _TINY), 0.0)
    balance *= 1.0 - np.eye(alpha.shape[1])
    rest = belief.sum(axis=1, keepdims=True) - belief
    share = np.where(rest > 0, (other * balance).sum(axis=2) / np.maximum(rest, _TINY), 0.0)
    return np.asarray((belief * share).sum(axis=1))
