"""DEAP's targets: four ratings, as nine levels each, and valence and arousal as low or high.

Ratings are continuous, 1 to 9: a level is the nearest whole number, halves rounded up. The two classes part at 5, the
middle of the scale, as Koelstra et al. 2012 do (doi:10.1109/T-AFFC.2011.15); a rating of exactly 5 counts as low.
"""

from __future__ import annotations

from collections.abc import Mapping

from mlcore.convert.answers import Questions, Said, by_trial, level
from mlcore.store import TargetKind, TargetMeta
from mlcore.types import TrialSpec

_LEVELS, MIDDLE = 9, 5.0
RATINGS = ("valence", "arousal", "dominance", "liking")
HALVED = ("valence", "arousal")
TARGETS: Mapping[str, TargetMeta] = {
    **{f"{name}9": TargetMeta(TargetKind.ORDINAL, levels=_LEVELS) for name in RATINGS},
    **{f"{name}2": TargetMeta(TargetKind.CLASS, classes=("low", "high")) for name in HALVED},
}


def questions() -> Questions:
    """The targets of a session's one trial."""
    return by_trial(TARGETS, _answers)


def _answers(trial: TrialSpec) -> Mapping[str, Said]:
    said = {name: trial.self_reports.get(name) for name in RATINGS}
    levels = {f"{name}9": level(said[name], lowest=1, levels=_LEVELS, name=name) for name in RATINGS}
    return {**levels, **{f"{name}2": _half(said[name], levels[f"{name}9"]) for name in HALVED}}


def _half(rating: float | None, as_level: Said) -> Said:
    if rating is None or as_level.value is None:
        return as_level
    return Said(int(rating > MIDDLE))
