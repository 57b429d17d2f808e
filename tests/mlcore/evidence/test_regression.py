"""Terms for traces against NumPy, and where nothing can be said."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from numpy.typing import NDArray
from torch import Tensor

from mlcore.evidence import ccc_loss, squared_error, trace_distillation_loss, trace_loss

Floats = NDArray[np.float64]
NAN = float("nan")


def _ccc(x: Floats, y: Floats, weights: Floats | None = None) -> float:
    """Lin's coefficient from NumPy's (weighted) covariance matrix."""
    (var_x, covariance), (_, var_y) = np.cov(x, y, aweights=weights, ddof=0)
    gap = np.average(x, weights=weights) - np.average(y, weights=weights)
    return float(2 * covariance / (var_x + var_y + gap**2))


def _traces(n: int = 5, t: int = 7, *, holes: bool = True) -> tuple[Tensor, Tensor]:
    rng = np.random.default_rng(0)
    truth = rng.standard_normal((n, t)).cumsum(axis=1)
    said = 0.6 * truth + rng.standard_normal((n, t)) + 0.3
    if holes:
        truth[rng.uniform(size=truth.shape) < 0.3] = np.nan
    return torch.from_numpy(said), torch.from_numpy(truth)


@pytest.mark.parametrize("holes", [False, True])
def test_the_loss_of_a_batch_is_one_less_lins_coefficient_of_all_scored_values(holes: bool) -> None:
    said, truth = _traces(holes=holes)
    known = ~np.isnan(truth.numpy())
    expected = 1 - _ccc(said.numpy()[known], truth.numpy()[known])
    assert float(ccc_loss(said, truth)) == pytest.approx(expected, abs=1e-12)


def test_weights_count_in_the_moments() -> None:
    said, truth = _traces()
    weights = np.array([0.5, 2.0, 0.0, 1.0, 3.0])
    known = ~np.isnan(truth.numpy())
    each = np.broadcast_to(weights[:, None], known.shape)[known]
    expected = 1 - _ccc(said.numpy()[known], truth.numpy()[known], each)
    assert float(ccc_loss(said, truth, weights=torch.from_numpy(weights))) == pytest.approx(expected, abs=1e-12)


def test_by_trial_the_loss_is_the_mean_of_each_trials_own() -> None:
    said, truth = _traces()
    trials = torch.tensor([7, 3, 7, 3, 9])
    losses = []
    for trial in (3, 7, 9):
        x, y = said[trials == trial].numpy().ravel(), truth[trials == trial].numpy().ravel()
        losses.append(1 - _ccc(x[~np.isnan(y)], y[~np.isnan(y)]))
    assert float(ccc_loss(said, truth, trials=trials)) == pytest.approx(np.mean(losses), abs=1e-12)


def test_trials_in_which_nothing_changes_are_left_out_of_the_mean() -> None:
    said, truth = _traces(3, holes=False)
    said[2], truth[2] = 0.4, 0.7
    trials = torch.tensor([0, 1, 2])
    expected = ccc_loss(said[:2], truth[:2], trials=trials[:2])
    assert float(ccc_loss(said, truth, trials=trials)) == pytest.approx(float(expected), abs=1e-12)


@pytest.mark.parametrize(("factor", "expected"), [(1.0, 0.0), (0.0, 1.0), (-1.0, 2.0)])
def test_the_loss_goes_from_0_for_the_truth_to_2_for_its_mirror(factor: float, expected: float) -> None:
    _, truth = _traces(holes=False)
    centred = truth - truth.mean()
    assert float(ccc_loss(factor * centred, centred)) == pytest.approx(expected, abs=1e-12)


@pytest.mark.parametrize(
    ("said", "truth"),
    [
        ([[0.7] * 6], [[0.7] * 6]),  # both constant, and right: 0/0
        ([[0.1] * 6], [[0.7] * 6]),  # both constant, and wrong
        ([[0.1, 0.5, 0.9]], [[NAN, 0.3, NAN]]),  # one value
        ([[0.1, 0.5, 0.9]], [[NAN, NAN, NAN]]),  # none
    ],
)
@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
@pytest.mark.parametrize("trials", [None, torch.tensor([4])])
def test_where_nothing_changes_the_loss_and_its_gradient_are_0(
    said: list[list[float]], truth: list[list[float]], dtype: torch.dtype, trials: Tensor | None
) -> None:
    x = torch.tensor(said, dtype=dtype, requires_grad=True)
    loss = ccc_loss(x, torch.tensor(truth, dtype=dtype), trials=trials)
    torch.autograd.backward(loss)
    assert float(loss.detach()) == 0.0
    assert x.grad is not None
    assert x.grad.tolist() == torch.zeros_like(x).tolist()


def test_rows_without_weight_say_nothing() -> None:
    said, truth = _traces()
    loss = trace_loss(said.requires_grad_(), truth, mse_weight=0.5, weights=torch.zeros(5, dtype=torch.float64))
    torch.autograd.backward(loss)
    assert float(loss.detach()) == 0.0
    assert said.grad is not None
    assert not said.grad.any()


def test_an_empty_batch_keeps_the_graph() -> None:
    said = torch.zeros(0, 5, requires_grad=True)
    loss = trace_loss(said, torch.zeros(0, 5), mse_weight=1.0, trials=torch.zeros(0, dtype=torch.int64))
    torch.autograd.backward(loss)
    assert float(loss.detach()) == 0.0


def test_a_constant_answer_to_a_changing_truth_is_pushed_towards_it() -> None:
    _, truth = _traces(holes=False)
    said = torch.full_like(truth, 0.2).requires_grad_()
    loss = ccc_loss(said, truth)
    torch.autograd.backward(loss)
    assert float(loss.detach()) == pytest.approx(1.0, abs=1e-6)
    assert said.grad is not None
    assert np.corrcoef(said.grad.ravel(), truth.ravel())[0, 1] == pytest.approx(-1.0, abs=1e-6)


def test_gradients_are_those_of_finite_differences_and_none_reaches_a_hole() -> None:
    said, truth = _traces(3, 4)
    weights = torch.tensor([1.0, 0.3, 2.0], dtype=torch.float64)
    said.requires_grad_()
    assert torch.autograd.gradcheck(lambda x: trace_loss(x, truth, mse_weight=0.3, weights=weights), (said,))
    torch.autograd.backward(trace_loss(said, truth, mse_weight=0.3))
    assert said.grad is not None
    assert not said.grad[truth.isnan()].any()


def test_squared_error_and_the_sum_of_both() -> None:
    said, truth = _traces()
    weights = np.array([0.5, 2.0, 0.0, 1.0, 3.0])
    known = ~np.isnan(truth.numpy())
    each = np.broadcast_to(weights[:, None], known.shape)[known]
    expected = np.average((said.numpy() - truth.numpy())[known] ** 2, weights=each)
    told = torch.from_numpy(weights)
    assert float(squared_error(said, truth, weights=told)) == pytest.approx(expected, abs=1e-12)
    both = float(ccc_loss(said, truth, weights=told)) + 0.25 * expected
    assert float(trace_loss(said, truth, mse_weight=0.25, weights=told)) == pytest.approx(both, abs=1e-12)


def test_distillation_of_traces_is_the_weighted_mean_absolute_difference() -> None:
    said, teacher = _traces(holes=False)
    weights = np.array([0.5, 2.0, 0.0, 1.0, 3.0])
    expected = np.average(np.abs(said.numpy() - teacher.numpy()).mean(axis=1), weights=weights)
    got = trace_distillation_loss(said, teacher, weights=torch.from_numpy(weights))
    assert float(got) == pytest.approx(expected, abs=1e-12)


def test_distillation_of_traces_moves_only_the_student() -> None:
    said, teacher = (one.requires_grad_() for one in _traces(holes=False))
    torch.autograd.backward(trace_distillation_loss(said, teacher))
    assert said.grad is not None
    assert teacher.grad is None
