"""The clips that a strategy chooses from, and what it says of them: columns only, so that a million clips fit."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from mlcore.acquire.scores import PoolScores

Floats = NDArray[np.float64]
Places = NDArray[np.int64]
Embedding = NDArray[np.floating]


@dataclass(frozen=True, slots=True)
class Candidates:
    """n unanswered clips, row by row; a place is a row here, 0..n−1.

    Args:
        subject: (n,) codes of the people.
        session: (n,) codes of the recordings.
        start_s: (n,) on the session clock.
        stop_s: (n,)
        quality: modality -> (n,) measured quality 0..1, NaN where the clip lacks the modality.
        seconds: (n,) what an answer is expected to cost an annotator.
        crosses_change: (n,) whether a trial, stimulus or other state begins or ends inside the clip.
        scores: what the model says of them, row by row; None before the first model.
        embedding: (n, D) places in the latent space, or features before the first model; may be memory-mapped. None
            where there is none.
        known: (m, D) the same of clips that have an answer.
    """

    subject: Places
    session: Places
    start_s: Floats
    stop_s: Floats
    quality: Mapping[str, Floats]
    seconds: Floats
    crosses_change: NDArray[np.bool_]
    scores: PoolScores | None = None
    embedding: Embedding | None = None
    known: Embedding | None = None

    @property
    def n_clips(self) -> int:
        """n."""
        return len(self.subject)


@dataclass(frozen=True, slots=True)
class Picked:
    """What a strategy says.

    Args:
        places: (k,) best first, without repetition.
        values: (n,) the score of each candidate, higher = ask first; NaN = excluded.
        excluded: reason -> places (m,) of those that can't be ranked; none of them is in `places`.
    """

    places: Places
    values: Floats
    excluded: Mapping[str, Places] = field(default_factory=dict)
