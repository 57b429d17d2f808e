from __future__ import annotations

import math

import numpy as np
import pytest
from sklearn.metrics import silhouette_score

from mlcore.evaluate import Distance, silhouette


@pytest.mark.parametrize("distance", Distance)
@pytest.mark.parametrize("n", [12, 300, 2100])
def test_it_is_scikit_learns(n: int, distance: Distance) -> None:
    """2,100 clips are more than are in memory at once."""
    rng = np.random.default_rng(n)
    classes = rng.integers(0, 4, n)
    z = rng.normal(size=(4, 6))[classes] + rng.normal(size=(n, 6))
    expected = silhouette_score(z, classes, metric=distance.value)
    assert silhouette(z, classes, distance=distance) == pytest.approx(expected, abs=1e-9)


@pytest.mark.parametrize("distance", Distance)
def test_a_class_of_one_and_a_latent_of_zeros_count_as_scikit_learn_counts_them(distance: Distance) -> None:
    z = np.array([[0.0, 0.0], [1.0, 0.2], [0.9, 0.1], [-1.0, 0.3], [0.2, 2.0]])
    classes = np.array([0, 0, 0, 1, 2])
    expected = silhouette_score(z, classes, metric=distance.value)
    assert silhouette(z, classes, distance=distance) == pytest.approx(expected)


def test_by_hand() -> None:
    """Clips at 0, 1 | 10 on a line: widths (10−1)/10, (9−1)/9 and 0 for the one alone."""
    z = np.array([[0.0], [1.0], [10.0]])
    assert silhouette(z, np.array([5, 5, 7]), distance=Distance.EUCLIDEAN) == pytest.approx((0.9 + 8 / 9 + 0) / 3)


def test_clips_that_all_lie_on_one_point_count_nothing() -> None:
    assert silhouette(np.ones((6, 3)), np.array([0, 0, 0, 1, 1, 1]), distance=Distance.EUCLIDEAN) == 0


def test_absent_clips_and_clips_without_class_are_left_out() -> None:
    rng = np.random.default_rng(0)
    z, classes = rng.normal(size=(30, 4)), np.arange(30) % 3
    holes, labels = z.copy(), classes.copy()
    holes[:5], labels[5:10] = np.nan, -1
    assert silhouette(holes, labels) == silhouette(z[10:], classes[10:])


def test_one_class_has_no_silhouette() -> None:
    assert math.isnan(silhouette(np.eye(3), np.zeros(3, dtype=np.int64)))
    assert math.isnan(silhouette(np.zeros((0, 3)), np.zeros(0, dtype=np.int64)))
