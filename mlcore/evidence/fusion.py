"""Bringing the modalities' opinions together, in any order and however many there are.

Dempster's rule is not used: it hides conflict. Each opinion is discounted by its signal quality and by its conflict
with the others, then the evidence is averaged. One modality alone, and a modality that is missing, run the same code.
"""

from __future__ import annotations

import torch
from torch import Tensor

from mlcore.evidence.dirichlet import probabilities, vacuity


def discount(evidence: Tensor, trust: Tensor) -> Tensor:
    """Trust an opinion only in part: b' = η·b, u' = 1 − η(1 − u), e' = K·b'/u'.

    The mean moves on a straight line towards uniform, p' = η·p + (1 − η)/K.

    Args:
        evidence: e (..., K) ≥ 0.
        trust: η (...) in 0..1; 1 changes nothing, 0 leaves no evidence.

    Source: subjective logic's trust discount, Jøsang 2016, doi 10.1007/978-3-319-42337-1.
    """
    n_classes = evidence.shape[-1]
    belief = evidence / (evidence.sum(-1, keepdim=True) + n_classes)
    kept = trust.unsqueeze(-1) * belief
    return n_classes * kept / (1 - kept.sum(-1, keepdim=True))


def conflict(evidence: Tensor, other: Tensor) -> Tensor:
    """How much two opinions contradict one another: ½ Σ|p − p'| · (1 − u)(1 − u'); (..., K) twice -> (...) in 0..1.

    Source: Bezirganyan et al. 2024, arXiv 2412.18024 (after Jøsang's degree of conflict).
    """
    alpha, beta = evidence + 1, other + 1
    distance = (probabilities(alpha) - probabilities(beta)).abs().sum(-1) / 2
    return distance * (1 - vacuity(alpha)) * (1 - vacuity(beta))


def fuse(evidence: Tensor, quality: Tensor, *, conflict_power: float = 1.0) -> Tensor:
    """One opinion from M: Σ q·e' / Σ q with e' = discount(e, q · Π_{others}(1 − conflict·q_other)^λ).

    Quality 0 means missing: such a row neither adds evidence nor waters down the others. Without any modality the
    evidence is 0 (p uniform, vacuity 1).

    Args:
        evidence: (M, B, K) ≥ 0.
        quality: (M, B) in 0..1.
        conflict_power: λ ≥ 0; 0 ignores conflict.

    Returns:
        (B, K), the same for every order of the M modalities up to rounding.

    Source: discounted belief fusion, Bezirganyan et al. 2024, arXiv 2412.18024; averaging instead of products is ours.
    """
    agreement = 1 - conflict(evidence.unsqueeze(1), evidence.unsqueeze(0)) * quality.unsqueeze(0)  # (M, M, B)
    itself = torch.eye(len(evidence), dtype=torch.bool, device=evidence.device).unsqueeze(-1)
    trust = quality * agreement.masked_fill(itself, 1.0).prod(1) ** conflict_power  # (M, B)
    kept = discount(evidence, trust) * quality.unsqueeze(-1)
    return kept.sum(0) / quality.sum(0).clamp_min(1e-6).unsqueeze(-1)
