"""The stages: the teacher learns from labels, then the student from labels and the frozen teacher."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from mlcore.evidence import probabilities
from mlcore.nets import ClipInput, ConcordNet, evidence_of
from mlcore.store import ModalityMeta
from mlcore.train.augment import vary
from mlcore.train.config import RoundConfig, StageConfig
from mlcore.train.loop import Stage
from mlcore.train.objective import (
    ask_teacher,
    diversity_term,
    draw_for_heads,
    label_terms,
    read_all,
    read_inputs,
    teacher_terms,
)
from mlcore.train.tensors import Clips


@dataclass(frozen=True, slots=True)
class Material:
    """What both stages learn from.

    Args:
        train: labelled clips, then unlabelled ones (weights 0).
        n_labelled: how many of `train` are labelled.
        validation: the fold that chooses the epoch; may be empty.
        modalities: what each modality is.
        seed: of what each head draws; not of the run's generators, which a resumed run finds elsewhere.
    """

    train: Clips
    n_labelled: int
    validation: Clips
    modalities: Mapping[str, ModalityMeta]
    seed: int


def teacher_stage(net: ConcordNet, material: Material, config: RoundConfig) -> Stage:
    """Stage 1: teacher branch and prototypes on labels."""
    modality = config.teacher_modality
    return _label_stage("teacher", net, modality, material, config=config, stage=config.teacher)


def lone_student_stage(net: ConcordNet, material: Material, config: RoundConfig, *, modality: str) -> Stage:
    """Stage 2 without a teacher: the student and prototypes of its own, on labels."""
    return _label_stage("student", net, modality, material, config=config, stage=config.student)


def _label_stage(
    name: str, net: ConcordNet, modality: str, material: Material, *, config: RoundConfig, stage: StageConfig
) -> Stage:
    clips = material.train
    rows = torch.nonzero(clips.present[modality][: material.n_labelled]).flatten()
    draws = _draws(material, config)

    def loss(batch: Tensor, epoch: int) -> Tensor:
        reading = read_inputs(net, modality, _varied(material, modality, batch, config))
        terms = label_terms(reading, clips, batch, draws=draws, epoch=epoch, config=config)
        return terms + diversity_term(net, config)

    return Stage(
        name,
        config.stage_for(stage, len(rows)),
        nn.ModuleList([net.branch(modality), net.banks]),
        lambda: shuffled(rows, config.batch_size_for(len(rows))),
        loss,
        _validator(net, modality, material.validation),
    )


def student_stage(net: ConcordNet, material: Material, config: RoundConfig, *, modality: str) -> Stage:
    """Stage 2: the student against labels, the frozen teacher and the prototypes."""
    clips = material.train
    labelled, unlabelled = _student_rows(material, config, modality)
    teacher = ask_teacher(net, config.teacher_modality, clips)
    moves_prototypes = config.prototypes_learn_in_stage_2
    draws = _draws(material, config)

    def loss(batch: Tensor, epoch: int) -> Tensor:
        reading = read_inputs(net, modality, _varied(material, modality, batch, config))
        terms = label_terms(reading, clips, batch, draws=draws, epoch=epoch, config=config)
        terms = terms + teacher_terms(net, reading, teacher, clips, batch, config=config)
        return terms + diversity_term(net, config) if moves_prototypes else terms

    learns = [net.branch(modality), *([net.banks] if moves_prototypes else [])]
    return Stage(
        "student",
        config.stage_for(config.student, len(labelled)),
        nn.ModuleList(learns),
        lambda: with_company(labelled, unlabelled, config.batch_size_for(len(labelled))),
        loss,
        _validator(net, modality, material.validation),
    )


def _student_rows(material: Material, config: RoundConfig, modality: str) -> tuple[Tensor, Tensor]:
    """Labelled clips that the student can read, and unlabelled ones that both modalities can."""
    clips, n_labelled = material.train, material.n_labelled
    has_student = clips.present[modality]
    rows = torch.arange(len(clips), device=clips.device)
    labelled = rows[has_student & (rows < n_labelled)]
    unlabelled = rows[has_student & clips.present[config.teacher_modality] & (rows >= n_labelled)]
    return labelled, unlabelled


def shuffled(rows: Tensor, batch_size: int) -> Iterator[Tensor]:
    """Batches of nearly equal size in random order; none of a single clip, which batch norm can't take."""
    order = rows[torch.randperm(len(rows)).to(rows.device)]
    yield from order.tensor_split(max(1, -(-len(rows) // batch_size)))


def with_company(labelled: Tensor, unlabelled: Tensor, batch_size: int) -> Iterator[Tensor]:
    """Each batch of labelled clips with as many unlabelled ones, drawn anew every epoch."""
    company = unlabelled[torch.randperm(len(unlabelled)).to(unlabelled.device)][: len(labelled)]
    parts = company.tensor_split(max(1, -(-len(labelled) // batch_size)))
    for batch, part in zip(shuffled(labelled, batch_size), parts, strict=True):
        yield torch.cat([batch, part])


def _draws(material: Material, config: RoundConfig) -> Tensor:
    n_heads = config.sizes.space.n_heads if config.bootstrap_heads else 1
    draws = draw_for_heads(n_heads, len(material.train), seed=material.seed)
    return draws.expand(config.sizes.space.n_heads, -1).to(material.train.device)


def _varied(material: Material, modality: str, batch: Tensor, config: RoundConfig) -> ClipInput:
    return vary(material.train.inputs[modality][batch], material.modalities[modality], config.augmentation)


def _validator(net: ConcordNet, modality: str, clips: Clips) -> Callable[[], float | None]:
    """Cross-entropy of the Dirichlet's mean on the validation fold, mean over the targets that it labels."""
    rows = torch.nonzero(clips.present[modality]).flatten()
    names = [name for name, weights in clips.weights.items() if bool(weights[rows].sum() > 0)]
    x = clips.inputs[modality][rows]

    def validate() -> float | None:
        if not names:
            return None
        logits = read_all(net, modality, x).logits
        return sum(_cross_entropy(logits[name], clips, name, rows) for name in names) / len(names)

    return validate


def _cross_entropy(logits: Tensor, clips: Clips, target: str, rows: Tensor) -> float:
    p = probabilities(1 + evidence_of(logits).mean(0))
    y, w = clips.targets[target][rows], clips.weights[target][rows]
    return float((w * -(y * p.log()).sum(-1)).sum() / w.sum())
