"""A two-hour, 64-channel recording goes through a process of bounded memory."""

from __future__ import annotations

import json
import struct
import subprocess
import sys
from pathlib import Path

import numpy as np

from tests.factories.xdf import (
    CLOCK_OFFSET,
    SAMPLES,
    STREAM_FOOTER,
    STREAM_HEADER,
    chunk,
    eeg_to_write,
    header_xml,
    length,
)

N_CHANNELS, SFREQ, N_CHUNKS, N_CHUNK = 64, 256, 225, 8192
_READ = """
import json, resource, sys
from pathlib import Path
import numpy as np
from mlcore.io.eeg import open_eeg
resource.setrlimit(resource.RLIMIT_AS, (3 * 2**30, 3 * 2**30))
recording = open_eeg(Path(sys.argv[1]))
sums, start_s, stop_s = [], 0.0, recording.info.duration_s
while start_s < stop_s:
    sums.append(float(recording.read(None, start_s, start_s + 32.0).sum()))
    start_s += 32.0
status = dict(line.split(":", 1) for line in Path("/proc/self/status").read_text().splitlines())
# not getrusage: its peak is handed down from the process that started this one
peak_kib = int(status["VmHWM"].split()[0])
print(json.dumps([recording.info.n_samples, recording.info.sfreq, sum(sums), peak_kib / 1024]))
"""


def _write(path: Path) -> None:
    """Each chunk of 32 s holds its own number in every value."""
    number = struct.pack("<I", 1)
    rows = np.zeros(N_CHUNK, np.dtype([("width", "u1"), ("stamp_s", "<f8"), ("values", "<f4", (N_CHANNELS,))]))
    rows["width"] = 8
    header = header_xml(eeg_to_write(2, labels=[f"E{k}" for k in range(N_CHANNELS)]))
    with path.open("wb") as file:
        file.write(b"XDF:" + chunk(STREAM_HEADER, number + header))
        for place in range(N_CHUNKS):
            rows["stamp_s"] = 100.0 + (place * N_CHUNK + np.arange(N_CHUNK)) / SFREQ
            rows["values"] = place
            file.write(chunk(SAMPLES, number + length(N_CHUNK) + rows.tobytes()))
            file.write(chunk(CLOCK_OFFSET, number + struct.pack("<dd", 100.0 + 32 * place, 0.25)))
        file.write(chunk(STREAM_FOOTER, number + b"<info/>"))


def test_two_hours_of_64_channels(tmp_path: Path) -> None:
    path = tmp_path / "long.xdf"
    _write(path)
    done = subprocess.run([sys.executable, "-c", _READ, str(path)], capture_output=True, text=True, check=True)
    path.unlink()
    n_samples, sfreq, total, peak_mib = json.loads(done.stdout)
    assert n_samples == N_CHUNKS * N_CHUNK
    assert abs(sfreq - SFREQ) < 1e-3
    assert abs(total / (1e-6 * N_CHANNELS * N_CHUNK * sum(range(N_CHUNKS))) - 1.0) < 1e-4
    assert peak_mib < 512
