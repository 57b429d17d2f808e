"""Ridge regression against scikit-learn, and the trace's expert that is made of it."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.linear_model import Ridge as SklearnRidge
from sklearn.model_selection import GridSearchCV, PredefinedSplit

from mlcore.train.ridge import PENALTIES, fit_ridge, fit_ridges
from mlcore.train.split import Fold
from mlcore.train.trace_experts import USUAL, fit_trace_expert

N, T, S = 30, 6, 8


@pytest.mark.parametrize("penalty", [0.1, 100.0])
def test_ridge_regression_is_scikit_learns(penalty: float) -> None:
    rng = np.random.default_rng(2)
    x, y = 3 + rng.standard_normal((50, 7)), rng.standard_normal(50)
    reference = SklearnRidge(alpha=penalty).fit(x, y).predict(x)
    assert np.allclose(fit_ridge(x, y, penalty=penalty).predict(x), reference, atol=1e-8)


def test_many_penalties_at_once_are_the_same_one_by_one() -> None:
    rng = np.random.default_rng(3)
    x, y = rng.standard_normal((40, 5)), rng.standard_normal(40)
    for penalty, model in zip(PENALTIES, fit_ridges(x, y, penalties=PENALTIES), strict=True):
        assert np.allclose(model.predict(x), fit_ridge(x, y, penalty=penalty).predict(x), atol=1e-12)


def test_the_expert_is_what_scikit_learns_grid_search_finds() -> None:
    """Steps of a clip are held back together; values that nobody scored take no part."""
    x, y = _traces()
    folds = _folds(3)
    expert = fit_trace_expert(x, y, usable=np.ones(N, dtype=np.bool_), folds=folds)
    scored = ~np.isnan(y)
    held_by = np.repeat(np.arange(N) % 3, T).reshape(N, T)[scored]
    search = GridSearchCV(
        SklearnRidge(), {"alpha": PENALTIES}, scoring="neg_mean_squared_error", cv=PredefinedSplit(held_by)
    ).fit(x[scored], y[scored])
    assert expert.penalty == search.best_params_["alpha"]
    assert np.allclose(expert.ridge.predict(x[scored]), search.predict(x[scored]), atol=1e-8)
    assert np.allclose((x @ expert.model.weight + expert.model.bias)[..., 0], expert.ridge.predict(x))


def test_held_out_answers_come_from_models_that_had_not_seen_the_clip() -> None:
    x, y = _traces()
    folds = _folds(3)
    expert = fit_trace_expert(x, y, usable=np.ones(N, dtype=np.bool_), folds=folds)
    for fold in folds:
        learnt = ~np.isnan(y) & fold.train[:, None]
        reference = SklearnRidge(alpha=expert.penalty).fit(x[learnt], y[learnt])
        for clip in np.flatnonzero(fold.validation):
            assert np.allclose(expert.held_out[clip], reference.predict(x[clip]), atol=1e-8)


def test_without_folds_the_middle_penalty_is_taken() -> None:
    x, y = _traces()
    everything = Fold(np.ones(N, dtype=np.bool_), np.zeros(N, dtype=np.bool_), "none")
    expert = fit_trace_expert(x, y, usable=np.ones(N, dtype=np.bool_), folds=[everything])
    assert expert.penalty == USUAL
    assert np.isnan(expert.held_out).all()


def test_clips_without_the_modality_teach_nothing() -> None:
    x, y = _traces()
    usable = np.arange(N) % 5 != 0
    spoilt = np.where(usable[:, None, None], x, 1e6)
    whole = fit_trace_expert(spoilt, y, usable=usable, folds=_folds(3))
    without = fit_ridge(x[usable][~np.isnan(y[usable])], y[usable][~np.isnan(y[usable])], penalty=whole.penalty)
    assert np.allclose(whole.ridge.weights, without.weights, atol=1e-10)


def _traces() -> tuple[np.ndarray, np.ndarray]:
    """A trace is a line of a few noisy features; a stretch of every third is not scored."""
    rng = np.random.default_rng(4)
    x = rng.standard_normal((N, T, S))
    y = x @ rng.standard_normal(S) + 3.0 * rng.standard_normal((N, T))
    y[::3, 2:4] = np.nan
    return x, y


def _folds(n_folds: int) -> list[Fold]:
    held = [np.arange(N) % n_folds == number for number in range(n_folds)]
    return [Fold(~one, one, "trial") for one in held]
