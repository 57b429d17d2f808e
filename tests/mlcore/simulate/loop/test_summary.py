from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import t, wilcoxon

from mlcore.simulate.loop.run import Point, Run
from mlcore.simulate.loop.summary import summarise
from mlcore.simulate.loop.versus import penalty_matrix
from mlcore.types import JsonObject

N_POOL = 40
#: after 10, 20, 30 and 40 answers; every seed adds a little of its own
RANDOM, BETTER = (0.3, 0.4, 0.5, 0.6), (0.3, 0.5, 0.6, 0.6)
SEEDS = (0.0, 0.01, 0.02, 0.05)


def _batch(n_bad: int) -> JsonObject:
    return {
        "answers": 10,
        "bad_signal": n_bad,
        "cant_tell": 0,
        "classes": [10 - n_bad, 0],
        "n_subjects": 2,
        "largest_subject_share": 0.5,
        "routes": {"main": 10},
        "terms": {"policy": 10},
        "seconds": 80.0,
    }


def _run(name: str, scores: tuple[float, ...], *, seed: int, n_bad: int = 0) -> Run:
    points = [
        Point(10 * (n + 1), 10 * (n + 1) - n * n_bad, 100.0 * (n + 1), score + SEEDS[seed])
        for n, score in enumerate(scores)
    ]
    return Run(name, seed, N_POOL, tuple(points), tuple(_batch(n_bad) for _ in scores[1:]))


@pytest.fixture(scope="module")
def told() -> JsonObject:
    runs = {
        "random": [_run("random", RANDOM, seed=seed, n_bad=4) for seed in range(4)],
        "gated-random": [_run("gated-random", RANDOM, seed=seed) for seed in range(4)],
        "better": [_run("better", BETTER[: 4 - (seed == 3)], seed=seed) for seed in range(4)],
    }
    return summarise(runs, [0.6 + more for more in SEEDS])


def _of(told: JsonObject, name: str) -> JsonObject:
    found: JsonObject = next(one for one in told["strategies"] if one["strategy"] == name)
    return found


def test_areas_by_hand(told: JsonObject) -> None:
    mean = float(np.mean(SEEDS))
    assert _of(told, "random")["aulc"] == pytest.approx(0.45 + mean)
    # (0.4 + 0.55 + 0.6) / 3, also for the seed that had nothing left to ask after 30
    assert _of(told, "better")["aulc"] == pytest.approx(0.516667 + mean, abs=1e-6)
    assert _of(told, "better")["aulc_minus_random"] == pytest.approx(0.066667, abs=1e-6)
    low, high = _of(told, "better")["ci95"]
    assert (low, high) == pytest.approx((0.066667, 0.066667), abs=1e-6)
    assert _of(told, "random")["ci95"] == [0.0, 0.0]
    assert told["full_score"] == pytest.approx(0.6 + mean)


def test_intervals_are_students_over_seeds(told: JsonObject) -> None:
    low, high = _of(told, "random")["curve"]["ci95"][0]
    reach = t.ppf(0.975, 3) * np.std(SEEDS, ddof=1) / 2.0
    assert (low, high) == pytest.approx((0.3 + np.mean(SEEDS) - reach, 0.3 + np.mean(SEEDS) + reach))


def test_answers_to_a_target_and_their_ratio(told: JsonObject) -> None:
    # smoothed: random .35 .4 .5 .55, better .4 .467 .567 .6; 90 % of the first seed's 0.6 is 0.54
    random = _of(told, "random")["to_target"]["90"]["answers"]
    better = _of(told, "better")["to_target"]["90"]["answers"]
    assert (random["n_reached"], random["n_censored"]) == (4, 0)
    by_seed = [30 + 10 * (0.9 * (0.6 + more) - (0.5 + more)) / 0.05 for more in SEEDS]
    assert random["median"] == pytest.approx(sorted(by_seed)[1])
    assert better["ratio_to_random"] == pytest.approx(better["median"] / random["median"])
    assert better["ratio_to_random"] < 0.9


def test_what_nobody_reaches_has_no_number(told: JsonObject) -> None:
    # smoothed, random ends at 0.55 of 0.6: 95 % is never reached
    random = _of(told, "random")
    assert random["labels_to_95"] is None
    assert random["ratio_to_random_95"] is None
    assert random["to_target"]["95"]["answers"]["n_censored"] == 4
    assert _of(told, "better")["labels_to_95"] is not None


def test_make_up_of_batches_and_garbage(told: JsonObject) -> None:
    random = _of(told, "random")
    assert random["junk_share"] == pytest.approx(0.4)
    assert random["batches"][0]["bad_signal"] == pytest.approx(0.4)
    assert random["batches"][0]["classes"] == [1.0, 0.0]
    assert random["batches"][0]["terms"] == {"policy": 1.0}
    assert [batch["n_seeds"] for batch in _of(told, "better")["batches"]] == [4, 4, 3]
    assert random["curve"]["labels"][-1] == pytest.approx(28.0)


def test_labels_are_counted_apart_from_answers(told: JsonObject) -> None:
    random, gated = _of(told, "random"), _of(told, "gated-random")
    assert random["area"]["answers"] == gated["area"]["answers"]
    assert random["last"] == {"answers": 40.0, "labels": 28.0, "seconds": 400.0}


def test_the_penalty_matrix_by_hand() -> None:
    rng = np.random.default_rng(1)
    base = rng.normal(0.5, 0.01, size=(20, 2))
    scores = {"good": base + np.array([0.1, 0.0]), "plain": base, "noisy": base + rng.normal(0.0, 0.001, size=(20, 2))}
    told = penalty_matrix(scores)
    # good beats both others at the first of two checkpoints, surely enough for six tests
    assert wilcoxon(scores["good"][:, 0] - scores["plain"][:, 0]).pvalue * 6 < 0.05
    assert told == {
        "strategies": ["good", "plain", "noisy"],
        "matrix": [[0.0, 0.5, 0.5], [0.0, 0.0, 0.0], [0.0, 0.0, 0.0]],
        "losses": [0.0, 0.5, 0.5],
    }
