"""Damage that nobody thought of: bytes flipped, taken out and put in, in files of every format.

Whatever comes out is a recording that can be read, or a RecordingError. Hypothesis looks for anything else.
"""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from mlcore.errors import RecordingError
from mlcore.io.edf_header import read_edf_header
from mlcore.io.eeg import open_eeg
from mlcore.io.gdf_header import read_gdf_header
from mlcore.io.table_head import read_table_head
from tests.factories.eeg_formats import FORMATS, write_as
from tests.factories.judge import judge

_QUICK = settings(
    max_examples=60, deadline=None, derandomize=True, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
#: HDF5's own library parses these: they are opened in a process that may die without taking the tests with it
_FOREIGN = ("EEGLAB 7.3", "FIF")
_N_FOREIGN = 60


@st.composite
def edits(draw: st.DrawFn) -> list[tuple[str, float, bytes]]:
    """Up to five of: what to do, where (share of the file; mostly its head), with which bytes."""
    place = st.one_of(st.floats(0, 0.2), st.floats(0, 1))
    what = st.sampled_from(["put", "insert", "delete", "cut"])
    return draw(st.lists(st.tuples(what, place, st.binary(min_size=1, max_size=12)), min_size=1, max_size=5))


def _damaged(content: bytes, steps: list[tuple[str, float, bytes]]) -> bytes:
    for what, share, fresh in steps:
        at = int(share * len(content))
        after = {"put": at + len(fresh), "insert": at, "delete": at + len(fresh), "cut": len(content)}[what]
        content = content[:at] + (fresh if what in ("put", "insert") else b"") + content[after:]
    return content


def _open_and_read(path: Path) -> None:
    try:
        recording = open_eeg(path)
        samples = recording.read(None, 0.0, 1.0)
    except RecordingError:
        return
    assert samples.shape[0] == len(recording.info.channels)
    assert np.isfinite(samples).all()
    assert all(0.0 <= event.time_s <= recording.info.duration_s for event in recording.events)


@contextmanager
def _copy(source: Path) -> Iterator[Path]:
    """The recording with its parts in a folder that goes away."""
    with tempfile.TemporaryDirectory() as folder:
        yield Path(shutil.copytree(source.parent, folder, dirs_exist_ok=True)) / source.name


@pytest.fixture(params=[name for name in FORMATS if name not in _FOREIGN])
def whole(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    return write_as(str(request.param), tmp_path)


@_QUICK
@given(steps=edits())
def test_damaged_recordings(whole: Path, steps: list[tuple[str, float, bytes]]) -> None:
    with _copy(whole) as path:
        path.write_bytes(_damaged(path.read_bytes(), steps))
        if path.stat().st_size:
            _open_and_read(path)


@pytest.fixture
def brainvision(tmp_path: Path) -> Path:
    return write_as("BrainVision float", tmp_path)


@_QUICK
@given(steps=edits())
def test_damaged_markers(brainvision: Path, steps: list[tuple[str, float, bytes]]) -> None:
    with _copy(brainvision) as path:
        markers = path.with_suffix(".vmrk")
        markers.write_bytes(_damaged(markers.read_bytes(), steps))
        _open_and_read(path)


@pytest.mark.parametrize("name", _FOREIGN)
def test_damage_that_foreign_libraries_parse(tmp_path: Path, name: str) -> None:
    rng = np.random.default_rng(11)
    content = write_as(name, tmp_path).read_bytes()
    paths = []
    for number in range(_N_FOREIGN):
        noisy = np.frombuffer(content, np.uint8).copy()
        places = (rng.random(4) ** 2 * noisy.size).astype(int)
        noisy[places] = rng.integers(0, 256, 4)
        paths.append(tmp_path / f"{number}{'.fif' if name == 'FIF' else '.set'}")
        paths[-1].write_bytes(noisy[: noisy.size if number % 3 else rng.integers(1, noisy.size)].tobytes())
    outcomes = judge(paths)
    assert [outcome.crash for outcome in outcomes] == [None] * _N_FOREIGN


@pytest.mark.parametrize(
    ("suffix", "parse", "magic"),
    [
        (".edf", read_edf_header, b"0       "),
        (".bdf", read_edf_header, b"\xffBIOSEMI"),
        (".gdf", read_gdf_header, b"GDF 2.20"),
        (".csv", read_table_head, b"time,Fp1 (uV)\n"),
    ],
)
@_QUICK
@given(content=st.binary(max_size=1500))
def test_headers_of_noise(
    tmp_path: Path, suffix: str, parse: Callable[[Path], object], magic: bytes, content: bytes
) -> None:
    path = tmp_path / f"a{suffix}"
    path.write_bytes(magic + content)
    with suppress(RecordingError):
        parse(path)


@_QUICK
@given(
    rows=st.lists(st.lists(st.text(max_size=6), min_size=1, max_size=4), max_size=30),
    delimiter=st.sampled_from(",;\t"),
    encoding=st.sampled_from(["utf-8", "utf-16", "utf-8-sig"]),
)
def test_tables_of_anything(tmp_path: Path, rows: list[list[str]], delimiter: str, encoding: str) -> None:
    text = delimiter.join(["time", "Fp1 (uV)", "marker"]) + "\n"
    text += "\n".join(delimiter.join(row) for row in [["0", "1", ""], ["0.01", "2", "x"], ["0.02", "3", ""], *rows])
    (tmp_path / "a.csv").write_bytes(text.encode(encoding, errors="replace"))
    _open_and_read(tmp_path / "a.csv")
