from __future__ import annotations

import numpy as np
import pytest
from numpy.testing import assert_array_equal

from mlcore.compare.flips import flip_labels


@pytest.mark.parametrize(("share", "n_flipped"), [(0.0, 0), (0.1, 30), (0.4, 120), (1.0, 300)])
def test_a_share_of_the_classes_changes_to_others_evenly(share: float, n_flipped: int) -> None:
    classes = np.arange(300) % 3
    y = np.eye(3)[classes]
    flipped = flip_labels(y, share, is_trace=False, seed=2)
    changed = flipped.argmax(axis=1) != classes
    assert int(changed.sum()) == n_flipped
    assert_array_equal(np.sort(flipped, axis=1), np.sort(y, axis=1))
    assert_array_equal(y, np.eye(3)[classes])
    steps = (flipped.argmax(axis=1) - classes)[changed] % 3
    assert set(steps.tolist()) <= {1, 2}
    if n_flipped:
        assert abs(float((steps == 1).mean()) - 0.5) < 0.2


def test_of_a_distribution_the_top_class_and_another_are_exchanged() -> None:
    y = np.array([[0.7, 0.2, 0.1]])
    found = {tuple(flip_labels(y, 1.0, is_trace=False, seed=seed)[0]) for seed in range(20)}
    assert found == {(0.2, 0.7, 0.1), (0.1, 0.2, 0.7)}


def test_a_trace_is_exchanged_for_another_clips() -> None:
    y = np.arange(20.0).reshape(10, 2)
    flipped = flip_labels(y, 0.5, is_trace=True, seed=0)
    changed = (flipped != y).any(axis=1)
    assert int(changed.sum()) == 5
    assert_array_equal(np.sort(flipped, axis=0), y)
    assert_array_equal(flip_labels(y, 0.5, is_trace=True, seed=0), flipped)
