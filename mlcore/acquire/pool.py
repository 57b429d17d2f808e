"""All that an order of asking is made of."""

from __future__ import annotations

from collections.abc import Sized
from dataclasses import dataclass

import numpy as np

from mlcore.acquire.answered import Answered
from mlcore.acquire.candidates import Candidates, Floats, Picked, Places
from mlcore.acquire.codes import code
from mlcore.acquire.gate import Gated
from mlcore.errors import TrainingError
from mlcore.types import Route


@dataclass(frozen=True, slots=True)
class Pool:
    """n candidates and what is known of them, and the clips with answers; see `batch.compose`.

    Raises:
        TrainingError: columns of different lengths, an infinite value, or an audit key that is no number.
    """

    candidates: Candidates
    picked: Picked
    gated: Gated
    audit_order: Floats
    answered: Answered | None

    def __post_init__(self) -> None:
        n, values, embedding = self.candidates.n_clips, self.picked.values, self.candidates.embedding
        columns: dict[str, Sized] = {"values": values, "gated": self.gated.route, "audit_order": self.audit_order}
        if embedding is not None:
            columns["embedding"] = embedding
        for name, column in columns.items():
            if len(column) != n:
                raise TrainingError(f"{name}: expected {n} candidates, got {len(column)}")
        if n_odd := int(np.isinf(values).sum()):
            raise TrainingError(f"{n_odd} of {n} clips have an infinite value: they can't be ranked")
        if n_odd := int((~np.isfinite(self.audit_order)).sum()):
            raise TrainingError(f"audit_order: expected finite keys, got others for {n_odd} of {n} clips")

    def wanted(self) -> Places:
        """Served candidates: the picked ones in their order, then by falling value, those without one last."""
        is_served, picked = self.gated.is_served, self.picked.places
        is_rest = is_served.copy()
        is_rest[picked] = False
        by_value = np.argsort(-self.picked.values, kind="stable")
        return np.concatenate([picked[is_served[picked]], by_value[is_rest[by_value]]])

    def unserved(self) -> Places:
        """The quality list, its best signal first, then those about whom nobody is asked."""
        best = np.full(self.candidates.n_clips, -1.0)
        for quality in self.candidates.quality.values():
            best = np.fmax(best, quality)
        listed = np.flatnonzero(self.gated.route == code(Route.QUALITY))
        listed = listed[np.argsort(-best[listed], kind="stable")]
        return np.concatenate([listed, np.flatnonzero(self.gated.route == code(Route.NOWHERE))])
