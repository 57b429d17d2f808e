"""Whether a round advised another one, and how far it found that each annotator can be relied on."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from django.db.models import Sum
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from annotator.models import Membership, Round, Study
from annotator.queries.learning import COLOURS, Figure, figure_of, line_of

#: what is suggested, in words, and the colour of its badge
SUGGESTIONS = {
    "continue": (_("Go on"), "ok"),
    "consider_stopping": (_("Consider stopping"), "warn"),
    "stop_budget": (_("Budget spent"), "warn"),
}
#: so many points draw the fitted curve
CURVE_STEPS = 40


@dataclass(frozen=True, slots=True)
class Another:
    """The card "Another round?"."""

    number: int
    title: str
    badge: str
    reason: str
    #: name and value, the unit with the number
    facts: tuple[tuple[str, str], ...]
    #: what the suggestion was judged by, in the same form
    rules: tuple[tuple[str, str], ...]
    has_curve: bool


@dataclass(frozen=True, slots=True)
class ReliabilityRow:
    """One annotator's answers to one question."""

    pseudonym: str
    target: str
    n_votes: int
    #: answers to clips that somebody else answered too
    n_shared: int
    #: both None where nobody else answered their clips; of a scale only the second is known
    expected_accuracy: float | None
    reliability: float | None
    n_repeats: int
    #: share of repeats that got the same answer, with its 95 % interval
    self_agreement: float | None
    interval: tuple[float, float] | None


def another_round(round_: Round | None) -> Another | None:
    """None before the first published round, and of one whose advice was not kept."""
    if round_ is None or not round_.advice:
        return None
    title, badge = SUGGESTIONS[round_.advice["suggestion"]]
    figures = round_.advice["figures"]
    return Another(
        round_.number,
        str(title),
        badge,
        reason=round_.advice["reason"],
        facts=tuple(_facts(figures)),
        rules=tuple(_rules(figures["rules"])),
        has_curve=bool(figures["curve"]),
    )


def newest_advice(study: Study, round_: Round | None) -> Another | None:
    """What the newest published round advised, unless the budget was spent since. One query where there is a budget."""
    another = another_round(round_)
    if another is None or study.budget_minutes is None:
        return another
    spent = (study.labels.aggregate(seconds=Sum("seconds_spent"))["seconds"] or 0.0) / 60
    if spent < study.budget_minutes:
        return another
    title, badge = SUGGESTIONS["stop_budget"]
    reason = gettext("The budget of {budget_minutes} minutes is spent: {spent} minutes were annotated.").format(
        budget_minutes=study.budget_minutes, spent=f"{spent:.0f}"
    )
    return replace(another, title=str(title), badge=badge, reason=reason)


def _facts(figures: Mapping[str, Any]) -> list[tuple[str, str]]:
    return [
        (gettext("Right on the random slice"), _audited(figures["curve"])),
        (gettext("At twice the labels"), _forecast(figures["forecast"])),
        (gettext("Gain for an hour of annotation"), _gain(figures["gain_per_minute"])),
        (gettext("Agreement of each model with the next"), _kappas(figures["kappas"], figures["n_stop_set"])),
        (gettext("Annotated so far"), _minutes(figures["minutes_spent"], figures["budget_minutes"])),
        *_agreement(figures.get("agreement", {})),
    ]


def _rules(rules: Mapping[str, Any]) -> list[tuple[str, str]]:
    """As the round was judged, whatever the study says now; a rule that it doesn't have asked nothing of it."""
    return [
        (
            gettext("Models count as settled"),
            gettext("from κ {min_kappa} on, {n_stable} times in a row").format(
                min_kappa=f"{rules['min_kappa']:g}", n_stable=rules["n_stable"]
            ),
        ),
        (gettext("Gain worth having, by twice the labels"), _least(rules["min_gain"])),
        (gettext("Gain worth an hour of annotation"), _least(rules.get("min_gain_per_hour", 0.0))),
        (gettext("Precision wanted of the random slice"), _precision(rules.get("max_half_width"))),
    ]


def _least(gain: float) -> str:
    return gettext("{gain} or more").format(gain=_points(gain)) if gain else gettext("any")


def _precision(half_width: float | None) -> str:
    return gettext("none asked for") if half_width is None else f"± {_points(half_width)}"


def _audited(curve: Sequence[Mapping[str, Any]]) -> str:
    if not curve:
        return gettext("no round before this one was audited")
    last = curve[-1]
    return gettext("{score} ({interval}) of {n} clips, round {round}").format(
        score=_share(last["score"]), interval=_range(last["interval"]), n=last["n"], round=last["round"]
    )


def _forecast(forecast: Mapping[str, Any] | None) -> str:
    if forecast is None:
        return gettext("can’t be told yet: it takes 3 audited rounds")
    return gettext("{score} ({interval}) with {n_labels} labels").format(
        score=_share(forecast["score"]), interval=_range(forecast["interval"]), n_labels=forecast["n_labels"]
    )


def _gain(per_minute: float | None) -> str:
    return gettext("can’t be told yet") if per_minute is None else _points(60 * per_minute)


def _kappas(kappas: Sequence[float | None], n_clips: int) -> str:
    if not kappas:
        return gettext("there is only one model yet")
    told = ", ".join(gettext("not defined") if kappa is None else f"{kappa:.3f}" for kappa in kappas)
    return gettext("κ {told} on {n_clips} unlabelled clips").format(told=told, n_clips=n_clips)


def _minutes(spent: float, budget: float | None) -> str:
    if budget is None:
        return gettext("{spent} minutes").format(spent=f"{spent:.0f}")
    return gettext("{spent} minutes of {budget}").format(spent=f"{spent:.0f}", budget=f"{budget:.0f}")


def _agreement(alphas: Mapping[str, float | None]) -> list[tuple[str, str]]:
    told = [f"{target} {alpha:.2f}" for target, alpha in sorted(alphas.items()) if alpha is not None]
    return [(gettext("Agreement of annotators (α)"), ", ".join(told))] if told else []


def _share(value: float) -> str:
    return f"{100 * value:.1f} %"


def _points(share: float) -> str:
    return gettext("{share} percentage points").format(share=f"{100 * share:.1f}")


def _range(interval: Sequence[float]) -> str:
    return gettext("{low} to {high}").format(low=_share(interval[0]), high=_share(interval[1]))


# --- the curve -------------------------------------------------------------------------------------------------------


def audit_curve(round_: Round) -> Figure:
    """Share right on each round's random slice with its interval, the curve through them, and where it leads."""
    figures = round_.advice.get("figures", {})
    points, ahead = figures.get("curve", []), figures.get("forecast")
    lines = [_audited_line(points)] if points else []
    if points and ahead:
        lines += [_fitted_line(ahead, start=points[0]["n_labels"]), _forecast_point(ahead)]
    return figure_of(
        lines, x_title=gettext("labels outside the test subjects"), y_title=gettext("share right"), y_range=[0, 1]
    )


def _audited_line(points: Sequence[Mapping[str, Any]]) -> Figure:
    drawn = line_of(
        gettext("random slice"),
        x=[point["n_labels"] for point in points],
        y=[point["score"] for point in points],
        text=[gettext("round {round}: {n} clips").format(round=point["round"], n=point["n"]) for point in points],
        index=0,
    )
    return {**drawn, "mode": "markers", "error_y": _bars([(point["score"], point["interval"]) for point in points])}


def _fitted_line(ahead: Mapping[str, Any], *, start: int) -> Figure:
    a, b, c = (ahead["curve"][name] for name in ("a", "b", "c"))
    ratio = ahead["n_labels"] / start
    x = [start * ratio ** (step / CURVE_STEPS) for step in range(CURVE_STEPS + 1)]
    y = [min(max(a - b * n**-c, 0.0), 1.0) for n in x]
    return {**line_of(gettext("fitted curve"), x=x, y=y, index=1, dash="dash"), "mode": "lines"}


def _forecast_point(ahead: Mapping[str, Any]) -> Figure:
    drawn = line_of("forecast", x=[ahead["n_labels"]], y=[ahead["score"]], index=2)
    return {**drawn, "mode": "markers", "error_y": _bars([(ahead["score"], ahead["interval"])], colour=COLOURS[2])}


def _bars(scores: Sequence[tuple[float, Sequence[float]]], *, colour: str = COLOURS[0]) -> Figure:
    return {
        "type": "data",
        "symmetric": False,
        "array": [interval[1] - score for score, interval in scores],
        "arrayminus": [score - interval[0] for score, interval in scores],
        "color": colour,
    }


# --- the annotators --------------------------------------------------------------------------------------------------


def reliability_rows(round_: Round) -> tuple[ReliabilityRow, ...]:
    """By pseudonym and question. One query; none where the round kept no reliability."""
    if not round_.reliability:
        return ()
    known = Membership.everyone.filter(study_id=round_.study_id, user_id__in=[int(one) for one in round_.reliability])
    names = dict(known.order_by("-pk").values_list("user_id", "pseudonym"))
    rows = [
        _reliability_row(names.get(int(user_id), "–"), target, told)
        for user_id, person in round_.reliability.items()
        for target, told in person["targets"].items()
    ]
    return tuple(sorted(rows, key=lambda row: (row.pseudonym, row.target)))


def _reliability_row(pseudonym: str, target: str, told: Mapping[str, Any]) -> ReliabilityRow:
    repeats = told["repeats"]
    return ReliabilityRow(
        pseudonym=pseudonym,
        target=target,
        n_votes=told["n_votes"],
        n_shared=told["n_shared"],
        expected_accuracy=told["expected_accuracy"],
        reliability=told["reliability"],
        n_repeats=repeats["n_pairs"],
        self_agreement=repeats["agreement"],
        interval=tuple(repeats["interval"]) if repeats["interval"] else None,
    )
