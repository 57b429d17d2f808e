from __future__ import annotations

import math

import pytest

from annotator.models import Round
from annotator.queries.another_round import another_round, audit_curve
from mlcore.types import StoppingConfig
from tests.factories.advice import POINTS, make_advice


def facts_of(round_: Round) -> dict[str, str]:
    another = another_round(round_)
    assert another is not None
    return dict(another.facts)


def test_a_round_that_kept_no_advice_has_no_card() -> None:
    assert another_round(None) is None
    assert another_round(Round(number=1)) is None


def test_the_card_tells_every_figure_with_its_unit() -> None:
    round_ = Round(number=4, advice=make_advice(budget_minutes=120.0, agreement={"valence": 0.416, "arousal": None}))
    ahead = round_.advice["figures"]["forecast"]
    low, high = (f"{100 * value:.1f} %" for value in ahead["interval"])
    another = another_round(round_)
    assert another is not None
    assert (another.number, another.title, another.badge, another.has_curve) == (4, "Go on", "ok", True)
    assert another.reason == round_.advice["reason"]
    assert dict(another.facts) == {
        "Right on the random slice": "71.7 % (59.2 % to 81.5 %) of 60 clips, round 3",
        "At twice the labels": f"{100 * ahead['score']:.1f} % ({low} to {high}) with 200 labels",
        # 100 labels of 9 s each are a quarter of an hour
        "Gain for an hour of annotation": f"{100 * 4 * ahead['gain']:.1f} percentage points",
        "Agreement of each model with the next": "κ 0.900, 0.950 on 750 unlabelled clips",
        "Annotated so far": "42 minutes of 120",
        "Agreement of annotators (α)": "valence 0.42",
    }


def test_what_can_not_be_told_is_said() -> None:
    nothing = Round(number=1, advice=make_advice((), kappas=()))
    another = another_round(nothing)
    assert another is not None
    assert not another.has_curve
    assert facts_of(nothing) == {
        "Right on the random slice": "no round before this one was audited",
        "At twice the labels": "can’t be told yet: it takes 3 audited rounds",
        "Gain for an hour of annotation": "can’t be told yet",
        "Agreement of each model with the next": "there is only one model yet",
        "Annotated so far": "42 minutes",
    }
    odd = Round(number=3, advice=make_advice(POINTS[:2], kappas=(math.nan, 0.99)))
    assert facts_of(odd)["Agreement of each model with the next"] == "κ not defined, 0.990 on 750 unlabelled clips"


def test_the_card_tells_by_what_the_suggestion_was_judged() -> None:
    strict = StoppingConfig(min_kappa=0.985, n_stable=4, min_gain=0.0, min_gain_per_hour=0.005, max_half_width=0.05)
    round_ = Round(number=4, advice=make_advice(rules=strict))
    another = another_round(round_)
    assert another is not None
    assert dict(another.rules) == {
        "Models count as settled": "from κ 0.985 on, 4 times in a row",
        "Gain worth having, by twice the labels": "any",
        "Gain worth an hour of annotation": "0.5 percentage points or more",
        "Precision wanted of the random slice": "± 5.0 percentage points",
    }


def test_rules_that_a_round_does_not_have_asked_nothing_of_it() -> None:
    advice = make_advice()
    advice["figures"]["rules"] = {"min_kappa": 0.99, "n_stable": 3, "min_gain": 0.01, "level": 0.95, "seed": 0}
    another = another_round(Round(number=4, advice=advice))
    assert another is not None
    assert dict(another.rules) == {
        "Models count as settled": "from κ 0.99 on, 3 times in a row",
        "Gain worth having, by twice the labels": "1.0 percentage points or more",
        "Gain worth an hour of annotation": "any",
        "Precision wanted of the random slice": "none asked for",
    }


@pytest.mark.parametrize(
    ("changes", "title", "badge"),
    [
        ({"kappas": (1.0, 1.0, 1.0)}, "Consider stopping", "warn"),
        ({"budget_minutes": 40.0}, "Budget spent", "warn"),
    ],
)
def test_each_suggestion_has_its_words(changes: dict[str, float], title: str, badge: str) -> None:
    another = another_round(Round(number=4, advice=make_advice(**changes)))  # type: ignore[arg-type]  # one of many kinds
    assert another is not None
    assert (another.title, another.badge) == (title, badge)


def test_the_curve_has_intervals_its_fit_and_the_forecast() -> None:
    round_ = Round(number=4, advice=make_advice())
    slice_, fitted, ahead = audit_curve(round_)["data"]
    forecast = round_.advice["figures"]["forecast"]
    assert (slice_["x"], slice_["y"], slice_["mode"]) == ([20, 40, 80], [33 / 60, 39 / 60, 43 / 60], "markers")
    assert slice_["text"] == [f"round {number}: 60 clips" for number in (1, 2, 3)]
    bars = slice_["error_y"]
    low, high = round_.advice["figures"]["curve"][0]["interval"]
    assert (bars["array"][0], bars["arrayminus"][0]) == (high - 33 / 60, 33 / 60 - low)
    assert (fitted["x"][0], fitted["x"][-1]) == pytest.approx((20, 200))
    assert fitted["y"][-1] == pytest.approx(forecast["score"])
    assert fitted["y"] == sorted(fitted["y"])
    assert (ahead["x"], ahead["y"]) == ([200], [forecast["score"]])


def test_without_a_forecast_the_points_stand_alone() -> None:
    assert [line["name"] for line in audit_curve(Round(number=3, advice=make_advice(POINTS[:2])))["data"]] == [
        "random slice"
    ]
    assert audit_curve(Round(number=1))["data"] == []
