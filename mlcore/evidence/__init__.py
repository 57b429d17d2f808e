"""Opinions of classes and of numbers: closed forms, losses, fusion and ensembles."""

from mlcore.evidence.dirichlet import (
    aleatoric_uncertainty,
    digamma_cross_entropy,
    dissonance,
    entropy,
    epistemic_uncertainty,
    kl_to_uniform,
    mse_risk,
    probabilities,
    total_uncertainty,
    vacuity,
)
from mlcore.evidence.ensemble import disagreement, mean_and_variance
from mlcore.evidence.fusion import conflict, discount, fuse
from mlcore.evidence.losses import (
    alignment_loss,
    digamma_loss,
    distillation_loss,
    diversity_loss,
    kl_ramp,
    similarity_loss,
    task_loss,
    uncertainty_loss,
    weighted_mean,
    without_right_evidence,
)
from mlcore.evidence.regression import ccc_loss, squared_error, trace_distillation_loss, trace_loss

__all__ = [
    "aleatoric_uncertainty",
    "alignment_loss",
    "ccc_loss",
    "conflict",
    "digamma_cross_entropy",
    "digamma_loss",
    "disagreement",
    "discount",
    "dissonance",
    "distillation_loss",
    "diversity_loss",
    "entropy",
    "epistemic_uncertainty",
    "fuse",
    "kl_ramp",
    "kl_to_uniform",
    "mean_and_variance",
    "mse_risk",
    "probabilities",
    "similarity_loss",
    "squared_error",
    "task_loss",
    "total_uncertainty",
    "trace_distillation_loss",
    "trace_loss",
    "uncertainty_loss",
    "vacuity",
    "weighted_mean",
    "without_right_evidence",
]
