"""What a shard says about itself: `meta.json` as values, checked field by field."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, Self, TypeVar

import numpy as np

from mlcore.errors import StoreError
from mlcore.types import JsonObject

SCHEMA = 1
#: element types that arrays may have: plain numbers that every reader knows
DTYPES = ("float16", "float32", "float64", "int8", "int16", "int32", "int64", "uint8", "uint16")
#: column names of clips.parquet that no modality or target may take
RESERVED = frozenset({"clip_id", "subject", "session", "trial", "start_s", "stop_s", "clips", "meta"})


class ModalityKind(StrEnum):
    """Form of one clip: `waveform` (C, T), `sequence` (T, F), `frames` (T, 3, H, W), `vector` (F,)."""

    WAVEFORM = "waveform"
    SEQUENCE = "sequence"
    FRAMES = "frames"
    VECTOR = "vector"


class TargetKind(StrEnum):
    """Form of an answer: one class, one level of a scale, a distribution over classes, or a curve over time."""

    CLASS = "class"
    ORDINAL = "ordinal"
    DISTRIBUTION = "distribution"
    TRACE = "trace"


RANKS = {ModalityKind.WAVEFORM: 2, ModalityKind.SEQUENCE: 2, ModalityKind.FRAMES: 4, ModalityKind.VECTOR: 1}
#: which axis of a clip's shape the channel names run along; frames have none
CHANNEL_AXES = {ModalityKind.WAVEFORM: 0, ModalityKind.SEQUENCE: 1, ModalityKind.VECTOR: 0}


@dataclass(frozen=True, slots=True)
class ModalityMeta:
    """One modality of a shard.

    Args:
        kind: form of a clip.
        shape: shape of one clip, without the clip axis: (C, T), (T, F), (T, 3, H, W) or (F,).
        dtype: one of `DTYPES`.
        sfreq: steps a second along the time axis (Hz); None for a vector.
        unit: unit of the values, e.g. "µV"; empty where they have none.
        channels: names along the channel or feature axis; empty where they have none.

    Raises:
        StoreError: the fields contradict one another.
    """

    kind: ModalityKind
    shape: tuple[int, ...]
    dtype: str = "float32"
    sfreq: float | None = None
    unit: str = ""
    channels: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        if len(self.shape) != RANKS[self.kind] or any(size < 1 for size in self.shape):
            raise StoreError(f"shape: a {self.kind} has {RANKS[self.kind]} sizes of 1 or more, got {list(self.shape)}")
        if self.dtype not in DTYPES:
            raise StoreError(f"dtype: expected one of {', '.join(DTYPES)}, got {self.dtype!r}")
        if self.sfreq is not None and not (math.isfinite(self.sfreq) and self.sfreq > 0):
            raise StoreError(f"sfreq: expected a rate above 0 Hz, got {self.sfreq}")
        self._check_channels()

    def _check_channels(self) -> None:
        if not self.channels:
            return
        axis = CHANNEL_AXES.get(self.kind)
        expected = 3 if axis is None else self.shape[axis]
        if len(self.channels) != expected:
            raise StoreError(
                f"channels: expected {expected} names for shape {list(self.shape)}, got {len(self.channels)}"
            )

    def to_json(self) -> JsonObject:
        """As `meta.json` writes it."""
        return {
            "kind": self.kind.value,
            "shape": list(self.shape),
            "dtype": self.dtype,
            "sfreq": self.sfreq,
            "unit": self.unit,
            "channels": list(self.channels),
        }

    @classmethod
    def from_json(cls, item: Any) -> Self:
        """Read one entry of `modalities`; StoreError names the field."""
        entry = _mapping(item, "")
        rate = entry.get("sfreq")
        return cls(
            kind=ModalityKind(_one_of(entry, "kind", ModalityKind)),
            shape=tuple(_whole(size, "shape") for size in _list(entry, "shape")),
            dtype=_text(entry.get("dtype"), "dtype"),
            sfreq=None if rate is None else _number(rate, "sfreq"),
            unit=_text(entry.get("unit", ""), "unit"),
            channels=tuple(_text(name, "channels") for name in entry.get("channels") or ()),
        )


@dataclass(frozen=True, slots=True)
class TargetMeta:
    """One target that a shard carries.

    Args:
        kind: form of an answer.
        classes: class names in order, K ≥ 2 (class, distribution).
        levels: number of levels, answers 1..levels (ordinal).
        sfreq: values a second (trace), Hz.

    Raises:
        StoreError: the kind lacks the field it needs.
    """

    kind: TargetKind
    classes: tuple[str, ...] = ()
    levels: int = 0
    sfreq: float = 0.0

    def __post_init__(self) -> None:
        if self.kind in (TargetKind.CLASS, TargetKind.DISTRIBUTION) and len(self.classes) < 2:
            raise StoreError(f"classes: a {self.kind} target needs at least 2 names, got {len(self.classes)}")
        if self.kind is TargetKind.ORDINAL and self.levels < 2:
            raise StoreError(f"levels: an ordinal target needs at least 2, got {self.levels}")
        if self.kind is TargetKind.TRACE and not (math.isfinite(self.sfreq) and self.sfreq > 0):
            raise StoreError(f"sfreq: a trace target needs a rate above 0 Hz, got {self.sfreq}")

    @property
    def is_column(self) -> bool:
        """Whether its values stand in clips.parquet (class, ordinal) and not in an array of their own."""
        return self.kind in (TargetKind.CLASS, TargetKind.ORDINAL)

    @property
    def allowed(self) -> tuple[int, int]:
        """Lowest and highest answer of a class or ordinal target."""
        return (0, len(self.classes) - 1) if self.kind is TargetKind.CLASS else (1, self.levels)

    def to_json(self) -> JsonObject:
        """As `meta.json` writes it: the kind and the one field that goes with it."""
        if self.kind is TargetKind.ORDINAL:
            return {"kind": self.kind.value, "levels": self.levels}
        if self.kind is TargetKind.TRACE:
            return {"kind": self.kind.value, "sfreq": self.sfreq}
        return {"kind": self.kind.value, "classes": list(self.classes)}

    @classmethod
    def from_json(cls, item: Any) -> Self:
        """Read one entry of `targets`; StoreError names the field."""
        entry = _mapping(item, "")
        return cls(
            kind=TargetKind(_one_of(entry, "kind", TargetKind)),
            classes=tuple(_text(name, "classes") for name in entry.get("classes") or ()),
            levels=_whole(entry.get("levels", 0), "levels"),
            sfreq=_number(entry.get("sfreq", 0.0), "sfreq"),
        )


@dataclass(frozen=True, slots=True)
class ShardMeta:
    """All that `meta.json` holds.

    Args:
        modalities: by name; a name is an identifier and not a column of clips.parquet.
        targets: by name, empty in shards that the application makes.
        versions: what made the arrays, e.g. {"face features": 1}; for people and rebuilds, not for readers.
    """

    modalities: Mapping[str, ModalityMeta]
    targets: Mapping[str, TargetMeta] = field(default_factory=dict)
    versions: Mapping[str, int] = field(default_factory=dict)

    def __post_init__(self) -> None:
        names = [*self.modalities, *self.targets]
        for name in names:
            if not name.isidentifier() or "__" in name or name in RESERVED:
                raise StoreError(f"{name!r} can't name a modality or target: expected an identifier such as 'eeg'")
        if len(set(names)) < len(names):
            raise StoreError("a modality and a target have the same name")
        if not self.modalities:
            raise StoreError("modalities: expected at least one")

    def to_json(self) -> JsonObject:
        """As `meta.json` writes it."""
        item: JsonObject = {
            "schema": SCHEMA,
            "modalities": {name: meta.to_json() for name, meta in self.modalities.items()},
            "targets": {name: meta.to_json() for name, meta in self.targets.items()},
        }
        return {**item, "versions": dict(self.versions)} if self.versions else item

    @classmethod
    def from_json(cls, item: Any) -> Self:
        """Read `meta.json`; StoreError names the field in dotted form, e.g. `modalities.eeg.shape`."""
        entry = _mapping(item, "the file")
        if entry.get("schema") != SCHEMA:
            raise StoreError(f"schema: this version reads {SCHEMA}, got {entry.get('schema')!r}")
        modalities = _mapping(entry.get("modalities"), "modalities")
        targets = _mapping(entry.get("targets", {}), "targets")
        versions = _mapping(entry.get("versions", {}), "versions")
        return cls(
            {name: _at(f"modalities.{name}", ModalityMeta, value) for name, value in modalities.items()},
            {name: _at(f"targets.{name}", TargetMeta, value) for name, value in targets.items()},
            {name: _whole(value, f"versions.{name}") for name, value in versions.items()},
        )


Meta = TypeVar("Meta", ModalityMeta, TargetMeta)


def _at(where: str, kind: type[Meta], value: Any) -> Meta:
    try:
        return kind.from_json(value)
    except StoreError as error:
        raise StoreError(f"{where}.{error}") from None


def _mapping(value: Any, where: str) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise StoreError(f"{where}: expected an object, got {type(value).__name__}")
    return value


def _list(entry: dict[str, Any], name: str) -> list[Any]:
    value = entry.get(name)
    if not isinstance(value, list):
        raise StoreError(f"{name}: expected a list, got {type(value).__name__}")
    return value


def _one_of(entry: dict[str, Any], name: str, allowed: type[StrEnum]) -> str:
    value = entry.get(name)
    if value not in {member.value for member in allowed}:
        raise StoreError(f"{name}: expected one of {', '.join(allowed)}, got {value!r}")
    return str(value)


def _text(value: Any, name: str) -> str:
    if not isinstance(value, str):
        raise StoreError(f"{name}: expected text, got {value!r}")
    return value


def _whole(value: Any, name: str) -> int:
    if not isinstance(value, int) or isinstance(value, bool):
        raise StoreError(f"{name}: expected a whole number, got {value!r}")
    return value


def _number(value: Any, name: str) -> float:
    if not isinstance(value, int | float) or isinstance(value, bool) or not np.isfinite(value):
        raise StoreError(f"{name}: expected a number, got {value!r}")
    return float(value)
