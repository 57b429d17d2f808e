from __future__ import annotations

import json
import math
from dataclasses import replace

import numpy as np
import pytest
from sklearn.metrics import cohen_kappa_score

from mlcore.acquire.forecast import CurvePoint, PowerLaw
from mlcore.acquire.stopping import (
    History,
    Suggestion,
    advise,
    gain_per_minute,
    is_stable,
    successive_kappa,
)
from mlcore.types import StoppingConfig

RISING = tuple(CurvePoint(n, PowerLaw(0.9, 2.0, 0.5).score(n) * 200, 200) for n in (20, 40, 80, 160))
FLAT = tuple(CurvePoint(n, 0.7 * 20_000, 20_000) for n in (20, 40, 80, 160))


def test_kappa_is_of_the_likeliest_classes_and_the_worst_target_decides() -> None:
    rng = np.random.default_rng(0)
    before = {name: rng.dirichlet(np.ones(3), 50) for name in ("valence", "arousal", "gone")}
    after = {"valence": before["valence"].copy(), "arousal": rng.dirichlet(np.ones(3), 50)}
    expected = cohen_kappa_score(before["arousal"].argmax(axis=1), after["arousal"].argmax(axis=1))
    assert successive_kappa(before, after) == pytest.approx(expected)
    assert successive_kappa({"valence": before["valence"]}, after) == 1.0


def test_kappa_that_can_not_be_told_is_none() -> None:
    always = {"valence": np.tile([0.8, 0.2], (5, 1))}
    assert math.isnan(successive_kappa(always, always))
    assert math.isnan(successive_kappa(always, {"arousal": always["valence"]}))
    assert math.isnan(successive_kappa({"valence": np.zeros((0, 2))}, {"valence": np.zeros((0, 2))}))


@pytest.mark.parametrize(
    ("kappas", "stable"),
    [
        ((0.99, 0.995, 1.0), True),
        ((0.5, 0.99, 0.995, 1.0), True),
        ((0.99, 0.98, 1.0), False),
        ((1.0, 1.0), False),
        ((1.0, math.nan, 1.0), False),
        ((), False),
    ],
)
def test_three_comparisons_in_a_row_must_agree(kappas: tuple[float, ...], stable: bool) -> None:
    assert is_stable(kappas, StoppingConfig()) is stable


def test_a_rising_curve_says_what_going_on_brings_and_costs() -> None:
    history = History(RISING, n_labels=160, minutes_spent=30.0, seconds_per_label=12.0, budget_minutes=120.0)
    advice = advise(history)
    assert advice.suggestion is Suggestion.CONTINUE
    ahead = advice.figures["forecast"]
    assert ahead["n_labels"] == 320
    assert advice.reason == (
        f"By the learning curve, 320 labels would gain {100 * ahead['gain']:.1f} percentage points"
        f" ({100 * ahead['gain_interval'][0]:.1f} to {100 * ahead['gain_interval'][1]:.1f})"
        " for about 32 minutes of annotation."
    )
    assert advice.figures["gain_per_minute"] == pytest.approx(ahead["gain"] / 32)
    assert (advice.figures["minutes_left"], advice.figures["minutes_to_forecast"]) == (90.0, 32.0)
    assert json.loads(json.dumps(advice.to_json(), allow_nan=False)) == advice.to_json()


def test_a_flat_curve_suggests_to_stop() -> None:
    advice = advise(History(FLAT, n_labels=160))
    assert advice.suggestion is Suggestion.CONSIDER_STOPPING
    assert advice.reason.startswith("By the learning curve, 320 labels would gain 0.")
    # unless less than that is worth having
    assert advise(History(FLAT, n_labels=160), StoppingConfig(min_gain=1e-4)).suggestion is Suggestion.CONTINUE


def test_models_that_change_their_minds_no_more_suggest_to_stop() -> None:
    history = History((), n_labels=90, kappas=(0.4, 0.9912, 0.995, 0.9999), n_stop_set=500)
    advice = advise(history)
    assert (advice.suggestion, advice.reason) == (
        Suggestion.CONSIDER_STOPPING,
        "The last 4 models answer 500 unlabelled clips almost alike (κ of each with the next at least 0.991).",
    )
    assert advise(history, StoppingConfig(n_stable=4)).suggestion is Suggestion.CONTINUE


def test_a_spent_budget_comes_before_all_else() -> None:
    history = History(RISING, n_labels=160, minutes_spent=61.2, budget_minutes=60.0, kappas=(1.0, 1.0, 1.0))
    advice = advise(history)
    assert (advice.suggestion, advice.reason) == (
        Suggestion.STOP_BUDGET,
        "The budget of 60 minutes is spent: 61 minutes were annotated.",
    )
    assert advise(replace(history, budget_minutes=None)).suggestion is Suggestion.CONSIDER_STOPPING


def test_before_three_rounds_were_audited_it_says_so() -> None:
    advice = advise(History(RISING[:2], n_labels=80, kappas=(math.nan,)))
    assert (advice.suggestion, advice.reason) == (
        Suggestion.CONTINUE,
        "Too early to tell where the learning curve goes: 2 of the 3 rounds that it takes have been audited.",
    )
    assert (advice.figures["forecast"], advice.figures["gain_per_minute"], advice.figures["kappas"]) == (
        None,
        None,
        [None],
    )
    assert len(advice.figures["curve"]) == 2
    assert advise(History((), n_labels=0)).suggestion is Suggestion.CONTINUE


def test_a_gain_has_no_price_before_the_first_label() -> None:
    assert gain_per_minute(History(RISING, n_labels=160), None) is None
    assert advise(History(RISING, n_labels=160)).figures["gain_per_minute"] is None


def test_a_gain_that_costs_too_much_suggests_to_stop() -> None:
    history = History(RISING, n_labels=160, seconds_per_label=300.0)
    advice = advise(history)
    ahead = advice.figures["forecast"]
    # 160 labels of 5 minutes each
    most = ahead["gain_interval"][1] / (160 * 5 / 60)
    assert advice.suggestion is Suggestion.CONTINUE
    assert advise(history, StoppingConfig(min_gain_per_hour=most - 1e-6)).suggestion is Suggestion.CONTINUE
    dear = advise(history, StoppingConfig(min_gain_per_hour=most + 1e-6))
    assert (dear.suggestion, dear.reason) == (
        Suggestion.CONSIDER_STOPPING,
        f"By the learning curve, an hour of annotation would gain {100 * most:.1f} percentage points at most,"
        f" and {100 * most:.1f} are asked for.",
    )
    # what a label costs is not known: neither is what an hour gains
    unpriced = replace(history, seconds_per_label=None)
    assert advise(unpriced, StoppingConfig(min_gain_per_hour=0.9)).suggestion is Suggestion.CONTINUE


def test_stopping_is_not_suggested_before_the_score_is_known_as_well_as_it_is_wanted() -> None:
    settled = History(FLAT[:1], n_labels=160, kappas=(1.0, 1.0, 1.0), n_stop_set=500)
    interval = FLAT[0].interval()
    half = (interval.high - interval.low) / 2
    known = advise(settled, StoppingConfig(max_half_width=half))
    assert known.suggestion is Suggestion.CONSIDER_STOPPING
    assert known.figures["rules"] == StoppingConfig(max_half_width=half).to_json()
    vague = advise(replace(settled, points=(*FLAT, CurvePoint(320, 14, 20))), StoppingConfig(max_half_width=half))
    assert (vague.suggestion, vague.reason) == (
        Suggestion.CONTINUE,
        f"The share right on the random slice is wanted to ± {100 * half:.1f} percentage points,"
        " and known to ± 18.7 so far.",
    )
    unjudged = advise(replace(settled, points=()), StoppingConfig(max_half_width=0.05))
    assert (unjudged.suggestion, unjudged.reason) == (
        Suggestion.CONTINUE,
        "The share right on the random slice is wanted to ± 5.0 percentage points, and no slice has been judged yet.",
    )


def test_a_spent_budget_is_said_however_little_is_known() -> None:
    history = History((), n_labels=160, minutes_spent=61.2, budget_minutes=60.0)
    assert advise(history, StoppingConfig(max_half_width=0.01)).suggestion is Suggestion.STOP_BUDGET


@pytest.mark.parametrize(
    "wrong",
    [
        {"min_kappa": 1.5},
        {"min_kappa": math.nan},
        {"min_gain": -0.1},
        {"min_gain_per_hour": 1.0},
        {"n_stable": 0},
        {"n_stable": 21},
        {"max_half_width": 0.0},
    ],
)
def test_settings_out_of_range_are_named(wrong: dict[str, float]) -> None:
    with pytest.raises(ValueError, match=f"^{next(iter(wrong))}: expected"):
        StoppingConfig(**wrong)  # type: ignore[arg-type]  # on purpose


def test_settings_survive_being_stored() -> None:
    config = StoppingConfig(min_gain=0.0, max_half_width=0.05)
    assert StoppingConfig.from_json(config.to_json()) == config
    assert StoppingConfig.from_json({}) == StoppingConfig()
    with pytest.raises(ValueError, match="stopping has no setting 'colour': expected max_half_width, "):
        StoppingConfig.from_json({"colour": 1})
