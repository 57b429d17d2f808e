"""The loss of a stage on one batch: each term where there is something that it speaks of."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from mlcore.nets import ClipInput, ConcordNet, Reading
from mlcore.train.config import RoundConfig
from mlcore.train.objective import (
    Teacher,
    ask_teacher,
    diversity_term,
    draw_pairs,
    label_terms,
    read_inputs,
    teacher_terms,
)
from mlcore.train.tensors import Clips
from mlcore.train.traces import (
    TraceTeacher,
    ask_trace_teacher,
    read_steps,
    trace_label_terms,
    trace_teacher_terms,
)


@dataclass(frozen=True, slots=True)
class Lesson:
    """What a branch learns from.

    Args:
        net: the whole network.
        modality: of the branch.
        clips: all clips of the stage.
        draws: (H, n) how often each head's own sample holds each clip.
        config: weights of the terms.
    """

    net: ConcordNet
    modality: str
    clips: Clips
    draws: Tensor
    config: RoundConfig


@dataclass(frozen=True, slots=True)
class Heard:
    """A batch as a branch hears it.

    Args:
        whole: the clips as wholes, where class targets or alignment ask for them.
        steps: features over time (B, feature_dim, T'), where there are trace targets.
    """

    whole: Reading | None
    steps: Tensor | None


@dataclass(frozen=True, slots=True)
class Teachers:
    """What the frozen teacher says of all clips of the stage, of whole clips and of traces, where it is asked."""

    whole: Teacher | None
    traces: TraceTeacher | None


def label_loss(lesson: Lesson, x: ClipInput, batch: Tensor, epoch: int) -> Tensor:
    """Labels alone, and the diversity of the prototypes.

    Args:
        lesson: what is learnt.
        x: the batch, varied.
        batch: its places among the lesson's clips (B,).
        epoch: from 0.
    """
    heard = _hear(lesson, x, needs_whole=has_classes(lesson.net))
    terms = _label_terms(lesson, heard, batch, epoch)
    return terms + diversity_term(lesson.net, lesson.config) if has_classes(lesson.net) else terms


def ask_teachers(lesson: Lesson) -> Teachers:
    """The frozen teacher's answers, computed once a stage."""
    net, modality, clips = lesson.net, lesson.config.teacher_modality, lesson.clips
    whole = ask_teacher(net, modality, clips) if _needs_whole(lesson) else None
    return Teachers(whole, ask_trace_teacher(net, modality, clips) if net.trace_targets else None)


def student_loss(lesson: Lesson, teachers: Teachers, x: ClipInput, batch: Tensor, epoch: int) -> Tensor:
    """Labels and the frozen teacher; the diversity of the prototypes where they may move. Arguments: `label_loss`."""
    net, config = lesson.net, lesson.config
    heard = _hear(lesson, x, needs_whole=_needs_whole(lesson))
    terms = _label_terms(lesson, heard, batch, epoch)
    paired = draw_pairs(lesson.clips, batch, config)
    if heard.whole is not None and teachers.whole is not None:
        terms = terms + teacher_terms(
            net, heard.whole, teachers.whole, lesson.clips, batch, paired=paired, config=config
        )
    if heard.steps is not None and teachers.traces is not None:
        terms = terms + trace_teacher_terms(net, heard.steps, teachers.traces, batch, paired=paired, config=config)
    moves_prototypes = config.prototypes_learn_in_stage_2 and has_classes(net)
    return terms + diversity_term(net, config) if moves_prototypes else terms


def has_classes(net: ConcordNet) -> bool:
    """Whether there is a class target; without one there are no prototypes."""
    return len(net.banks) > 0


def _needs_whole(lesson: Lesson) -> bool:
    return has_classes(lesson.net) or lesson.config.weights.alignment > 0


def _hear(lesson: Lesson, x: ClipInput, *, needs_whole: bool) -> Heard:
    net, modality = lesson.net, lesson.modality
    whole = read_inputs(net, modality, x) if needs_whole else None
    return Heard(whole, read_steps(net, modality, x) if net.trace_targets else None)


def _label_terms(lesson: Lesson, heard: Heard, batch: Tensor, epoch: int) -> Tensor:
    net, clips, draws, config = lesson.net, lesson.clips, lesson.draws, lesson.config
    terms = torch.zeros((), device=batch.device)
    if heard.whole is not None:
        terms = terms + label_terms(heard.whole, clips, batch, draws=draws, epoch=epoch, config=config)
    if heard.steps is not None:
        followed = trace_label_terms(net, lesson.modality, heard.steps, clips, batch, draws=draws, config=config)
        terms = terms + followed
    return terms
