from __future__ import annotations

import math

import numpy as np
import pytest
from scipy.stats import ortho_group
from sklearn.decomposition import PCA

from mlcore.evaluate import linear_cka, project


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


def test_cka_by_hand() -> None:
    """Centred x = (−1, 0, 1), y = (−1, 2, −1): orthogonal. y = (−1, −1, 2): (Σxy)² / (Σx² Σy²) = 9/12."""
    x = np.array([[0.0], [1.0], [2.0]])
    assert linear_cka(x, np.array([[0.0], [3.0], [0.0]])) == pytest.approx(0)
    assert linear_cka(x, np.array([[0.0], [0.0], [3.0]])) == pytest.approx(0.75)


def test_cka_is_that_of_the_centred_kernels() -> None:
    """Kornblith's first form: HSIC of the Gram matrices, centred on both sides."""
    rng = np.random.default_rng(3)
    x = rng.normal(size=(25, 6))
    y = np.tanh(x[:, :4]) + rng.normal(size=(25, 4))
    centre = np.eye(25) - 1 / 25
    k, m = centre @ x @ x.T @ centre, centre @ y @ y.T @ centre
    assert linear_cka(x, y) == pytest.approx((k * m).sum() / np.sqrt((k * k).sum() * (m * m).sum()))


def test_cka_is_unmoved_by_rotation_scale_and_absent_clips() -> None:
    rng = np.random.default_rng(4)
    x = rng.normal(size=(30, 5))
    turned = 3 * x @ ortho_group.rvs(5, random_state=0) + 7
    assert linear_cka(x, turned) == pytest.approx(1)
    y, holes = rng.normal(size=(30, 3)), x.copy()
    holes[:4] = np.nan
    assert linear_cka(holes, y) == pytest.approx(linear_cka(x[4:], y[4:]))


def test_cka_of_what_does_not_vary_is_nan() -> None:
    assert math.isnan(linear_cka(np.ones((5, 2)), np.eye(5)))
    assert math.isnan(linear_cka(np.eye(5)[:1], np.eye(5)[:1]))
