"""The scale on which traces are learnt: mean 0 and standard deviation 1 over the training clips."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from mlcore.types import JsonObject

Floats = NDArray[np.float64]
_SMALLEST = 1e-9


@dataclass(frozen=True, slots=True)
class TraceScale:
    """z = (y − mean) / spread.

    Args:
        n_values: T of one trace.
        mean: of the training clips' scored values.
        spread: their standard deviation; 1 where nothing varies.
    """

    n_values: int
    mean: float
    spread: float

    def standardise(self, values: NDArray[np.floating]) -> Floats:
        """Own scale -> z, NaN stays; any shape."""
        return (np.asarray(values, dtype=np.float64) - self.mean) / self.spread

    def restore(self, z: Floats) -> Floats:
        """z -> own scale; any shape."""
        return np.asarray(self.mean + self.spread * z)

    def to_json(self) -> JsonObject:
        """Plain values; `from_json` reads them back."""
        return {"n_values": self.n_values, "mean": self.mean, "spread": self.spread}

    @classmethod
    def from_json(cls, item: Mapping[str, Any]) -> Self:
        """Read what `to_json` wrote."""
        return cls(int(item["n_values"]), float(item["mean"]), float(item["spread"]))


def fit_trace_scale(values: NDArray[np.floating]) -> TraceScale:
    """Measure the traces (n, T) of the training clips, NaN = not scored."""
    known = np.asarray(values, dtype=np.float64)[~np.isnan(values)]
    mean, spread = (float(known.mean()), float(known.std())) if len(known) else (0.0, 0.0)
    return TraceScale(values.shape[1], mean, spread if spread > _SMALLEST else 1.0)
