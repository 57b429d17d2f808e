"""What CAFNet is trained by."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn import functional

from mlcore.compare.fitting import Examples
from mlcore.errors import TrainingError
from mlcore.nets.baselines import CAFNet, CafReading


@dataclass(frozen=True, slots=True)
class CafLoss:
    """Cross-entropy, confidence and agreement of the modalities; hard clips come in later.

    l_i = −Σ_k y_ik ln p_ik + α Σ_m MSE(confidence_m, Σ_k y_k p_mk) + β ½ (KL(p₁ ‖ p₂) + KL(p₂ ‖ p₁)), and the loss is
    the mean of l_i · [l_i < λ₀ γ^epoch] over the batch. The settings are those of the published code. Ours: the true
    class's probability of a soft label is the one expected under it; and the easier half of a batch always counts,
    because one step can lift every loss above λ, and then nothing would be learnt until λ has grown past them.

    Args:
        alpha: α, weight of the confidence's error.
        beta: β, weight of the disagreement.
        pace: λ₀, loss above which a clip is left out at first.
        pace_growth: γ ≥ 1, factor of λ each epoch.

    Source: Zhu et al. 2023, doi 10.1109/TAFFC.2023.3340924; self-paced learning, Kumar et al. 2010 (NeurIPS).
    """

    alpha: float = 0.5
    beta: float = 0.4
    pace: float = 1.0
    pace_growth: float = 1.15

    def __call__(self, net: nn.Module, examples: Examples, epoch: int) -> Tensor:
        """Loss of a batch; epoch counts from 0."""
        if not isinstance(net, CAFNet):
            raise TrainingError(f"CAFNet's loss reads its confidences, which {type(net).__name__} does not have")
        each = self.each(net.read(*examples.inputs), examples.y)
        return (each * self.is_easy(each.detach(), epoch) * examples.weights).mean()

    def is_easy(self, each: Tensor, epoch: int) -> Tensor:
        """Which clips count, (B,) bool: those below λ₀ γ^epoch, and the easier half of the batch in any case."""
        return (each < self.pace * self.pace_growth**epoch) | (each <= each.median())

    def each(self, reading: CafReading, y: Tensor) -> Tensor:
        """l (B,) of distributions y (B, K)."""
        entropy = -(y * functional.log_softmax(reading.logits, -1)).sum(-1)
        return entropy + self.alpha * confidence_error(reading, y) + self.beta * disagreement(reading)


def confidence_error(reading: CafReading, y: Tensor) -> Tensor:
    """Σ_m MSE between each modality's confidence and its probability of the true class, over the batch."""
    errors = [
        functional.mse_loss(confidence[:, 0], (y * logits.softmax(-1)).sum(-1))
        for logits, confidence in zip(reading.alone, reading.confidence, strict=True)
    ]
    return torch.stack(errors).sum()


def disagreement(reading: CafReading) -> Tensor:
    """½ (KL(p₁ ‖ p₂) + KL(p₂ ‖ p₁)) of the modalities' own answers, mean over the batch."""
    first, second = (logits.log_softmax(-1) for logits in reading.alone)
    both_ways = ((first.exp() - second.exp()) * (first - second)).sum(-1)
    return both_ways.mean() / 2
