from __future__ import annotations

import numpy as np
import pytest
import torch
from numpy.typing import NDArray
from torch import Tensor

from mlcore.evidence import conflict, discount, fuse, probabilities, vacuity

FOR_FIRST = torch.tensor([[30.0, 0.5, 0.5]], dtype=torch.float64)
FOR_SECOND = torch.tensor([[0.5, 30.0, 0.5]], dtype=torch.float64)


def test_the_order_of_the_modalities_does_not_matter() -> None:
    rng = np.random.default_rng(0)
    evidence = torch.from_numpy(rng.exponential(5.0, (3, 20, 4)))
    quality = torch.from_numpy(rng.uniform(0, 1, (3, 20)))
    for order in ([1, 2, 0], [2, 1, 0], [0, 2, 1]):
        assert torch.allclose(fuse(evidence[order], quality[order]), fuse(evidence, quality), atol=1e-12)


def test_one_modality_of_full_quality_is_left_as_it_is() -> None:
    assert torch.allclose(fuse(FOR_FIRST[None], _quality(1.0)), FOR_FIRST)


def test_a_missing_modality_changes_nothing() -> None:
    junk = torch.full_like(FOR_FIRST, 1e4)
    both = fuse(torch.stack([FOR_FIRST, junk]), _quality(1.0, 0.0))
    assert torch.allclose(both, FOR_FIRST)


def test_without_any_modality_there_is_no_evidence() -> None:
    nothing = fuse(torch.stack([FOR_FIRST, FOR_SECOND]), _quality(0.0, 0.0))
    assert nothing.tolist() == [[0.0, 0.0, 0.0]]


def test_agreeing_modalities_keep_their_evidence_and_contradicting_ones_lose_it() -> None:
    agreed = fuse(torch.stack([FOR_FIRST, FOR_FIRST]), _quality(1.0, 1.0))
    torn = fuse(torch.stack([FOR_FIRST, FOR_SECOND]), _quality(1.0, 1.0))
    assert torch.allclose(agreed, FOR_FIRST)
    assert float(vacuity(torn + 1)) > 5 * float(vacuity(agreed + 1))
    assert float(torn[0, 0]) == pytest.approx(float(torn[0, 1]))


def test_the_better_signal_decides() -> None:
    fused = fuse(torch.stack([FOR_FIRST, FOR_SECOND]), _quality(0.9, 0.2))
    assert int(fused.argmax()) == 0


def test_ignoring_conflict_averages_the_evidence() -> None:
    fused = fuse(torch.stack([FOR_FIRST, FOR_SECOND]), _quality(1.0, 1.0), conflict_power=0.0)
    assert torch.allclose(fused, (FOR_FIRST + FOR_SECOND) / 2)


@pytest.mark.parametrize("trust", [0.0, 0.3, 1.0])
def test_a_discount_moves_the_mean_straight_towards_uniform(trust: float) -> None:
    kept = discount(FOR_FIRST, torch.tensor([trust], dtype=torch.float64))
    expected = trust * probabilities(FOR_FIRST + 1) + (1 - trust) / 3
    assert torch.allclose(probabilities(kept + 1), expected)


def test_conflict_needs_two_confident_opinions() -> None:
    assert float(conflict(FOR_FIRST, FOR_SECOND)) > 0.7
    assert float(conflict(FOR_FIRST, FOR_FIRST)) == 0.0
    assert float(conflict(FOR_FIRST, torch.zeros_like(FOR_FIRST))) == 0.0


def _drawn(
    prior: NDArray[np.float64], means: NDArray[np.float64], spreads: tuple[float, ...]
) -> tuple[NDArray[np.int64], list[NDArray[np.float64]]]:
    """4,000 classes, and for each modality a number that depends on the class alone."""
    rng = np.random.default_rng(0)
    classes = rng.choice(len(prior), size=4000, p=prior)
    return classes, [rng.normal(mean[classes], spread) for mean, spread in zip(means, spreads, strict=True)]


def _log_loss(p: Tensor, classes: NDArray[np.int64]) -> float:
    return float(-np.log(p.numpy()[np.arange(len(classes)), classes]).mean())


def _quality(*values: float) -> Tensor:
    return torch.tensor(values, dtype=torch.float64)[:, None]
