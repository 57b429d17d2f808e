from __future__ import annotations

from pathlib import Path

import pytest

from mlcore.datasets import find_recordings
from mlcore.datasets.discovery import LAYOUTS
from mlcore.errors import LayoutError


def test_every_layout_has_its_own_name() -> None:
    assert [layout.NAME for layout in LAYOUTS] == [
        *("manifest", "mahnob", "deap", "eav", "ascertain", "bids", "xdf", "folder")
    ]


def test_unknown_layout_is_refused_by_name(tmp_path: Path) -> None:
    with pytest.raises(LayoutError, match=r"expected one of auto, manifest, mahnob, deap, .* folder, got 'seed'"):
        find_recordings(tmp_path, "seed")


def test_absent_source(tmp_path: Path) -> None:
    with pytest.raises(LayoutError, match="there is no such file or folder"):
        find_recordings(tmp_path / "gone")


def test_nothing_recognised(tmp_path: Path) -> None:
    (tmp_path / "notes.csv").write_text("a,b\n1,2\n")
    for source in (tmp_path, tmp_path / "notes.csv"):
        with pytest.raises(LayoutError, match="no known layout; expected a folder of MAHNOB-HCI"):
            find_recordings(source)


def test_manifest_without_lines(tmp_path: Path) -> None:
    (tmp_path / "manifest.csv").write_text("subject,session,eeg_file\n")
    with pytest.raises(LayoutError, match="it holds no recording"):
        find_recordings(tmp_path)
