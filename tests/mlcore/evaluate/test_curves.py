from __future__ import annotations

import json
import math

import pytest
from sklearn.metrics import auc

from mlcore.errors import TrainingError
from mlcore.evaluate import RobustnessCurve


def test_area_and_drop() -> None:
    curve = RobustnessCurve("video shifted by s", (0.0, 0.5, 2.0), (0.8, 0.7, 0.4))
    assert curve.area == pytest.approx((0.5 * 0.75 + 1.5 * 0.55) / 2)
    assert curve.area == pytest.approx(auc(curve.severities, curve.scores) / 2)
    assert curve.relative_drop == pytest.approx(0.5)
    assert json.loads(json.dumps(curve.to_json(), allow_nan=False)) == {
        "disturbance": "video shifted by s",
        "severities": [0.0, 0.5, 2.0],
        "scores": [0.8, 0.7, 0.4],
        "area": pytest.approx(0.6),
        "relative_drop": pytest.approx(0.5),
    }


def test_a_negative_score_that_falls_has_a_drop_above_zero() -> None:
    assert RobustnessCurve("noise", (0.0, 1.0), (-0.1, -0.2)).relative_drop == pytest.approx(1)


def test_from_nothing_there_is_no_relative_drop() -> None:
    curve = RobustnessCurve("noise", (0.0, 1.0), (0.0, -0.2))
    assert math.isnan(curve.relative_drop)
    assert curve.to_json()["relative_drop"] is None


@pytest.mark.parametrize(
    ("severities", "scores"),
    [((0.0,), (1.0,)), ((0.0, 1.0), (1.0,)), ((0.0, 0.0), (1.0, 1.0)), ((0.0, 1.0), (1.0, math.nan))],
    ids=["one point", "lengths", "not rising", "missing"],
)
def test_what_is_no_curve_is_refused(severities: tuple[float, ...], scores: tuple[float, ...]) -> None:
    with pytest.raises(TrainingError, match="noise: expected"):
        RobustnessCurve("noise", severities, scores)
