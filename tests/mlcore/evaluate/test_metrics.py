from __future__ import annotations

import math

import numpy as np
import pytest
from numpy.typing import NDArray
from sklearn import metrics as sk

from mlcore.evaluate import (
    accuracy,
    balanced_accuracy,
    confusion,
    expected_calibration_error,
    hard_classes,
    macro_f1,
    majority_rate,
    negative_log_likelihood,
)


@pytest.fixture(params=[0, 1, 2], ids=lambda seed: f"seed {seed}")
def answers(request: pytest.FixtureRequest) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    """Truth (classes 0..2 of 4, so that one never occurs) and probabilities over 4 classes."""
    rng = np.random.default_rng(request.param)
    return rng.integers(0, 3, 40), rng.dirichlet(np.ones(4), 40)


@pytest.mark.filterwarnings("ignore:y_pred contains classes not in y_true")
def test_figures_are_scikit_learns(answers: tuple[NDArray[np.int64], NDArray[np.float64]]) -> None:
    truth, p = answers
    said = p.argmax(axis=1)
    counts = confusion(truth, said, n_classes=4)
    assert counts.tolist() == sk.confusion_matrix(truth, said, labels=range(4)).tolist()
    assert accuracy(counts) == pytest.approx(sk.accuracy_score(truth, said))
    assert balanced_accuracy(counts) == pytest.approx(sk.balanced_accuracy_score(truth, said))
    assert macro_f1(counts) == pytest.approx(sk.f1_score(truth, said, average="macro"))
    assert negative_log_likelihood(p, np.eye(4)[truth]) == pytest.approx(sk.log_loss(truth, p, labels=range(4)))


def test_majority_rate_is_the_best_constant_answer() -> None:
    counts = confusion(np.array([0, 0, 0, 1]), np.array([1, 1, 1, 1]), n_classes=2)
    assert majority_rate(counts) == 0.75


def test_calibration_error_by_hand() -> None:
    p = np.array([[0.95, 0.05], [0.95, 0.05], [0.55, 0.45]])
    # bin 0.9..1: half right at confidence 0.95; bin 0.5..0.6: right at 0.55
    expected = 2 / 3 * abs(0.5 - 0.95) + 1 / 3 * abs(1 - 0.55)
    assert expected_calibration_error(p, np.array([0, 1, 0])) == pytest.approx(expected)


def test_soft_targets_are_scored_by_their_cross_entropy() -> None:
    p, y = np.array([[0.5, 0.5]]), np.array([[0.3, 0.7]])
    assert negative_log_likelihood(p, y) == pytest.approx(math.log(2))


def test_tied_and_unscored_rows_have_no_class() -> None:
    y = np.array([[0.2, 0.8, 0.0], [0.5, 0.5, 0.0], [np.nan] * 3, [0.4, 0.2, 0.4]])
    assert hard_classes(y).tolist() == [1, -1, -1, -1]


def test_figures_of_no_clips_are_nan() -> None:
    counts = np.zeros((3, 3), dtype=np.int64)
    for figure in (accuracy(counts), balanced_accuracy(counts), macro_f1(counts), majority_rate(counts)):
        assert math.isnan(figure)
