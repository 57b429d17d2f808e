"""Figures of predictions against answers: of all clips, of each subject, over seeds."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from mlcore.compare.truth import Answers
from mlcore.evaluate import class_report, hard_classes, seed_interval, silhouette, trace_report
from mlcore.evaluate.jsonable import or_null
from mlcore.types import JsonObject

Rows = NDArray[np.int64]
Floats = NDArray[np.float64]
CLASS_METRICS = ("accuracy", "majority_rate", "balanced_accuracy", "macro_f1", "ece", "nll")
#: told of an ordinal target beside its figures as classes
LEVEL_METRICS = ("level_mae", "quadratic_kappa", "spearman")
TRACE_METRICS = ("rmse_trial", "pcc_trial", "ccc_trial", "rmse_pooled", "pcc_pooled", "ccc_pooled")


def metric_names(answers: Answers) -> tuple[str, ...]:
    """What a target of this kind is judged by."""
    return TRACE_METRICS if answers.is_trace else CLASS_METRICS


def measure(answers: Answers, rows: Rows, said: Floats) -> JsonObject:
    """Figures of some clips.

    Args:
        answers: of the whole store.
        rows: (n,) which clips.
        said: (n, K) or (n, T); a row of NaN says nothing: it is counted, and left out of every figure, the majority
            rate included.

    Returns:
        The metrics of the target's kind, None where no clip supports one; `n` clips judged, `n_unsaid`.
    """
    spoken = ~np.isnan(said).all(axis=1)
    kept, told = rows[spoken], said[spoken]
    figures = _trace_figures(answers, kept, told) if answers.is_trace else class_report(told, answers.values[kept])
    return {
        **{name: figures[name] for name in metric_names(answers)},
        "n": len(kept),
        "n_unsaid": int((~spoken).sum()),
    }


def _trace_figures(answers: Answers, rows: Rows, said: Floats) -> JsonObject:
    return trace_report(
        answers.values[rows],
        said,
        start_s=answers.spans.start_s[rows],
        sfreq=answers.sfreq,
        trials=answers.trials[rows],
    )


def by_subject(answers: Answers, rows: Rows, said: Floats) -> dict[str, JsonObject]:
    """`measure` of each subject's clips."""
    whose = answers.subjects[rows]
    return {str(one): measure(answers, rows[whose == one], said[whose == one]) for one in np.unique(whose)}


def silhouettes(answers: Answers, rows: Rows, latents: Mapping[str, Floats]) -> dict[str, float | None]:
    """How apart the true classes lie in each modality's latents of some clips, −1..1; None for a trace."""
    if answers.is_trace:
        return dict.fromkeys(latents)
    classes = hard_classes(answers.values[rows])
    return {name: or_null(silhouette(z, classes)) for name, z in latents.items()}


def means(figures: Sequence[Mapping[str, float | None]], names: Iterable[str]) -> dict[str, float | None]:
    """Mean of each figure over the items that have it; None where none does."""
    known = {name: [value for one in figures if (value := one[name]) is not None] for name in names}
    return {name: float(np.mean(values)) if values else None for name, values in known.items()}


def intervals(figures: Sequence[Mapping[str, float | None]], names: Iterable[str]) -> dict[str, list[float] | None]:
    """95 % t-interval over seeds of each figure's mean; None below two seeds, or where a seed lacks the figure."""
    return {name: _interval([one[name] for one in figures]) for name in names}


def _interval(values: Sequence[float | None]) -> list[float] | None:
    known = [value for value in values if value is not None]
    if len(known) < len(values):
        return None
    interval = seed_interval(known)
    return None if interval is None else interval.to_json()
