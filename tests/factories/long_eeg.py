"""Two hours of 64 channels, made in a moment: a short file whose middle is a hole on disk, its last second real."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from tests.factories.eeg import pulses, sines_uv, write_bdf
from tests.factories.eeg_formats import eeglab_fields, write_brainvision, write_set

LONG_S = 2 * 3600
LONG_SFREQ = 256
LONG_CHANNELS = [f"E{number}" for number in range(1, 65)]
LAST_UV = sines_uv(64, LONG_SFREQ, LONG_SFREQ)


def write_long_bdf(path: Path) -> Path:
    """BDF with a Status channel."""
    write_bdf(path, LONG_CHANNELS, LAST_UV, sfreq=LONG_SFREQ, status=pulses(LONG_SFREQ, [100]))
    header_bytes = 256 * (len(LONG_CHANNELS) + 2)
    _stretch(path, header_bytes, path.stat().st_size - header_bytes)
    with path.open("r+b") as file:
        file.seek(236)
        file.write(str(LONG_S).encode().ljust(8))
    return path


def write_long_brainvision(folder: Path) -> Path:
    """float32, by pybv."""
    write_brainvision(folder, LAST_UV, channels=LONG_CHANNELS)
    header = folder / "a.vhdr"
    header.write_text(re.sub(r"SamplingInterval=.*", f"SamplingInterval={1e6 / LONG_SFREQ}", header.read_text()))
    _stretch(folder / "a.eeg", 0, (folder / "a.eeg").stat().st_size)
    return header


def write_long_fdt(folder: Path) -> Path:
    """EEGLAB with an .fdt."""

    (folder / "a.fdt").write_bytes(LAST_UV.astype("<f4").tobytes(order="F"))
    _stretch(folder / "a.fdt", 0, (folder / "a.fdt").stat().st_size)
    told = {"nbchan": 64.0, "pnts": float(LONG_S * LONG_SFREQ), "srate": float(LONG_SFREQ), "chanlocs": [], "event": []}
    return write_set(folder / "a.set", eeglab_fields("a.fdt") | told)


def _stretch(path: Path, start: int, record_bytes: int) -> None:
    """What follows `start` moves to the end of two hours of it; the hole reads as zeros."""
    with path.open("r+b") as file:
        file.seek(start)
        record = file.read(record_bytes)
        file.seek(start)
        file.write(bytes(record_bytes))
        file.truncate(start + LONG_S * record_bytes)
        file.seek(start + (LONG_S - 1) * record_bytes)
        file.write(record)


_PROGRAM = """
import resource, sys
from pathlib import Path
import numpy as np
from mlcore.io.eeg import open_eeg

def peak_mib():
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024

before = peak_mib()
recording = open_eeg(Path(sys.argv[1]))
window_s, start_s = float(sys.argv[2]), 0.0
while start_s < recording.info.duration_s:
    last = recording.read(None, start_s, start_s + window_s)
    start_s += window_s
np.save(sys.argv[3], last)
print(peak_mib() - before)
"""


def read_through(path: Path, *, window_s: float = 10.0) -> tuple[float, NDArray[np.float64]]:
    """Read a recording window by window in a process of its own: growth of its peak in MiB, and the last window."""
    kept = path.with_name("last.npy")
    command = [sys.executable, "-c", _PROGRAM, str(path), str(window_s), str(kept)]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    return float(done.stdout), np.load(kept)
