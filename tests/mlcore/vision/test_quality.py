from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mlcore.types import ClipQuality, QualityFault
from mlcore.vision import FaceReference, FaceTrack, VisionError, face_clip_quality
from mlcore.vision.detect import BgrImage, Floats
from mlcore.vision.looks import MEASURES, coarse, sharpness
from mlcore.vision.mesh import CUES
from mlcore.vision.occlusion import LookReference
from mlcore.vision.quality import between, missing_share, still_share
from tests.mlcore.vision.tracks import frontal_track

SECONDS = 30.0
START_S, STOP_S = 10.0, 15.0


def judge(track: FaceTrack, frame_times_s: Floats | None = None) -> ClipQuality:
    times_s = track.times_s if frame_times_s is None else frame_times_s
    return face_clip_quality(track, start_s=START_S, stop_s=STOP_S, frame_times_s=times_s)


@pytest.fixture
def track() -> FaceTrack:
    return frontal_track(SECONDS)


def inside(track: FaceTrack) -> slice:
    return slice(*np.searchsorted(track.times_s, (START_S, STOP_S)))


def measure(track: FaceTrack, name: str, value: float) -> None:
    track.measures[inside(track), MEASURES.index(name)] = value


def cue(track: FaceTrack, name: str, value: float) -> None:
    track.cues[inside(track), CUES.index(name)] = value


def cover(track: FaceTrack, rows: slice) -> None:
    track.cells[inside(track), rows] = (40, 200, 40, 0)


def test_a_clean_clip_is_worth_1_and_has_no_fault(track: FaceTrack) -> None:
    assert judge(track) == ClipQuality(1.0, {})


@pytest.mark.parametrize(
    ("spoil", "fault"),
    [
        (lambda track: measure(track, "sharpness", 0.08), QualityFault.BLUR),
        (lambda track: measure(track, "sharpness", 0.17), QualityFault.BLUR),  # a good value, but not for this person
        (lambda track: measure(track, "grey_mean", 20.0), QualityFault.EXPOSURE),
        (lambda track: measure(track, "grey_mean", 55.0), QualityFault.EXPOSURE),  # half of the person's own
        (lambda track: measure(track, "bright_share", 0.4), QualityFault.EXPOSURE),
        (lambda track: measure(track, "dark_share", 0.8), QualityFault.EXPOSURE),
        (lambda track: cue(track, "yaw", 0.6), QualityFault.POSE),
        (lambda track: cue(track, "yaw", -0.6), QualityFault.POSE),
        (lambda track: cue(track, "pitch", 0.9), QualityFault.POSE),
        (lambda track: cue(track, "roll", -0.8), QualityFault.POSE),
        (lambda track: cover(track, slice(8, 12)), QualityFault.OCCLUDED),
        (lambda track: track.changes.__setitem__(slice(270, 370), 0.0), QualityFault.FROZEN),
    ],
)
def test_each_fault_is_named_alone_and_lowers_the_score(
    track: FaceTrack, spoil: Callable[[FaceTrack], None], fault: QualityFault
) -> None:
    spoil(track)
    quality = judge(track)
    assert set(quality.faults) == {fault.value}
    assert quality.score == pytest.approx(1.0 - quality.faults[fault.value])
    assert 0.05 <= quality.faults[fault.value] <= 1.0


def test_a_fault_of_one_clip_is_not_one_of_another(track: FaceTrack) -> None:
    measure(track, "sharpness", 0.08)
    other = face_clip_quality(track, start_s=20.0, stop_s=25.0, frame_times_s=track.times_s)
    assert other == ClipQuality(1.0, {})


def test_a_small_face_is_named() -> None:
    assert set(judge(frontal_track(SECONDS, width=35.0)).faults) == {"small face"}


def test_time_without_a_face_counts_as_it_is(track: FaceTrack) -> None:
    track.found[250:300] = False
    assert judge(track).faults == {"no face": pytest.approx(0.4)}
    assert judge(track).score == pytest.approx(0.6)
    track.found[:] = False
    assert judge(track) == ClipQuality(0.0, {"no face": 1.0})


def test_outside_the_video_there_is_nothing_to_trust(track: FaceTrack) -> None:
    quality = face_clip_quality(track, start_s=100.0, stop_s=105.0, frame_times_s=track.times_s)
    assert quality.score == 0.0
    assert quality.faults["no face"] == 1.0


def test_faults_multiply(track: FaceTrack) -> None:
    measure(track, "sharpness", 0.15)
    cue(track, "yaw", 0.5)
    quality = judge(track)
    assert set(quality.faults) == {"blur", "turned head"}
    assert quality.score == pytest.approx(np.prod([1 - value for value in quality.faults.values()]))


def test_dropped_frames_are_told_from_the_video_s_own_times(track: FaceTrack) -> None:
    kept = np.random.default_rng(1).random(len(track.times_s)) > 0.3
    kept |= (track.times_s < START_S) | (track.times_s >= STOP_S)
    quality = judge(track, track.times_s[kept])
    assert set(quality.faults) == {"dropped frames"}


@pytest.mark.parametrize("fps", [10.0, 23.976, 61.0])
def test_any_steady_rate_misses_nothing(fps: float) -> None:
    times_s = np.arange(round(30 * fps)) / fps
    assert missing_share(times_s, 10.0, 15.0) == 0.0


def test_missing_share_is_the_time_beyond_the_usual_step() -> None:
    times_s = np.delete(np.arange(0, 10, 0.04), np.arange(50, 75))  # one second from 2 s on
    assert missing_share(times_s, 0.0, 5.0) == pytest.approx(0.2)
    assert missing_share(times_s, 2.5, 4.5) == pytest.approx(0.25)
    assert missing_share(times_s, 5.0, 9.0) == 0.0
    assert missing_share(times_s, 8.0, 12.0) == pytest.approx(0.5)
    assert missing_share(np.zeros(1), 0.0, 1.0) == 1.0


def test_a_still_picture_counts_from_a_quarter_second_on() -> None:
    times_s = np.arange(250, dtype=np.float64) * 0.04
    changes = np.full(250, 0.5)
    changes[50:54] = 0.0  # 0.16 s: a camera that repeats a few frames
    changes[100:150] = 0.0
    assert still_share(times_s, changes, 0.0, 10.0) == pytest.approx(0.2)
    assert still_share(times_s, changes, 0.0, 3.0) == 0.0


@given(st.floats(-100, 100), st.floats(-50, 50), st.floats(-50, 50))
def test_between_is_0_at_fine_and_1_at_bad(value: float, fine: float, bad: float) -> None:
    if abs(fine - bad) > 1e-3:
        assert (between(fine, (fine, bad)), between(bad, (fine, bad))) == (0.0, 1.0)
        assert 0.0 <= between(value, (fine, bad)) <= 1.0
        assert between((fine + bad) / 2, (fine, bad)) == pytest.approx(0.5)


def test_a_reference_given_is_the_one_measured(track: FaceTrack) -> None:
    measure(track, "sharpness", 0.15)
    given = face_clip_quality(
        track, start_s=START_S, stop_s=STOP_S, frame_times_s=track.times_s, reference=FaceReference.of(track)
    )
    assert given == judge(track)


def test_a_video_without_a_face_has_a_reference_too(track: FaceTrack) -> None:
    empty = replace(track, found=np.zeros(len(track.found), dtype=np.bool_))
    assert np.isnan(FaceReference.of(empty).sharpness)


@pytest.mark.parametrize("stop_s", [10.0, 9.0])
def test_an_empty_stretch_is_refused(track: FaceTrack, stop_s: float) -> None:
    with pytest.raises(VisionError, match="expected start < stop"):
        face_clip_quality(track, start_s=10.0, stop_s=stop_s, frame_times_s=track.times_s)


# --- what it is measured by ------------------------------------------------------------------------------------------


def grey_face(portrait: BgrImage) -> BgrImage:
    return np.asarray(cv2.cvtColor(portrait[70:180, 170:280], cv2.COLOR_BGR2GRAY), dtype=np.uint8)


def test_sharpness_falls_with_blur_and_does_not_depend_on_contrast(portrait: BgrImage) -> None:
    grey = grey_face(portrait)
    blurred = [sharpness(np.asarray(cv2.GaussianBlur(grey, (0, 0), sigma), dtype=np.uint8)) for sigma in (1, 2, 4)]
    assert sharpness(grey) > blurred[0] > blurred[1] > blurred[2]
    assert blurred[1] < 0.5 * sharpness(grey)
    assert sharpness((grey // 2).astype(np.uint8)) == pytest.approx(sharpness(grey), rel=0.2)
    assert sharpness(np.full((64, 64), 9, dtype=np.uint8)) == 0.0


def test_cells_are_means_of_colour(portrait: BgrImage) -> None:
    picture = cv2.resize(portrait[50:210, 140:300], (96, 96), interpolation=cv2.INTER_AREA)
    cells = coarse(np.asarray(picture, dtype=np.uint8))
    expected = picture.reshape(12, 8, 12, 8, 3).mean(axis=(1, 3))
    assert np.abs(cells[..., :3] - expected).max() <= 1.0


def test_edges_are_where_brightness_changes() -> None:
    picture = np.full((96, 96, 3), 60, dtype=np.uint8)
    picture[:, 44:] = 90
    edges = coarse(picture)[..., 3]
    assert (edges[:, 5] > 20).all()
    assert not np.delete(edges, 5, axis=1).any()


def usual_face(portrait: BgrImage, n_frames: int = 30) -> np.ndarray[tuple[int, ...], np.dtype[np.uint8]]:
    picture = cv2.resize(portrait[50:210, 140:300], (96, 96), interpolation=cv2.INTER_AREA)
    rng = np.random.default_rng(0)
    noisy = (np.clip(picture + rng.normal(0, 2, picture.shape), 0, 255).astype(np.uint8) for _ in range(n_frames))
    return np.stack([coarse(frame) for frame in noisy])


@pytest.mark.parametrize("gain", [0.4, 0.7, 1.2])
def test_light_covers_nothing(portrait: BgrImage, gain: float) -> None:
    cells = usual_face(portrait)
    lit = np.clip(cells * gain, 0, 255).astype(np.uint8)
    assert LookReference.of(cells).covered_share(lit).max() < 0.1


@pytest.mark.parametrize("n_rows", [2, 3])
def test_the_covered_share_is_that_of_the_face(portrait: BgrImage, n_rows: int) -> None:
    cells = usual_face(portrait)
    hidden = cells.copy()
    hidden[:, 11 - n_rows : 11] = (30, 160, 60, 0)  # of the seven rows that show the face
    got = LookReference.of(cells).covered_share(hidden)
    assert got == pytest.approx(np.full(len(cells), n_rows / 7), abs=0.08)


def test_what_is_there_half_of_the_time_does_not_become_usual(portrait: BgrImage) -> None:
    cells = usual_face(portrait)
    hidden = cells.copy()
    hidden[:13, 8:11] = (30, 160, 60, 0)
    got = LookReference.of(hidden).covered_share(hidden)
    assert got[:13].min() > 0.3
    assert got[13:].max() < 0.1
