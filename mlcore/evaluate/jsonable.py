"""Figures as JSON can hold them."""

from __future__ import annotations

import math


def or_null(value: float) -> float | None:
    """JSON has no NaN: a figure that nothing supports is null."""
    return None if math.isnan(value) else float(value)
