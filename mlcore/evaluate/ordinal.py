"""How well levels of an ordered scale are told, where both truth and answer are distributions over the levels."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.stats import rankdata

from mlcore.evaluate.class_report import known_rows
from mlcore.evaluate.jsonable import or_null
from mlcore.evaluate.metrics import confusion, hard_classes
from mlcore.evaluate.regression import pearson
from mlcore.types import JsonObject

Floats = NDArray[np.float64]
#: expected levels closer than this are equal: sums of the same shares in another order differ by rounding
_DIGITS = 9


def expected_level(p: Floats) -> Floats:
    """E[level] = Σ_k k·p_k (n,) with levels k = 1..K, of distributions (n, K).

    >>> expected_level(np.array([[0.0, 0.5, 0.5]]))
    array([2.5])
    """
    level: Floats = p @ np.arange(1.0, p.shape[1] + 1.0)
    return level


def level_error(p: Floats, target: Floats) -> float:
    """Mean |E_p[level] − E_y[level]| in levels, of (n, K) twice; NaN without clips."""
    return float(np.abs(expected_level(p) - expected_level(target)).mean()) if len(p) else float("nan")


def quadratic_kappa(counts: NDArray[np.int64]) -> float:
    """κ = 1 − Σ w·observed / Σ w·expected with w_ij = (i − j)² and expected = row sums × column sums / n.

    Args:
        counts: (K, K) confusion matrix, row = true level.

    Returns:
        1 perfect, 0 as by chance; NaN without clips or where truth and answer are one and the same level throughout.

    Source: Cohen 1968, Psychological Bulletin 70, 213, doi 10.1037/h0026256.
    """
    levels = np.arange(len(counts))
    weights = (levels[:, None] - levels) ** 2
    by_chance = float((weights * np.outer(counts.sum(axis=1), counts.sum(axis=0))).sum())
    return 1.0 - float((weights * counts).sum()) * float(counts.sum()) / by_chance if by_chance else float("nan")


def spearman(truth: Floats, said: Floats) -> float:
    """Pearson's r of the ranks of two columns (n,) without NaN; ties share their mean rank.

    Returns:
        −1..1; NaN where the truth is the same throughout, 0 where only the answer is.
    """
    return pearson(rankdata(np.round(truth, _DIGITS)), rankdata(np.round(said, _DIGITS)))


def ordinal_report(p: Floats, target: Floats) -> JsonObject:
    """Every figure about levels, each null where no clip supports it.

    Args:
        p: (n, K) probabilities of the levels in order; a row with NaN = nothing was said.
        target: (n, K) distributions over the levels; a row with NaN = not scored.

    Returns:
        {"level_mae": of expected levels, in levels; "quadratic_kappa": of the likeliest levels; "spearman": of expected
        levels; "n"; "n_ambiguous": clips whose truth has several likeliest levels, which have no kappa;
        "n_unanswered": scored clips of which nothing was said, in no figure}.
    """
    labelled, answered = known_rows(target), known_rows(p)
    both = labelled & answered
    said, truth = p[both], target[both]
    clear = hard_classes(truth) >= 0
    counts = confusion(hard_classes(truth)[clear], said[clear].argmax(axis=1), n_classes=p.shape[1])
    return {
        "level_mae": or_null(level_error(said, truth)),
        "quadratic_kappa": or_null(quadratic_kappa(counts)),
        "spearman": or_null(spearman(expected_level(truth), expected_level(said))),
        "n": len(said),
        "n_ambiguous": int((~clear).sum()),
        "n_unanswered": int((labelled & ~answered).sum()),
    }
