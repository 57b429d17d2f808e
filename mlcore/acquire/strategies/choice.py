"""What a strategy is asked, what it says, and what it may insist on."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from mlcore.acquire.candidates import Candidates, Floats, Places
from mlcore.acquire.scores import PoolScores
from mlcore.errors import TrainingError
from mlcore.types import AcquisitionConfig, Strategy

#: rows that are worked on at a time: some MiB of scores
CHUNK = 65_536
DEFAULTS = AcquisitionConfig()


@dataclass(frozen=True, slots=True)
class Choice:
    """One question to a strategy.

    Args:
        strategy: what it is called.
        candidates: all n of them.
        among: (m,) places that may be picked, rising.
        n_picks: how many places are wanted.
        rng: where chance comes from.
        min_quality: 0..1, from which on a modality may be judged by.
    """

    strategy: Strategy
    candidates: Candidates
    among: Places
    n_picks: int
    rng: np.random.Generator
    min_quality: float = DEFAULTS.min_quality

    @property
    def scores(self) -> PoolScores:
        """What the model says.

        Raises:
            TrainingError: there is no model yet, or it judges no classes.
        """
        scores = self.candidates.scores
        if scores is None:
            raise TrainingError(f"{self.strategy} needs what a model says of the clips, and there is no model yet")
        if not scores.alpha:
            raise TrainingError(f"{self.strategy} needs a question with classes, and the model answers none")
        return scores

    @property
    def embedding(self) -> NDArray[np.floating]:
        """Places of the clips (n, D).

        Raises:
            TrainingError: there are none.
        """
        embedding = self.candidates.embedding
        if embedding is None or embedding.shape[1] == 0:
            raise TrainingError(f"{self.strategy} needs an embedding of the clips, and there is none")
        return embedding

    @property
    def known(self) -> NDArray[np.floating]:
        """Places of the clips that have an answer (m, D); (0, D) where there are none."""
        known = self.candidates.known
        return np.zeros((0, self.embedding.shape[1]), dtype=np.float32) if known is None else known


@dataclass(frozen=True, slots=True)
class Rated:
    """What a strategy says.

    Args:
        values: (n,), higher = ask first; whatever is not finite can't be ranked.
        excluded: reason -> places of those that can't be; the others get the reason of all.
    """

    values: Floats
    excluded: Mapping[str, Places] = field(default_factory=dict)


Rate = Callable[[Choice], Rated]


def chunks(n: int, *, size: int = CHUNK) -> Iterator[slice]:
    """Slices that cover 0..n−1.

    >>> [(rows.start, rows.stop) for rows in chunks(5, size=2)]
    [(0, 2), (2, 4), (4, 5)]
    """
    return (slice(start, min(start + size, n)) for start in range(0, n, size))
