"""Krippendorff's alpha, Cohen's kappa, repeats, Wilson's interval, and the examples in their docstrings."""

from __future__ import annotations

import doctest
import math
import pkgutil
from importlib import import_module
from itertools import permutations

import numpy as np
import pytest
from scipy.stats import binomtest
from sklearn.metrics import cohen_kappa_score

from mlcore.convert.votes import read_votes
from mlcore.errors import TrainingError
from mlcore.evaluate import agreement, wilson_interval
from mlcore.evaluate.agreement import Scale, cohen_kappa, krippendorff_alpha, repeatability, votes_of
from tests.factories.shared import shared_file

MODULES = [f"{agreement.__name__}.{module.name}" for module in pkgutil.iter_modules(agreement.__path__)]


@pytest.mark.parametrize("name", MODULES)
def test_examples_in_docstrings_are_true(name: str) -> None:
    assert doctest.testmod(import_module(name)).failed == 0


def published() -> np.ndarray[tuple[int, int], np.dtype[np.float64]]:
    """Krippendorff 2011: four observers, twelve units, five values."""
    observers = ("123321412...", "1233224125.3", ".3332342251.", "12332441251.")
    counts = np.zeros((12, 5))
    for said in observers:
        for unit, value in enumerate(said):
            if value != ".":
                counts[unit, int(value) - 1] += 1
    return counts


@pytest.mark.parametrize(("scale", "alpha"), [(Scale.NOMINAL, 0.743), (Scale.ORDINAL, 0.815), (Scale.INTERVAL, 0.849)])
def test_alpha_of_the_published_example(scale: Scale, alpha: float) -> None:
    assert round(krippendorff_alpha(published(), scale), 3) == alpha


def by_pairs(counts: np.ndarray[tuple[int, int], np.dtype[np.float64]]) -> float:
    """Interval alpha from the definition, pair by pair."""
    units = [[value for value, n in enumerate(row) for _ in range(int(n))] for row in counts]
    units = [unit for unit in units if len(unit) > 1]
    everything = [value for unit in units for value in unit]
    observed = sum(sum((a - b) ** 2 for a, b in permutations(unit, 2)) / (len(unit) - 1) for unit in units)
    expected = sum((a - b) ** 2 for a, b in permutations(everything, 2)) / (len(everything) - 1)
    return 1 - observed / expected


@pytest.mark.parametrize("seed", range(3))
def test_alpha_is_its_definition_over_all_pairs(seed: int) -> None:
    counts = np.random.default_rng(seed).integers(0, 3, (12, 4)).astype(np.float64)
    assert krippendorff_alpha(counts, Scale.INTERVAL) == pytest.approx(by_pairs(counts))


def test_alpha_without_anything_to_compare_is_none() -> None:
    assert math.isnan(krippendorff_alpha(np.eye(3)))
    assert math.isnan(krippendorff_alpha(np.array([[2.0, 0.0], [3.0, 0.0]])))


def test_alpha_of_real_votes_grows_with_what_the_raters_perceive() -> None:
    clips = read_votes(shared_file("labels", "crema-d", "tabulatedVotes.csv"))
    alpha = {
        group: krippendorff_alpha(np.array([clip.votes[group].counts for clip in clips], dtype=np.float64))
        for group in ("voice", "face", "both")
    }
    assert 0.0 < alpha["voice"] < alpha["face"] < alpha["both"] < 1.0


@pytest.mark.parametrize("seed", range(3))
def test_kappa_is_scikit_learns(seed: int) -> None:
    rng = np.random.default_rng(seed)
    first = rng.integers(0, 4, 60)
    second = np.where(rng.random(60) < 0.6, first, rng.integers(0, 4, 60))
    assert cohen_kappa(first, second, n_classes=4) == pytest.approx(cohen_kappa_score(first, second))


def test_kappa_of_one_constant_class_is_none() -> None:
    same = np.ones(5, dtype=np.int64)
    assert math.isnan(cohen_kappa(same, same, n_classes=2))
    assert math.isnan(cohen_kappa(same[:0], same[:0], n_classes=2))


def test_repeats_are_compared_with_the_answer_before_them() -> None:
    rows = [(0, 0, 1), (0, 0, 1), (0, 0, 2), (1, 0, 0), (0, 1, 2), (1, 1, 1), (1, 1, 4)]
    passes = np.array([1, 0, 2, 0, 0, 1, 0])
    votes = votes_of(rows, n_clips=2, n_annotators=3, n_classes=5)
    found = [one.to_json() for one in repeatability(votes, passes)]
    assert [(one["n_pairs"], one["agreement"], one["mean_step"]) for one in found] == [
        (2, 0.5, 0.5),
        (1, 0.0, 3.0),
        (0, None, None),
    ]
    assert found[2]["interval"] is None
    with pytest.raises(TrainingError, match="expected 7"):
        repeatability(votes, passes[:2])


@pytest.mark.parametrize(("n_right", "n"), [(0, 5), (3, 7), (50, 50), (620, 1000)])
def test_wilsons_interval_is_scipys(n_right: int, n: int) -> None:
    expected = binomtest(n_right, n).proportion_ci(method="wilson")
    interval = wilson_interval(n_right, n)
    assert interval is not None
    assert (interval.low, interval.high) == pytest.approx((expected.low, expected.high))


def test_no_clips_have_no_interval_and_more_right_than_clips_are_refused() -> None:
    assert wilson_interval(0, 0) is None
    with pytest.raises(TrainingError, match="n_right"):
        wilson_interval(3, 2)
