"""Plain folders: what is paired, whose it is, and what is left out."""

from __future__ import annotations

from pathlib import Path

import pytest

from mlcore.datasets import find_recordings, read_recording
from tests.factories import folders

Found = list[tuple[str, str, str | None, str | None]]


def _found(root: Path, *names: str) -> Found:
    """Of empty files, for names alone are looked at."""
    for name in names:
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_bytes(b"")
    specs = find_recordings(root, "folder").recordings
    return [(spec.subject, spec.session, spec.eeg_path, spec.video_path) for spec in specs]


@pytest.mark.parametrize(
    ("names", "expected"),
    [
        (("P01.bdf", "P01.mp4"), ("P01", "1")),
        (("S01_2.bdf", "S01_2_face.avi"), ("S01", "2")),
        (("anna_eeg.edf", "anna_video.mp4"), ("anna", "1")),
        (("P3/x.edf", "P3/y.mp4"), ("P3", "x")),
        (("P3/day2/rec.edf", "P3/day2/clip.mov"), ("P3", "day2")),
        (("lab/P07/day2/eeg/a.vhdr", "lab/P07/day2/video/a.mkv"), ("P07", "day2")),
        (("sub-05/ses-2/eeg/raw.fif", "sub-05/ses-2/video/cam.mp4"), ("05", "ses-2")),
        (("eeg/P1/r.set", "video/P1/r.mp4"), ("P1", "r")),
        (("Zoë/EEG/film.edf", "Zoë/Video/FILM.MP4"), ("Zoë", "film")),
        (("Zo\u00eb/EEG/film.edf", "Zoe\u0308/Video/film.mp4"), ("Zo\u00eb", "film")),
    ],
)
def test_a_pair_and_whose_it_is(tmp_path: Path, names: tuple[str, str], expected: tuple[str, str]) -> None:
    assert _found(tmp_path, *names) == [(*expected, *names)]


def test_two_of_a_name_pair_nothing(tmp_path: Path) -> None:
    found = _found(tmp_path, "P1/a.edf", "P1/a.bdf", "P1/a.mp4", "P2/b.edf", "P2/b.mp4")
    assert found == [("P2", "b", "P2/b.edf", "P2/b.mp4")]
    why = find_recordings(tmp_path).why
    assert "1 pair of EEG and video by folder and name." in why
    assert "2 EEG files without video left out (P1/a.bdf, P1/a.edf)." in why
    assert "1 video without EEG left out (P1/a.mp4)." in why


def test_files_called_differently_are_paired_only_where_there_are_no_others(tmp_path: Path) -> None:
    found = _found(tmp_path, "P1/a.edf", "P1/film.mp4", "P2/a.edf", "P2/a.mp4", "P2/b.edf", "P2/film.mp4")
    assert found == [("P1", "a", "P1/a.edf", "P1/film.mp4"), ("P2", "a", "P2/a.edf", "P2/a.mp4")]
    why = find_recordings(tmp_path).why
    assert "2 pairs of EEG and video by folder and name, 1 of them as the only two files of a folder." in why


def test_without_a_pair_every_file_is_a_recording(tmp_path: Path) -> None:
    assert _found(tmp_path, "P2/a.edf", "P10/c.edf", "P10/b.edf", "P3/v.mp4", "P3/w.mp4") == [
        ("P2", "a", "P2/a.edf", None),
        ("P3", "v", None, "P3/v.mp4"),
        ("P3", "w", None, "P3/w.mp4"),
        ("P10", "b", "P10/b.edf", None),
        ("P10", "c", "P10/c.edf", None),
    ]


def test_a_table_is_eeg_only_beside_a_video_of_its_name(tmp_path: Path) -> None:
    found = _found(tmp_path, "P1/muse.csv", "P1/muse.mp4", "P1/notes.csv", "P2/a.gdf", "P2/a.mp4", "readme.txt")
    assert [(eeg, video) for _subject, _session, eeg, video in found] == [
        ("P1/muse.csv", "P1/muse.mp4"),
        ("P2/a.gdf", "P2/a.mp4"),
    ]


def test_hidden_files_and_folders_are_left_alone(tmp_path: Path) -> None:
    names = ("P1/a.edf", "P1/a.mp4", "P1/.a.mp4", ".trash/b.edf", ".trash/b.mp4")
    assert _found(tmp_path, *names) == [("P1", "a", "P1/a.edf", "P1/a.mp4")]


def test_the_assumption_about_the_clocks_is_told(tmp_path: Path) -> None:
    found = find_recordings(folders.write_folder(tmp_path))
    recording = read_recording(found.recordings[0], found.root)
    assert recording.clock.method == "same start"
    assert "taken to begin together" in recording.warnings[-1]
    assert "1 EEG file without video left out (P11/alone.bdf)." in found.why


def test_twenty_thousand_files_are_found_by_their_names(tmp_path: Path) -> None:
    for subject in range(100):
        folder = tmp_path / f"P{subject:03}"
        folder.mkdir()
        for take in range(100):
            (folder / f"take{take}.edf").touch()
            (folder / f"take{take}.mp4").touch()
    specs = find_recordings(tmp_path).recordings
    assert len(specs) == 10_000
    assert (specs[0].subject, specs[0].session, specs[-1].session) == ("P000", "take0", "take99")
