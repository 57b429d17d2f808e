"""Valence over time: the published file, and a table."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import scipy.io

from mlcore.convert.continuous import read_annotations
from mlcore.convert.layouts import questions_of
from mlcore.convert.settings import ClipSettings
from mlcore.convert.source import convert_source
from mlcore.datasets import find_recordings
from mlcore.errors import LayoutError
from mlcore.store import Store, TargetKind, TargetMeta, open_store
from mlcore.types import JsonObject
from tests.factories.mahnob import MiniSession, write_mahnob

#: session 134 = subject 2, section 4; 4 Hz over 4.25 of the film's 6 seconds
VALUES = np.linspace(-0.33, 0.45, 18)


def write_release(folder: Path) -> Path:
    folder.mkdir()
    labels = np.empty((2, 1), dtype=object)
    labels[0, 0], labels[1, 0] = VALUES[None, :], np.zeros((1, 8))
    trials = np.array([[2, 4], [9, 40]])
    scipy.io.savemat(folder / "lable_continous_Mahnob.mat", {"labels": labels, "trials_included": trials})
    return folder


def write_csv(folder: Path) -> Path:
    folder.mkdir()
    lines = [f"134,{index / 4},{value}\n" for index, value in enumerate(VALUES)]
    (folder / "valence.csv").write_text("session,t_s,valence\n" + "".join(reversed(lines)))
    return folder


def convert(folder: Path, annotations: Path) -> tuple[Store, JsonObject]:
    sessions = MiniSession(has_video=False), MiniSession(subject=2, section=4, has_video=False)
    source = write_mahnob(folder / "source", *sessions)
    questions = questions_of("mahnob", window_s=2.0, annotations=annotations)
    settings = ClipSettings(window_s=2.0, hop_s=2.0, modalities=("eeg",))
    summary = convert_source(find_recordings(source), folder / "store", settings, questions)
    return open_store(folder / "store"), summary


@pytest.mark.parametrize("write", [write_release, write_csv])
def test_each_clip_gets_its_stretch_of_the_trace(tmp_path: Path, write: object) -> None:
    assert callable(write)
    store, summary = convert(tmp_path, write(tmp_path / "labels"))
    assert store.meta.targets["valence"] == TargetMeta(TargetKind.TRACE, sfreq=4.0)
    nothing = np.full(8, np.nan)
    # one step after the last value it is still said, then no more
    last = np.r_[VALUES[16:], VALUES[-1], np.full(5, np.nan)]
    expected = [nothing, nothing, nothing, VALUES[:8], VALUES[8:16], last]
    np.testing.assert_allclose(store.target("valence"), expected, atol=1e-12)
    assert summary["unlabelled"]["valence"] == {"the trial was not annotated over time": 3}
    assert summary["labelled"]["valence"] == 3


def test_any_rate_is_laid_on_the_grid(tmp_path: Path) -> None:
    times_s = np.arange(0, 6, 0.1)
    (tmp_path / "labels").mkdir()
    lines = "".join(f"134,{t_s},{np.sin(t_s)}\n" for t_s in times_s)
    (tmp_path / "labels" / "fast.csv").write_text("session,t_s,valence\n" + lines)
    store, _ = convert(tmp_path, tmp_path / "labels")
    grid_s = np.arange(8) / 4
    np.testing.assert_allclose(store.target("valence")[3], np.interp(grid_s, times_s, np.sin(times_s)), atol=1e-12)


def test_what_is_neither_form_is_one_sentence(tmp_path: Path) -> None:
    with pytest.raises(LayoutError, match="there is no such folder of continuous labels"):
        read_annotations(tmp_path / "nowhere")
    with pytest.raises(LayoutError, match="with trials_included and labels, or a"):
        read_annotations(tmp_path)
    (tmp_path / "a.csv").write_text("session,t_s,valence\n2,soon,0.1\n")
    with pytest.raises(LayoutError, match=r"a\.csv: line 2 is not a session, a time and a value"):
        read_annotations(tmp_path)
    with pytest.raises(LayoutError, match="continuous labels belong to mahnob, and the source is deap"):
        questions_of("deap", window_s=5.0, annotations=tmp_path)
