"""CAFNet's loss against plain formulas and SciPy."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from scipy.special import rel_entr

from mlcore.compare.caf_loss import CafLoss, confidence_error, disagreement
from mlcore.compare.fitting import Examples
from mlcore.errors import TrainingError
from mlcore.nets.baselines import CAFNet, CafReading, EEGNet


@pytest.fixture
def reading() -> CafReading:
    torch.manual_seed(0)
    alone = torch.randn(6, 3), torch.randn(6, 3)
    return CafReading(torch.randn(6, 3), alone, (torch.rand(6, 1), torch.rand(6, 1)))


def test_confidence_follows_the_true_classes_probability(reading: CafReading) -> None:
    truth = [0, 1, 2, 0, 1, 2]
    expected = 0.0
    for logits, confidence in zip(reading.alone, reading.confidence, strict=True):
        p = logits.softmax(1)
        expected += float(np.mean([(float(confidence[i, 0]) - float(p[i, k])) ** 2 for i, k in enumerate(truth)]))
    assert float(confidence_error(reading, torch.eye(3)[truth])) == pytest.approx(expected, abs=1e-6)


def test_disagreement_is_scipys_divergence_both_ways(reading: CafReading) -> None:
    first, second = (logits.double().softmax(1).numpy() for logits in reading.alone)
    expected = (rel_entr(first, second) + rel_entr(second, first)).sum(axis=1).mean() / 2
    assert float(disagreement(reading)) == pytest.approx(expected, abs=1e-5)


def test_a_clips_loss_is_the_sum_of_its_terms(reading: CafReading) -> None:
    y = torch.tensor([[0.2, 0.3, 0.5]]).repeat(6, 1)
    entropy = -(y * reading.logits.log_softmax(1)).sum(1)
    expected = entropy + 0.5 * confidence_error(reading, y) + 0.4 * disagreement(reading)
    assert torch.allclose(CafLoss().each(reading, y), expected)


def test_hard_clips_come_in_as_the_pace_grows() -> None:
    each = torch.tensor([0.5, 1.1, 1.2, 1.4, 9.0])
    assert CafLoss().is_easy(each, 0).tolist() == [True, True, True, False, False]
    assert CafLoss().is_easy(each, 3).tolist() == [True, True, True, True, False]
    assert CafLoss().is_easy(each, 16).all()


def test_only_the_clips_that_count_are_learnt_from() -> None:
    torch.manual_seed(0)
    net = CAFNet((4, 3), 2, hidden=8, wide=8).eval()
    examples = Examples((torch.randn(6, 5, 4), torch.randn(6, 5, 3)), torch.eye(2)[[0, 1] * 3], torch.ones(6))
    each = CafLoss().each(net.read(*examples.inputs), examples.y)
    expected = (each * CafLoss().is_easy(each, 0)).sum() / 6
    assert torch.allclose(CafLoss()(net, examples, 0), expected)


def test_another_network_has_no_confidence_to_learn() -> None:
    examples = Examples((torch.randn(2, 4, 64),), torch.eye(2), torch.ones(2))
    with pytest.raises(TrainingError, match="confidences, which EEGNet does not have"):
        CafLoss()(EEGNet(4, 2, 64, 128.0), examples, 0)
