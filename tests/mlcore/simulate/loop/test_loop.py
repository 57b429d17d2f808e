"""The loop as a whole, on a small store with many dead sensors."""

from __future__ import annotations

import itertools
from dataclasses import replace

import numpy as np
import pytest

from mlcore.errors import ConcordError
from mlcore.evaluate import SplitBy
from mlcore.simulate.loop import (
    Given,
    LoopOptions,
    Material,
    Oracle,
    Plan,
    Run,
    World,
    fast_maker,
    make_world,
    run_loop,
)
from mlcore.simulate.loop.oracle import BAD_SIGNAL
from mlcore.types import Strategy
from tests.mlcore.simulate.loop.conftest import OPTIONS

#: every strategy, plain and gated, and the composed batch
EVERY = [*Strategy, *(f"gated-{one}" for one in Strategy if one != "consistency"), "policy", "policy:badge"]


def _world(material: Material, given: Given, options: LoopOptions = OPTIONS, *, seed: int = 3) -> World:
    return make_world(material, given, options, fast_maker(options.target), seed=seed)


def _run(material: Material, given: Given, name: str, options: LoopOptions = OPTIONS, *, seed: int = 3) -> Run:
    return run_loop(_world(material, given, options, seed=seed), Plan.parse(name))


def _n_bad(run: Run) -> int:
    return sum(batch["bad_signal"] for batch in run.batches)


@pytest.mark.parametrize("name", EVERY)
def test_every_strategy_asks_until_nothing_is_left_and_is_the_same_again(
    material: Material, given: Given, name: str
) -> None:
    run, again = (_run(material, given, name) for _ in range(2))
    assert run.to_json() == again.to_json()
    answers = [point.n_answers for point in run.points]
    assert answers[0] == 10
    assert all(later > earlier for earlier, later in itertools.pairwise(answers))
    assert sum(batch["answers"] for batch in run.batches) == answers[-1] - 10
    assert all(0.0 <= point.score <= 1.0 for point in run.points)
    if not Plan.parse(name).is_gated:
        assert answers[-1] == run.n_pool


@pytest.mark.parametrize("name", ["gated-random", "gated-entropy", "gated-core-set", "policy"])
def test_behind_the_gate_nobody_is_asked_about_garbage(material: Material, given: Given, name: str) -> None:
    """40 % of the clips are garbage; fewer than 5 % of what is asked about is."""
    run = _run(material, given, name)
    asked = sum(batch["answers"] for batch in run.batches)
    assert asked >= 30
    assert _n_bad(run) / asked < 0.05
    assert _n_bad(_run(material, given, "random")) / 74 > 0.3


def test_start_and_test_clips_are_the_same_for_every_strategy(material: Material, given: Given) -> None:
    first = {_run(material, given, name).points[0] for name in ("random", "gated-entropy", "policy", "badge")}
    assert len(first) == 1


def test_another_seed_tests_other_people(material: Material, given: Given) -> None:
    tested = {tuple(np.unique(material.subject[_world(material, given, seed=seed).split.test])) for seed in range(8)}
    assert len(tested) > 3
    assert {len(one) for one in tested} == {2}


@pytest.mark.parametrize("seed", range(5))
def test_test_subjects_never_enter_the_pool(material: Material, given: Given, seed: int) -> None:
    split = _world(material, given, seed=seed).split
    assert not set(material.subject[split.test]) & set(material.subject[split.pool])
    assert (given.said[split.test] >= 0).all()
    by_trial = _world(material, given, replace(OPTIONS, split=SplitBy.TRIAL), seed=seed).split
    assert not set(material.trial[by_trial.test]) & set(material.trial[by_trial.pool])


def test_answers_of_test_subjects_only_judge(material: Material, given: Given) -> None:
    """Turning every answer about the test people round changes scores, and nothing that is asked."""
    test = _world(material, given).split.test
    turned = replace(given, said=given.said.copy(), votes=given.votes.copy())
    turned.said[test] = 2 - given.said[test]
    turned.votes[test] = given.votes[test][:, ::-1]
    one, other = _run(material, given, "policy"), _run(material, turned, "policy")
    assert [batch | {"seconds": 0} for batch in one.batches] == [batch | {"seconds": 0} for batch in other.batches]
    assert [point.score for point in one.points] != [point.score for point in other.points]


def test_an_answer_is_not_known_before_it_is_asked_for(material: Material, given: Given) -> None:
    """The first batch is chosen from the start's answers alone: turning all others round leaves it as it is."""
    world = _world(material, given)
    others = np.delete(world.split.pool, world.split.start)
    turned = replace(given, said=given.said.copy(), votes=given.votes.copy())
    turned.said[others] = np.where(given.said[others] >= 0, 2 - given.said[others], -1)
    once = replace(OPTIONS, budget=20)
    for name in ("entropy", "disagreement", "badge"):
        one, other = _run(material, given, name, once), _run(material, turned, name, once)
        assert one.points[0] == other.points[0]
        same = ("answers", "bad_signal", "n_subjects", "routes", "terms", "seconds")
        assert [one.batches[0][key] for key in same] == [other.batches[0][key] for key in same]
        assert one.batches[0]["classes"] == other.batches[0]["classes"][::-1]


def test_a_clip_with_dead_sensors_costs_its_seconds_and_teaches_nothing(material: Material, given: Given) -> None:
    run = _run(material, given, "random")
    last = run.points[-1]
    world = _world(material, given)
    bad = int((world.answers.of_first() == BAD_SIGNAL).sum())
    assert bad > 20
    assert (last.n_answers, last.n_labels) == (run.n_pool, run.n_pool - bad)
    seconds = world.answers.seconds[0, world.answers.first, np.arange(run.n_pool)].sum()
    assert last.seconds == pytest.approx(float(seconds), abs=1e-2)


def test_when_all_is_asked_the_score_is_the_full_pools(material: Material, given: Given) -> None:
    world = _world(material, given)
    assert run_loop(world, Plan.parse("random")).points[-1].score == pytest.approx(world.full_score(), abs=0.03)


def test_a_budget_ends_it(material: Material, given: Given) -> None:
    run = _run(material, given, "entropy", replace(OPTIONS, budget=35))
    assert [point.n_answers for point in run.points] == [10, 20, 30, 35]


def test_the_policy_has_its_random_slice_and_repeats(material: Material, given: Given) -> None:
    run = _run(material, given, "policy", replace(OPTIONS, batch_size=20, budget=60))
    terms = {name for batch in run.batches for name in batch["terms"]}
    assert {"policy", "audit"} <= terms
    assert terms & {"repeat_other", "repeat_own"}


def test_passes_teach_nothing(material: Material, given: Given) -> None:
    options = replace(OPTIONS, oracle=Oracle.parse("abstain:1"))
    run = _run(material, given, "random", options)
    assert [point.n_labels for point in run.points] == [0] * len(run.points)
    assert sum(batch["cant_tell"] for batch in run.batches) > 20


def test_a_pool_that_is_too_small_is_refused(material: Material, given: Given) -> None:
    with pytest.raises(ConcordError, match="more than 500 clips to ask about"):
        _world(material, given, replace(OPTIONS, n_start=500))


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("entropy", Plan("entropy", Strategy.ENTROPY, is_gated=False, is_composed=False)),
        ("gated-entropy", Plan("gated-entropy", Strategy.ENTROPY, is_gated=True, is_composed=False)),
        ("gated-consistency", Plan("gated-consistency", Strategy.GATED_CONSISTENCY, is_gated=False, is_composed=False)),
        ("policy", Plan("policy", Strategy.ENTROPY, is_gated=True, is_composed=True)),
        ("policy:badge", Plan("policy:badge", Strategy.BADGE, is_gated=True, is_composed=True)),
    ],
)
def test_names(name: str, expected: Plan) -> None:
    assert Plan.parse(name) == expected


def test_an_unknown_name_is_refused() -> None:
    with pytest.raises(ConcordError, match="no strategy 'gated-luck': expected one of random, entropy"):
        Plan.parse("gated-luck")
