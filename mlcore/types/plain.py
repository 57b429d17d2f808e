"""Leaves: what several of the others are made of."""

from __future__ import annotations

from enum import StrEnum
from typing import Any

JsonObject = dict[str, Any]


class Modality(StrEnum):
    """What a clip may hold."""

    EEG = "eeg"
    FACE = "face"
