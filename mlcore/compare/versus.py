"""One method against every other: differences by subject and by fold, with what chance alone would do."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

from mlcore.evaluate import Comparison, compare_paired, holm
from mlcore.types import JsonObject

#: what the comparison is about, and whether more of it is better
CLASS_CLAIMS = {"balanced_accuracy": True, "nll": False, "ece": False}
TRACE_CLAIMS = {"ccc_trial": True, "ccc_pooled": True, "rmse_trial": False}
#: of the few clips of one subject these say more about their number than about the method
NOT_BY_SUBJECT = frozenset({"ece"})


#: two results -> the same two, on common clips
Common = Callable[[JsonObject, JsonObject], tuple[JsonObject, JsonObject]]


def as_they_are(one: JsonObject, other: JsonObject) -> tuple[JsonObject, JsonObject]:
    """For methods that say something of every clip."""
    return one, other


def against_all(results: Sequence[JsonObject], name: str, *, common: Common = as_they_are) -> list[JsonObject]:
    """Compare one method with every other on each target.

    Args:
        results: as `cross_validate` gives them; those that were refused or failed are passed over.
        name: of the method that is compared.
        common: brings two results to the clips of which both methods say something.

    Returns:
        One entry a target, metric and other method: {"target", "metric", "method", "other", "by_subject", "by_fold"}.
        `by_subject` pairs the subjects' figures (mean over seeds), which are independent: its p is Wilcoxon's; None
        for `NOT_BY_SUBJECT`.
        `by_fold` pairs seeds × folds, whose training sets overlap: its p is that of the corrected resampled t-test.
        `holm_p` is Holm's over the other methods for the same target and metric.
    """
    done = [one for one in results if "mean" in one]
    entries: list[JsonObject] = []
    for ours in (one for one in done if one["method"] == name):
        others = [one for one in done if one["target"] == ours["target"] and one["method"] != name]
        pairs = [common(ours, other) for other in others]
        claims = TRACE_CLAIMS if ours["kind"] == "trace" else CLASS_CLAIMS
        for metric, more_is_better in claims.items():
            entries += _of_metric(pairs, metric, more_is_better=more_is_better)
    return entries


def _of_metric(
    pairs: Sequence[tuple[JsonObject, JsonObject]], metric: str, *, more_is_better: bool
) -> list[JsonObject]:
    subjects = [_by_subject(ours, other, metric, more_is_better=more_is_better) for ours, other in pairs]
    folds = [_by_fold(ours, other, metric, more_is_better=more_is_better) for ours, other in pairs]
    told = zip(
        pairs,
        _with_holm(subjects, [one.wilcoxon_p if one else None for one in subjects]),
        _with_holm(folds, [one.corrected_p if one else None for one in folds]),
        strict=True,
    )
    return [
        {
            "target": ours["target"],
            "metric": metric,
            "method": ours["method"],
            "other": other["method"],
            "by_subject": one,
            "by_fold": two,
        }
        for (ours, other), one, two in told
    ]


def _by_subject(ours: JsonObject, other: JsonObject, metric: str, *, more_is_better: bool) -> Comparison | None:
    if metric in NOT_BY_SUBJECT:
        return None
    mine, theirs = ours["per_subject"], other["per_subject"]
    pairs = [(mine[one][metric], theirs[one][metric]) for one in sorted(set(mine) & set(theirs))]
    return _compare(pairs, more_is_better=more_is_better)


def _by_fold(ours: JsonObject, other: JsonObject, metric: str, *, more_is_better: bool) -> Comparison | None:
    theirs = {(one["seed"], one["fold"]): one["metrics"][metric] for one in other["folds"]}
    pairs = [(one["metrics"][metric], theirs.get((one["seed"], one["fold"]))) for one in ours["folds"]]
    share = float(np.mean([one["n_test"] / one["n_train"] for one in ours["folds"]]))
    return _compare(pairs, more_is_better=more_is_better, test_per_train=share)


def _compare(
    pairs: Sequence[tuple[float | None, float | None]], *, more_is_better: bool, test_per_train: float | None = None
) -> Comparison | None:
    """Of the units in which both methods have the figure; None where there is none."""
    both = [(a, b) for a, b in pairs if a is not None and b is not None]
    if not both:
        return None
    first, second = zip(*both, strict=True)
    return compare_paired(first, second, test_per_train=test_per_train, higher_is_better=more_is_better)


def _with_holm(found: Sequence[Comparison | None], p_values: Sequence[float | None]) -> list[JsonObject | None]:
    known = [p for p in p_values if p is not None]
    adjusted = iter(holm(known).tolist() if known else [])
    return [
        None if one is None else {**one.to_json(), "holm_p": None if p is None else next(adjusted)}
        for one, p in zip(found, p_values, strict=True)
    ]
