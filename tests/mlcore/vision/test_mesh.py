from __future__ import annotations

import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mlcore.vision import FaceBox, FaceDetector
from mlcore.vision.detect import BgrImage, Floats
from mlcore.vision.mesh import CUES, MESH_SCALE, MESH_SIZE, FaceMesh, cues, upright, warp
from tests.mlcore.vision.conftest import PORTRAIT_EYES


@pytest.fixture(scope="module")
def smile(portrait: BgrImage, detector: FaceDetector) -> tuple[Floats, float]:
    return FaceMesh()(portrait, detector.detect(portrait)[0])


def named(points: Floats, score: float = 1.0, roll: float = 0.0) -> dict[str, float]:
    return dict(zip(CUES, cues(points, score, roll).tolist(), strict=True))


def test_the_mesh_lies_on_the_face(portrait: BgrImage, detector: FaceDetector, smile: tuple[Floats, float]) -> None:
    points, score = smile
    assert score > 0.9
    face = detector.detect(portrait)[0]
    back = cv2.invertAffineTransform(upright(face, MESH_SCALE, MESH_SIZE))
    eyes = np.array([points[[33, 133], :2].mean(axis=0), points[[362, 263], :2].mean(axis=0)])
    on_frame = eyes @ back[:, :2].T + back[:, 2]
    assert np.abs(on_frame - PORTRAIT_EYES).max() < 4


def test_a_smile_lifts_the_corners_of_an_open_mouth(smile: tuple[Floats, float]) -> None:
    got = named(*smile)
    assert got["mouth_corner_height"] > 0.05
    assert got["mouth_opening"] > 0.05
    assert got["mouth_width"] > 0.9
    assert 0.15 < got["left_eye_openness"] < 0.5
    assert 0.15 < got["right_eye_openness"] < 0.5


@given(angle=st.floats(-0.7, 0.7), scale=st.floats(0.2, 5.0), x=st.floats(-500, 500), y=st.floats(-500, 500))
def test_cues_do_not_change_with_size_place_or_tilt(
    smile: tuple[Floats, float], angle: float, scale: float, x: float, y: float
) -> None:
    points, score = smile
    turn = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    moved = points.copy()
    moved[:, :2] = scale * points[:, :2] @ turn.T + (x, y)
    np.testing.assert_allclose(cues(moved, score, 0.0), cues(points, score, 0.0), atol=1e-4)


@pytest.mark.parametrize(
    ("moved", "offset", "cue", "sign"),
    [
        ((61, 291), (0, -5), "mouth_corner_height", 1),
        ((291,), (0, 5), "mouth_corner_tilt", 1),
        ((14,), (0, 5), "mouth_opening", 1),
        ((152,), (0, 5), "lower_lip_drop", 1),
        ((105, 66, 63), (0, -5), "left_brow_height", 1),
        ((334, 296, 293), (0, -5), "right_brow_height", 1),
        ((55, 285), (0, -5), "inner_brow_height", 1),
        ((159, 158), (0, 2), "left_eye_openness", -1),
        ((386, 385), (0, 2), "right_eye_openness", -1),
        ((1,), (5, 0), "yaw", 1),
        ((1,), (0, 5), "pitch", 1),
        ((1,), (0, 5), "nose_to_lip", -1),
        ((285,), (5, 0), "brow_gap", 1),
        ((291,), (5, 0), "mouth_width", 1),
    ],
)
def test_each_cue_follows_its_own_part_of_the_face(
    smile: tuple[Floats, float], moved: tuple[int, ...], offset: tuple[float, float], cue: str, sign: int
) -> None:
    points, score = smile
    changed = points.copy()
    changed[list(moved), :2] += offset
    assert sign * (named(changed, score)[cue] - named(points, score)[cue]) > 0.02


def test_cues_of_a_collapsed_mesh_are_finite() -> None:
    assert np.isfinite(cues(np.zeros((468, 3)), 0.0, 0.0)).all()


@given(roll=st.floats(-1.2, 1.2))
def test_the_upright_square_levels_the_eyes(roll: float) -> None:
    across = 20 * np.array([np.cos(roll), np.sin(roll)])
    eyes = np.array([100.0, 80.0]) + np.stack([-across, across])
    face = FaceBox(70, 60, 60, 60, 1.0, tuple((float(x), float(y)) for x, y in eyes))
    matrix = upright(face, 1.5, 192)
    left, right = eyes @ matrix[:, :2].T + matrix[:, 2]
    assert left[1] == pytest.approx(right[1], abs=1e-6)
    assert right[0] - left[0] == pytest.approx(40 * 192 / 90)
    np.testing.assert_allclose(matrix[:, :2] @ face.centre + matrix[:, 2], [96, 96])


def test_lift_moves_the_square_up_the_face() -> None:
    face = FaceBox(10, 10, 40, 40, 1.0, ((20, 20), (40, 20)))
    frame = np.zeros((60, 60, 3), dtype=np.uint8)
    frame[:30] = 255
    bright = [warp(frame, upright(face, 1.0, 40, lift=lift), 40).mean() for lift in (0.0, 0.2)]
    assert bright[1] > bright[0] + 30
