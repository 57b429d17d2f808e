"""Whether another round is worth its labels: a suggestion with its reason, never more than that.

Four signs are read: the budget; whether successive models still change their minds (Cohen's κ between their answers to
the same unlabelled clips, Bloodgood & Vijay-Shanker 2009, A method for stopping active learning based on stabilizing
predictions, CoNLL, 39–47); whether doubling the labels can still gain enough by the learning curve (`forecast`); and
whether it gains enough for what it costs. Where a precision is wanted of the score on the random slice, only a budget
that is spent speaks for stopping before it is reached.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum

import numpy as np
from numpy.typing import NDArray

from mlcore.acquire.forecast import CurvePoint, Forecast, forecast
from mlcore.evaluate.agreement import cohen_kappa
from mlcore.types import JsonObject, StoppingConfig


class Suggestion(StrEnum):
    """What to do about another round."""

    CONTINUE = "continue"
    CONSIDER_STOPPING = "consider_stopping"
    STOP_BUDGET = "stop_budget"


@dataclass(frozen=True, slots=True)
class History:
    """What is known of the rounds so far.

    Args:
        points: per round that has been judged by a random slice, in order.
        n_labels: that the newest model learnt from.
        kappas: between successive models, oldest first; NaN where it could not be told.
        n_stop_set: clips by which the models were compared.
        minutes_spent: by annotators, in all.
        seconds_per_label: what a label that teaches has cost so far; None before the first.
        budget_minutes: None = no limit.
    """

    points: tuple[CurvePoint, ...]
    n_labels: int
    kappas: tuple[float, ...] = ()
    n_stop_set: int = 0
    minutes_spent: float = 0.0
    seconds_per_label: float | None = None
    budget_minutes: float | None = None

    @property
    def minutes_left(self) -> float | None:
        """Of the budget, never below 0; None where there is none."""
        return None if self.budget_minutes is None else max(0.0, self.budget_minutes - self.minutes_spent)


@dataclass(frozen=True, slots=True)
class Advice:
    """A suggestion, the one sentence that gives its reason, and the figures behind it."""

    suggestion: Suggestion
    reason: str
    figures: JsonObject = field(default_factory=dict)

    def to_json(self) -> JsonObject:
        """Plain values."""
        return {"suggestion": self.suggestion.value, "reason": self.reason, "figures": self.figures}


def successive_kappa(before: Mapping[str, NDArray[np.floating]], after: Mapping[str, NDArray[np.floating]]) -> float:
    """κ between the likeliest classes that two models name for the same clips; the least over their targets.

    Args:
        before: per target probabilities (m, K) of the earlier model.
        after: of the later one, the same clips in the same order.

    Returns:
        −1..1; NaN without clips or common targets, or where a target's answers never differ.
    """
    kappas = [
        cohen_kappa(before[name].argmax(axis=1), after[name].argmax(axis=1), n_classes=before[name].shape[1])
        for name in before
        if name in after and before[name].shape == after[name].shape
    ]
    return float(np.min(kappas)) if kappas else float("nan")  # NaN wins: one unknown target is enough


def is_stable(kappas: Sequence[float], config: StoppingConfig) -> bool:
    """Whether the last comparisons all reach the threshold; a NaN does not."""
    last = kappas[-config.n_stable :]
    return len(last) == config.n_stable and all(kappa >= config.min_kappa for kappa in last)


def advise(history: History, config: StoppingConfig | None = None) -> Advice:
    """Whether to go on.

    Args:
        history: what is known.
        config: when stopping is suggested; the defaults where it is not given.
    """
    rules = config or StoppingConfig()
    ahead = forecast(history.points, now=history.n_labels)
    suggestion, reason = _judge(history, rules, ahead)
    return Advice(suggestion, reason, _figures(history, rules, ahead))


def gain_per_minute(history: History, ahead: Forecast | None) -> float | None:
    """Expected gain in accuracy for each annotator-minute, up to the labels that the forecast asks about."""
    minutes = _minutes_to(history, ahead.n_labels) if ahead else None
    return ahead.gain / minutes if ahead and minutes else None


def _minutes_to(history: History, n_labels: int) -> float | None:
    if history.seconds_per_label is None or n_labels <= history.n_labels:
        return None
    return (n_labels - history.n_labels) * history.seconds_per_label / 60


def _judge(history: History, rules: StoppingConfig, ahead: Forecast | None) -> tuple[Suggestion, str]:
    if history.minutes_left == 0.0:
        spent, budget = round(history.minutes_spent), round(history.budget_minutes or 0)
        return Suggestion.STOP_BUDGET, f"The budget of {budget} minutes is spent: {spent} minutes were annotated."
    enough = _enough(history, rules, ahead)
    if enough is None:
        return Suggestion.CONTINUE, _open(history, ahead)
    vague = _vague(history, rules)
    return (Suggestion.CONSIDER_STOPPING, enough) if vague is None else (Suggestion.CONTINUE, vague)


def _enough(history: History, rules: StoppingConfig, ahead: Forecast | None) -> str | None:
    """Why no further label is worth it; None where one may be."""
    if is_stable(history.kappas, rules):
        return _settled(history, rules)
    if ahead is None:
        return None
    if ahead.gain_interval.high < rules.min_gain:
        return _flat(ahead)
    minutes = _minutes_to(history, ahead.n_labels)
    most_per_hour = 60 * max(0.0, ahead.gain_interval.high) / minutes if minutes else math.inf
    return _dear(most_per_hour, rules) if most_per_hour < rules.min_gain_per_hour else None


def _vague(history: History, rules: StoppingConfig) -> str | None:
    """What keeps stopping from being suggested: a score that is not known as well as it is wanted. None where it is."""
    if rules.max_half_width is None:
        return None
    wanted = f"± {100 * rules.max_half_width:.1f} percentage points"
    if not history.points:
        return f"The share right on the random slice is wanted to {wanted}, and no slice has been judged yet."
    interval = history.points[-1].interval()
    half = (interval.high - interval.low) / 2
    if half <= rules.max_half_width:
        return None
    return f"The share right on the random slice is wanted to {wanted}, and known to ± {100 * half:.1f} so far."


def _settled(history: History, rules: StoppingConfig) -> str:
    least = min(history.kappas[-rules.n_stable :])
    return (
        f"The last {rules.n_stable + 1} models answer {history.n_stop_set} unlabelled clips almost alike"
        f" (κ of each with the next at least {math.floor(1000 * least) / 1000:.3f})."
    )


def _flat(ahead: Forecast) -> str:
    most = 100 * max(0.0, ahead.gain_interval.high)
    return f"By the learning curve, {ahead.n_labels} labels would gain {most:.1f} percentage points at most."


def _dear(most_per_hour: float, rules: StoppingConfig) -> str:
    return (
        f"By the learning curve, an hour of annotation would gain {100 * most_per_hour:.1f} percentage points at most,"
        f" and {100 * rules.min_gain_per_hour:.1f} are asked for."
    )


def _open(history: History, ahead: Forecast | None) -> str:
    if ahead is None:
        n = len({point.n_labels for point in history.points})
        return f"Too early to tell where the learning curve goes: {n} of the 3 rounds that it takes have been audited."
    cost = _minutes_to(history, ahead.n_labels)
    price = f" for about {cost:.0f} minutes of annotation" if cost is not None else ""
    low, high = (100 * value for value in (ahead.gain_interval.low, ahead.gain_interval.high))
    return (
        f"By the learning curve, {ahead.n_labels} labels would gain {100 * ahead.gain:.1f} percentage points"
        f" ({low:.1f} to {high:.1f}){price}."
    )


def _figures(history: History, rules: StoppingConfig, ahead: Forecast | None) -> JsonObject:
    minutes = _minutes_to(history, ahead.n_labels) if ahead else None
    return {
        "curve": [point.to_json() for point in history.points],
        "forecast": ahead.to_json() if ahead else None,
        "gain_per_minute": gain_per_minute(history, ahead),
        "minutes_to_forecast": minutes,
        "kappas": [None if math.isnan(kappa) else kappa for kappa in history.kappas],
        "n_stop_set": history.n_stop_set,
        "n_labels": history.n_labels,
        "minutes_spent": history.minutes_spent,
        "minutes_left": history.minutes_left,
        "budget_minutes": history.budget_minutes,
        "seconds_per_label": history.seconds_per_label,
        "rules": rules.to_json(),
    }
