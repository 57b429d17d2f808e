"""The terms of the objective, each a function of its own; targets are distributions (B, K), weights (B,) ≥ 0.

Every term is a weighted mean over the samples, Σ wᵢ lᵢ / Σ wᵢ, and 0 (with a gradient of 0) where all weights are 0.
The exact equations of the reference work (Jang 2025, arXiv 2511.15741) are not published; these are reconstructions
from the sources named at each.
"""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn import functional

from mlcore.evidence.dirichlet import digamma_cross_entropy, kl_to_uniform, mse_risk

_EPSILON = 1e-6


def weighted_mean(values: Tensor, weights: Tensor | None = None) -> Tensor:
    """Σ wᵢ vᵢ / Σ wᵢ of values (B,); 0 where no sample has weight."""
    if weights is None:
        return values.mean() if values.numel() else values.sum()
    return (weights * values).sum() / weights.sum().clamp_min(_EPSILON)


def without_right_evidence(alpha: Tensor, target: Tensor) -> Tensor:
    """α̃ = 1 + (α − 1)(1 − y / max y): the evidence that speaks against the target; (B, K) twice -> (B, K).

    For one-hot y it equals y + (1 − y)α (Sensoy et al. 2018); for soft y it spares the likeliest class fully and the
    others in proportion.
    """
    return 1 + (alpha - 1) * (1 - target / target.amax(-1, keepdim=True))


def task_loss(alpha: Tensor, target: Tensor, *, kl_weight: float, weights: Tensor | None = None) -> Tensor:
    """Evidential squared-error risk plus the penalty on wrong evidence, for classes.

    Σ[(y − p)² + p(1 − p)/(S + 1)] + λ_t · KL(Dir(α̃) ‖ Dir(1)).

    Args:
        alpha: (B, K) Dirichlet parameters.
        target: (B, K) distributions.
        kl_weight: λ_t, see `kl_ramp`.
        weights: (B,) or None.

    Source: Sensoy, Kaplan and Kandemir 2018, arXiv 1806.01768.
    """
    penalty = kl_to_uniform(without_right_evidence(alpha, target))
    return weighted_mean(mse_risk(alpha, target) + kl_weight * penalty, weights)


def kl_ramp(epoch: int, *, n_epochs: int = 10) -> float:
    """λ_t = min(1, epoch / n_epochs): evidence may grow before wrong evidence is punished; epoch counts from 0."""
    return min(1.0, epoch / n_epochs)


def digamma_loss(alpha: Tensor, target: Tensor, *, weights: Tensor | None = None) -> Tensor:
    """Bayes risk of the cross-entropy, the alternative to the squared error; (B, K) twice -> scalar."""
    return weighted_mean(digamma_cross_entropy(alpha, target), weights)


def similarity_loss(logits: Tensor, target: Tensor, *, weights: Tensor | None = None) -> Tensor:
    """Cross-entropy of the prototype logits against the class: −Σ y ln softmax(s); (B, K) twice -> scalar."""
    return weighted_mean(-(target * functional.log_softmax(logits, -1)).sum(-1), weights)


def uncertainty_loss(vacuity: Tensor, own: Tensor, other: Tensor) -> Tensor:
    """Evidence should follow how well a sample fits the other modality: MSE(1 − u, c·m).

    m is a sample's mean similarity to the *other* clips' projections of the other modality, mapped to (cos + 1)/2;
    c = mean(1 − u)/(mean(m) + ε) brings both to one scale and carries no gradient. 0 below 2 rows.

    Args:
        vacuity: u (B,) in 0..1, of the modality that learns.
        own: its projections (B, d), unit length.
        other: the other modality's projections of the same clips (B, d), unit length.

    Source: rebuilt after PAU, Li et al. 2023 (NeurIPS), "Prototype-based Aleatoric Uncertainty Quantification".
    """
    n_rows = own.shape[0]
    if n_rows < 2:
        return own.sum() * 0
    cosine = own @ other.T
    off_diagonal = (cosine.sum(1) - cosine.diagonal()) / (n_rows - 1)
    m = (off_diagonal + 1) / 2
    certainty = 1 - vacuity
    scale = (certainty.mean() / (m.mean() + _EPSILON)).detach()
    return functional.mse_loss(certainty, scale * m)


def distillation_loss(
    through_teacher: Tensor, teacher: Tensor, *, temperature: float, weights: Tensor | None = None
) -> Tensor:
    """The student's feature, read by the teacher's frozen head, should say what the teacher says.

    T² · KL(softmax(t/T) ‖ softmax(s/T)), each sample weighted (by 1 − u of the teacher).

    Args:
        through_teacher: s (B, K), logits of the teacher's head for the student's feature.
        teacher: t (B, K), the teacher's own logits; carries no gradient.
        temperature: T > 0.
        weights: (B,) or None.

    Source: CrossKD, Wang et al. 2024, arXiv 2306.11369; Hinton et al. 2015, arXiv 1503.02531.
    """
    said = functional.log_softmax(through_teacher / temperature, -1)
    wanted = functional.log_softmax(teacher.detach() / temperature, -1)
    divergence = functional.kl_div(said, wanted, reduction="none", log_target=True).sum(-1)
    return temperature**2 * weighted_mean(divergence, weights)


def alignment_loss(own: Tensor, other: Tensor, trials: Tensor, *, temperature: float) -> Tensor:
    """Symmetric InfoNCE between two modalities' projections of the same clips.

    Clips of the same trial share stimulus and mood: they are no negatives of each other. 0 below 2 rows.

    Args:
        own: (B, d), unit length.
        other: (B, d), unit length; row i is the same clip.
        trials: (B,) whole numbers, equal for clips of one trial.
        temperature: τ > 0.

    Source: van den Oord et al. 2018, arXiv 1807.03748; symmetric form of Radford et al. 2021, arXiv 2103.00020.
    """
    n_rows = own.shape[0]
    if n_rows < 2:
        return own.sum() * 0
    logits = own @ other.T / temperature  # (B, B)
    same_trial = trials[:, None] == trials[None, :]
    not_a_negative = same_trial & ~torch.eye(n_rows, dtype=torch.bool, device=own.device)
    logits = logits.masked_fill(not_a_negative, float("-inf"))
    index = torch.arange(n_rows, device=own.device)
    return (functional.cross_entropy(logits, index) + functional.cross_entropy(logits.T, index)) / 2


def diversity_loss(prototypes: Tensor) -> Tensor:
    """Mean squared off-diagonal cosine between prototypes (P, d) of unit length; 0 for a single one."""
    n_rows = prototypes.shape[0]
    if n_rows < 2:
        return prototypes.sum() * 0
    cosine = prototypes @ prototypes.T
    off_diagonal = cosine - torch.diag_embed(cosine.diagonal())
    return (off_diagonal**2).sum() / (n_rows * (n_rows - 1))
