"""Linear experts: how strongly they are held back, and who has seen what."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import log_loss

from mlcore.train.experts import STRENGTHS, USUAL, Expert, fit_expert
from mlcore.train.linear import fit_logistic
from mlcore.train.split import Fold

Floats = NDArray[np.float64]


def _folds(n_clips: int, n_folds: int = 3) -> list[Fold]:
    return [
        Fold(np.arange(n_clips) % n_folds != one, np.arange(n_clips) % n_folds == one, "trial")
        for one in range(n_folds)
    ]


def _clips(*, signal: float, n_clips: int = 60, n_features: int = 20, seed: int = 0) -> tuple[Floats, Floats]:
    """Features (n, S), the first of which carries the class, and hard labels (n, 3)."""
    rng = np.random.default_rng(seed)
    said = rng.integers(0, 3, n_clips)
    x = rng.standard_normal((n_clips, n_features))
    x[:, :3] += signal * np.eye(3)[said]
    return x, np.eye(3)[said]


def _fit(x: Floats, y: Floats, *, folds: list[Fold] | None = None, balance: float = 0.0) -> Expert:
    usable = np.asarray(~np.isnan(y).any(axis=1))
    return fit_expert(x, y, usable=usable, folds=_folds(len(x)) if folds is None else folds, balance=balance)


@pytest.mark.parametrize(("signal", "expected"), [(0.0, 0.001), (6.0, 1.0)], ids=["noise", "plain to see"])
def test_noise_is_held_back_and_what_is_plain_is_not(signal: float, expected: float) -> None:
    assert _fit(*_clips(signal=signal, n_features=200)).c == expected


@pytest.mark.parametrize("signal", [0.5, 1.0, 2.0, 3.0])
def test_c_is_the_best_on_clips_held_back_by_scikit_learns_reckoning(signal: float) -> None:
    x, y = _clips(signal=signal)
    said = y.argmax(axis=1)
    p = {c: np.zeros_like(y) for c in STRENGTHS}
    for c in STRENGTHS:
        for fold in _folds(len(x)):
            learnt = LogisticRegression(C=c, tol=1e-8, max_iter=5000).fit(x[fold.train], said[fold.train])
            p[c][fold.validation] = learnt.predict_proba(x[fold.validation])
    assert _fit(x, y).c == min(STRENGTHS, key=lambda c: log_loss(said, p[c]))


def test_the_final_model_is_fitted_to_every_clip_by_the_chosen_c() -> None:
    x, y = _clips(signal=1.0)
    expert = _fit(x, y)
    expected = fit_logistic(x, y, c=expert.c)
    assert np.allclose(expert.model.weight, expected.weight, atol=1e-8)


def test_a_clips_held_out_logits_come_from_models_that_have_not_seen_its_label() -> None:
    x, y = _clips(signal=2.0)
    before = _fit(x, y)
    changed = y.copy()
    changed[4] = np.roll(changed[4], 1)
    after = _fit(x, changed)
    assert after.c == before.c
    same_fold = np.arange(len(x)) % 3 == 4 % 3
    assert np.array_equal(after.held_out[same_fold], before.held_out[same_fold])
    assert (after.held_out[~same_fold] != before.held_out[~same_fold]).any(axis=1).all()
    assert not np.allclose(after.model.weight, before.model.weight)


def test_clips_that_cannot_be_read_or_have_no_label_teach_nothing() -> None:
    x, y = _clips(signal=2.0)
    y[::5] = np.nan
    before = _fit(x, y)
    x[::5] = 100.0
    after = _fit(x, y)
    assert after.c == before.c
    assert np.array_equal(after.model.weight, before.model.weight)
    labelled = ~np.isnan(y).any(axis=1)
    assert np.array_equal(after.held_out[labelled], before.held_out[labelled])


def test_what_no_fold_holds_has_no_held_out_logits() -> None:
    x, y = _clips(signal=2.0)
    expert = _fit(x, y, folds=_folds(len(x))[:1])
    assert np.array_equal(np.isnan(expert.held_out).all(axis=1), np.arange(len(x)) % 3 != 0)


@pytest.mark.parametrize("folds", [[], [Fold(np.ones(60, bool), np.zeros(60, bool), "none")]], ids=["none", "empty"])
def test_with_nothing_held_back_c_is_the_usual(folds: list[Fold]) -> None:
    expert = _fit(*_clips(signal=6.0), folds=folds)
    assert expert.c == USUAL
    assert np.isnan(expert.held_out).all()


def test_balance_lets_rare_classes_count_as_much_as_frequent_ones() -> None:
    rng = np.random.default_rng(0)
    y = np.eye(2)[np.repeat([0, 1], [54, 6])]
    even = _fit(1e-6 * rng.standard_normal((60, 4)), y, balance=1.0)
    as_they_come = _fit(1e-6 * rng.standard_normal((60, 4)), y, balance=0.0)
    nothing = np.zeros((1, 4))
    assert np.allclose(even.model.probabilities(nothing), 0.5, atol=1e-3)
    assert np.allclose(as_they_come.model.probabilities(nothing), [[0.9, 0.1]], atol=1e-3)
