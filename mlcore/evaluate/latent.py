"""A latent space as a picture, and how alike two latent spaces are."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from mlcore.evaluate.class_report import known_rows

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Projection:
    """Latents in the plane of their two largest principal components.

    Args:
        points: (n, 2); NaN where the latent has NaN.
        explained: shares of the variance along the two axes, 0..1; (0, 0) where nothing varies.
    """

    points: Floats
    explained: tuple[float, float]


def project(z: Floats) -> Projection:
    """Principal components of latents (n, d) by singular values of the centred rows; rows with NaN are left out.

    The sign of an axis is such that the latents' largest share along it is positive, so that pictures can be compared.
    """
    known = known_rows(z)
    axes, strengths = _axes(z[known])
    points = np.full((len(z), 2), np.nan)
    if known.any():
        points[known] = (z[known] - z[known].mean(axis=0)) @ axes.T
    return Projection(points, (float(strengths[0]), float(strengths[1])))


def _axes(z: Floats) -> tuple[Floats, Floats]:
    """The first two axes (2, d), zeros where there are fewer, and the shares of variance (2,) along them."""
    axes, shares = np.zeros((2, z.shape[1])), np.zeros(2)
    if len(z):
        _, values, found = np.linalg.svd(z - z.mean(axis=0), full_matrices=False)
        n_axes, total = min(2, len(values)), float((values**2).sum())
        axes[:n_axes] = found[:n_axes] * np.sign(_largest(found[:n_axes]))
        shares[:n_axes] = values[:n_axes] ** 2 / total if total > 0 else 0.0
    return axes, shares


def _largest(axes: Floats) -> Floats:
    """The entry (a, 1) of each axis (a, d) that is furthest from 0."""
    return np.take_along_axis(axes, np.abs(axes).argmax(axis=1, keepdims=True), axis=1)
