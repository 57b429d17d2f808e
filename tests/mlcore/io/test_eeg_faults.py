"""Damaged EEG files: a sentence that names the file, whatever is wrong with it."""

from __future__ import annotations

from pathlib import Path

import pytest

from mlcore.errors import RecordingError
from mlcore.io.eeg import open_eeg
from tests.factories.eeg import pulses, sines_uv, write_bdf
from tests.factories.shared import shared_file

REAL = [
    "eeglab/test.edf",
    "eeglab/test.xdf",
    "mne-python/test_bin_raw.fif",
    "mne-python/test.vhdr",
    "eeglab/eeglab_data.set",
]


def _bdf(folder: Path) -> Path:
    return write_bdf(folder / "whole.bdf", ["Fp1"], sines_uv(1, 640, 128), sfreq=128, status=pulses(640, [300]))


def _damaged(folder: Path, name: str, content: bytes) -> Path:
    path = folder / name
    path.write_bytes(content)
    return path


def _refusal(path: Path) -> str:
    with pytest.raises(RecordingError) as caught:
        open_eeg(path).read(None, 0.0, 1e6)
    message = str(caught.value)
    assert message.startswith(f"{path.name}: ")
    assert str(path.parent) not in message
    assert "\n" not in message
    return message


@pytest.mark.parametrize("n_bytes", [0, 1, 7, 200, 255, 256, 300, 767, 768])
def test_bdf_cut_inside_its_header(tmp_path: Path, n_bytes: int) -> None:
    _refusal(_damaged(tmp_path, "cut.bdf", _bdf(tmp_path).read_bytes()[:n_bytes]))


def test_bdf_cut_inside_its_data(tmp_path: Path) -> None:
    message = _refusal(_damaged(tmp_path, "cut.bdf", _bdf(tmp_path).read_bytes()[:-500]))
    assert "header promises 5 records, 4 are there" in message


@pytest.mark.parametrize(
    ("first", "last", "lie"),
    [(252, 256, b"9999"), (252, 256, b"0   "), (252, 256, b"abcd"), (236, 244, b"99999999"), (244, 252, b"?       ")],
)
def test_bdf_header_that_lies(tmp_path: Path, first: int, last: int, lie: bytes) -> None:
    content = bytearray(_bdf(tmp_path).read_bytes())
    content[first:last] = lie
    _refusal(_damaged(tmp_path, "lie.bdf", bytes(content)))


@pytest.mark.parametrize("name", REAL)
@pytest.mark.parametrize("n_bytes", [0, 1, 10, 200])
def test_real_files_cut_in_their_headers(tmp_path: Path, name: str, n_bytes: int) -> None:
    source = shared_file("eeg", *name.split("/"))
    _refusal(_damaged(tmp_path, f"cut{source.suffix}", source.read_bytes()[:n_bytes]))


@pytest.mark.parametrize("suffix", [".bdf", ".edf", ".vhdr", ".set", ".fif", ".xdf"])
def test_wrong_contents(tmp_path: Path, suffix: str) -> None:
    _refusal(_damaged(tmp_path, f"wrong{suffix}", b"this is no recording " * 100))


def test_absent_file(tmp_path: Path) -> None:
    with pytest.raises(RecordingError, match=r"^gone\.bdf: the file does not exist"):
        open_eeg(tmp_path / "gone.bdf")


def test_brainvision_without_its_data(tmp_path: Path) -> None:
    source = shared_file("eeg", "mne-python", "test.vhdr")
    _refusal(_damaged(tmp_path, "alone.vhdr", source.read_bytes()))


def test_recording_that_was_never_closed_is_read_with_a_warning(tmp_path: Path) -> None:
    content = bytearray(_bdf(tmp_path).read_bytes())
    content[236:244] = b"-1      "
    recording = open_eeg(_damaged(tmp_path, "open.bdf", bytes(content)))
    assert recording.info.duration_s == 5.0
    assert recording.warnings == ("open.bdf: the recording was never closed; it holds 5 records.",)
