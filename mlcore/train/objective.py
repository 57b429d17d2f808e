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
    """What the frozen teacher says of the n clips: z (n, d), logits and vacuity per target."""

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
        torch.cat([part.z for part in parts]),
        {target: torch.cat([part.logits[target] for part in parts]) for target in parts[0].logits},
    )


def ask_teacher(net: ConcordNet, modality: str, clips: Clips) -> Teacher:
    """The teacher's fixed answers to every clip, computed once a stage; meaningless where it lacks the modality."""
    reading = read_all(net, modality, clips.inputs[modality])
    vacuities = {target: vacuity(alpha_of(logits)) for target, logits in reading.logits.items()}
    return Teacher(modality, reading.z, reading.logits, vacuities)


def label_terms(reading: Reading, clips: Clips, batch: Tensor, *, epoch: int, config: RoundConfig) -> Tensor:
    """Task and similarity, mean over the targets; clips without a label of a target weigh nothing there."""
    weights = config.weights
    kl_weight = weights.task_kl * kl_ramp(epoch, n_epochs=config.kl_ramp_epochs)
    total = reading.z.new_zeros(())
    for target, logits in reading.logits.items():
        y, w = clips.targets[target][batch], clips.weights[target][batch]
        total = total + weights.task * task_loss(alpha_of(logits), y, kl_weight=kl_weight, weights=w)
        total = total + weights.similarity * similarity_loss(logits, y, weights=w)
    return total / len(reading.logits)


def diversity_term(net: ConcordNet, config: RoundConfig) -> Tensor:
    """Diversity of each target's prototypes, mean over the targets."""
    terms = [diversity_loss(net.bank(target).unit().flatten(0, 1)) for target in net.banks]
    return config.weights.diversity * torch.stack(terms).mean()


def teacher_terms(
    net: ConcordNet, reading: Reading, teacher: Teacher, clips: Clips, batch: Tensor, *, config: RoundConfig
) -> Tensor:
    """Distillation, alignment and uncertainty, over the batch's clips that have both modalities."""
    paired = clips.present[teacher.modality][batch]
    rows = batch[paired]
    own, other = reading.z[paired], teacher.z[rows]
    weights = config.weights
    total = weights.alignment * alignment_loss(own, other, clips.trials[rows], temperature=config.alignment_temperature)
    through = net.head(teacher.modality, reading.feature[paired]).logits
    for target, logits in through.items():
        certainty = 1 - teacher.vacuity[target][rows]
        distillation = distillation_loss(
            logits, teacher.logits[target][rows], temperature=config.distillation_temperature, weights=certainty
        )
        u = vacuity(alpha_of(reading.logits[target][paired]))
        term = weights.distillation * distillation + weights.uncertainty * uncertainty_loss(u, own, other)
        total = total + term / len(through)
    return total


def augment(x: Tensor, config: RoundConfig) -> Tensor:
    """Noise and dropped channels on standardised EEG (B, C, T); a channel that is missing stays zero."""
    keep = torch.rand(x.shape[:2], device=x.device) >= config.eeg_channel_dropout
    is_there = x.abs().amax(-1) > 0
    return (x + config.eeg_noise * torch.randn_like(x)) * (keep & is_there).unsqueeze(-1)
