"""One answer from several voices: a line whose weights are not negative."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import nnls

from mlcore.types import JsonObject

Floats = NDArray[np.float64]
#: standard deviation below which a voice says the same of everything
_STILL = 1e-9


@dataclass(frozen=True, slots=True)
class Line:
    """ŷ = bias + Σ weights · voices."""

    weights: tuple[float, ...]
    bias: float = 0.0

    def of(self, *voices: Floats) -> Floats:
        """The line's answer to equally shaped voices."""
        said = sum((weight * voice for weight, voice in zip(self.weights, voices, strict=True)), start=self.bias)
        return np.asarray(said, dtype=np.float64)

    def to_json(self) -> JsonObject:
        """Plain values; `from_json` reads them back."""
        return {"weights": list(self.weights), "bias": self.bias}

    @classmethod
    def from_json(cls, item: Mapping[str, Any]) -> Self:
        """Read what `to_json` wrote."""
        return cls(tuple(float(weight) for weight in item["weights"]), float(item["bias"]))


def fit_line(x: Floats, y: Floats) -> Line:
    """Least squares with weights ≥ 0 and a free bias: NNLS of centred values; a voice that stands still gets 0.

    Args:
        x: (n, M), one column a voice.
        y: (n,).

    Source: Lawson and Hanson 1974, Solving Least Squares Problems (NNLS).
    """
    x_mean, y_mean = x.mean(axis=0), float(y.mean())
    centred = np.where(x.std(axis=0) > _STILL, x - x_mean, 0.0)  # what rounding leaves of a constant is no voice
    weights = nnls(centred, y - y_mean)[0]
    return Line(tuple(float(weight) for weight in weights), y_mean - float(x_mean @ weights))
