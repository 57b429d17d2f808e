"""Heads together: by hand, against SciPy, and what holds for any heads."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats
from torch import Tensor

from mlcore.evidence import disagreement, mean_and_variance

HEADS = settings(max_examples=60, deadline=None)


def _heads(seed: int, n_heads: int, n_classes: int, *, concentration: float = 0.3) -> Tensor:
    rng = np.random.default_rng(seed)
    return torch.from_numpy(rng.dirichlet([concentration] * n_classes, size=(n_heads, 6)))


def test_two_heads_that_are_sure_of_different_classes_disagree_by_ln_2() -> None:
    p = torch.tensor([[[1.0, 0.0]], [[0.0, 1.0]]])
    assert float(disagreement(p)) == pytest.approx(math.log(2))


def test_heads_that_are_unsure_together_do_not_disagree() -> None:
    p = torch.full((5, 1, 4), 0.25)
    assert float(disagreement(p)) == 0.0


def test_disagreement_is_scipys_mean_divergence_from_the_mean() -> None:
    """The same quantity written another way: the mean over heads of KL(p_h ‖ mean p)."""
    p = _heads(0, 4, 3)
    divergence = stats.entropy(p.numpy(), p.mean(0, keepdim=True).expand_as(p).numpy(), axis=-1)
    assert disagreement(p).tolist() == pytest.approx(divergence.mean(axis=0).tolist(), abs=1e-12)


@HEADS
@given(seed=st.integers(0, 10**6), n_heads=st.integers(1, 6), n_classes=st.integers(2, 7))
def test_disagreement_lies_between_0_and_the_smaller_of_ln_k_and_ln_h(seed: int, n_heads: int, n_classes: int) -> None:
    p = _heads(seed, n_heads, n_classes)
    highest = math.log(min(n_heads, n_classes)) + 1e-9
    assert disagreement(p).shape == (6,)
    assert float(disagreement(p).min()) >= 0.0
    assert float(disagreement(p).max()) <= highest


@HEADS
@given(seed=st.integers(0, 10**6), n_classes=st.integers(2, 7))
def test_equal_heads_do_not_disagree_and_their_order_does_not_matter(seed: int, n_classes: int) -> None:
    p = _heads(seed, 4, n_classes)
    same = p[:1].expand(4, -1, -1)
    assert torch.allclose(disagreement(same), torch.zeros(6, dtype=torch.float64), atol=1e-12)
    assert torch.allclose(disagreement(p[[2, 0, 3, 1]]), disagreement(p), atol=1e-12)


def test_traces_of_heads_give_an_answer_and_its_uncertainty() -> None:
    said = np.random.default_rng(0).standard_normal((5, 3, 8))
    mean, variance = mean_and_variance(torch.from_numpy(said))
    assert np.allclose(mean, said.mean(axis=0))
    assert np.allclose(variance, said.var(axis=0))


def test_a_single_head_is_its_own_answer_and_disagrees_with_nobody() -> None:
    said = torch.randn(1, 3, 8, generator=torch.Generator().manual_seed(0))
    mean, variance = mean_and_variance(said)
    assert torch.equal(mean, said[0])
    assert not variance.any()
