"""Code tables: a million routes fit in a column of bytes, each an index into its table."""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray

from mlcore.types import Ask, GateReason, Route, Term

Codes = NDArray[np.uint8]

ROUTES: Final = tuple(Route)
ASKS: Final = tuple(Ask)
TERMS: Final = tuple(Term)
REASONS: Final = tuple(GateReason)

#: by route code, whether annotators are given such clips
IS_SERVED: Final = np.array([route.is_served for route in ROUTES])


def code(value: Route | Ask | Term | GateReason) -> int:
    """Index of a value in its table.

    >>> code(Route.MAIN), code(Ask.FACE)
    (0, 2)
    """
    return list(type(value)).index(value)
