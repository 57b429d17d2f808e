"""How a round learnt, for its page: its networks' stages, and what each modality counts."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from annotator.domain.stages import StageName
from annotator.models import Round, Study
from mlcore.types import Dimension, DimensionKind

HELD_BACK_BY = {"subject": _("whole subjects"), "trial": _("whole trials")}


@dataclass(frozen=True, slots=True)
class StageRow:
    """One stage of one network; of a round that was published before folds were kept, clips are unknown."""

    name: StageName
    n_train: int | None
    n_validation: int | None
    n_epochs: int
    best_epoch: int
    validation_loss: float | None


@dataclass(frozen=True, slots=True)
class VoiceRow:
    """What a modality counts for one target: its networks, the linear model beside them, it beside the others."""

    target: str
    modality: str
    networks: float
    linear_model: float
    together: float | None


@dataclass(frozen=True, slots=True)
class Learnt:
    n_networks: int
    #: "whole subjects", "whole trials"; empty where nothing could be held back
    held_back: str
    stages: tuple[StageRow, ...]
    trust: tuple[tuple[str, float], ...]
    voices: tuple[VoiceRow, ...]

    @property
    def has_linear_model(self) -> bool:
        return any(row.linear_model > 0 for row in self.voices)


def how_it_learnt(round_: Round) -> Learnt | None:
    """None before the round is published, and of one whose stages were not kept."""
    stages, validation = round_.metrics.get("stages"), round_.metrics.get("validation", {})
    if not stages:
        return None
    folds = validation.get("folds", [validation])
    rows = tuple(_stage_row(name, stages[name], folds) for name in stage_names(round_) if name in stages)
    return Learnt(
        n_networks=max(row.name.network for row in rows),
        held_back=next((str(HELD_BACK_BY[fold["by"]]) for fold in folds if fold.get("by") in HELD_BACK_BY), ""),
        stages=rows,
        trust=tuple(sorted(validation.get("trust", {}).items())),
        voices=() if round_.config.get("pool") == "discounted" else _voice_rows(validation.get("pools", {})),
    )


def how_answers_were_read(round_: Round, study: Study) -> tuple[str, ...]:
    """What a round made of answers that are neither class nor level, and what it could not read; in sentences."""
    reading, dimensions = round_.reading, study.dimensions
    told = [sentence for dimension in dimensions if (sentence := _read_as(dimension))]
    if reading and any(dimension.kind.is_trace for dimension in dimensions):
        lag = (
            gettext("moved by each annotator's reaction lag")
            if reading["applies_lag"]
            else gettext("reaction lags not applied")
        )
        told.append(
            gettext("Traces were resampled to {trace_sfreq} Hz, {lag}.").format(
                trace_sfreq=f"{reading['trace_sfreq']:g}", lag=lag
            )
        )
    return (*told, *reading.get("notes", ()))


def _read_as(dimension: Dimension) -> str:
    title = dimension.title
    match dimension.kind:
        case DimensionKind.EMOTIONS:
            n_classes = dimension.questions[0].n_classes
            return gettext(
                "{title}: learnt as a distribution over {n_classes} classes, by each emotion's share of intensity."
            ).format(title=title, n_classes=n_classes)
        case DimensionKind.GRID:
            return gettext("{title}: learnt as two scales of {levels} levels.").format(
                title=title, levels=dimension.levels
            )
        case DimensionKind.VAS:
            return gettext("{title}: learnt as {levels} equal parts of the line.").format(
                title=title, levels=dimension.levels
            )
        case DimensionKind.TRACE:
            return gettext(
                "{title}: learnt as a trace, and as the shares of time in three equal parts of its range."
            ).format(title=title)
        case DimensionKind.UNBOUNDED_TRACE:
            return gettext("{title}: learnt as the shares of time in the tertiles of all traces of the round.").format(
                title=title
            )
    return ""


def stage_names(round_: Round) -> list[str]:
    """In the order in which they were trained; the database keeps that of lists only."""
    return list(dict.fromkeys(str(row["stage"]) for row in round_.history))


def _stage_row(text: str, stage: Mapping[str, Any], folds: list[Mapping[str, Any]]) -> StageRow:
    name = StageName.read(text)
    fold = folds[name.network - 1] if name.network <= len(folds) else {}
    return StageRow(
        name,
        n_train=fold.get("n_train"),
        n_validation=fold.get("n_validation"),
        n_epochs=stage["n_epochs"],
        best_epoch=stage["best_epoch"],
        validation_loss=stage["validation_loss"],
    )


def _voice_rows(pools: Mapping[str, Any]) -> tuple[VoiceRow, ...]:
    return tuple(
        VoiceRow(target, modality, networks, linear_model, pool["together"].get(modality))
        for target, pool in sorted(pools.items())
        for modality, (networks, linear_model) in sorted(pool["alone"].items())
    )
