"""The four published data sets, in miniature: what comes out is what the miniature says."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from mlcore.convert.layouts import questions_of, trust_of
from mlcore.convert.mahnob import KEYWORDS
from mlcore.convert.settings import ClipSettings
from mlcore.convert.source import convert_source
from mlcore.datasets import find_recordings
from mlcore.store import UNLABELLED, Store, open_store
from mlcore.types import JsonObject
from tests.factories import ascertain, deap, eav
from tests.factories.mahnob import EEG_CHANNELS, MiniSession, write_mahnob


def convert(source: Path, store: Path, **settings: object) -> tuple[Store, JsonObject]:
    found = find_recordings(source)
    cut = ClipSettings(**settings)  # type: ignore[arg-type]
    questions = questions_of(found.layout, window_s=cut.window_s)
    summary = convert_source(found, store, cut, questions, trust=trust_of(found))
    return open_store(store), summary


def test_mahnob_answers_by_keyword_and_by_rating(tmp_path: Path) -> None:
    source = write_mahnob(tmp_path / "mahnob", MiniSession(), MiniSession(subject=2, section=4, has_video=False))
    store, summary = convert(source, tmp_path / "store", window_s=2.0, hop_s=2.0)
    assert list(zip(store.subjects, store.sessions, store.trials, store.start_s, store.stop_s, strict=True)) == [
        ("1", "2", 1, 3.0, 5.0),
        ("1", "2", 1, 5.0, 7.0),
        ("1", "2", 1, 7.0, 9.0),
        ("2", "134", 2, 3.0, 5.0),
        ("2", "134", 2, 5.0, 7.0),
        ("2", "134", 2, 7.0, 9.0),
    ]
    # feltEmo 4 is joy; feltArsl 5, feltVlnc 7, feltCtrl 3, feltPred 6
    expected = {"arousal3": 1, "valence3": 2, "felt_arousal": 5, "felt_valence": 7}
    expected |= {"felt_control": 3, "felt_predictability": 6}
    assert {name: store.target(name).tolist() for name in store.meta.targets} == {
        name: [value] * 6 for name, value in expected.items()
    }
    assert store.meta.targets["arousal3"].classes == ("calm", "medium", "activated")
    assert store.meta.targets["valence3"].classes == ("unpleasant", "neutral", "pleasant")
    assert store.present("face").tolist() == [True] * 3 + [False] * 3
    assert (summary["shards"], summary["clips"], summary["present"]) == (2, 6, {"eeg": 6, "face": 3})


def test_mahnob_eeg_is_the_recorded_signal_against_its_average(tmp_path: Path) -> None:
    source = write_mahnob(tmp_path / "mahnob", MiniSession(has_video=False))
    store, _ = convert(source, tmp_path / "store", window_s=2.0, hop_s=2.0)
    times_s = 5.0 + np.arange(256) / 128
    sines = 40.0 * np.sin(2 * np.pi * (5.0 + np.arange(32))[:, None] * times_s)
    assert store.meta.modalities["eeg"].channels == tuple(name.upper() for name in EEG_CHANNELS)
    np.testing.assert_allclose(store.gather("eeg", [1])[0], sines - sines.mean(axis=0), atol=0.5)


#: Soleymani 2012: calm, medium, activated; unpleasant, neutral, pleasant
_EXPECTED = {
    "neutral": (0, 1),
    "anger": (2, 0),
    "disgust": (0, 0),
    "fear": (2, 0),
    "joy": (1, 2),
    "sadness": (0, 0),
    "surprise": (2, 1),
    "amusement": (1, 2),
    "anxiety": (2, 0),
}


def test_mahnob_keywords_without_a_class_are_left_out_and_counted(tmp_path: Path) -> None:
    sessions = [
        MiniSession(section=2 * (code + 1), has_video=False, has_gaze=False, attributes={"feltEmo": str(code)})
        for code in range(13)
    ]
    store, summary = convert(write_mahnob(tmp_path / "mahnob", *sessions), tmp_path / "store")
    by_session = {int(name): row for row, name in enumerate(store.sessions)}
    rows = [by_session[2 * (code + 1)] for code in range(13)]
    nothing = (UNLABELLED, UNLABELLED)
    answers = list(zip(store.target("arousal3")[rows], store.target("valence3")[rows], strict=True))
    assert answers == [_EXPECTED.get(keyword, nothing) for keyword in KEYWORDS]
    left_out = {f"feltEmo {code} ({KEYWORDS[code]}) has no place in the three classes": 1 for code in range(7, 11)}
    assert summary["unlabelled"] == {"arousal3": left_out, "valence3": left_out}
    assert summary["labelled"]["valence3"] == 9
    assert store.target("felt_valence").tolist() == [7] * 13


def test_deap_ratings_become_levels_and_halves(tmp_path: Path) -> None:
    source = tmp_path / "deap"
    for subject in (1, 23):
        deap.write_preprocessed(source, subject)
    deap.write_ratings(source, (1, 23))
    store, summary = convert(source, tmp_path / "store", window_s=30.0, hop_s=30.0, sfreq=32.0)
    rated = np.repeat(np.concatenate([deap.labels_of(1), deap.labels_of(23)]), 2, axis=0)
    for column, name in enumerate(("valence9", "arousal9", "dominance9", "liking9")):
        np.testing.assert_array_equal(store.target(name), rated[:, column])
    np.testing.assert_array_equal(store.target("valence2"), rated[:, 0] > 5)
    np.testing.assert_array_equal(store.target("arousal2"), rated[:, 1] > 5)
    assert (summary["sessions"], summary["shards"], summary["clips"]) == (6, 6, 12)
    assert store.meta.modalities["eeg"].shape == (32, 960)


@pytest.mark.parametrize(("rating", "expected"), [(1.0, 1), (4.49, 4), (4.5, 5), (5.0, 5), (8.51, 9), (9.0, 9)])
def test_deap_ratings_are_rounded(rating: float, expected: int) -> None:
    from mlcore.convert.deap import _answers
    from mlcore.types import TrialSpec

    said = _answers(TrialSpec(1, 0.0, 1.0, self_reports={"valence": rating}))
    assert (said["valence9"].value, said["valence2"].value) == (expected, int(rating > 5))
    assert (said["liking9"].value, said["liking9"].why) == (None, "no liking was given")


def test_eav_emotions_are_those_of_the_label_file(tmp_path: Path) -> None:
    store, summary = convert(
        eav.write_eav(tmp_path / "eav"), tmp_path / "store", window_s=1.0, hop_s=1.0, modalities=("eeg",)
    )
    names = [stimulus.rpartition(" ")[2].lower() for stimulus in eav.STIMULI]
    classes = store.meta.targets["emotion"].classes
    assert classes == ("neutral", "sadness", "anger", "happiness", "calmness")
    expected = [name for _ in range(2) for name in names for _ in range(2)]
    assert [classes[index] for index in store.target("emotion")] == expected
    assert list(summary["present"]) == ["eeg"]
    assert store.subjects.tolist() == ["subject1"] * 8 + ["subject2"] * 8


def test_ascertain_has_ratings_features_and_the_word_on_its_sensors(tmp_path: Path) -> None:
    store, summary = convert(ascertain.write_ascertain(tmp_path / "ascertain"), tmp_path / "store", face_fps=4.0)
    first = {(s, c): row for row, (s, c) in reversed(list(enumerate(zip(store.subjects, store.trials, strict=True))))}
    places = [(s, c) for s in (1, 2) for c in (1, 2, 3)]
    rows = [first[f"P{s:02}", c] for s, c in places]
    rated = ascertain.ratings()
    for index, (name, lowest) in enumerate([("arousal7", 0), ("valence7", -3), ("engagement7", 0), ("liking7", 0)]):
        expected = [rated[index, s - 1, c - 1] - lowest + 1 for s, c in places]
        assert store.target(name)[rows].tolist() == expected
    # subject 37 has raw data and no ratings
    assert set(store.target("arousal7")[store.subjects == "P37"]) == {UNLABELLED}
    assert summary["unlabelled"]["arousal7"] == {"no arousal was given": 6}
    vectors = store.gather("eeg_features", rows)
    np.testing.assert_allclose(vectors, [ascertain.features("EEG")[s - 1, c - 1] for s, c in places], rtol=1e-6)
    assert {name: meta.shape for name, meta in store.meta.modalities.items()} == {
        "eeg": (8, 640),
        "face": (20, 22),
        "ecg_features": (32,),
        "eeg_features": (88,),
        "face_features": (72,),
        "gsr_features": (31,),
    }
    # grade 5 of 6 for the EEG, 6 = missing for the face, of subject 1 at clip 2
    graded, plain = first["P01", 2], first["P01", 1]
    assert store.quality("eeg_features")[[graded, plain]].tolist() == [pytest.approx(0.2), 1.0]
    assert store.quality("eeg")[graded] <= 0.2
    assert store.present("face")[[graded, plain]].tolist() == [False, True]
    assert store.present("face_features")[[graded, plain]].tolist() == [False, True]
    # features alone have no time: one clip a trial
    assert np.sum(store.subjects == "P02") == 3


def test_ascertain_tracks_are_cut_in_step(tmp_path: Path) -> None:
    store, _ = convert(ascertain.write_raw(tmp_path / "raw", (1, 37)), tmp_path / "store", face_fps=5.0)
    rows = [int(np.flatnonzero((store.subjects == subject) & (store.start_s == 5.0))[0]) for subject in ("P01", "P37")]
    steps_s = 5.0 + (np.arange(25) + 0.5) / 5.0
    for row, fps in zip(rows, (20, 25), strict=True):
        found = store.gather("face", [row])[0]
        # a row's first feature is its number; no row lies further away than half a row's time
        assert np.abs((found[:, 0] + 0.5) / fps - steps_s).max() <= 0.5 / fps + 1e-5
        np.testing.assert_allclose(found[:, 21] - found[:, 0], 0.21, atol=1e-5)


def test_a_rating_outside_of_its_scale_is_counted(tmp_path: Path) -> None:
    source = write_mahnob(tmp_path / "source", MiniSession(attributes={"feltArsl": "12"}, has_video=False))
    store, summary = convert(source, tmp_path / "store")
    assert summary["unlabelled"] == {"felt_arousal": {"feltArsl 12 is outside of 1 to 9": 1}}
    assert store.target("felt_arousal").tolist() == [UNLABELLED]
