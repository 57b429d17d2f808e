"""Faces that a real detector finds, and whose expression independent networks read."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import av
import numpy as np
import pytest
from numpy.typing import NDArray

from mlcore.simulate.performance import lid_closure
from mlcore.simulate.truth import TrialTruth
from mlcore.vision import FaceTrack, FaceTracker
from tests.mlcore.simulate.conftest import DataSet

Values = NDArray[np.float64]
Bytes = NDArray[np.uint8]


def _frames(path: Path) -> Iterator[tuple[float, Bytes]]:
    """Every other frame and its time."""
    with av.open(str(path)) as container:
        for index, frame in enumerate(container.decode(video=0)):
            if index % 2 == 0:
                yield float(frame.time or 0.0), np.asarray(frame.to_ndarray(format="bgr24"), np.uint8)


def _track(path: Path, folder: Path) -> FaceTrack:
    with FaceTracker(folder) as tracker:
        for time_s, frame in _frames(path):
            tracker.add(time_s, frame)
        return tracker.finish()


@pytest.fixture(scope="module")
def tracks(small: DataSet, tmp_path_factory: pytest.TempPathFactory) -> list[tuple[TrialTruth, FaceTrack]]:
    folder = tmp_path_factory.mktemp("faces")
    return [(trial, _track(small.file(trial, "*.avi"), folder / trial.session)) for trial in small.trials]


def _session_s(trial: TrialTruth, track: FaceTrack) -> Values:
    return np.asarray(track.times_s) + float(trial.item["video"]["offset_s"])


def _cue(track: FaceTrack, name: str) -> Values:
    return track.cue(name)


def test_detector_finds_the_face_in_95_percent_of_the_frames(tracks: list[tuple[TrialTruth, FaceTrack]]) -> None:
    for trial, track in tracks:
        assert track.found.mean() >= 0.95, trial.session


def _dark_share(frame: Bytes, box: Values) -> float:
    """Share of dark pixels in the upper half of a face: pupils, lashes and brows; it falls while the lids are shut."""
    x, y, width, height = box
    rows = slice(int(y + 0.15 * height), int(y + 0.45 * height))
    grey = frame[rows, int(x + 0.1 * width) : int(x + 0.9 * width)].mean(axis=2)
    return float((grey < 0.5 * np.median(grey)).mean())


def test_eyes_close_at_the_blinks(small: DataSet, tracks: list[tuple[TrialTruth, FaceTrack]]) -> None:
    for trial, track in tracks:
        frames = [frame for _, frame in _frames(small.file(trial, "*.avi"))]
        dark = np.array([_dark_share(frame, box) for frame, box in zip(frames, track.boxes, strict=True)])
        closure = lid_closure(_session_s(trial, track), tuple(trial.item["blinks_s"]))
        assert (closure > 0.9).any()
        assert np.median(dark[closure > 0.9]) < 0.75 * np.median(dark[closure == 0.0]), trial.session
        mesh = _cue(track, "left_eye_openness") + _cue(track, "right_eye_openness")
        assert np.nanmedian(mesh[closure > 0.9]) < np.nanpercentile(mesh[closure == 0.0], 20), trial.session


def test_mouth_follows_valence(tracks: list[tuple[TrialTruth, FaceTrack]]) -> None:
    """Over the trials of a subject, the mouth's shape in the mesh goes with the valence that was simulated."""
    smile, valence = [], []
    for trial, track in tracks:
        times_s = _session_s(trial, track)
        during = track.found & (times_s > trial.start_s + 1.5) & (times_s < trial.stop_s)
        cue = _cue(track, "mouth_corner_height")
        baseline = np.nanmedian(cue[track.found & (times_s < trial.start_s)])
        smile += list(cue[during] - baseline)
        valence += [trial.face_share * trial.mean("valence", time_s - 0.5, time_s) for time_s in times_s[during]]
    assert np.corrcoef(smile, valence)[0, 1] > 0.6
