"""What each stage minimises where traces are learnt: concordance with the truth, likeness to the frozen teacher."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from mlcore.evidence import mean_and_variance, trace_distillation_loss, trace_loss
from mlcore.nets import ClipInput, ConcordNet
from mlcore.train.config import RoundConfig
from mlcore.train.tensors import Clips


@dataclass(frozen=True, slots=True)
class TraceTeacher:
    """How the frozen teacher follows the n clips, per trace target.

    Args:
        modality: what it reads.
        said: (H, n, T), on the standardised scale.
        certainty: (n,) 1/(1 + v), v the variance over its heads, mean over the steps.
    """

    modality: str
    said: dict[str, Tensor]
    certainty: dict[str, Tensor]


def read_steps(net: ConcordNet, modality: str, x: ClipInput) -> Tensor:
    """Features over time; on a GPU the encoder runs in bfloat16, heads always in float32; -> (B, feature_dim, T')."""
    with torch.autocast(x.signal.device.type, dtype=torch.bfloat16, enabled=x.signal.is_cuda):
        return net.branch(modality).steps(x)


def follow_all(net: ConcordNet, modality: str, x: ClipInput, *, batch_size: int = 256) -> dict[str, Tensor]:
    """Every trace of many clips without gradients, batch by batch (`net.eval()` is the caller's); -> (H, n, T) each."""
    branch = net.branch(modality)
    with torch.no_grad():
        starts = range(0, max(len(x), 1), batch_size)
        parts = [branch.follow(read_steps(net, modality, x[start : start + batch_size])) for start in starts]
    return {name: torch.cat([part[name] for part in parts], dim=1) for name in net.trace_targets}


def ask_trace_teacher(net: ConcordNet, modality: str, clips: Clips) -> TraceTeacher:
    """The teacher's fixed traces of every clip, computed once a stage; meaningless where it lacks the modality."""
    said = follow_all(net, modality, clips.inputs[modality])
    certainty = {name: 1 / (1 + mean_and_variance(traces)[1].mean(-1)) for name, traces in said.items()}
    return TraceTeacher(modality, said, certainty)


def trace_label_terms(
    net: ConcordNet, modality: str, steps: Tensor, clips: Clips, batch: Tensor, *, draws: Tensor, config: RoundConfig
) -> Tensor:
    """1 − CCC over the pooled batch plus a small squared error, mean over the trace targets and heads.

    Args:
        net: whose heads follow.
        modality: what is read.
        steps: (B, feature_dim, T'), of the batch.
        clips: all clips of the stage.
        batch: their places (B,).
        draws: (H, n) how often each head's own sample holds each clip.
        config: weights of the terms.
    """
    weights = config.weights
    terms = [
        trace_loss(by_head, clips.traces[name][batch], mse_weight=weights.trace_mse, weights=drawn[batch])
        for name, said in net.branch(modality).follow(steps).items()
        for by_head, drawn in zip(said, draws, strict=True)
    ]
    return weights.trace * torch.stack(terms).mean()


def trace_teacher_terms(
    net: ConcordNet, steps: Tensor, teacher: TraceTeacher, batch: Tensor, *, paired: Tensor, config: RoundConfig
) -> Tensor:
    """Distillation, mean over the trace targets and heads: the teacher's heads on the student's features.

    Args:
        net: holds the teacher's frozen heads.
        steps: (B, feature_dim, T'), the student's.
        teacher: what it says of all clips of the stage.
        batch: their places (B,).
        paired: (B,) bool, clips on which the teacher is heard.
        config: weight of the term.
    """
    rows = batch[paired]
    terms = [
        trace_distillation_loss(through, own, weights=teacher.certainty[name][rows])
        for name, said in net.branch(teacher.modality).follow(steps[paired]).items()
        for through, own in zip(said, teacher.said[name][:, rows], strict=True)
    ]
    return config.weights.distillation * torch.stack(terms).mean()
