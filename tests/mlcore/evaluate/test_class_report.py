from __future__ import annotations

import json

import numpy as np
import pytest
from sklearn import metrics as sk

from mlcore.evaluate import brier_score, class_report


def test_figures_are_scikit_learns() -> None:
    rng = np.random.default_rng(0)
    truth, p = rng.integers(0, 3, 60), rng.dirichlet(np.ones(3), 60)
    figures = class_report(p, np.eye(3)[truth])
    assert figures.pop("ece") >= 0
    assert figures == {
        "accuracy": pytest.approx(sk.accuracy_score(truth, p.argmax(1))),
        "majority_rate": np.bincount(truth).max() / 60,
        "balanced_accuracy": pytest.approx(sk.balanced_accuracy_score(truth, p.argmax(1))),
        "macro_f1": pytest.approx(sk.f1_score(truth, p.argmax(1), average="macro")),
        "nll": pytest.approx(sk.log_loss(truth, p)),
        "brier": pytest.approx(sk.brier_score_loss(truth, p, scale_by_half=False)),
        "n": 60,
        "n_ambiguous": 0,
        "n_unanswered": 0,
    }


def test_brier_of_soft_targets_by_hand() -> None:
    p, y = np.array([[0.7, 0.3], [0.5, 0.5]]), np.array([[0.4, 0.6], [0.5, 0.5]])
    assert brier_score(p, y) == pytest.approx((0.3**2 + 0.3**2) / 2)


def test_clips_without_label_or_answer_are_in_no_figure() -> None:
    nan = [np.nan, np.nan]
    p = np.array([[0.8, 0.2], nan, [0.1, 0.9], [0.6, 0.4]])
    y = np.array([[1.0, 0.0], [0.0, 1.0], nan, [0.5, 0.5]])
    figures = class_report(p, y)
    assert (figures["n"], figures["n_ambiguous"], figures["n_unanswered"]) == (2, 1, 1)
    assert figures["accuracy"] == 1.0
    assert figures["brier"] == pytest.approx((0.08 + 0.02) / 2)


def test_without_clips_every_figure_is_null() -> None:
    figures = class_report(np.zeros((0, 3)), np.zeros((0, 3)))
    names = ("accuracy", "majority_rate", "balanced_accuracy", "macro_f1", "ece", "nll", "brier")
    assert figures == dict.fromkeys(names) | {"n": 0, "n_ambiguous": 0, "n_unanswered": 0}
    assert json.loads(json.dumps(figures, allow_nan=False)) == figures
