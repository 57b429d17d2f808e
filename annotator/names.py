"""What mlcore names in English, in the language of whoever reads it; what is stored and exported keeps mlcore's own."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from django.utils.translation import gettext_lazy as _

from mlcore.types import QualityFault, SyncMethod

if TYPE_CHECKING:
    from django_stubs_ext import StrPromise

METHODS: Mapping[str, StrPromise] = {
    SyncMethod.TRIGGERS: _("status triggers"),
    SyncMethod.XDF_STAMPS: _("XDF stamps"),
    SyncMethod.AUDIO_COUNTER: _("audio counter"),
    SyncMethod.BIDS_EVENTS: _("BIDS events"),
    SyncMethod.HAND: _("hand-set points"),
    SyncMethod.BLINKS: _("blinks"),
    SyncMethod.PICTURES: _("same pictures"),
    SyncMethod.GIVEN_OFFSET: _("given offset"),
    SyncMethod.SAME_START: _("same start"),
    SyncMethod.NONE: _("none"),
}
FAULTS: Mapping[str, StrPromise] = {
    QualityFault.FLAT: _("flat"),
    QualityFault.SATURATED: _("saturated"),
    QualityFault.LINE_NOISE: _("line noise"),
    QualityFault.MUSCLE: _("muscle"),
    QualityFault.DROPOUT: _("drop-out"),
    QualityFault.POP: _("electrode pop"),
    QualityFault.GAP: _("gap in time"),
    QualityFault.NO_FACE: _("no face"),
    QualityFault.SMALL_FACE: _("small face"),
    QualityFault.BLUR: _("blur"),
    QualityFault.POSE: _("turned head"),
    QualityFault.OCCLUDED: _("occluded"),
    QualityFault.EXPOSURE: _("exposure"),
    QualityFault.FROZEN: _("frozen picture"),
    QualityFault.DROPPED_FRAMES: _("dropped frames"),
}


def method_name(method: str) -> str:
    return str(METHODS.get(method, method))


def fault_name(fault: str) -> str:
    return str(FAULTS.get(fault, fault))
