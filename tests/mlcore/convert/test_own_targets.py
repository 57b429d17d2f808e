"""Somebody else's recordings with a table of answers."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from mlcore.convert.layouts import questions_of
from mlcore.convert.own_table import Scales
from mlcore.convert.settings import ClipSettings
from mlcore.convert.source import convert_source
from mlcore.datasets import find_recordings
from mlcore.errors import LayoutError
from mlcore.store import UNLABELLED, Store, TargetKind, TargetMeta, open_store
from mlcore.types import JsonObject
from tests.factories.bids import write_recording
from tests.factories.folders import write_lab_manifest


@pytest.fixture(scope="module")
def lab(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_lab_manifest(tmp_path_factory.mktemp("lab"))


def convert(source: Path, folder: Path, table: str, scales: Scales | None = None) -> tuple[Store, JsonObject]:
    path = folder / "answers.csv"
    path.write_text(table)
    found = find_recordings(source)
    settings = ClipSettings(window_s=1.0, hop_s=1.0, sfreq=64.0, modalities=("eeg",))
    questions = questions_of(found.layout, window_s=1.0, table=path, scales=scales)
    summary = convert_source(found, folder / "store", settings, questions)
    return open_store(folder / "store"), summary


def test_answers_by_trial(tmp_path: Path, lab: Path) -> None:
    table = "subject,session,trial,mood,sam\nS1,1,1,calm,2\nS2,1,1,tense,5\nS2,1,2,calm,\n"
    store, summary = convert(lab, tmp_path, table)
    mood, sam = store.meta.targets["mood"], store.meta.targets["sam"]
    assert mood == TargetMeta(TargetKind.CLASS, classes=("calm", "tense"))
    assert sam == TargetMeta(TargetKind.ORDINAL, levels=5)
    said = {("S1", 1): (0, 2), ("S2", 1): (1, 5), ("S2", 2): (0, UNLABELLED), ("S3", 1): (UNLABELLED, UNLABELLED)}
    expected = [said[str(subject), int(trial)] for subject, trial in zip(store.subjects, store.trials, strict=True)]
    assert list(zip(store.target("mood"), store.target("sam"), strict=True)) == expected
    n_clips = {key: expected.count(value) for key, value in said.items()}
    assert n_clips == {("S1", 1): 12, ("S2", 1): 3, ("S2", 2): 4, ("S3", 1): 12}
    assert summary["unlabelled"]["sam"] == {"no line of the table says anything of it": 16}


def test_answers_by_time(tmp_path: Path, lab: Path) -> None:
    table = "subject;session;start_s;stop_s;mood\nS1;1;0;3;calm\nS1;1;3;6.4;tense\n"
    store, _ = convert(lab, tmp_path, table, Scales(classes={"mood": ("tense", "calm")}))
    is_s1 = store.subjects == "S1"
    # the stretch that holds a clip's middle counts
    assert store.target("mood")[is_s1].tolist() == [1] * 3 + [0] * 3 + [UNLABELLED] * 6
    assert set(store.target("mood")[~is_s1]) == {UNLABELLED}


def test_a_scale_may_go_further_than_its_answers(tmp_path: Path, lab: Path) -> None:
    store, _ = convert(lab, tmp_path, "session,trial,sam\n1,1,3\n", Scales(levels={"sam": 9}))
    assert store.meta.targets["sam"].levels == 9
    assert store.target("sam").tolist() == np.where(store.trials == 1, 3, UNLABELLED).tolist()


def test_a_bids_folder_runs_too(tmp_path: Path) -> None:
    write_recording(tmp_path / "bids", "02", session=None, fmt="EDF")
    store, _ = convert(tmp_path / "bids", tmp_path, "session,trial,film\ntask-film,1,funny\ntask-film,2,dreadful\n")
    names = [store.meta.targets["film"].classes[index] for index in store.target("film")]
    assert names == ["funny" if trial == 1 else "dreadful" for trial in store.trials]
    assert store.trials.tolist() == [1] * 6 + [2] * 5


@pytest.mark.parametrize(
    ("table", "message"),
    [
        ("trial,mood\n1,calm\n", "expected the columns session, and trial or start_s and stop_s"),
        ("session,trial\n1,1\n", "there is no column of answers beside session, trial"),
        ("session,trial,mood\n1,,calm\n", "line 2 names no session with a trial or with times"),
        ("session,start_s,stop_s,mood\n1,5,2,calm\n", "line 2 names no session with a trial or with times"),
        ("session,trial,sam\n1,1,2.5\n", "column sam holds 2.5: expected whole numbers from 1 on, or class names"),
        ("session,trial,sam\n1,1,0\n1,2,3\n", "line 2 says sam '0': expected 1 to 3"),
        ("session,trial,mood\n1,1,calm\n", "column mood holds fewer than 2 different answers"),
        ("session,trial,mood\n1,1,calm\n1,1,tense\n", "lines 2 and 3 say different things of mood"),
    ],
)
def test_a_table_that_makes_no_sense(tmp_path: Path, lab: Path, table: str, message: str) -> None:
    with pytest.raises(LayoutError, match=message):
        convert(lab, tmp_path, table)


def test_scales_are_checked(tmp_path: Path, lab: Path) -> None:
    with pytest.raises(LayoutError, match="there is no column 'joy'; its targets are mood"):
        convert(lab, tmp_path, "session,trial,mood\n1,1,calm\n", Scales(levels={"joy": 3}))
    with pytest.raises(LayoutError, match="line 2 says mood 'calm': it is none of low, high"):
        convert(lab, tmp_path, "session,trial,mood\n1,1,calm\n", Scales(classes={"mood": ("low", "high")}))
