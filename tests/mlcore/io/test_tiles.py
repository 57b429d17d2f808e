from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from mlcore.io.eeg import EegRecording, open_eeg
from mlcore.io.tiles import write_tiles
from tests.factories.eeg import pulses, sines_uv, write_bdf


def _recording(folder: Path, *, sfreq: int, seconds: int, offset_uv: float = 0.0) -> EegRecording:
    data_uv = sines_uv(2, seconds * sfreq, sfreq) + offset_uv
    status = pulses(seconds * sfreq, [sfreq])
    return open_eeg(write_bdf(folder / "a.bdf", ["Fp1", "Temp"], data_uv, sfreq=sfreq, status=status))


def _values_uv(folder: Path) -> NDArray[np.float64]:
    described = json.loads((folder / "tiles.json").read_text())
    scale = np.array([[channel["scale_uv"]] for channel in described["channels"]])
    return np.asarray(np.load(folder / "eeg.npy", mmap_mode="r") * scale, dtype=np.float64)


def test_values_come_back_without_the_amplifiers_offset(tmp_path: Path) -> None:
    written = write_tiles(_recording(tmp_path, sfreq=256, seconds=4, offset_uv=9000.0), tmp_path / "t")
    assert written == json.loads((tmp_path / "t" / "tiles.json").read_text())
    assert [(c["name"], c["kind"]) for c in written["channels"]] == [("Fp1", "eeg"), ("Temp", "temperature")]
    assert (written["sfreq"], written["n_samples"]) == (256.0, 1024)
    np.testing.assert_allclose(_values_uv(tmp_path / "t"), sines_uv(2, 1024, 256), atol=0.1)


@pytest.mark.parametrize("seconds", [5, 130])
def test_fast_recordings_are_thinned_without_seams(tmp_path: Path, seconds: int) -> None:
    written = write_tiles(_recording(tmp_path, sfreq=512, seconds=seconds), tmp_path / "t", max_sfreq=128)
    values = _values_uv(tmp_path / "t")
    assert (written["sfreq"], values.shape) == (128.0, (2, seconds * 128))
    expected = sines_uv(2, seconds * 128, 128)
    np.testing.assert_allclose(values[:, 20:-20], expected[:, 20:-20], atol=0.3)


def test_writing_again_replaces(tmp_path: Path) -> None:
    write_tiles(_recording(tmp_path, sfreq=256, seconds=4), tmp_path / "t")
    write_tiles(_recording(tmp_path, sfreq=128, seconds=2), tmp_path / "t")
    assert np.load(tmp_path / "t" / "eeg.npy").shape == (2, 256)
    assert sorted(path.name for path in (tmp_path / "t").iterdir()) == ["eeg.npy", "tiles.json"]
