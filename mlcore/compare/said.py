"""Whether what a method says can be right."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from mlcore.errors import TrainingError

Floats = NDArray[np.float64]
_SUM_TOLERANCE = 1e-3


def check_said(said: Floats, name: str, *, shape: tuple[int, int], is_trace: bool) -> None:
    """Raise TrainingError unless an answer has the shape asked for, and is distributions or rows of NaN."""
    if said.shape != shape:
        raise TrainingError(f"{name}: expected answers of shape {shape}, got {said.shape}")
    if np.isinf(said).any():
        raise TrainingError(f"{name}: it said infinite values")
    if is_trace:
        return
    spoken = said[~np.isnan(said).all(axis=1)]
    if np.isnan(spoken).any() or (spoken < 0).any() or (abs(spoken.sum(axis=1) - 1.0) > _SUM_TOLERANCE).any():
        raise TrainingError(f"{name}: a row of its answers is neither a distribution nor all NaN")
