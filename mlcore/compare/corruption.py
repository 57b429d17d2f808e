"""What can be wrong with clips or with labels, and how badly."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from mlcore.errors import TrainingError
from mlcore.store import ModalityKind, Store


class CorruptionKind(StrEnum):
    """What is wrong, and what its level counts."""

    #: white noise; level = its RMS over the channel's own
    NOISE = "noise"
    #: a stretch of the clip shows nothing; level = its share of the steps
    OCCLUSION = "occlusion"
    #: the modality was not recorded; level = share of the clips
    MISSING = "missing"
    #: the modality is late; level = seconds
    SHIFT = "shift"
    #: training labels are wrong; level = share of the clips
    FLIPS = "label flips"


#: kinds whose level is a share
SHARES = frozenset({CorruptionKind.OCCLUSION, CorruptionKind.MISSING, CorruptionKind.FLIPS})
NOISE_LEVELS = (0.5, 1.0, 2.0)
SHARE_LEVELS = (0.25, 0.5, 1.0)
SHIFTS_S = (0.1, 0.5, 1.0, 2.0)
FLIP_LEVELS = (0.1, 0.2, 0.4)


@dataclass(frozen=True, slots=True)
class Corruption:
    """One kind at one level.

    Args:
        kind: what is wrong.
        level: how badly, 0 = not at all; a share in 0..1, a ratio, or seconds.
        modality: whose; empty for labels.
    """

    kind: CorruptionKind
    level: float
    modality: str = ""

    def __post_init__(self) -> None:
        highest = 1.0 if self.kind in SHARES else float("inf")
        if not (self.kind is CorruptionKind.SHIFT or 0 <= self.level <= highest):
            raise TrainingError(f"{self.kind}: expected a level in 0..{highest:g}, got {self.level:g}")
        if (self.kind is CorruptionKind.FLIPS) != (not self.modality):
            raise TrainingError(f"{self.kind}: expected {'no modality' if self.modality else 'a modality'}")

    @property
    def needs_refit(self) -> bool:
        """Whether it changes what is learnt from, so that the same fitted method can't be asked again."""
        return self.kind is CorruptionKind.FLIPS

    @property
    def name(self) -> str:
        """In words, as results name it."""
        return f"{self.modality} {self.kind}".strip()


def default_corruptions(store: Store, modalities: tuple[str, ...]) -> tuple[Corruption, ...]:
    """Every kind that makes sense for a store's modalities, at a few levels each.

    Waveforms get noise; sequences and frames are occluded and shifted, by a step or more; one modality of several goes
    missing; labels are flipped.
    """
    out: list[Corruption] = []
    for name in modalities:
        kind, sfreq = store.meta.modalities[name].kind, store.meta.modalities[name].sfreq
        if kind is ModalityKind.WAVEFORM:
            out += [Corruption(CorruptionKind.NOISE, level, name) for level in NOISE_LEVELS]
        if kind in (ModalityKind.SEQUENCE, ModalityKind.FRAMES) and sfreq is not None:
            out += [Corruption(CorruptionKind.OCCLUSION, level, name) for level in SHARE_LEVELS]
            out += [Corruption(CorruptionKind.SHIFT, level, name) for level in SHIFTS_S if round(level * sfreq) > 0]
        if len(modalities) > 1:
            out += [Corruption(CorruptionKind.MISSING, level, name) for level in SHARE_LEVELS]
    return (*out, *(Corruption(CorruptionKind.FLIPS, level) for level in FLIP_LEVELS))
