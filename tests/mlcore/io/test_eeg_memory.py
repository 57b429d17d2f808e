"""Long recordings are read window by window: what a process holds does not grow with them."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from tests.factories.eeg import sines_uv
from tests.factories.eeg_formats import eeglab_fields, write_set, write_set_73
from tests.factories.long_eeg import (
    LAST_UV,
    LONG_CHANNELS,
    read_through,
    write_long_bdf,
    write_long_brainvision,
    write_long_fdt,
)

#: a tenth of a gigabyte; the samples of two hours take 900 MiB as float64
_MOST_MIB = 100.0


@pytest.mark.parametrize(
    "write",
    [lambda folder: write_long_bdf(folder / "a.bdf"), write_long_brainvision, write_long_fdt],
    ids=["BDF", "BrainVision", "EEGLAB .fdt"],
)
def test_two_hours_of_64_channels(tmp_path: Path, write: Callable[[Path], Path]) -> None:
    grown_mib, last = read_through(write(tmp_path))
    np.testing.assert_allclose(1e6 * last[:64, -256:], LAST_UV, atol=0.05)
    assert grown_mib < _MOST_MIB


def _table(folder: Path) -> Path:
    """A table of 60 MB."""
    rows = ["time," + ",".join(f"{name} (uV)" for name in LONG_CHANNELS)]
    cells = ",".join(f"{value:.3f}" for value in LAST_UV[:, 5])
    rows += [f"{row / 256:.6f},{cells}" for row in range(100_000)]
    (folder / "a.csv").write_text("\n".join(rows) + "\n")
    return folder / "a.csv"


def _set(folder: Path) -> Path:
    """120 MB of samples inside a MATLAB 5 file."""
    noise = np.random.default_rng(1).normal(0, 20, (3, 100_000)).astype("<f4")
    told = {"pnts": 1e7}
    return write_set(folder / "a.set", eeglab_fields(np.tile(noise, 100)) | told, is_packed=False)


def _set_73(folder: Path) -> Path:
    """120 MB of samples inside a MATLAB 7.3 file."""
    return write_set_73(folder / "a.set", np.tile(sines_uv(3, 100_000, 128), 100))


@pytest.mark.parametrize("write", [_table, _set, _set_73], ids=["CSV", "EEGLAB inside", "EEGLAB 7.3"])
def test_samples_that_the_format_hides(tmp_path: Path, write: Callable[[Path], Path]) -> None:
    grown_mib, _last = read_through(write(tmp_path), window_s=60.0)
    assert grown_mib < _MOST_MIB
