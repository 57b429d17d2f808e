"""How far probabilities mean what they say, and one temperature that makes them mean it better."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize_scalar
from scipy.special import softmax

from mlcore.errors import TrainingError
from mlcore.evaluate.class_report import known_rows
from mlcore.evaluate.metrics import hard_classes, negative_log_likelihood

Floats = NDArray[np.float64]
#: fewer held-back clips say nothing about a temperature
MIN_CLIPS = 10
#: T within e^±3, 0.05..20
_LOG_BOUNDS = (-3.0, 3.0)
_SMALLEST = 1e-12


def fit_temperature(p: Floats, target: Floats) -> float:
    """T that minimises the mean negative log-likelihood of p^(1/T) / Σ_k p_k^(1/T).

    Args:
        p: (n, K) probabilities of clips that were held back from training, never of test clips; rows with NaN are left
            out.
        target: (n, K) distributions, soft ones too; rows with NaN are left out.

    Returns:
        T in 0.05..20; above 1 where the answers were too sure. 1 where fewer than 10 clips, or clips of one class
        only, are left.

    Source: Guo et al. 2017, arXiv 1706.04599.
    """
    both = known_rows(p) & known_rows(target)
    said, truth = p[both], target[both]
    classes = hard_classes(truth)
    if len(said) < MIN_CLIPS or len(np.unique(classes[classes >= 0])) < 2:
        return 1.0

    def loss(log_temperature: float) -> float:
        return negative_log_likelihood(apply_temperature(said, float(np.exp(log_temperature))), truth)

    # convex in 1/T, so that there is one minimum in ln T
    found = minimize_scalar(loss, bounds=_LOG_BOUNDS, method="bounded")
    return float(np.exp(found.x))


def apply_temperature(p: Floats, temperature: float) -> Floats:
    """p^(1/T) / Σ_k p_k^(1/T) of probabilities (n, K): flatter for T > 1, sharper for T < 1; rows with NaN stay so.

    Raises:
        TrainingError: T is not above 0.

    >>> apply_temperature(np.array([[0.9, 0.1]]), 2.0)
    array([[0.75, 0.25]])
    """
    if not temperature > 0:
        raise TrainingError(f"temperature: expected a number above 0, got {temperature}")
    flattened: Floats = softmax(np.log(np.maximum(p, _SMALLEST)) / temperature, axis=1)
    return flattened
