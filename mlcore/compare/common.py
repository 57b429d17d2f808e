"""Two methods on the clips of which both say something: else the one that is silent on hard clips would look better."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from mlcore.compare.job import Job
from mlcore.compare.measures import Floats, measure
from mlcore.compare.part import CLEAN, PartResult
from mlcore.compare.plan import Part
from mlcore.compare.result import per_subject_figures
from mlcore.types import JsonObject


@dataclass(frozen=True, slots=True)
class CommonClips:
    """Finished jobs whose predictions can be looked up again.

    Args:
        jobs: by method and target.
    """

    jobs: Mapping[tuple[str, str], Job]

    def between(self, one: JsonObject, other: JsonObject) -> tuple[JsonObject, JsonObject]:
        """The two results with `folds` and `per_subject` on the clips that both judge; as they are where that is all.

        Args:
            one: a result of `cross_validate`.
            other: another method's result on the same target, of the same folds and seeds.
        """
        if not any(fold["metrics"]["n_unsaid"] for result in (one, other) for fold in result["folds"]):
            return one, other
        first, second = (self.jobs[result["method"], result["target"]] for result in (one, other))
        mine, theirs = first.results(), second.results()
        return _judged(one, first, _where(mine, theirs, first)), _judged(other, second, _where(theirs, mine, second))


def common_clips(jobs: Sequence[Job]) -> CommonClips:
    """Jobs by what their results are called."""
    return CommonClips({(job.method.name, job.options.target): job for job in jobs})


def _where(mine: Mapping[Part, PartResult], theirs: Mapping[Part, PartResult], job: Job) -> dict[Part, PartResult]:
    """One method's parts, silent wherever the other one is; both were asked about the same rows."""
    silent = {part: _silence(result.said[CLEAN], theirs[part].said[CLEAN]) for part, result in mine.items()}
    return {
        part: replace(
            result,
            said={CLEAN: silent[part]},
            record={**result.record, "metrics": measure(job.answers, result.rows, silent[part])},
        )
        for part, result in mine.items()
    }


def _silence(said: Floats, other: Floats) -> Floats:
    return np.where(np.isnan(other).all(axis=1, keepdims=True), np.nan, said)


def _judged(result: JsonObject, job: Job, found: Mapping[Part, PartResult]) -> JsonObject:
    folds = [found[part].record for part in job.parts]
    return {**result, "folds": folds, "per_subject": per_subject_figures(job, found)}
