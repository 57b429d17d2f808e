"""Terms for continuous traces: concordance, squared error, distillation; every one passes over NaN in the truth."""

from __future__ import annotations

import torch
from torch import Tensor

from mlcore.evidence.losses import weighted_mean
from mlcore.evidence.masked import known_mean, known_values

#: variance below which, in units of 1 + the squared means, values count as constant: rounding, not change
_CONSTANT = 1e-12


def ccc_loss(said: Tensor, truth: Tensor, *, weights: Tensor | None = None, trials: Tensor | None = None) -> Tensor:
    """1 − CCC, CCC = 2 cov(x, y) / (var x + var y + (mean x − mean y)²), over the pooled batch or by trial.

    Moments are those of a population (divided by n), over every value that was scored. A trace of a few seconds is
    often constant: where answer and truth both are, CCC is 0/0, and the loss is 0 with a gradient of 0; so it is with
    fewer than two values. Pooling the batch, or the whole trial, keeps that rare.

    Args:
        said: x (B, T).
        truth: y (B, T), NaN where nothing was scored.
        weights: (B,) ≥ 0, what each row's values count in the moments.
        trials: (B,) whole numbers; rows with the same number are pooled, and the loss is the mean over those trials
            in which something changes. None pools the batch.

    Returns:
        Scalar in 0..2.

    Source: Lin 1989, doi 10.2307/2532051; as a loss, Trigeorgis et al. 2016, doi 10.1109/ICASSP.2016.7472669.
    """
    values, counts = known_values(truth, weights)
    groups = _groups(said, trials)
    n = _sum_by_group(counts, groups).clamp_min(_CONSTANT)
    mean_x, mean_y = (_sum_by_group(counts * one, groups) / n for one in (said, values))
    x, y = said - _by_row(mean_x, groups), values - _by_row(mean_y, groups)
    covariance, var_x, var_y = (_sum_by_group(counts * one, groups) / n for one in (x * y, x * x, y * y))
    changes = var_x + var_y > _CONSTANT * (1 + mean_x**2 + mean_y**2)
    denominator = torch.where(changes, var_x + var_y + (mean_x - mean_y) ** 2, 1.0)
    loss = torch.where(changes, 1 - 2 * covariance / denominator, 0.0)
    return weighted_mean(loss, changes.to(loss.dtype))


def _groups(said: Tensor, trials: Tensor | None) -> Tensor:
    """Which rows make up each group; (G, B) of 0 and 1."""
    if trials is None:
        return said.new_ones(1, len(said))
    names: Tensor = torch.unique(trials)
    return (names.unsqueeze(1) == trials).to(said.dtype)


def _sum_by_group(values: Tensor, groups: Tensor) -> Tensor:
    """(B, T) -> (G,); a plain sum, which neither mixed precision nor the order of threads changes."""
    return (groups * values.sum(1)).sum(1)


def _by_row(values: Tensor, groups: Tensor) -> Tensor:
    """Each row's group's value; (G,) -> (B, 1)."""
    return (groups * values.unsqueeze(1)).sum(0).unsqueeze(1)


def squared_error(said: Tensor, truth: Tensor, *, weights: Tensor | None = None) -> Tensor:
    """Mean of (x − y)² over every value that was scored; (B, T) twice -> scalar."""
    values, counts = known_values(truth, weights)
    return known_mean((said - values) ** 2, counts)


def trace_loss(
    said: Tensor, truth: Tensor, *, mse_weight: float, weights: Tensor | None = None, trials: Tensor | None = None
) -> Tensor:
    """1 − CCC + w·MSE: concordance says how to move, the squared error where to be when nothing moves.

    Args:
        said: (B, T).
        truth: (B, T), NaN where nothing was scored.
        mse_weight: w ≥ 0.
        weights: (B,) or None.
        trials: as in `ccc_loss`.
    """
    concordance = ccc_loss(said, truth, weights=weights, trials=trials)
    return concordance + mse_weight * squared_error(said, truth, weights=weights)


def trace_distillation_loss(through_teacher: Tensor, teacher: Tensor, *, weights: Tensor | None = None) -> Tensor:
    """The student's features, read by the teacher's frozen head, should give the teacher's trace: mean |s − t|.

    Args:
        through_teacher: s (B, T), the teacher's head on the student's features.
        teacher: t (B, T), the teacher's own answer; carries no gradient.
        weights: (B,) or None, e.g. the teacher's certainty.

    Source: CrossKD, Wang et al. 2024, arXiv 2306.11369, in its form for regression.
    """
    return weighted_mean((through_teacher - teacher.detach()).abs().mean(-1), weights)
