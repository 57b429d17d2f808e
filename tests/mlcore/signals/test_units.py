from __future__ import annotations

from pathlib import Path

import numpy as np
import pybv
import pyedflib
import pytest
from edfio import Bdf, BdfSignal, Edf, EdfSignal

from mlcore.errors import RecordingError
from mlcore.io.eeg import EEG_SUFFIXES, open_eeg
from mlcore.signals import wrong_unit
from tests.factories.arrays import in_memory, pink_uv
from tests.factories.shared import shared_file

NAMES = ["Fz", "Cz", "Pz", "Oz"]
SFREQ = 256
EEG_UV = pink_uv(4, 40 * SFREQ, SFREQ)


def _edf(path: Path, unit: str) -> Path:
    """The numbers of microvolts under another unit's name, by edfio."""
    Edf(
        [EdfSignal(row, SFREQ, label=name, physical_dimension=unit) for name, row in zip(NAMES, EEG_UV, strict=True)]
    ).write(path)
    return path


def _bdf_by_pyedflib(path: Path, unit: str) -> Path:
    with pyedflib.EdfWriter(str(path), len(NAMES), file_type=pyedflib.FILETYPE_BDFPLUS) as writer:
        for index, name in enumerate(NAMES):
            reach = {"physical_max": 500.0, "physical_min": -500.0, "digital_max": 8388607, "digital_min": -8388608}
            extra: dict[str, str | int | float | None] = {
                "label": name,
                "dimension": unit,
                "sample_frequency": SFREQ,
                "transducer": "",
                "prefilter": "",
            }
            writer.setSignalHeader(index, {**reach, **extra})
        writer.writeSamples(list(EEG_UV))
    return path


def _brainvision(folder: Path, factor: float) -> Path:
    """Written by pybv from values that are `factor` times what they should be."""
    pybv.write_brainvision(
        data=EEG_UV * 1e-6 * factor,
        sfreq=SFREQ,
        ch_names=NAMES,
        fname_base="a",
        folder_out=folder,
        fmt="binary_float32",
    )
    return folder / "a.vhdr"


@pytest.mark.parametrize(("unit", "factor"), [("mV", "1,000"), ("V", "1,000,000")])
def test_microvolts_under_another_name(tmp_path: Path, unit: str, factor: str) -> None:
    for path in (_edf(tmp_path / "a.edf", unit), _bdf_by_pyedflib(tmp_path / "b.bdf", unit)):
        told = wrong_unit(open_eeg(path))
        assert told is not None
        assert told.startswith(f"{path.name}: ")
        assert f"about {factor} times too large" in told
        assert "correct the unit" in told


@pytest.mark.parametrize(
    ("factor", "told"),
    [
        (1e6, "1,000,000 times too large"),
        (1e3, "1,000 times too large"),
        (1e-3, "1,000 times too small"),
        (1e-6, "1,000,000 times too small"),
    ],
)
def test_values_in_another_unit(tmp_path: Path, factor: float, told: str) -> None:
    assert told in (wrong_unit(open_eeg(_brainvision(tmp_path, factor))) or "")


def test_volts_read_as_microvolts(tmp_path: Path) -> None:
    """A program that wrote volts into a field of microvolts."""
    signals = [
        BdfSignal(row * 1e-6, SFREQ, label=name, physical_dimension="uV", physical_range=(-1e-3, 1e-3))
        for name, row in zip(NAMES, EEG_UV, strict=True)
    ]
    Bdf(signals).write(tmp_path / "a.bdf")
    assert "1,000,000 times too small" in (wrong_unit(open_eeg(tmp_path / "a.bdf")) or "")


def test_the_right_unit_is_silent(tmp_path: Path) -> None:
    assert wrong_unit(open_eeg(_edf(tmp_path / "a.edf", "uV"))) is None
    assert wrong_unit(open_eeg(_bdf_by_pyedflib(tmp_path / "b.bdf", "uV"))) is None
    assert wrong_unit(open_eeg(_brainvision(tmp_path, 1.0))) is None


def test_offsets_drifts_and_artefacts_are_no_wrong_unit() -> None:
    times_s = np.arange(EEG_UV.shape[1]) / SFREQ
    wild = EEG_UV + np.array([[40000.0], [-90000.0], [5000.0], [0.0]]) + 400.0 * times_s
    wild[:, 1000:1400] += 1e6
    assert wrong_unit(in_memory(wild, SFREQ, NAMES)) is None


@pytest.mark.parametrize("rms_uv", [2.0, 5.0, 50.0, 150.0])
@pytest.mark.parametrize("factor", [1e-6, 1e-3, 1e3, 1e6])
def test_quiet_and_loud_heads(rms_uv: float, factor: float) -> None:
    eeg_uv = EEG_UV * rms_uv / 15.0
    assert wrong_unit(in_memory(eeg_uv, SFREQ, NAMES)) is None
    told = wrong_unit(in_memory(eeg_uv * factor, SFREQ, NAMES))
    is_certain = not (rms_uv == 2.0 and factor == 1e3) and not (rms_uv == 150.0 and factor == 1e-3)
    assert (told is not None) or not is_certain


def test_one_odd_channel_is_not_the_files_unit() -> None:
    mixed = EEG_UV * np.array([[1e3], [1.0], [1.0], [0.0]])
    assert wrong_unit(in_memory(mixed, SFREQ, NAMES)) is None
    assert wrong_unit(in_memory(np.zeros((4, 5000)), SFREQ, NAMES)) is None
    assert wrong_unit(in_memory(np.zeros((0, 5000)), SFREQ, [])) is None


def test_gaps_and_missing_numbers_do_not_count() -> None:
    broken = EEG_UV * 1e3
    broken[:, 10 * SFREQ : 38 * SFREQ] = 0.0
    broken[0, :2000] = np.nan
    assert "1,000 times too large" in (wrong_unit(in_memory(broken, SFREQ, NAMES, gaps=((10.0, 38.0),))) or "")


def test_no_alarm_on_the_real_recordings() -> None:
    root = shared_file("eeg")
    opened = 0
    for path in sorted(root.rglob("*")):
        if path.suffix.lower() in EEG_SUFFIXES:
            try:
                recording = open_eeg(path)
            except RecordingError:
                continue
            opened += 1
            assert wrong_unit(recording) is None, path.name
    assert opened >= 13
