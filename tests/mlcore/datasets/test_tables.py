"""Tables that people wrote, and bytes that are none."""

from __future__ import annotations

import contextlib
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from mlcore.datasets import find_recordings
from mlcore.datasets.tables import read_table
from mlcore.errors import LayoutError

FUZZ = settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


@pytest.mark.parametrize("text", ["a,b\n1, 2 \n", "\ufeffa;b\n1;2\n", 'a\tb\n"1"\t2', "a,b\r\n1,2\r\n"])
def test_one_table_in_many_dresses(tmp_path: Path, text: str) -> None:
    path = tmp_path / "t.csv"
    path.write_bytes(text.encode())
    table = read_table(path)
    assert (table.columns, table.rows) == (("a", "b"), ({"a": "1", "b": "2"},))


def test_a_table_above_the_limit(tmp_path: Path) -> None:
    path = tmp_path / "t.csv"
    with path.open("wb") as file:
        file.truncate(30_000_000)
    with pytest.raises(LayoutError, match="a table above 20 MB is not read"):
        read_table(path)


@FUZZ
@given(content=st.binary(max_size=300))
def test_any_bytes_give_a_table_or_a_sentence(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "t.csv"
    path.write_bytes(content)
    with contextlib.suppress(LayoutError):
        assert all(isinstance(cell, str) for row in read_table(path).rows for cell in row.values())


CELLS = st.sampled_from(
    ["", "a.edf", "..", "../../../../etc/passwd", "a\0.edf", "C:\\x", "~", "nan", "-1e999", "1", "/dev/zero", "."]
)


@FUZZ
@given(rows=st.lists(st.lists(CELLS, min_size=7, max_size=7), min_size=1, max_size=4))
def test_any_cells_of_a_manifest_give_recordings_inside(tmp_path: Path, rows: list[list[str]]) -> None:
    header = "subject,session,eeg_file,video_file,trials_file,video_s_1,eeg_s_1\n"
    (tmp_path / "manifest.csv").write_text(header + "\n".join(",".join(row) for row in rows), encoding="utf-8")
    with contextlib.suppress(LayoutError):
        found = find_recordings(tmp_path)
        for spec in found.recordings:
            named = [path for path in (spec.eeg_path, spec.video_path, *spec.companion_paths) if path]
            assert bool(spec.error) != bool(named)
            assert all((found.root / path).resolve().is_relative_to(tmp_path.parents[1].resolve()) for path in named)
