from __future__ import annotations

import numpy as np
import pytest
from sklearn.decomposition import PCA

from mlcore.evaluate import project


def test_the_plane_is_scikit_learns_up_to_signs() -> None:
    z = np.random.default_rng(0).normal(size=(50, 8)) * np.array([5, 3, 1, 1, 1, 1, 1, 1])
    fitted = PCA(2).fit(z)
    found = project(z)
    assert np.abs(found.points) == pytest.approx(np.abs(fitted.transform(z)))
    assert found.explained == pytest.approx(tuple(fitted.explained_variance_ratio_))


def test_signs_do_not_depend_on_the_order_of_clips() -> None:
    z = np.random.default_rng(1).normal(size=(40, 5))
    assert project(z[::-1]).points[::-1] == pytest.approx(project(z).points)


def test_absent_clips_have_no_place_and_move_nobody() -> None:
    z = np.random.default_rng(2).normal(size=(20, 5))
    holes = np.insert(z, 3, np.nan, axis=0)
    found = project(holes)
    assert np.isnan(found.points[3]).all()
    assert np.delete(found.points, 3, axis=0) == pytest.approx(project(z).points)


def test_what_has_no_second_axis_lies_on_a_line() -> None:
    line = project(np.array([[1.0], [3.0]]))
    assert line.points.tolist() == [[-1.0, 0.0], [1.0, 0.0]]
    assert line.explained == (1.0, 0.0)
    assert project(np.ones((3, 4))).explained == (0.0, 0.0)
    assert np.isnan(project(np.full((2, 4), np.nan)).points).all()
