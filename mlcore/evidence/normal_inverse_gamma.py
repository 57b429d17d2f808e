"""Evidence for a number: a normal-inverse-gamma opinion of its mean and variance.

μ ~ N(γ, σ²/ν), σ² ~ Γ⁻¹(α, β), so that a value is Student-t around γ. The values of the uncertainties are relative,
not calibrated: the likelihood sees β(1 + ν)/ν alone, and what splits it is the regulariser (Meinert et al. 2023,
arXiv 2205.10060). A small ensemble of heads stands beside them.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Self

import torch
from torch import Tensor
from torch.nn import functional

from mlcore.evidence.masked import known_mean, known_values

#: added to what softplus gives, which is 0 in single precision for a large negative number
_FLOOR = 1e-6


@dataclass(frozen=True, slots=True)
class NormalInverseGamma:
    """One opinion a value, four tensors of one shape.

    Args:
        gamma: γ, the answer.
        nu: ν > 0, how many observations the mean rests on.
        alpha: α > 1, half of how many the variance rests on.
        beta: β > 0.

    Source: Amini, Schwarting, Soleimany and Rus 2020, arXiv 1910.02600.
    """

    gamma: Tensor
    nu: Tensor
    alpha: Tensor
    beta: Tensor

    @classmethod
    def of(cls, raw: Tensor) -> Self:
        """From a network's numbers (4, …): γ as it is, softplus for ν, α − 1 and β."""
        gamma, *rest = raw
        nu, above_one, beta = (functional.softplus(one) + _FLOOR for one in rest)
        return cls(gamma, nu, above_one + 1, beta)

    @property
    def aleatoric(self) -> Tensor:
        """Expected variance of a value, E[σ²] = β/(α − 1)."""
        return self.beta / (self.alpha - 1)

    @property
    def epistemic(self) -> Tensor:
        """Variance of the mean, Var[μ] = β/(ν(α − 1))."""
        return self.beta / (self.nu * (self.alpha - 1))


def nig_nll(opinion: NormalInverseGamma, truth: Tensor) -> Tensor:
    """−ln of the Student-t density at y with 2α degrees of freedom around γ, scale² β(1 + ν)/(να); value by value.

    ½ ln(π/ν) − α ln Ω + (α + ½) ln((y − γ)²ν + Ω) + ln Γ(α) − ln Γ(α + ½), Ω = 2β(1 + ν).

    Source: Amini et al. 2020, arXiv 1910.02600, equation 8.
    """
    nu, alpha = opinion.nu, opinion.alpha
    omega = 2 * opinion.beta * (1 + nu)
    squared = (truth - opinion.gamma) ** 2
    fit = (alpha + 0.5) * torch.log(squared * nu + omega) - alpha * torch.log(omega)
    return 0.5 * (math.log(math.pi) - torch.log(nu)) + fit + torch.lgamma(alpha) - torch.lgamma(alpha + 0.5)


def nig_regulariser(opinion: NormalInverseGamma, truth: Tensor) -> Tensor:
    """Evidence for a wrong answer costs: |y − γ|·(2ν + α); value by value.

    Source: Amini et al. 2020, arXiv 1910.02600, equation 9.
    """
    return (truth - opinion.gamma).abs() * (2 * opinion.nu + opinion.alpha)


def nig_loss(
    opinion: NormalInverseGamma, truth: Tensor, *, regulariser_weight: float, weights: Tensor | None = None
) -> Tensor:
    """NLL + λ·regulariser, the mean over every value that was scored.

    Args:
        opinion: of (B, T) values.
        truth: (B, T), NaN where nothing was scored.
        regulariser_weight: λ ≥ 0.
        weights: (B,) or None.
    """
    values, counts = known_values(truth, weights)
    terms = nig_nll(opinion, values) + regulariser_weight * nig_regulariser(opinion, values)
    return known_mean(terms, counts)
