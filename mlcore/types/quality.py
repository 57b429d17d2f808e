"""How far a clip's signals can be trusted."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum


class QualityFault(StrEnum):
    """What lowers the quality of a clip, by modality."""

    # EEG
    FLAT = "flat"
    SATURATED = "saturated"
    LINE_NOISE = "line noise"
    MUSCLE = "muscle"
    DROPOUT = "drop-out"
    POP = "electrode pop"
    GAP = "gap in time"
    # face
    NO_FACE = "no face"
    SMALL_FACE = "small face"
    BLUR = "blur"
    POSE = "turned head"
    OCCLUDED = "occluded"
    EXPOSURE = "exposure"
    FROZEN = "frozen picture"
    DROPPED_FRAMES = "dropped frames"


@dataclass(frozen=True, slots=True)
class ClipQuality:
    """How far one modality of a clip can be trusted, and why no further."""

    #: 0 worthless .. 1 clean
    score: float
    #: severity 0..1 of every fault that was found, by `QualityFault`; empty = nothing to say
    faults: dict[str, float] = field(default_factory=dict)
