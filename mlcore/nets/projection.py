"""From a feature into the shared space."""

from __future__ import annotations

from torch import nn


def build_projection(feature_dim: int, space_dim: int) -> nn.Sequential:
    """Linear, ELU, linear; (B, feature_dim) -> (B, space_dim), not yet of unit length."""
    return nn.Sequential(nn.Linear(feature_dim, feature_dim), nn.ELU(), nn.Linear(feature_dim, space_dim))
