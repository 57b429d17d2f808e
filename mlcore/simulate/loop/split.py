"""Who is tested, what may be asked about, and what is known at the start."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray

from mlcore.errors import ConcordError
from mlcore.evaluate import SplitBy
from mlcore.simulate.loop.given import Given
from mlcore.simulate.loop.material import Material

Integers = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Split:
    """Rows of a store.

    Args:
        pool: (n,) what may be asked about: clips about which annotators know something to say.
        test: (m,) clips of the test subjects (or trials) that have an answer to be judged by.
        start: (s,) places in `pool` that are answered at the start.
        group: (n,) codes of the subjects (or trials) of the pool.
    """

    pool: Integers
    test: Integers
    start: Integers
    group: Integers


def draw_split(
    material: Material, given: Given, rng: Generator, *, by: SplitBy, test_share: float, n_start: int
) -> Split:
    """Deal subjects (or trials) into test and pool; the start is a random draw from the whole pool.

    Raises:
        ConcordError: one of the two is empty, or the pool smaller than the start.
    """
    unit = material.subject if by is SplitBy.SUBJECT else material.trial
    units = rng.permutation(np.unique(unit))
    n_test = min(max(1, round(test_share * len(units))), len(units) - 1)
    is_test = np.isin(unit, units[:n_test])
    pool = np.flatnonzero(~is_test & given.can_answer)
    test = np.flatnonzero(is_test & (given.said >= 0))
    if not len(test) or len(pool) <= n_start:
        raise ConcordError(
            f"a loop needs {by}s with answers to test on and more than {n_start} clips to ask about, "
            f"got {len(test)} and {len(pool)}: split by trial, or start with fewer"
        )
    return Split(pool, test, rng.permutation(len(pool))[:n_start].astype(np.int64), unit[pool])
