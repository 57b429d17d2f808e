from __future__ import annotations

import json

import numpy as np
import pytest
from sklearn.metrics import balanced_accuracy_score

from mlcore.evaluate import Evaluation, report


def test_numbers_beside_the_figures() -> None:
    whole = report(_evaluation(n_subjects=3), seed=0)
    assert (whole["n_subjects"], whole["n_trials"], whole["n_clips"]) == (3, 6, 60)
    assert whole["by_target"]["valence"]["n"] == 60
    assert set(whole["per_subject"]) == {"s0", "s1", "s2"}
    assert whole["per_subject"]["s1"]["valence"]["n"] == 20


def test_below_five_subjects_no_interval_is_claimed() -> None:
    assert report(_evaluation(n_subjects=4), seed=0)["interval"] is None


def test_the_interval_surrounds_the_mean_and_follows_the_seed() -> None:
    evaluation = _evaluation(n_subjects=6)
    whole = report(evaluation, seed=0)
    low, high = whole["interval"]
    assert low < whole["mean_balanced_accuracy"] < high
    assert report(evaluation, seed=0)["interval"] == [low, high]


def test_the_interval_comes_from_resampled_subjects() -> None:
    """Subjects who are all right or all wrong: the interval is that of a binomial over subjects, not over clips."""
    subjects = np.repeat([f"s{number}" for number in range(8)], 50)
    truth = np.tile([0, 1], 200)
    right = np.repeat(np.arange(8) < 4, 50)
    p = np.eye(2)[np.where(right, truth, 1 - truth)]
    evaluation = Evaluation(subjects, np.arange(400), {"valence": np.eye(2)[truth]}, {"valence": p})
    low, high = report(evaluation, seed=0)["interval"]
    assert low <= 0.25
    assert high >= 0.75


def test_the_mean_is_over_targets() -> None:
    evaluation = _evaluation(n_subjects=3)
    scores = [
        balanced_accuracy_score(evaluation.targets[name].argmax(1), evaluation.probabilities[name].argmax(1))
        for name in evaluation.targets
    ]
    assert report(evaluation, seed=0)["mean_balanced_accuracy"] == pytest.approx(np.mean(scores))


def test_tied_votes_count_in_the_likelihood_only() -> None:
    y = np.array([[1.0, 0.0], [0.5, 0.5]])
    p = np.array([[0.9, 0.1], [0.5, 0.5]])
    evaluation = Evaluation(np.array(["s0", "s0"]), np.array([0, 0]), {"valence": y}, {"valence": p})
    figures = report(evaluation, seed=0)["by_target"]["valence"]
    assert (figures["n"], figures["n_ambiguous"], figures["accuracy"]) == (2, 1, 1.0)
    assert figures["nll"] == pytest.approx((-np.log(0.9) + np.log(2)) / 2)


def test_without_test_clips_every_figure_is_null() -> None:
    nothing = Evaluation(
        np.zeros(0, dtype=str), np.zeros(0, np.int64), {"valence": np.zeros((0, 3))}, {"valence": np.zeros((0, 3))}
    )
    whole = report(nothing, seed=0)
    assert whole["mean_balanced_accuracy"] is None
    assert whole["by_target"]["valence"]["accuracy"] is None
    assert json.loads(json.dumps(whole, allow_nan=False)) == whole


def _evaluation(*, n_subjects: int) -> Evaluation:
    """20 clips a subject in 2 trials; answers are right about two times in three."""
    rng = np.random.default_rng(1)
    n = 20 * n_subjects
    targets = {name: np.eye(3)[rng.integers(0, 3, n)] for name in ("valence", "arousal")}
    said = {name: 0.3 * y + 0.7 * rng.dirichlet(np.ones(3) * 0.3, n) for name, y in targets.items()}
    subjects = np.repeat([f"s{number}" for number in range(n_subjects)], 20)
    return Evaluation(subjects, np.arange(n) // 10, targets, said)
