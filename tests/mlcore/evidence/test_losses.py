"""Each term of the objective against a reference written another way."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch
from scipy.special import log_softmax, rel_entr, softmax
from torch import Tensor
from torch.nn.functional import normalize

from mlcore.evidence import (
    alignment_loss,
    digamma_cross_entropy,
    digamma_loss,
    distillation_loss,
    diversity_loss,
    kl_ramp,
    kl_to_uniform,
    mse_risk,
    similarity_loss,
    task_loss,
    uncertainty_loss,
    weighted_mean,
    without_right_evidence,
)

ALPHA = torch.tensor([[4.0, 1.5, 1.0], [1.0, 9.0, 2.0]], dtype=torch.float64)
SOFT = torch.tensor([[0.5, 0.5, 0.0], [0.1, 0.7, 0.2]], dtype=torch.float64)
WEIGHTS = torch.tensor([1.0, 3.0], dtype=torch.float64)


def test_for_one_hot_targets_the_wrong_evidence_is_the_papers_form() -> None:
    y = torch.eye(3, dtype=torch.float64)[:2]
    expected = y + (1 - y) * ALPHA
    assert torch.allclose(without_right_evidence(ALPHA, y), expected)


def test_soft_targets_do_not_punish_evidence_for_tied_top_classes() -> None:
    right = without_right_evidence(ALPHA, SOFT)
    assert right[0].tolist() == [1.0, 1.0, 1.0]
    assert float(right[1, 2]) == pytest.approx(1 + 1.0 * (1 - 0.2 / 0.7))


def test_task_loss_is_risk_plus_weighted_penalty() -> None:
    penalty = kl_to_uniform(without_right_evidence(ALPHA, SOFT))
    values = (mse_risk(ALPHA, SOFT) + 0.3 * penalty).tolist()
    assert float(task_loss(ALPHA, SOFT, kl_weight=0.3)) == pytest.approx(np.mean(values))
    assert float(task_loss(ALPHA, SOFT, kl_weight=0.3, weights=WEIGHTS)) == pytest.approx(
        np.average(values, weights=[1, 3])
    )


def test_digamma_loss_is_the_weighted_mean_of_its_risk() -> None:
    values = digamma_cross_entropy(ALPHA, SOFT).tolist()
    assert float(digamma_loss(ALPHA, SOFT, weights=WEIGHTS)) == pytest.approx(np.average(values, weights=[1, 3]))


@pytest.mark.parametrize(("epoch", "expected"), [(0, 0.0), (5, 0.5), (10, 1.0), (40, 1.0)])
def test_kl_ramp(epoch: int, expected: float) -> None:
    assert kl_ramp(epoch) == expected


def test_similarity_loss_is_scipys_cross_entropy() -> None:
    logits = torch.tensor([[2.0, -1.0, 0.3], [0.0, 0.1, 5.0]], dtype=torch.float64)
    expected = -(SOFT.numpy() * log_softmax(logits.numpy(), axis=1)).sum(axis=1).mean()
    assert float(similarity_loss(logits, SOFT)) == pytest.approx(expected)


def test_distillation_is_scipys_kl_times_the_squared_temperature() -> None:
    student, teacher = _random(4, 3, seed=1), _random(4, 3, seed=2)
    weights = torch.tensor([0.1, 0.9, 0.0, 0.5], dtype=torch.float64)
    divergence = rel_entr(softmax(teacher.numpy() / 2, axis=1), softmax(student.numpy() / 2, axis=1)).sum(axis=1)
    expected = 4 * np.average(divergence, weights=weights.numpy())
    assert float(distillation_loss(student, teacher, temperature=2.0, weights=weights)) == pytest.approx(expected)


def test_distillation_moves_only_the_student() -> None:
    student, teacher = _random(4, 3, seed=1).requires_grad_(), _random(4, 3, seed=2).requires_grad_()
    torch.autograd.backward(distillation_loss(student, teacher, temperature=2.0))
    assert student.grad is not None
    assert teacher.grad is None


def test_alignment_of_different_trials_is_symmetric_info_nce() -> None:
    own, other = _unit(4, seed=1), _unit(4, seed=2)
    cosine = (own @ other.T).numpy() / 0.2
    expected = -(np.diag(log_softmax(cosine, axis=1)).mean() + np.diag(log_softmax(cosine, axis=0)).mean()) / 2
    assert float(alignment_loss(own, other, torch.arange(4), temperature=0.2)) == pytest.approx(expected)


def test_clips_of_one_trial_are_no_negatives_of_each_other() -> None:
    own, other = _unit(3, seed=1), _unit(3, seed=2)
    same = alignment_loss(own, other, torch.zeros(3, dtype=torch.int64), temperature=0.2)
    assert float(same) == pytest.approx(0.0)
    paired = alignment_loss(own, other, torch.tensor([0, 0, 1]), temperature=0.2)
    cosine = (own @ other.T).numpy() / 0.2
    cosine[0, 1] = cosine[1, 0] = -np.inf
    expected = -(np.diag(log_softmax(cosine, axis=1)).mean() + np.diag(log_softmax(cosine, axis=0)).mean()) / 2
    assert float(paired) == pytest.approx(expected)


@pytest.mark.parametrize("n_rows", [0, 1])
def test_terms_between_clips_vanish_below_two_rows_and_keep_the_graph(n_rows: int) -> None:
    own, other = _unit(n_rows, seed=1).requires_grad_(), _unit(n_rows, seed=2)
    trials = torch.arange(n_rows)
    loss = alignment_loss(own, other, trials, temperature=0.2) + uncertainty_loss(torch.ones(n_rows), own, other)
    torch.autograd.backward(loss)
    assert float(loss.detach()) == 0.0
    assert own.grad is not None


def test_uncertainty_loss_is_the_formula_written_as_loops() -> None:
    own, other = _unit(4, seed=1), _unit(4, seed=2)
    u = torch.tensor([0.9, 0.2, 0.5, 0.4], dtype=torch.float64)
    m = [np.mean([(float(own[i] @ other[j]) + 1) / 2 for j in range(4) if j != i]) for i in range(4)]
    c = np.mean(1 - u.numpy()) / np.mean(m)
    expected = np.mean((1 - u.numpy() - c * np.array(m)) ** 2)
    assert float(uncertainty_loss(u, own, other)) == pytest.approx(expected, abs=1e-5)


def test_uncertainty_scale_carries_no_gradient() -> None:
    own, other = _unit(4, seed=1), _unit(4, seed=2)
    u = torch.tensor([0.9, 0.2, 0.5, 0.4], dtype=torch.float64, requires_grad=True)
    torch.autograd.backward(uncertainty_loss(u, own, other))
    certainty = 1 - u.detach()
    cosine = own @ other.T
    m = ((cosine.sum(1) - cosine.diagonal()) / 3 + 1) / 2
    gap = certainty - certainty.mean() / m.mean() * m
    assert u.grad is not None
    assert torch.allclose(u.grad, -2 * gap / 4, atol=1e-5)


def test_diversity_of_orthogonal_and_equal_prototypes() -> None:
    assert float(diversity_loss(torch.eye(3))) == 0.0
    assert float(diversity_loss(torch.tensor([[1.0, 0.0], [1.0, 0.0]]))) == 1.0
    slanted = torch.tensor([[1.0, 0.0], [math.sqrt(0.5), math.sqrt(0.5)]])
    assert float(diversity_loss(slanted)) == pytest.approx(0.5)


def test_samples_without_weight_count_nothing() -> None:
    values = torch.tensor([1.0, 1e9], requires_grad=True)
    assert float(weighted_mean(values, torch.tensor([2.0, 0.0])).detach()) == 1.0
    nobody = weighted_mean(values, torch.zeros(2))
    torch.autograd.backward(nobody)
    assert float(nobody.detach()) == 0.0


def _random(n: int, k: int, *, seed: int) -> Tensor:
    return torch.from_numpy(np.random.default_rng(seed).standard_normal((n, k)))


def _unit(n: int, *, seed: int) -> Tensor:
    return normalize(_random(n, 8, seed=seed), dim=-1)
