"""What each stage minimises: the terms of `mlcore.evidence`, weighed by the configuration."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from mlcore.evidence import (
    alignment_loss,
    distillation_loss,
    diversity_loss,
    kl_ramp,
    similarity_loss,
    task_loss,
    uncertainty_loss,
    vacuity,
)
from mlcore.nets import ClipInput, ConcordNet, Reading, alpha_of
from mlcore.train.config import RoundConfig
from mlcore.train.tensors import Clips


@dataclass(frozen=True, slots=True)
class Teacher:
    """What the frozen teacher says of the n clips: z (H, n, d), logits (H, n, K) and vacuity (H, n) per target."""

    modality: str
    z: Tensor
    logits: dict[str, Tensor]
    vacuity: dict[str, Tensor]


def read_inputs(net: ConcordNet, modality: str, x: ClipInput) -> Reading:
    """Read a batch; on a GPU the encoder runs in bfloat16, the head always in float32."""
    with torch.autocast(x.signal.device.type, dtype=torch.bfloat16, enabled=x.signal.is_cuda):
        feature = net.branch(modality)(x)
    return net.head(modality, feature)


def read_all(net: ConcordNet, modality: str, x: ClipInput, *, batch_size: int = 256) -> Reading:
    """Read many clips without gradients, batch by batch, with frozen statistics (`net.eval()` is the caller's)."""
    with torch.no_grad():
        starts = range(0, max(len(x), 1), batch_size)
        parts = [read_inputs(net, modality, x[start : start + batch_size]) for start in starts]
    return Reading(
        torch.cat([part.feature for part in parts]),
        torch.cat([part.z for part in parts], dim=1),
        {target: torch.cat([part.logits[target] for part in parts], dim=1) for target in parts[0].logits},
    )


def ask_teacher(net: ConcordNet, modality: str, clips: Clips) -> Teacher:
    """The teacher's fixed answers to every clip, computed once a stage; meaningless where it lacks the modality."""
    reading = read_all(net, modality, clips.inputs[modality])
    vacuities = {target: vacuity(alpha_of(logits)) for target, logits in reading.logits.items()}
    return Teacher(modality, reading.z, reading.logits, vacuities)


def label_terms(
    reading: Reading, clips: Clips, batch: Tensor, *, draws: Tensor, epoch: int, config: RoundConfig
) -> Tensor:
    """Task and similarity, mean over the class targets; clips without a label of a target weigh nothing there.

    Args:
        reading: of the batch.
        clips: all clips of the stage.
        batch: their places (B,).
        draws: (H, n) how often each head's own sample holds each clip.
        epoch: from 0.
        config: weights of the terms.
    """
    weights = config.weights
    kl_weight = weights.task_kl * kl_ramp(epoch, n_epochs=config.kl_ramp_epochs)
    total = reading.z.new_zeros(())
    for target, by_head in reading.logits.items():
        y = clips.targets[target][batch].repeat(len(by_head), 1)
        w = (clips.weights[target][batch] * draws[:, batch]).flatten()
        logits = by_head.flatten(0, 1)  # (H B, K): every head has its own projections and prototypes
        total = total + weights.task * task_loss(alpha_of(logits), y, kl_weight=kl_weight, weights=w)
        total = total + weights.similarity * similarity_loss(logits, y, weights=w)
    return total / max(len(reading.logits), 1)


def draw_for_heads(n_heads: int, n_clips: int, *, seed: int) -> Tensor:
    """How often each head sees each clip (H, n): Poisson(1); once where there is one head.

    Source: online bagging, Oza and Russell 2001; bootstrapped heads, Osband et al. 2016, arXiv 1602.04621.
    """
    once = torch.ones(n_heads, n_clips)
    return torch.poisson(once, generator=torch.Generator().manual_seed(seed)) if n_heads > 1 else once


def diversity_term(net: ConcordNet, config: RoundConfig) -> Tensor:
    """Diversity of each target's prototypes within a head, mean over targets and heads; there is one at least."""
    terms = [diversity_loss(prototypes.flatten(0, 1)) for target in net.banks for prototypes in net.bank(target).unit()]
    return config.weights.diversity * torch.stack(terms).mean()


def draw_pairs(clips: Clips, batch: Tensor, config: RoundConfig) -> Tensor:
    """Which of the batch's clips the teacher is heard on (B,) bool: those that have both modalities, less a share."""
    paired = clips.present[config.teacher_modality][batch]
    if config.modality_dropout > 0:
        paired = paired & (torch.rand(len(batch), device=batch.device) >= config.modality_dropout)
    return paired


def teacher_terms(
    net: ConcordNet,
    reading: Reading,
    teacher: Teacher,
    clips: Clips,
    batch: Tensor,
    *,
    paired: Tensor,
    config: RoundConfig,
) -> Tensor:
    """Distillation and uncertainty, mean over the class targets, and alignment, over the batch's `paired` clips."""
    paired = torch.nonzero(paired).flatten()  # once: on a GPU every use of a mask would wait for it
    rows = batch[paired]
    through = net.head(teacher.modality, reading.feature[paired]).logits
    total = _aligned(reading, teacher, clips, rows, paired=paired, config=config)
    for target, logits in through.items():
        certainty = 1 - teacher.vacuity[target][:, rows]
        distillation = distillation_loss(
            logits.flatten(0, 1),
            teacher.logits[target][:, rows].flatten(0, 1),
            temperature=config.distillation_temperature,
            weights=certainty.flatten(),
        )
        u = vacuity(alpha_of(reading.logits[target][:, paired]))
        pairs = zip(u, reading.z[:, paired], teacher.z[:, rows], strict=True)
        uncertainty = torch.stack([uncertainty_loss(*pair) for pair in pairs]).mean()
        term = config.weights.distillation * distillation + config.weights.uncertainty * uncertainty
        total = total + term / len(through)
    return total


def _aligned(
    reading: Reading, teacher: Teacher, clips: Clips, rows: Tensor, *, paired: Tensor, config: RoundConfig
) -> Tensor:
    pairs = zip(reading.z[:, paired], teacher.z[:, rows], strict=True)
    trials, temperature = clips.trials[rows], config.alignment_temperature
    terms = [alignment_loss(own, other, trials, temperature=temperature) for own, other in pairs]
    return config.weights.alignment * torch.stack(terms).mean()
