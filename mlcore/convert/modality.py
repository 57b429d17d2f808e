"""One modality of the clips of a recording."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mlcore.store import ModalityMeta, RowStream
from mlcore.types import ClipQuality


@dataclass(frozen=True, slots=True)
class ModalityClips:
    """Row n belongs to window n.

    Args:
        meta: form of a clip.
        present: (N,) whether there is something to learn from.
        quality: (N,) in 0..1, 0 where absent.
        rows: (N, *shape), or a stream of them.
    """

    meta: ModalityMeta
    present: NDArray[np.bool_]
    quality: NDArray[np.float64]
    rows: NDArray[Any] | RowStream

    def trusted(self, share: float | None) -> ModalityClips:
        """The same, trusted no further than somebody said; at 0 the modality is absent. None = nothing was said."""
        if share is None:
            return self
        present = self.present & (share > 0)
        return replace(self, present=present, quality=np.where(present, np.minimum(self.quality, share), 0.0))


def scores(quality: Sequence[ClipQuality | None]) -> NDArray[np.float64]:
    """(N,) as a store keeps them: 0 where there is nothing to judge."""
    return np.array([0.0 if one is None else one.score for one in quality])
