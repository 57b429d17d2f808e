"""Class prototypes in the shared space, and the Dirichlet opinion that they give."""

from __future__ import annotations

import math

import torch
from torch import Tensor, nn
from torch.nn import functional

from mlcore.nets.sizes import SpaceSizes


class PrototypeBank(nn.Module):
    """M learnable unit prototypes for each of K classes of one target and each of H heads, shared by every modality.

    s_k = LSE_m(cos(z, p_km)/τ) − ln M − b with b ≥ 0: the mean over a class's prototypes, so that their number adds
    no evidence, less a bias that lets evidence vanish where z resembles none of them.

    Args:
        n_classes: K.
        sizes: H, M, d, τ, b.

    Source: rebuilt after PAU, Li et al. 2023 (NeurIPS), and Jang 2025, arXiv 2511.15741.
    """

    def __init__(self, n_classes: int, sizes: SpaceSizes) -> None:
        super().__init__()
        self.tau, self.bias = sizes.tau, sizes.bias
        self.prototypes = nn.Parameter(torch.randn(sizes.n_heads, n_classes, sizes.n_prototypes, sizes.space_dim))

    @property
    def n_classes(self) -> int:
        """K."""
        return self.prototypes.shape[1]

    def unit(self) -> Tensor:
        """Prototypes at unit length (H, K, M, d)."""
        return functional.normalize(self.prototypes, dim=-1)

    def forward(self, z: Tensor) -> Tensor:
        """Logits s of unit projections; (H, B, d) -> (H, B, K)."""
        cosine = torch.einsum("hbd,hkmd->hbkm", z, self.unit())
        return torch.logsumexp(cosine / self.tau, dim=-1) - math.log(self.prototypes.shape[2]) - self.bias


def evidence_of(logits: Tensor) -> Tensor:
    """Evidence e = exp(clamp(s, −10, 10)); (..., K) -> (..., K).

    exp and not relu or softplus, which leave zones without a gradient (Pandey and Yu 2023, arXiv 2306.11113).
    """
    return logits.clamp(-10, 10).exp()


def alpha_of(logits: Tensor) -> Tensor:
    """Dirichlet parameters α = e + 1; (..., K) -> (..., K)."""
    return evidence_of(logits) + 1
