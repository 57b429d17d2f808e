"""What a round is given, what it gives back, and what it refuses."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from mlcore.acquire import PoolScores
from mlcore.errors import TrainingError
from mlcore.evaluate import hard_classes
from mlcore.store import Store
from mlcore.types import JsonObject

Rows = NDArray[np.int64]
Targets = Mapping[str, NDArray[np.floating]]


@dataclass(frozen=True, slots=True)
class RoundData:
    """Rows of a store and what people said of them.

    Args:
        store: the clips.
        classes: class names of each target, K ≥ 2.
        labelled_rows: (n,) rows to learn from.
        targets: per target (n, K) distributions over the classes; a row of NaN = not scored.
        test_rows: (m,) rows of the test subjects that have labels.
        test_targets: per target (m, K).
        pool_rows: (p,) unlabelled rows to score.
    """

    store: Store
    classes: Mapping[str, tuple[str, ...]]
    labelled_rows: Rows
    targets: Targets
    test_rows: Rows
    test_targets: Targets
    pool_rows: Rows

    def trials(self) -> Rows:
        """Whole numbers (N,), equal for clips of the same subject, session and trial."""
        store = self.store
        keys = zip(store.subjects, store.sessions, store.trials, strict=True)
        number: dict[tuple[str, str, int], int] = {}
        return np.array([number.setdefault((str(a), str(b), int(c)), len(number)) for a, b, c in keys], np.int64)


@dataclass(frozen=True, slots=True)
class Progress:
    """Where a round stands; epochs count from 1."""

    stage: str
    epoch: int
    n_epochs: int
    loss: float
    validation_loss: float | None
    fraction: float
    seconds_left: float | None


@dataclass(frozen=True, slots=True)
class RoundResult:
    """What a round found; `model_folder` holds model.safetensors and model.json."""

    metrics: JsonObject
    history: list[JsonObject]
    pool: PoolScores
    model_folder: Path


@dataclass(frozen=True, slots=True)
class Hooks:
    """How a round talks to whoever runs it."""

    on_progress: Callable[[Progress], None]
    should_stop: Callable[[], bool]


@dataclass(frozen=True, slots=True)
class Usable:
    """What there is to learn from: which targets, which modalities, and what was left out (sentences)."""

    targets: tuple[str, ...]
    modalities: tuple[str, ...]
    notes: list[str] = field(default_factory=list)


def check_data(data: RoundData) -> None:
    """Raise TrainingError, in one sentence, where a round makes no sense or would leak."""
    if not len(data.labelled_rows):
        raise TrainingError("there are no labelled clips to learn from: label some clips first")
    _check_targets("targets", data.targets, data.classes, len(data.labelled_rows))
    _check_targets("test_targets", data.test_targets, data.classes, len(data.test_rows))
    shared = set(data.store.subjects[data.labelled_rows]) & set(data.store.subjects[data.test_rows])
    if shared:
        raise TrainingError(f"test subject {min(shared)} is also among the labelled clips: scores would mean nothing")


def _check_targets(name: str, targets: Targets, classes: Mapping[str, tuple[str, ...]], n_rows: int) -> None:
    if set(targets) != set(classes):
        raise TrainingError(f"{name}: expected {sorted(classes)}, got {sorted(targets)}")
    for target, values in targets.items():
        expected = (n_rows, len(classes[target]))
        if values.shape != expected:
            raise TrainingError(f"{name}[{target!r}]: expected shape {expected}, got {values.shape}")
        scored = values[~np.isnan(values).any(axis=1)]
        if not (np.all(scored >= 0) and np.allclose(scored.sum(axis=1), 1.0, atol=1e-3)):
            raise TrainingError(f"{name}[{target!r}]: a row is neither a distribution nor all NaN")


def find_usable(data: RoundData, *, modalities: tuple[str, ...]) -> Usable:
    """Targets with two classes among the labels, and modalities whose labelled clips show two classes of one.

    Raises:
        TrainingError: no such target, or no such modality.
    """
    everywhere = np.ones(len(data.labelled_rows), dtype=np.bool_)
    targets = tuple(name for name in data.classes if _n_classes(data, name, everywhere) >= 2)
    if not targets:
        raise TrainingError(
            f"the {len(data.labelled_rows)} labelled clips show fewer than 2 classes of every target: "
            "label clips of another class first"
        )
    usable = tuple(name for name in modalities if _is_usable(data, name, targets))
    if not usable:
        raise TrainingError(
            f"the labelled clips have none of the modalities {', '.join(modalities)} with 2 classes to tell apart"
        )
    return Usable(targets, usable, _notes(data, targets, modalities, usable))


def _n_classes(data: RoundData, target: str, where: NDArray[np.bool_]) -> int:
    classes = hard_classes(np.asarray(data.targets[target], dtype=np.float64)[where])
    return len(np.unique(classes[classes >= 0]))


def _is_usable(data: RoundData, modality: str, targets: tuple[str, ...]) -> bool:
    if modality not in data.store.meta.modalities:
        return False
    present = data.store.present(modality)[data.labelled_rows]
    return any(_n_classes(data, target, present) >= 2 for target in targets)


def _notes(
    data: RoundData, targets: tuple[str, ...], modalities: tuple[str, ...], usable: tuple[str, ...]
) -> list[str]:
    left_out = [name for name in data.classes if name not in targets]
    absent = [name for name in modalities if name not in usable]
    return [f"{name}: the labels show fewer than 2 classes, so it was not learnt" for name in left_out] + [
        f"{name}: the labelled clips that have it show fewer than 2 classes, so it was not used" for name in absent
    ]
