"""What a round refuses, and which targets and modalities there is something to learn from."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from mlcore.errors import TrainingError
from mlcore.evaluate import hard_classes
from mlcore.train.data import RoundData, Targets

Mask = NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class Usable:
    """What there is to learn from.

    Args:
        targets: class targets.
        modalities: what may be read.
        notes: what was left out, in sentences.
        traces: trace targets.
    """

    targets: tuple[str, ...]
    modalities: tuple[str, ...]
    notes: list[str] = field(default_factory=list)
    traces: tuple[str, ...] = ()


def check_data(data: RoundData) -> None:
    """Raise TrainingError, in one sentence, where a round makes no sense or would leak."""
    if not len(data.labelled_rows):
        raise TrainingError("there are no labelled clips to learn from: label some clips first")
    if not data.classes and not data.traces:
        raise TrainingError("the round has neither class targets nor traces: name at least one target to learn")
    _check_targets("targets", data.targets, data.classes, len(data.labelled_rows))
    _check_targets("test_targets", data.test_targets, data.classes, len(data.test_rows))
    _check_weights(data)
    _check_traces(data)
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


def _check_weights(data: RoundData) -> None:
    n_rows = len(data.labelled_rows)
    for name, values in data.weights.items():
        if name not in data.classes or values.shape != (n_rows,):
            raise TrainingError(f"weights[{name!r}]: expected {n_rows} values of a class target, got {values.shape}")
        if not (np.isfinite(values).all() and (values >= 0).all()):
            raise TrainingError(f"weights[{name!r}]: expected finite values of 0 or more")


def _check_traces(data: RoundData) -> None:
    n_rows = len(data.labelled_rows)
    for name, values in data.traces.items():
        if name in data.classes:
            raise TrainingError(f"traces[{name!r}]: there is a class target of that name: give the trace another")
        if values.ndim != 2 or len(values) != n_rows or values.shape[1] < 1:
            raise TrainingError(f"traces[{name!r}]: expected shape ({n_rows}, values a clip), got {values.shape}")
        if np.isinf(values).any():
            raise TrainingError(f"traces[{name!r}]: a value is infinite; what was not scored is NaN")


def find_usable(data: RoundData, *, modalities: tuple[str, ...]) -> Usable:
    """Targets with two classes, traces with two values, and modalities whose labelled clips show as much.

    Raises:
        TrainingError: no such target, or no such modality.
    """
    everywhere = np.ones(len(data.labelled_rows), dtype=np.bool_)
    targets = tuple(name for name in data.classes if _n_classes(data, name, everywhere) >= 2)
    traces = tuple(name for name in data.traces if _changes(data, name, everywhere))
    if not targets and not traces:
        raise TrainingError(_nothing_to_learn(data))
    usable = tuple(name for name in modalities if _is_usable(data, name, targets, traces))
    if not usable:
        what = "2 classes to tell apart" if targets else "a trace that changes"
        raise TrainingError(f"the labelled clips have none of the modalities {', '.join(modalities)} with {what}")
    notes = _notes(data, (*targets, *traces), modalities, usable)
    return Usable(targets, usable, notes, traces)


def _nothing_to_learn(data: RoundData) -> str:
    few = f"the {len(data.labelled_rows)} labelled clips"
    if not data.traces:
        return f"{few} show fewer than 2 classes of every target: label clips of another class first"
    if not data.classes:
        return f"{few} show no trace that changes: score clips in which something happens first"
    return f"{few} show fewer than 2 classes of every target and no trace that changes: label other clips first"


def _n_classes(data: RoundData, target: str, where: Mask) -> int:
    classes = hard_classes(np.asarray(data.targets[target], dtype=np.float64)[where])
    return len(np.unique(classes[classes >= 0]))


def _changes(data: RoundData, trace: str, where: Mask) -> bool:
    """Whether the scored values differ, within clips or between them."""
    values = data.traces[trace][where]
    known = values[~np.isnan(values)]
    return len(known) > 0 and bool(known.max() > known.min())


def _is_usable(data: RoundData, modality: str, targets: tuple[str, ...], traces: tuple[str, ...]) -> bool:
    if modality not in data.store.meta.modalities:
        return False
    present = data.store.present(modality)[data.labelled_rows]
    has_classes = any(_n_classes(data, target, present) >= 2 for target in targets)
    return has_classes or any(_changes(data, trace, present) for trace in traces)


def _notes(data: RoundData, learnt: tuple[str, ...], modalities: tuple[str, ...], usable: tuple[str, ...]) -> list[str]:
    flat, still = ([name for name in names if name not in learnt] for names in (data.classes, data.traces))
    absent = [name for name in modalities if name not in usable]
    little = "fewer than 2 classes" if not data.traces else "neither 2 classes nor a trace that changes"
    return [
        *(f"{name}: the labels show fewer than 2 classes, so it was not learnt" for name in flat),
        *(f"{name}: the trace never changes, so it was not learnt" for name in still),
        *(f"{name}: the labelled clips that have it show {little}, so it was not used" for name in absent),
    ]
