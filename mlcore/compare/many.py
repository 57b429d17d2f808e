"""Several methods and targets at once, their parts spread over processes."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from mlcore.compare.crossval import OnProgress, refused
from mlcore.compare.errands import Errand, FindMethod, outcomes
from mlcore.compare.job import Job
from mlcore.compare.options import CrossvalOptions
from mlcore.compare.plan import Part
from mlcore.compare.result import head, summarise
from mlcore.compare.views import shard_folders
from mlcore.store import Store
from mlcore.types import JsonObject


@dataclass(frozen=True, slots=True)
class Comparison:
    """What is compared.

    Args:
        store: the clips.
        methods: names, as the methods themselves bear them.
        options: one a target.
        find_method: from a name to its method.
        parts: folder that keeps finished parts.
        workers: processes; what is found does not depend on how many.
    """

    store: Store
    methods: Sequence[str]
    options: Sequence[CrossvalOptions]
    find_method: FindMethod
    parts: Path
    workers: int = 1


def compare(
    comparison: Comparison, *, on_progress: OnProgress, should_stop: Callable[[], bool] = lambda: False
) -> list[JsonObject]:
    """Cross-validate every method on every target.

    Args:
        comparison: what.
        on_progress: told the parts that are done and the parts in all.
        should_stop: asked between parts.

    Returns:
        One result a target and method, in their order, as `cross_validate` gives it; a method that refuses has
        "refused" with its reason, one that gave up midway has "failed" with its error, and the others go on.

    Raises:
        StoreError: the store lacks a target.
        Cancelled: `should_stop` said so; finished parts stay.
    """
    jobs = jobs_of(comparison)
    reasons = [job.refusal() for job in jobs]
    taken = [job for job, reason in zip(jobs, reasons, strict=True) if reason is None]
    errors = _run(comparison, taken, on_progress, should_stop)
    return [
        refused(job, reason) if reason is not None else _result(job, errors.get(job.saved.folder))
        for job, reason in zip(jobs, reasons, strict=True)
    ]


def jobs_of(comparison: Comparison) -> list[Job]:
    """Every method on every target, in the order of the results."""
    return [
        Job.of(comparison.store, comparison.find_method(name), options, comparison.parts)
        for options in comparison.options
        for name in comparison.methods
    ]


def _result(job: Job, error: str | None) -> JsonObject:
    return summarise(job) if error is None else {**head(job.method, job.options, job.answers), "failed": error}


def _run(
    comparison: Comparison, jobs: Sequence[Job], on_progress: OnProgress, should_stop: Callable[[], bool]
) -> Mapping[Path, str]:
    """Do what is missing; of each job that had errors the one of its first part, by the job's folder."""
    errands = [_errand(comparison, job, part) for job in jobs for part in job.missing()]
    total = sum(len(job.parts) for job in jobs)
    done = total - len(errands)
    errors: dict[tuple[Path, Part], str] = {}
    on_progress(done, total)
    for errand, error in outcomes(errands, workers=comparison.workers, should_stop=should_stop):
        done += 1
        on_progress(done, total)
        if error is not None:
            errors[errand.saved.folder, errand.part] = f"{errand.part.name}: {error}"
    # not the one that came first: which that is depends on the workers
    return {folder: errors[folder, part] for folder, part in sorted(errors, reverse=True)}


def _errand(comparison: Comparison, job: Job, part: Part) -> Errand:
    shards = shard_folders(comparison.store)
    return Errand(shards, comparison.find_method, job.method.name, job.options, job.saved, part)
