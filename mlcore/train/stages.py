"""The stages: the teacher learns from labels, then the student from labels and the frozen teacher."""

from __future__ import annotations

from collections.abc import Iterator

import torch
from torch import Tensor, nn

from mlcore.nets import ClipInput, ConcordNet
from mlcore.train.augment import vary
from mlcore.train.config import RoundConfig, StageConfig
from mlcore.train.lesson import Lesson, ask_teachers, label_loss, student_loss
from mlcore.train.loop import Stage
from mlcore.train.material import Material
from mlcore.train.objective import draw_for_heads
from mlcore.train.validate import validator


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
    lesson = Lesson(net, modality, clips, _draws(material, config), config)
    return Stage(
        name,
        config.stage_for(stage, len(rows)),
        nn.ModuleList([net.branch(modality), net.banks]),
        lambda: shuffled(rows, config.batch_size_for(len(rows))),
        lambda batch, epoch: label_loss(lesson, _varied(material, modality, batch, config), batch, epoch),
        validator(net, modality, material.validation),
    )


def student_stage(net: ConcordNet, material: Material, config: RoundConfig, *, modality: str) -> Stage:
    """Stage 2: the student against labels, the frozen teacher and the prototypes."""
    labelled, unlabelled = _student_rows(material, config, modality)
    lesson = Lesson(net, modality, material.train, _draws(material, config), config)
    teachers = ask_teachers(lesson)

    def loss(batch: Tensor, epoch: int) -> Tensor:
        return student_loss(lesson, teachers, _varied(material, modality, batch, config), batch, epoch)

    learns = [net.branch(modality), *([net.banks] if config.prototypes_learn_in_stage_2 else [])]
    return Stage(
        "student",
        config.stage_for(config.student, len(labelled)),
        nn.ModuleList(learns),
        lambda: with_company(labelled, unlabelled, config.batch_size_for(len(labelled))),
        loss,
        validator(net, modality, material.validation),
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
