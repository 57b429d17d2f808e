"""What the parts of a job add up to, as plain values."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import numpy as np

from mlcore.compare.contract import Method
from mlcore.compare.job import Job
from mlcore.compare.measures import LEVEL_METRICS, Floats, Rows, by_subject, intervals, means, measure, metric_names
from mlcore.compare.options import CrossvalOptions
from mlcore.compare.part import CLEAN, PartResult
from mlcore.compare.plan import Part
from mlcore.compare.robustness import robustness_curves
from mlcore.compare.truth import Answers
from mlcore.evaluate import bootstrap_interval, ordinal_report
from mlcore.store import TargetKind
from mlcore.types import JsonObject


def summarise(job: Job) -> JsonObject:
    """A finished job's result.

    Each seed's figures are those of all its folds' predictions together, so that each clip counts once; `mean` is
    over seeds and `interval` its 95 % t-interval. Fold figures are kept beside.
    """
    found = job.results()
    names = metric_names(job.answers)
    seeds = job.options.seeds
    figures = [measure(job.answers, *_pooled(found, seed, CLEAN)) for seed in seeds]
    per_subject = per_subject_figures(job, found)
    robustness = _robustness(job, found, names)
    return {
        **head(job.method, job.options, job.answers),
        "modalities": list(job.options.learns_from(job.store)),
        "infer": list(job.options.infers_from(job.store)),
        "n_clips": len(job.answers.scored),
        "n_subjects": len(np.unique(job.answers.subjects[job.answers.scored])),
        "folds": [found[part].record for part in job.parts],
        "by_seed": [{"seed": seed, "metrics": one} for seed, one in zip(seeds, figures, strict=True)],
        "per_subject": per_subject,
        "over_subjects": over_subjects(per_subject, names, seed=job.options.seed),
        "mean": means(figures, names),
        "interval": intervals(figures, names),
        "levels": _levels(job, found),
        "robustness": robustness,
        "robustness_curves": robustness_curves(robustness, is_trace=job.answers.is_trace),
        "seconds": sum(float(result.record["seconds"]) for result in found.values()),
    }


def head(method: Method, options: CrossvalOptions, answers: Answers) -> JsonObject:
    """What every result begins with, that of a method that refused as well."""
    return {
        "method": method.name,
        "summary": method.summary,
        "settings": method.settings,
        "target": options.target,
        "kind": answers.kind.value,
        "classes": list(answers.classes),
        "split": options.split.value,
        "calibrated": options.calibrate and not answers.is_trace,
        "seed": options.seed,
        "seeds": list(options.seeds),
    }


def _pooled(found: Mapping[Part, PartResult], seed: int, name: str) -> tuple[Rows, Floats]:
    """Every clip of a seed, in the order of rows."""
    of_seed = [result for part, result in found.items() if part.seed == seed]
    rows = np.concatenate([result.rows for result in of_seed])
    order = np.argsort(rows)
    return rows[order], np.concatenate([result.said[name] for result in of_seed])[order]


def per_subject_figures(job: Job, found: Mapping[Part, PartResult]) -> dict[str, JsonObject]:
    """Each subject's figures on its clean clips, mean over seeds."""
    each = [by_subject(job.answers, *_pooled(found, seed, CLEAN)) for seed in job.options.seeds]
    return {
        subject: {**means([one[subject] for one in each], metric_names(job.answers)), "n": figures["n"]}
        for subject, figures in each[0].items()
    }


def over_subjects(per_subject: Mapping[str, JsonObject], names: Iterable[str], *, seed: int) -> JsonObject:
    """Mean of the subjects' figures, and how far other subjects might have moved it: a bootstrap over subjects."""
    return {name: _over_subjects(per_subject, name, seed=seed) for name in names}


def _over_subjects(per_subject: Mapping[str, JsonObject], name: str, *, seed: int) -> JsonObject:
    known = {one: np.array([figures[name]]) for one, figures in per_subject.items() if figures[name] is not None}
    interval = bootstrap_interval(known, seed=seed)
    mean = float(np.mean([values[0] for values in known.values()])) if known else None
    return {"mean": mean, "interval": None if interval is None else interval.to_json()}


def _levels(job: Job, found: Mapping[Part, PartResult]) -> JsonObject:
    """Of an ordinal target how far off the levels are, over seeds; {} of others."""
    if job.answers.kind is not TargetKind.ORDINAL:
        return {}
    pooled = [_pooled(found, seed, CLEAN) for seed in job.options.seeds]
    figures = [ordinal_report(said, job.answers.values[rows]) for rows, said in pooled]
    return {"mean": means(figures, LEVEL_METRICS), "interval": intervals(figures, LEVEL_METRICS)}


def _robustness(job: Job, found: Mapping[Part, PartResult], names: Iterable[str]) -> list[JsonObject]:
    """Figures of the clean clips and under each corruption, mean over seeds with its interval."""
    if not job.options.corruptions:
        return []
    told = {CLEAN: ("clean", "", 0.0)} | {
        str(number): (one.kind.value, one.modality, one.level) for number, one in enumerate(job.options.corruptions)
    }
    return [
        {"corruption": kind, "modality": modality, "level": level, **_over_seeds(job, found, names, place)}
        for place, (kind, modality, level) in told.items()
    ]


def _over_seeds(job: Job, found: Mapping[Part, PartResult], names: Iterable[str], place: str) -> JsonObject:
    figures = [measure(job.answers, *_pooled(found, seed, place)) for seed in job.options.seeds]
    return {
        "metrics": means(figures, names),
        "interval": intervals(figures, names),
        "n_unsaid": [one["n_unsaid"] for one in figures],
    }
