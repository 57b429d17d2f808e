"""Squared distances, a block or one row at a time: n points against k take O(n) memory, never n·n."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol, Self

import numpy as np
from numpy.typing import NDArray

from mlcore.acquire.candidates import Floats, Places

Single = NDArray[np.float32]
#: rows, and columns, of a block of distances: 8 MiB each
_BLOCK = 2048


class Points(Protocol):
    """n places of some space, of which only distances are known."""

    def __len__(self) -> int: ...

    def squared_to(self, place: int) -> Floats:
        """Squared distances (n,) of all to one of them."""
        ...


@dataclass(frozen=True, slots=True)
class Embedded:
    """Points that are given as vectors x (n, D)."""

    x: Single
    squared_norms: Floats

    @classmethod
    def at(cls, x: Single) -> Self:
        """Points at x."""
        return cls(x, squared_norms(x))

    def __len__(self) -> int:
        return len(self.x)

    def squared_to(self, place: int) -> Floats:
        """‖xᵢ‖² + ‖xⱼ‖² − 2 xᵢ·xⱼ."""
        return _not_negative(self.squared_norms + self.squared_norms[place] - 2.0 * (self.x @ self.x[place]))


@dataclass(frozen=True, slots=True)
class Outer:
    """Points aᵢ ⊗ zᵢ of a space of C·D dimensions, given by their factors a (n, C) and z (n, D)."""

    a: Single
    z: Single
    squared_norms: Floats

    @classmethod
    def of(cls, a: Single, z: Single) -> Self:
        """Points a ⊗ z."""
        return cls(a, z, squared_norms(a) * squared_norms(z))

    def __len__(self) -> int:
        return len(self.a)

    def squared_to(self, place: int) -> Floats:
        """‖aᵢ‖²‖zᵢ‖² + ‖aⱼ‖²‖zⱼ‖² − 2 (aᵢ·aⱼ)(zᵢ·zⱼ)."""
        products = (self.a @ self.a[place]) * (self.z @ self.z[place])
        return _not_negative(self.squared_norms + self.squared_norms[place] - 2.0 * products)


def squared_norms(x: Single) -> Floats:
    """‖xᵢ‖² (n,) of (n, D)."""
    return np.asarray(np.einsum("nd,nd->n", x, x), dtype=np.float64)


def nearest(x: Single, centres: Single) -> tuple[Floats, Places]:
    """Squared distance (n,) of each row of x (n, D) to the nearest of k > 0 centres (k, D), and which it is (n,)."""
    squared, which = np.full(len(x), np.inf), np.zeros(len(x), dtype=np.int64)
    norms, centre_norms = squared_norms(x), squared_norms(centres)
    for start in range(0, len(x), _BLOCK):
        rows = slice(start, start + _BLOCK)
        for first in range(0, len(centres), _BLOCK):
            # the rows' own norms don't decide which centre is nearest
            block = centre_norms[first : first + _BLOCK] - 2.0 * (x[rows] @ centres[first : first + _BLOCK].T)
            found = block.argmin(axis=1)
            best = norms[rows] + block[np.arange(len(block)), found]
            is_nearer = best < squared[rows]
            squared[rows] = np.where(is_nearer, best, squared[rows])
            which[rows] = np.where(is_nearer, found + first, which[rows])
    return _not_negative(squared), which


def _not_negative(squared: Floats) -> Floats:
    """Rounding may fall short of 0."""
    return np.maximum(squared, 0.0, dtype=np.float64)
