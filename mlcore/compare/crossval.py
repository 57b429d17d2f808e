"""Cross-validation of a method under the contract: the same folds, seeds, calibration and figures for each."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryDirectory

from mlcore.compare.contract import Method
from mlcore.compare.job import Job
from mlcore.compare.options import CrossvalOptions
from mlcore.compare.result import head, summarise
from mlcore.errors import Cancelled
from mlcore.store import Store
from mlcore.types import JsonObject

#: parts done, parts in all
OnProgress = Callable[[int, int], None]


def cross_validate(
    store: Store,
    method: Method,
    options: CrossvalOptions,
    *,
    on_progress: OnProgress,
    should_stop: Callable[[], bool],
    parts: Path | None = None,
) -> JsonObject:
    """Learn and test on every fold of every seed.

    Args:
        store: the clips with their answers; the method gets to see them without.
        method: what is judged.
        options: how; a method's temperature is fitted on the clips it held back itself, never on test clips.
        on_progress: told the parts that are done and the parts in all.
        should_stop: asked between and within parts.
        parts: folder that keeps finished parts and from which they are taken up again, where clips, answers, method,
            options and code are the same; None = nothing is kept.

    Returns:
        Plain values: {"method", "target", "split", "folds", "by_seed", "per_subject", "mean", "interval",
        "robustness", "seed", "seeds", "seconds", …}, or, of a method that refuses, "refused" with its reason. With the
        same seed every figure is the same to the last bit on CPU; only the seconds differ.

    Raises:
        StoreError: the store has no such target.
        TrainingError: too little data for the folds, or the method's answers can't be right.
        Cancelled: `should_stop` said so; finished parts stay.
    """
    if parts is None:
        with TemporaryDirectory(prefix="crossval-") as folder:
            return _run(Job.of(store, method, options, Path(folder)), on_progress, should_stop)
    return _run(Job.of(store, method, options, parts), on_progress, should_stop)


def _run(job: Job, on_progress: OnProgress, should_stop: Callable[[], bool]) -> JsonObject:
    reason = job.refusal()
    if reason is not None:
        return refused(job, reason)
    total, missing = len(job.parts), job.missing()
    for number, part in enumerate(missing):
        if should_stop():
            raise Cancelled("the comparison was stopped: finished parts are kept")
        on_progress(total - len(missing) + number, total)
        job.run(part, should_stop=should_stop)
    on_progress(total, total)
    return summarise(job)


def refused(job: Job, reason: str) -> JsonObject:
    """The result of a method that can't take the store or the target."""
    return {**head(job.method, job.options, job.answers), "refused": reason}
