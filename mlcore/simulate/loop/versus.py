"""Strategies against one another: pair by pair over seeds, and the penalty matrix."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import combinations

import numpy as np
from numpy.typing import NDArray

from mlcore.evaluate import compare_paired, holm
from mlcore.types import JsonObject

Floats = NDArray[np.float64]
#: a difference is one below this p, after Holm's correction over all pairs and checkpoints
ALPHA = 0.05


def compare_areas(areas: Mapping[str, Sequence[float]]) -> list[JsonObject]:
    """Every pair of strategies by the areas of the same seeds: Wilcoxon's signed-rank p, corrected by Holm.

    Args:
        areas: strategy -> one area a seed, in the same order.
    """
    pairs = list(combinations(areas, 2))
    found = [compare_paired(areas[one], areas[other]) for one, other in pairs]
    adjusted = holm([1.0 if one.wilcoxon_p is None else one.wilcoxon_p for one in found])
    return [
        {
            "strategy": names[0],
            "other": names[1],
            "mean_difference": one.mean_difference,
            "ci95": one.interval.to_json() if one.interval else None,
            "wins": one.wins,
            "losses": one.losses,
            "p": one.wilcoxon_p,
            "holm_p": float(p),
        }
        for names, one, p in zip(pairs, found, adjusted, strict=True)
    ]


def penalty_matrix(scores: Mapping[str, Floats]) -> JsonObject:
    """Entry (i, j): the share of the checkpoints at which strategy i beats strategy j; a low column total is good.

    i beats j at a checkpoint where its mean over seeds is higher and Wilcoxon's signed-rank p, corrected by Holm over
    all pairs and checkpoints, is below 0.05.

    Args:
        scores: strategy -> (seeds, L) at the same checkpoints.

    Source: Ash et al. 2020 (BADGE), arXiv 1906.03671, section 4, where a t-test stands for Wilcoxon's and nothing is
    corrected.
    """
    names = list(scores)
    n_checkpoints = next(iter(scores.values())).shape[1]
    tests = [(i, j, level) for i, j in combinations(range(len(names)), 2) for level in range(n_checkpoints)]
    found = [compare_paired(scores[names[i]][:, level], scores[names[j]][:, level]) for i, j, level in tests]
    adjusted = holm([1.0 if one.wilcoxon_p is None else one.wilcoxon_p for one in found])
    matrix = np.zeros((len(names), len(names)))
    for (i, j, _), one, p in zip(tests, found, adjusted, strict=True):
        if p < ALPHA:
            winner, loser = (i, j) if one.mean_difference > 0 else (j, i)
            matrix[winner, loser] += 1.0 / n_checkpoints
    return {"strategies": names, "matrix": matrix.round(6).tolist(), "losses": matrix.sum(axis=0).round(6).tolist()}
