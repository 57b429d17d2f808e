"""Closed forms against the specification's table, SciPy, plain loops and sampling."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch
from numpy.typing import NDArray
from scipy import stats
from torch import Tensor

from mlcore.evidence import (
    aleatoric_uncertainty,
    digamma_cross_entropy,
    dissonance,
    entropy,
    epistemic_uncertainty,
    kl_ramp,
    kl_to_uniform,
    mse_risk,
    total_uncertainty,
    vacuity,
    without_right_evidence,
)
from mlcore.nets import PrototypeBank, SpaceSizes, alpha_of

# α, total, aleatoric, epistemic, vacuity, dissonance, KL to uniform, MSE risk of class 0, digamma CE of class 0
TABLE = [
    ((1, 1, 1, 1), 1.3863, 1.0833, 0.3030, 1.000, 0.000, 0.000, 0.9000, 1.833),
    ((2, 1, 1, 1), 1.3322, 1.0833, 0.2488, 0.800, 0.000, 0.303, 0.6000, 1.083),
    ((50, 50, 1, 1), 0.7897, 0.7765, 0.0132, 0.039, 0.961, 7.060, 0.5054, 0.718),
    ((50, 1, 1, 1), 0.2797, 0.2558, 0.0239, 0.075, 0.000, 7.120, 0.0063, 0.059),
    ((5, 5, 5, 5), 1.3863, 1.3144, 0.0719, 0.200, 0.800, 1.405, 0.7857, 1.464),
    ((200, 200, 200, 200), 1.3863, 1.3844, 0.0019, 0.005, 0.995, 6.755, 0.7509, 1.388),
]
FIRST = torch.tensor([1.0, 0.0, 0.0, 0.0], dtype=torch.float64)
ODD = [(1.0, 3.0, 7.5), (2.2, 2.2, 1.0), (40.0, 3.0, 1.5)]


@pytest.mark.parametrize("row", TABLE, ids=lambda row: str(row[0]))
@pytest.mark.parametrize("dtype", [torch.float64, torch.float32])
def test_the_table_of_the_specification(row: tuple[tuple[int, ...], *tuple[float, ...]], dtype: torch.dtype) -> None:
    alpha = torch.tensor(row[0], dtype=dtype)
    first = FIRST.to(dtype)
    got = [
        total_uncertainty(alpha),
        aleatoric_uncertainty(alpha),
        epistemic_uncertainty(alpha),
        vacuity(alpha),
        dissonance(alpha),
        kl_to_uniform(alpha),
        mse_risk(alpha, first),
        digamma_cross_entropy(alpha, first),
    ]
    places = [4, 4, 4, 3, 3, 3, 4, 3]
    for value, expected, decimals in zip(got, row[1:], places, strict=True):
        assert abs(float(value) - expected) <= 0.6 * 10.0**-decimals


@pytest.mark.parametrize("alpha", ODD)
def test_aleatoric_is_the_mean_entropy_of_sampled_distributions(alpha: tuple[float, ...]) -> None:
    samples = _samples(alpha)
    expected = stats.entropy(samples, axis=1).mean()
    assert float(aleatoric_uncertainty(_tensor(alpha))) == pytest.approx(expected, abs=0.005)


@pytest.mark.parametrize("alpha", ODD)
def test_risks_are_means_over_sampled_distributions(alpha: tuple[float, ...]) -> None:
    samples, y = _samples(alpha), np.array([0.2, 0.5, 0.3])
    squared = ((y - samples) ** 2).sum(axis=1).mean()
    logarithmic = -(y * np.log(samples)).sum(axis=1).mean()
    assert float(mse_risk(_tensor(alpha), torch.tensor(y))) == pytest.approx(squared, abs=0.005)
    assert float(digamma_cross_entropy(_tensor(alpha), torch.tensor(y))) == pytest.approx(logarithmic, abs=0.03)


@pytest.mark.parametrize("alpha", ODD)
def test_kl_to_uniform_is_scipys_entropy_difference(alpha: tuple[float, ...]) -> None:
    uniform_entropy = -math.lgamma(len(alpha))  # of the flat density Γ(K)
    expected = uniform_entropy - stats.dirichlet(alpha).entropy()
    assert float(kl_to_uniform(_tensor(alpha))) == pytest.approx(float(expected), abs=1e-9)


@pytest.mark.parametrize("alpha", ODD)
def test_dissonance_is_the_formula_written_as_loops(alpha: tuple[float, ...]) -> None:
    assert float(dissonance(_tensor(alpha))) == pytest.approx(_dissonance_by_loops(alpha), abs=1e-12)


def test_vacuity_and_dissonance_separate_ignorance_from_conflict() -> None:
    ignorant, torn = _tensor((1.0, 1.0, 1.0)), _tensor((80.0, 80.0, 1.0))
    assert float(vacuity(ignorant)) == 1.0
    assert float(dissonance(ignorant)) == 0.0
    assert float(vacuity(torn)) < 0.05
    assert float(dissonance(torn)) > 0.9


def test_entropy_takes_zeros_and_keeps_the_batch() -> None:
    p = torch.tensor([[1.0, 0.0], [0.5, 0.5]], dtype=torch.float64)
    assert entropy(p).tolist() == pytest.approx([0.0, math.log(2)])


@pytest.mark.parametrize("n_classes", [2, 3, 9])
@pytest.mark.parametrize("bias", [math.log(9), 2.3, 4.0])
def test_a_projection_that_resembles_no_prototype_leaves_nine_tenths_vacuous(n_classes: int, bias: float) -> None:
    """Every cosine is 0, so each logit is −b and u = K/(K + K·exp(−b)) = 1/(1 + exp(−b)), at least 0.9 from ln 9 on."""
    sizes = SpaceSizes(n_prototypes=2, space_dim=16, n_heads=2, bias=bias)
    bank = PrototypeBank(n_classes, sizes).double().requires_grad_(False)
    bank.prototypes[..., 3] = 0.0
    z = torch.eye(16, dtype=torch.float64)[3:4].expand(2, 1, 16)
    u = vacuity(alpha_of(bank(z))).flatten()  # of each head
    assert u.tolist() == pytest.approx(2 * [1 / (1 + math.exp(-bias))], abs=1e-12)
    assert float(u.min()) >= 0.9 - 1e-12


@pytest.mark.parametrize("n_classes", [2, 4, 7])
def test_for_every_one_hot_target_both_forms_of_the_wrong_evidence_are_one(n_classes: int) -> None:
    y = torch.eye(n_classes, dtype=torch.float64)
    alpha = torch.from_numpy(1 + np.random.default_rng(0).exponential(20.0, (n_classes, n_classes)))
    assert torch.allclose(without_right_evidence(alpha, y), y + (1 - y) * alpha, rtol=0, atol=1e-12)


@pytest.mark.parametrize("n_epochs", [1, 4, 10])
def test_the_penalty_on_wrong_evidence_grows_in_a_line_to_1_and_stays(n_epochs: int) -> None:
    ramp = [kl_ramp(epoch, n_epochs=n_epochs) for epoch in range(15)]
    assert ramp == pytest.approx(np.minimum(1.0, np.arange(15) / n_epochs).tolist())


def test_gradients_are_finite_at_zero_evidence() -> None:
    alpha = torch.ones(2, 3, dtype=torch.float64, requires_grad=True)
    torch.autograd.backward((kl_to_uniform(alpha) + dissonance(alpha) + total_uncertainty(alpha)).sum())
    assert alpha.grad is not None
    assert torch.isfinite(alpha.grad).all()


def _tensor(alpha: tuple[float, ...]) -> Tensor:
    return torch.tensor(alpha, dtype=torch.float64)


def _samples(alpha: tuple[float, ...]) -> NDArray[np.float64]:
    samples = np.random.default_rng(0).dirichlet(alpha, size=100_000)
    return np.maximum(samples, 1e-300)


def _dissonance_by_loops(alpha: tuple[float, ...]) -> float:
    belief = [(a - 1) / sum(alpha) for a in alpha]
    total = 0.0
    for k, mine in enumerate(belief):
        others = [b for j, b in enumerate(belief) if j != k]
        balances = [1 - abs(b - mine) / (b + mine) if b + mine > 0 else 0.0 for b in others]
        if sum(others) > 0:
            total += mine * sum(b * bal for b, bal in zip(others, balances, strict=True)) / sum(others)
    return total
