"""Classification metrics on class probabilities, in numpy."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Classes = NDArray[np.int64]
_SMALLEST = 1e-12


def confusion(truth: Classes, said: Classes, *, n_classes: int) -> NDArray[np.int64]:
    """Counts (K, K): row = truth, column = said."""
    pairs = np.bincount(truth * n_classes + said, minlength=n_classes**2)
    return pairs.reshape(n_classes, n_classes).astype(np.int64)


def accuracy(counts: NDArray[np.int64]) -> float:
    """Share on the diagonal of a confusion matrix; NaN without clips."""
    return _ratio(float(np.trace(counts)), float(counts.sum()))


def majority_rate(counts: NDArray[np.int64]) -> float:
    """Share of the commonest true class: what the best constant answer would score on these clips."""
    return _ratio(float(counts.sum(axis=1).max()), float(counts.sum()))


def balanced_accuracy(counts: NDArray[np.int64]) -> float:
    """Mean recall over the classes that occur; NaN without clips."""
    occurring = counts.sum(axis=1) > 0
    if not occurring.any():
        return float("nan")
    return float(np.mean(np.diag(counts)[occurring] / counts.sum(axis=1)[occurring]))


def macro_f1(counts: NDArray[np.int64]) -> float:
    """Mean of F1 = 2·hits / (true + said) over the classes that are true or said somewhere; NaN without clips."""
    total = counts.sum(axis=0) + counts.sum(axis=1)
    used = total > 0
    if not used.any():
        return float("nan")
    return float(np.mean(2 * np.diag(counts)[used] / total[used]))


def negative_log_likelihood(p: Floats, target: Floats) -> float:
    """Mean of −Σ y ln p in nats; (n, K) twice; NaN without clips. Soft targets are meant."""
    if not len(p):
        return float("nan")
    return float(-(target * np.log(np.maximum(p, _SMALLEST))).sum(axis=1).mean())


def brier_score(p: Floats, target: Floats) -> float:
    """Mean of Σ_k (p_k − y_k)², 0..2; (n, K) twice; NaN without clips. Soft targets are meant.

    Source: Brier 1950, Monthly Weather Review 78, 1.
    """
    return float(((p - target) ** 2).sum(axis=1).mean()) if len(p) else float("nan")


def expected_calibration_error(p: Floats, truth: Classes, *, n_bins: int = 10) -> float:
    """Σ_b (n_b/n) |accuracy_b − confidence_b| over equal bins of the top probability; NaN without clips.

    Source: Guo et al. 2017, arXiv 1706.04599.
    """
    if not len(p):
        return float("nan")
    confidence, hit = p.max(axis=1), p.argmax(axis=1) == truth
    gap = np.bincount(confidence_bins(confidence, n_bins=n_bins), weights=hit - confidence, minlength=n_bins)
    return float(np.abs(gap).sum() / len(p))


def confidence_bins(confidence: Floats, *, n_bins: int) -> Classes:
    """Bin (n,) of each top probability: bin b holds b/n_bins < c ≤ (b+1)/n_bins, the first also 0."""
    return np.clip(np.ceil(confidence * n_bins).astype(np.int64) - 1, 0, n_bins - 1)


def hard_classes(target: Floats, *, tolerance: float = 1e-6) -> Classes:
    """Top class of each distribution; −1 where there is none.

    Args:
        target: (n, K); a row of NaN is not scored. A row whose largest share is held by several classes (a tied vote)
            has no class either: it is left out of accuracies, never given to the lower index.

    Returns:
        (n,) class indexes or −1.
    """
    filled = np.nan_to_num(target, nan=-1.0)
    top = filled.max(axis=1, keepdims=True)
    clear = ((filled >= top - tolerance).sum(axis=1) == 1) & ~np.isnan(target).any(axis=1)
    return np.where(clear, filled.argmax(axis=1), -1).astype(np.int64)


def _ratio(part: float, whole: float) -> float:
    return part / whole if whole else float("nan")
