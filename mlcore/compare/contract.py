"""What a method is given, and what it gives back.

A method sees the labels of its training clips and nothing else of the answers: the labels of the test clips are not in
the task, so that no method can read them, by mistake or otherwise.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from mlcore.store import Store, TargetKind
from mlcore.types import JsonObject

Rows = NDArray[np.int64]
Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Task:
    """One fold of one target.

    Args:
        store: the clips. Signals of every clip may be read (each subject is standardised by its own clips, without
            labels); answers come from `y` alone, never from `store.target`.
        target: its name.
        kind: `TRACE` is a curve to be followed; every other kind has come down to a distribution over `classes`
            (a class is one-hot, a level of an ordinal scale is a class with neighbours).
        classes: names of the K classes in order; empty for a trace.
        train: (n,) rows to learn from. Whoever needs a validation fold takes it from these.
        y: (n, K) distributions of the training rows, or (n, T) traces with NaN where nothing was scored.
        test: (m,) rows that will be asked about; without labels here.
        modalities: what may be learnt from.
        infer: what may be read of a clip that is asked about; a part of `modalities`.
        seed: decides everything that is drawn.
        device: "auto", "cpu" or "cuda".
        folder: room for checkpoints, this task's alone; made if need be.
    """

    store: Store
    target: str
    kind: TargetKind
    classes: tuple[str, ...]
    train: Rows
    y: Floats
    test: Rows
    modalities: tuple[str, ...]
    infer: tuple[str, ...]
    seed: int
    folder: Path
    device: str = "cpu"

    @property
    def is_trace(self) -> bool:
        """Whether the target is a curve over time."""
        return self.kind is TargetKind.TRACE


class Fitted(Protocol):
    """A method that has learnt."""

    @property
    def held(self) -> Rows:
        """Rows of the training clips that weights and scalers have not seen (validation); may be empty."""
        ...

    @property
    def details(self) -> JsonObject:
        """What is worth keeping: number of parameters, epochs, …"""
        ...

    def predict(self, store: Store, rows: Rows) -> Floats:
        """Probabilities (n, K), or traces (n, T), of clips of a store with the same modalities.

        A row of NaN means that nothing could be said: the clip has none of the modalities that may be read.
        """
        ...

    def latents(self, store: Store, rows: Rows) -> dict[str, Floats]:
        """By modality the clips' places in the latent space (n, d), NaN rows where absent; {} where there is none."""
        ...


@dataclass(frozen=True, slots=True)
class Method:
    """One way to learn.

    Args:
        name: as `--method` names it.
        summary: one line for people, with the paper.
        refuses: one sentence that says why the method can't take this task's modalities or target, or None.
        fit: learn. `should_stop` is asked between steps; `Cancelled` is raised where it says so.
    """

    name: str
    summary: str
    refuses: Callable[[Task], str | None]
    fit: Callable[[Task, Callable[[], bool]], Fitted]
    settings: JsonObject = field(default_factory=dict)
