from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import torch
from sklearn.linear_model import LogisticRegression

from mlcore.acquire.live_fit import Evidence, Floats, evidence_bound, fit_correction, likeliest_fit, loss_and_gradient
from mlcore.errors import TrainingError

PRECISION = 0.7


def evidence(m: int = 12, n_features: int = 5, n_classes: int = 3, *, seed: int = 0) -> Evidence:
    rng = np.random.default_rng(seed)
    return Evidence(
        features=rng.standard_normal((m, n_features)),
        log_prior=np.log(rng.dirichlet(np.ones(n_classes), m)),
        targets=rng.dirichlet(np.ones(n_classes), m),
        weights=rng.integers(1, 4, m).astype(np.float64),
    )


def some_weights(given: Evidence, *, seed: int) -> Floats:
    shape = (given.log_prior.shape[1], given.features.shape[1])
    return np.random.default_rng(seed).standard_normal(shape)


def test_loss_and_gradient_are_what_autograd_makes_of_the_formula() -> None:
    given, w = evidence(), some_weights(evidence(), seed=1)
    free = torch.tensor(w, requires_grad=True)
    logits = torch.tensor(given.log_prior) + torch.tensor(given.features) @ free.T
    cross = -(torch.tensor(given.targets) * torch.log_softmax(logits, dim=1)).sum(dim=1)
    loss = (torch.tensor(given.weights) * cross).sum() + 0.5 * PRECISION * (free**2).sum()
    torch.autograd.backward(loss)
    ours, gradient = loss_and_gradient(w, given, precision=PRECISION)
    assert free.grad is not None
    assert ours == pytest.approx(float(loss.detach()))
    np.testing.assert_allclose(gradient, free.grad.numpy(), rtol=1e-10)


@pytest.mark.parametrize("seed", range(20))
def test_the_loss_is_strongly_convex(seed: int) -> None:
    given = evidence(seed=seed)
    a, b = some_weights(given, seed=seed + 100), some_weights(given, seed=seed + 200)
    at_a, at_b, between = (loss_and_gradient(w, given, precision=PRECISION)[0] for w in (a, b, (a + b) / 2))
    assert between <= (at_a + at_b) / 2 - PRECISION / 8 * float(((a - b) ** 2).sum()) + 1e-9


@pytest.mark.parametrize(("m", "n_features"), [(1, 40), (12, 40), (40, 40), (200, 5)])
def test_the_gradient_vanishes_at_the_fit_by_fewer_answers_than_features_and_by_more(m: int, n_features: int) -> None:
    given = evidence(m, n_features)
    _, gradient = loss_and_gradient(fit_correction(given, precision=PRECISION), given, precision=PRECISION)
    assert np.abs(gradient).max() < 1e-4


@pytest.mark.parametrize(("m", "n_features"), [(30, 60), (90, 6)])
def test_without_a_prior_opinion_it_is_plain_logistic_regression(m: int, n_features: int) -> None:
    given = evidence(m, n_features)
    classes = np.arange(m) % 3
    plain = replace(
        given, log_prior=np.full((m, 3), -np.log(3)), targets=np.eye(3)[classes], weights=np.ones(m, dtype=np.float64)
    )
    theirs = LogisticRegression(C=1 / PRECISION, fit_intercept=False, tol=1e-9, max_iter=10_000)
    theirs.fit(plain.features, classes)
    np.testing.assert_allclose(fit_correction(plain, precision=PRECISION), theirs.coef_, atol=2e-5)


def test_a_weight_is_as_good_as_the_same_answer_again() -> None:
    given = replace(evidence(), weights=np.array([2.0] + [1.0] * 11))
    rows = [0, *range(12)]
    twice = Evidence(given.features[rows], given.log_prior[rows], given.targets[rows], np.ones(13))
    np.testing.assert_allclose(
        fit_correction(given, precision=PRECISION), fit_correction(twice, precision=PRECISION), atol=1e-5
    )


def hessian(given: Evidence, fit: Floats) -> Floats:
    """Of the loss by W, flattened (K·F, K·F)."""
    shape = fit.shape

    def loss(flat: torch.Tensor) -> torch.Tensor:
        w = flat.reshape(shape)
        logits = torch.tensor(given.log_prior) + torch.tensor(given.features) @ w.T
        cross = -(torch.tensor(given.targets) * torch.log_softmax(logits, dim=1)).sum(dim=1)
        return (torch.tensor(given.weights) * cross).sum() + 0.5 * PRECISION * (w**2).sum()

    found: Floats = torch.autograd.functional.hessian(loss, torch.tensor(fit.ravel())).numpy()  # type: ignore[no-untyped-call]
    return found


@pytest.mark.parametrize("m", [1, 4, 12, 40])
def test_the_bound_lies_below_laplaces_evidence(m: int) -> None:
    given = evidence(m)
    fit, sigma = fit_correction(given, precision=PRECISION), PRECISION**-0.5
    loss, _ = loss_and_gradient(fit, given, precision=PRECISION)
    _, log_determinant = np.linalg.slogdet(hessian(given, fit) / PRECISION)
    laplace = -loss - 0.5 * float(log_determinant)
    assert evidence_bound(fit, given, sigma=sigma) <= laplace + 1e-9


def test_answers_that_contradict_one_another_move_little_and_answers_that_agree_move_much() -> None:
    rng = np.random.default_rng(3)
    features, uniform = rng.standard_normal((60, 4)), np.full((60, 3), -np.log(3))
    told = np.eye(3)[(features[:, 0] > 0).astype(int)]
    noise = np.eye(3)[rng.integers(0, 3, 60)]
    sigmas = (0.1, 1.0)
    for targets, sigma in ((told, 1.0), (noise, 0.1)):
        given = Evidence(features, uniform, targets, np.ones(60))
        np.testing.assert_allclose(likeliest_fit(given, sigmas=sigmas), fit_correction(given, precision=1.0 / sigma**2))


def test_an_answer_that_was_foretold_moves_nothing() -> None:
    given = evidence()
    foretold = replace(given, targets=np.exp(given.log_prior))
    np.testing.assert_allclose(fit_correction(foretold, precision=PRECISION), 0.0, atol=1e-6)


def test_no_answers_move_nothing() -> None:
    nothing = Evidence(np.zeros((0, 4)), np.zeros((0, 3)), np.zeros((0, 3)), np.zeros(0))
    assert fit_correction(nothing, precision=PRECISION).tolist() == [[0.0] * 4] * 3


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"weights": np.ones(3)}, "expected"),
        ({"features": np.full((12, 5), np.nan)}, "finite"),
        ({"targets": np.full((12, 3), 0.5)}, "add up to 1"),
        ({"weights": np.full(12, -1.0)}, "weights ≥ 0"),
    ],
)
def test_what_can_not_be_learnt_from_is_refused(change: dict[str, Floats], said: str) -> None:
    with pytest.raises(TrainingError, match=said):
        replace(evidence(), **change)
