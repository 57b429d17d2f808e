"""One part of a cross-validation: fit, ask, ask again under corruptions, measure."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from mlcore.compare.asked import Asked
from mlcore.compare.contract import Method, Task
from mlcore.compare.corrupt import corrupt
from mlcore.compare.flips import flip_labels
from mlcore.compare.measures import measure, silhouettes
from mlcore.compare.one_thread import one_thread
from mlcore.compare.options import CrossvalOptions
from mlcore.compare.plan import Part
from mlcore.compare.truth import Answers
from mlcore.types import JsonObject

Rows = NDArray[np.int64]
Floats = NDArray[np.float64]
#: what was said of the test clips as they are; under a corruption it is called by the corruption's number
CLEAN = "clean"


@dataclass(frozen=True, slots=True)
class PartResult:
    """What a part found.

    Args:
        record: plain values for the result.
        rows: (m,) test rows.
        said: "clean" and the number of each corruption -> (m, K) or (m, T), after calibration.
        latents: by modality (m, d), NaN rows where absent; empty where none were asked for or there is no such space.
    """

    record: JsonObject
    rows: Rows
    said: dict[str, Floats]
    latents: dict[str, Floats]


@dataclass(frozen=True, slots=True)
class Trial:
    """A method before a task.

    Args:
        method: what is tried.
        task: on what.
        options: how it is asked.
        should_stop: asked before each fit and within.
    """

    method: Method
    task: Task
    options: CrossvalOptions
    should_stop: Callable[[], bool]

    def fit(self, task: Task) -> Asked:
        """Fit the method to this task, or to one like it."""
        return Asked.of(self.method, task, calibrate=self.options.calibrate, should_stop=self.should_stop)


def run_part(trial: Trial, answers: Answers, part: Part) -> PartResult:
    """Fit a method to one fold and measure it there.

    Memory: what the method takes, and (1 + corruptions) × m × K doubles.

    Raises:
        TrainingError: the method gave back what can't be right; it is named.
        Cancelled: `should_stop` said so.
    """
    began_s, task = time.perf_counter(), trial.task
    with one_thread(task.seed):
        asked = trial.fit(task)
        said = {CLEAN: asked.say(task.store), **dict(_corrupted(trial, asked))}
        latents = asked.latents() if trial.options.latents else {}
    record = {
        "seed": part.seed,
        "fold": part.fold,
        "n_train": len(task.train),
        "n_test": len(task.test),
        "metrics": measure(answers, task.test, said[CLEAN]),
        "temperature": asked.temperature,
        "silhouette": silhouettes(answers, task.test, latents),
        "details": asked.fitted.details,
        "seconds": time.perf_counter() - began_s,
    }
    return PartResult(record, task.test, said, latents)


def _corrupted(trial: Trial, asked: Asked) -> Iterator[tuple[str, Floats]]:
    """What is said under each corruption: by the same fitted method, or by one that learnt from flipped labels."""
    task = trial.task
    for number, corruption in enumerate(trial.options.corruptions):
        if corruption.needs_refit:
            y = flip_labels(task.y, corruption.level, is_trace=task.is_trace, seed=task.seed)
            worse = replace(task, y=y, folder=task.folder / f"flips-{corruption.level:g}")
            yield str(number), trial.fit(worse).say(task.store)
        else:
            yield str(number), asked.say(corrupt(task.store, corruption, seed=task.seed))
