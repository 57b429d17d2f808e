"""Curves through a method's figures under rising levels of each corruption."""

from __future__ import annotations

from collections.abc import Sequence
from operator import itemgetter

from mlcore.compare.part import CLEAN
from mlcore.evaluate import RobustnessCurve
from mlcore.types import JsonObject

#: what a curve shows; higher is better
CLASS_SCORE, TRACE_SCORE = "balanced_accuracy", "ccc_pooled"


def robustness_curves(entries: Sequence[JsonObject], *, is_trace: bool) -> list[JsonObject]:
    """One curve a corruption and modality, from the clean clips on.

    Args:
        entries: a result's "robustness", the clean clips first.
        is_trace: whether traces are judged (`TRACE_SCORE`) or classes (`CLASS_SCORE`).

    Returns:
        As `RobustnessCurve.to_json` gives them, over the levels above 0; a curve with a figure missing is left out.
    """
    metric = TRACE_SCORE if is_trace else CLASS_SCORE
    clean = [one["metrics"][metric] for one in entries if one["corruption"] == CLEAN]
    worse = [one for one in entries if one["corruption"] != CLEAN and one["level"] > 0]
    curves = []
    for name in dict.fromkeys(map(_name, worse)):
        mine = sorted(
            ((one["level"], one["metrics"][metric]) for one in worse if _name(one) == name), key=itemgetter(0)
        )
        scores = (*clean, *(score for _, score in mine))
        if len(clean) == 1 and None not in scores:
            curves.append(RobustnessCurve(name, (0.0, *(level for level, _ in mine)), scores).to_json())
    return curves


def _name(entry: JsonObject) -> str:
    return f"{entry['modality']} {entry['corruption']}".strip()
