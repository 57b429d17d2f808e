"""Orders of asking: best first, as places in the scores (0..n−1)."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from mlcore.acquire.scores import PoolScores
from mlcore.errors import TrainingError


def rank_by_entropy(scores: PoolScores) -> NDArray[np.int64]:
    """Places of the clips, most uncertain first: falling mean over targets of H / ln K; equal ones keep their order.

    Returns:
        (n,) a permutation of 0..n−1; `scores.rows[order]` are the store's rows.

    Raises:
        TrainingError: a score is NaN or infinite (it would sort to the top).
    """
    n_bad = int((~np.isfinite(scores.mean_entropy)).sum())
    if n_bad:
        raise TrainingError(f"{n_bad} of {len(scores.mean_entropy)} clips have no finite entropy: they can't be ranked")
    return np.argsort(-scores.mean_entropy, kind="stable").astype(np.int64)


def random_order(n: int, *, seed: int) -> NDArray[np.int64]:
    """A permutation of 0..n−1 that the seed decides."""
    return np.random.default_rng(seed).permutation(n).astype(np.int64)
