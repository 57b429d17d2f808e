"""The opinion of a number against SciPy's Student-t and sampling."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from scipy import stats
from torch import Tensor

from mlcore.evidence import NormalInverseGamma, nig_loss, nig_nll, nig_regulariser

# γ, ν, α, β
OPINIONS = [(0.3, 1.0, 3.5, 0.8), (-1.0, 0.2, 6.0, 2.0), (2.0, 9.0, 4.0, 0.1)]


def _opinion(*values: float) -> NormalInverseGamma:
    return NormalInverseGamma(*(torch.tensor(value, dtype=torch.float64) for value in values))


@pytest.mark.parametrize("values", OPINIONS)
@pytest.mark.parametrize("y", [-2.0, 0.3, 5.0])
def test_the_likelihood_is_scipys_student_t(values: tuple[float, ...], y: float) -> None:
    gamma, nu, alpha, beta = values
    predictive = stats.t(df=2 * alpha, loc=gamma, scale=np.sqrt(beta * (1 + nu) / (nu * alpha)))
    got = nig_nll(_opinion(*values), torch.tensor(y, dtype=torch.float64))
    assert float(got) == pytest.approx(-float(predictive.logpdf(y)), abs=1e-10)


@pytest.mark.parametrize("values", OPINIONS)
def test_the_uncertainties_are_what_sampled_means_and_variances_have(values: tuple[float, ...]) -> None:
    gamma, nu, alpha, beta = values
    rng = np.random.default_rng(0)
    variance = 1 / rng.gamma(alpha, 1 / beta, 400_000)
    mean = rng.normal(gamma, np.sqrt(variance / nu))
    opinion = _opinion(*values)
    assert float(opinion.aleatoric) == pytest.approx(variance.mean(), rel=0.01)
    assert float(opinion.epistemic) == pytest.approx(mean.var(), rel=0.03)


@pytest.mark.parametrize("values", OPINIONS)
def test_the_likelihood_is_the_mean_density_over_sampled_normals(values: tuple[float, ...]) -> None:
    gamma, nu, alpha, beta = values
    rng = np.random.default_rng(1)
    deviation = np.sqrt(1 / rng.gamma(alpha, 1 / beta, 400_000))
    mean = rng.normal(gamma, deviation / np.sqrt(nu))
    expected = stats.norm.pdf(gamma + 0.2, mean, deviation).mean()
    got = nig_nll(_opinion(*values), torch.tensor(gamma + 0.2, dtype=torch.float64))
    assert float(torch.exp(-got)) == pytest.approx(expected, rel=0.01)


def test_evidence_for_a_wrong_answer_costs_and_for_the_right_one_does_not() -> None:
    opinion = _opinion(0.5, 2.0, 3.0, 1.0)
    assert float(nig_regulariser(opinion, torch.tensor(0.5))) == 0.0
    assert float(nig_regulariser(opinion, torch.tensor(-1.5))) == pytest.approx(2.0 * (2 * 2.0 + 3.0))


def test_the_loss_is_the_weighted_mean_over_what_was_scored() -> None:
    opinion = NormalInverseGamma.of(_raw())
    truth = torch.tensor([[0.5, float("nan"), 1.0], [0.0, 2.0, -1.0]], dtype=torch.float64)
    weights = torch.tensor([1.0, 3.0], dtype=torch.float64)
    terms, each = [], []
    for row, column in np.argwhere(~np.isnan(truth.numpy())):
        gamma, nu, alpha, beta = (
            float(one[row, column]) for one in (opinion.gamma, opinion.nu, opinion.alpha, opinion.beta)
        )
        y = float(truth[row, column])
        student = stats.t(df=2 * alpha, loc=gamma, scale=np.sqrt(beta * (1 + nu) / (nu * alpha)))
        terms.append(-student.logpdf(y) + 0.01 * abs(y - gamma) * (2 * nu + alpha))
        each.append(float(weights[row]))
    got = nig_loss(opinion, truth, regulariser_weight=0.01, weights=weights)
    assert float(got) == pytest.approx(np.average(terms, weights=each), abs=1e-10)


def test_a_trace_that_nobody_scored_moves_nothing() -> None:
    raw = _raw().requires_grad_()
    loss = nig_loss(NormalInverseGamma.of(raw), torch.full((2, 3), float("nan")), regulariser_weight=0.01)
    torch.autograd.backward(loss)
    assert float(loss.detach()) == 0.0
    assert raw.grad is not None
    assert not raw.grad.any()


@pytest.mark.parametrize("value", [-200.0, 0.0, 200.0])
def test_whatever_a_network_says_is_an_opinion(value: float) -> None:
    raw = torch.full((4, 2, 3), value, requires_grad=True)
    opinion = NormalInverseGamma.of(raw)
    assert (opinion.nu > 0).all()
    assert (opinion.alpha > 1).all()
    assert (opinion.beta > 0).all()
    loss = nig_loss(opinion, torch.ones(2, 3), regulariser_weight=0.01)
    torch.autograd.backward(loss)
    assert torch.isfinite(loss)
    assert raw.grad is not None
    assert torch.isfinite(raw.grad).all()


def test_what_a_network_can_fit_ends_up_in_aleatoric() -> None:
    """Fitted to draws of one normal distribution, the opinion's predictive spread is the sample's."""
    truth = torch.from_numpy(np.random.default_rng(0).normal(0.4, 0.5, (1, 4000)))
    raw = torch.zeros(4, 1, 1, dtype=torch.float64, requires_grad=True)
    optimiser = torch.optim.Adam([raw], lr=0.05)
    for _ in range(400):
        optimiser.zero_grad()
        opinion = NormalInverseGamma.of(raw)
        torch.autograd.backward(nig_loss(opinion, truth, regulariser_weight=0.0))
        optimiser.step()
    fitted = NormalInverseGamma.of(raw.detach())
    total = float(fitted.aleatoric + fitted.epistemic)
    assert float(fitted.gamma) == pytest.approx(0.4, abs=0.03)
    assert total == pytest.approx(0.25, rel=0.1)


def _raw() -> Tensor:
    return torch.from_numpy(np.random.default_rng(0).standard_normal((4, 2, 3)))
