"""Closed forms of a Dirichlet opinion, in nats; α is (..., K) with every entry ≥ 1 (evidence e = α − 1)."""

from __future__ import annotations

import torch
from torch import Tensor


def probabilities(alpha: Tensor) -> Tensor:
    """Mean of the Dirichlet: p = α / S, S = Σα; (..., K) -> (..., K)."""
    return alpha / alpha.sum(-1, keepdim=True)


def entropy(p: Tensor) -> Tensor:
    """Shannon entropy H[p] = −Σ p ln p with 0·ln 0 = 0; (..., K) -> (...)."""
    entropies: Tensor = torch.special.entr(p).sum(-1)
    return entropies


def total_uncertainty(alpha: Tensor) -> Tensor:
    """Entropy of the mean, H[α/S]; (..., K) -> (...) in 0..ln K.

    >>> round(float(total_uncertainty(torch.tensor([50.0, 50.0, 1.0, 1.0]))), 4)
    0.7897
    """
    return entropy(probabilities(alpha))


def aleatoric_uncertainty(alpha: Tensor) -> Tensor:
    """Expected entropy of p ~ Dir(α): −Σ (α_k/S)(ψ(α_k + 1) − ψ(S + 1)); (..., K) -> (...).

    At zero evidence it is already 1.083 of ln 4 = 1.386 for K = 4: it does not separate ignorance from conflict;
    (vacuity, dissonance) does.

    Source: Malinin and Gales 2018, arXiv 1802.10501.
    """
    total = alpha.sum(-1, keepdim=True)
    return -(alpha / total * (torch.digamma(alpha + 1) - torch.digamma(total + 1))).sum(-1)


def epistemic_uncertainty(alpha: Tensor) -> Tensor:
    """Mutual information between class and p: total − aleatoric; (..., K) -> (...). Relative, not calibrated."""
    return total_uncertainty(alpha) - aleatoric_uncertainty(alpha)


def vacuity(alpha: Tensor) -> Tensor:
    """Lack of evidence u = K / S; (..., K) -> (...) in 0..1.

    Source: Sensoy, Kaplan and Kandemir 2018, arXiv 1806.01768.
    """
    return alpha.shape[-1] / alpha.sum(-1)


def dissonance(alpha: Tensor) -> Tensor:
    """Evidence that contradicts itself; (..., K) -> (...) in 0..1.

    Σ_k b_k · [Σ_{j≠k} b_j Bal(b_j, b_k)] / Σ_{j≠k} b_j with b = (α − 1)/S, Bal(x, y) = 1 − |x − y|/(x + y) and
    Bal(0, 0) = 0.

    Source: Jøsang, Cho and Chen 2018, doi 10.23919/ICIF.2018.8455463.
    """
    belief = (alpha - 1) / alpha.sum(-1, keepdim=True)  # (..., K)
    mine, other = belief.unsqueeze(-1), belief.unsqueeze(-2)  # (..., K, 1), (..., 1, K)
    both = mine + other
    balance = torch.where(both > 0, 1 - (mine - other).abs() / both.clamp_min(_TINY), torch.zeros_like(both))
    balance = balance * (1 - torch.eye(alpha.shape[-1], dtype=alpha.dtype, device=alpha.device))
    rest = belief.sum(-1, keepdim=True) - belief
    share = torch.where(rest > 0, (other * balance).sum(-1) / rest.clamp_min(_TINY), torch.zeros_like(rest))
    return (belief * share).sum(-1)


def kl_to_uniform(alpha: Tensor) -> Tensor:
    """KL(Dir(α) ‖ Dir(1)); (..., K) -> (...).

    ln Γ(S) − ln Γ(K) − Σ ln Γ(α_k) + Σ (α_k − 1)(ψ(α_k) − ψ(S)). Source: Sensoy et al. 2018, arXiv 1806.01768.
    """
    total = alpha.sum(-1, keepdim=True)
    n_classes = torch.tensor(float(alpha.shape[-1]), dtype=alpha.dtype, device=alpha.device)
    normaliser = torch.lgamma(total).squeeze(-1) - torch.lgamma(n_classes) - torch.lgamma(alpha).sum(-1)
    return normaliser + ((alpha - 1) * (torch.digamma(alpha) - torch.digamma(total))).sum(-1)


def mse_risk(alpha: Tensor, target: Tensor) -> Tensor:
    """Bayes risk of the squared error, Σ_k (y_k − p_k)² + p_k(1 − p_k)/(S + 1); (..., K) twice -> (...).

    Source: Sensoy et al. 2018, arXiv 1806.01768, equation 5; y may be a distribution over classes.
    """
    total = alpha.sum(-1, keepdim=True)
    p = alpha / total
    return ((target - p) ** 2 + p * (1 - p) / (total + 1)).sum(-1)


def digamma_cross_entropy(alpha: Tensor, target: Tensor) -> Tensor:
    """Bayes risk of the cross-entropy, Σ_k y_k (ψ(S) − ψ(α_k)); (..., K) twice -> (...).

    Source: Sensoy et al. 2018, arXiv 1806.01768, equation 4.
    """
    return (target * (torch.digamma(alpha.sum(-1, keepdim=True)) - torch.digamma(alpha))).sum(-1)


#: keeps a division finite where the numerator is 0 as well
_TINY = 1e-12
