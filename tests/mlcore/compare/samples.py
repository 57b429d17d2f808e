"""Small simulated stores with answers of every kind, and methods written under the contract for tests."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from mlcore.compare.contract import Floats, Method, Rows, Task
from mlcore.compare.crossval import cross_validate
from mlcore.compare.options import CrossvalOptions
from mlcore.errors import TrainingError
from mlcore.store import (
    UNLABELLED,
    ClipTable,
    ModalityKind,
    ModalityMeta,
    ShardMeta,
    Store,
    TargetKind,
    TargetMeta,
    open_store,
    write_shard,
)
from mlcore.types import JsonObject

N_SUBJECTS, N_CLIPS, N_TIMES, N_STEPS = 6, 12, 16, 5
CLASSES = ("unpleasant", "neutral", "pleasant")
META = ShardMeta(
    modalities={
        "eeg": ModalityMeta(ModalityKind.WAVEFORM, (3, N_TIMES), "float32", 8.0, "µV", ("Fp1", "Cz", "O2")),
        "face": ModalityMeta(ModalityKind.SEQUENCE, (N_STEPS, 2), "float32", 2.5, "", ("smile", "found")),
    },
    targets={
        "valence3": TargetMeta(TargetKind.CLASS, classes=CLASSES),
        "sam": TargetMeta(TargetKind.ORDINAL, levels=5),
        "votes": TargetMeta(TargetKind.DISTRIBUTION, classes=CLASSES),
        "course": TargetMeta(TargetKind.TRACE, sfreq=4.0),
    },
)
KINDS = {"valence3": "class", "sam": "ordinal", "votes": "distribution", "course": "trace"}


def make_store(folder: Path, *, seed: int = 0) -> Store:
    """One shard a subject; the mean of channel Cz and the smile follow the class. All of it simulated."""
    rng = np.random.default_rng(seed)
    for number in range(N_SUBJECTS):
        classes = rng.permutation(np.arange(N_CLIPS) % 3)
        eeg = rng.standard_normal((N_CLIPS, 3, N_TIMES)).astype(np.float32)
        eeg[:, 1] += (classes - 1)[:, None]
        face = rng.standard_normal((N_CLIPS, N_STEPS, 2)).astype(np.float32)
        face[..., 0] += (classes - 1)[:, None]
        face[..., 1] = 1.0
        votes = rng.dirichlet((0.3, 0.3, 0.3), N_CLIPS) * 0.4 + np.eye(3)[classes] * 0.6
        votes[0] = np.nan
        course = (classes - 1)[:, None] + np.linspace(-0.5, 0.5, 8) + 0.1 * rng.standard_normal((N_CLIPS, 8))
        course[1] = np.nan
        answers = {"valence3": classes.astype(np.int64), "sam": rng.integers(1, 6, N_CLIPS)}
        answers["valence3"][2] = UNLABELLED
        arrays = {"eeg": eeg, "face": face, "votes": votes, "course": course}
        write_shard(folder / f"s{number}", META, _table(number, answers), arrays)
    return open_store(folder)


def _table(number: int, answers: dict[str, NDArray[np.int64]]) -> ClipTable:
    start_s = np.arange(N_CLIPS, dtype=np.float64) * 2.0
    return ClipTable(
        clip_id=np.array([f"s{number}-{row}" for row in range(N_CLIPS)]),
        subject=np.full(N_CLIPS, f"s{number}"),
        session=np.full(N_CLIPS, f"session {number}"),
        trial=np.arange(N_CLIPS) // 2,
        start_s=start_s,
        stop_s=np.asarray(start_s + 2.0, dtype=np.float64),
        present={name: np.ones(N_CLIPS, dtype=np.bool_) for name in META.modalities},
        quality={name: np.full(N_CLIPS, 0.8) for name in META.modalities},
        targets=answers,
    )


@dataclass(frozen=True, slots=True)
class Nearest:
    """Says the mean answer of the training clips, the nearer the more; NaN where nothing may be read."""

    task: Task
    held: Rows
    #: as sure as the square of its probabilities: something is left to calibrate
    sharpness: float = 2.0
    details: JsonObject = field(default_factory=dict)

    def predict(self, store: Store, rows: Rows) -> Floats:
        known = features(self.task.store, self.task.train, self.task.modalities)
        weights = np.exp(-np.abs(features(store, rows, self.task.infer)[:, None] - known[None]))
        said = (weights @ np.nan_to_num(self.task.y)) / weights.sum(axis=1, keepdims=True)
        if not self.task.is_trace:
            said = said**self.sharpness / (said**self.sharpness).sum(axis=1, keepdims=True)
        can_read = np.any([store.present(name)[rows] for name in self.task.infer], axis=0)
        return np.where(can_read[:, None], said, np.nan)

    def latents(self, store: Store, rows: Rows) -> dict[str, Floats]:
        return {name: np.stack([features(store, rows, (name,))] * 3, axis=1) for name in self.task.infer}


def features(store: Store, rows: Rows, modalities: tuple[str, ...]) -> Floats:
    """One number a clip (n,): the mean of what follows the class."""
    columns = [_feature(store.gather(name, rows), name) for name in modalities]
    return np.asarray(np.mean(columns, axis=0), dtype=np.float64)


def _feature(clips: NDArray[np.float32], name: str) -> Floats:
    part = clips[:, 1] if name == "eeg" else clips[..., 0]
    return np.asarray(part.astype(np.float64).mean(axis=1))


def fit_nearest(task: Task, should_stop: Callable[[], bool]) -> Nearest:
    return Nearest(task, held=task.train[::2], details={"n_labels": len(task.y), "odd": float("nan")})


def fit_by_chance(task: Task, should_stop: Callable[[], bool]) -> Nearest:
    """As sure as torch's common generator says: what ran before must not matter."""
    fitted = fit_nearest(task, should_stop)
    return replace(fitted, sharpness=1.0 + float(torch.rand(1)))


def fit_in_vain(task: Task, should_stop: Callable[[], bool]) -> Nearest:
    raise TrainingError("the loss became nan")


METHODS = {
    method.name: method
    for method in (
        Method("nearest", "a test's own", lambda task: None, fit_nearest),
        Method("chance", "draws from torch's own generator", lambda task: None, fit_by_chance),
        Method(
            "refusing", "takes nothing", lambda task: f"refusing can't read {', '.join(task.modalities)}", fit_nearest
        ),
        Method("failing", "gives up", lambda task: None, fit_in_vain),
    )
}


def find_method(name: str) -> Method:
    return METHODS[name]


def without_seconds(item: Any) -> Any:
    """The same without the one thing that differs from run to run."""
    if isinstance(item, dict):
        return {name: without_seconds(value) for name, value in item.items() if name != "seconds"}
    return [without_seconds(value) for value in item] if isinstance(item, list) else item


def cross_validated(store: Store, method: Method, options: CrossvalOptions, parts: Path | None = None) -> JsonObject:
    return cross_validate(
        store, method, options, on_progress=lambda done, total: None, should_stop=lambda: False, parts=parts
    )
