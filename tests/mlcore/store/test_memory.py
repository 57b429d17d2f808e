"""What reading through a store needs of memory."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import numpy as np

from mlcore.store import ClipTable, ModalityKind, ModalityMeta, ShardMeta, write_shard

#: prints how much the most that was resident grew, in MiB
PROGRAM = """
import sys
from pathlib import Path
import numpy as np
from mlcore.store import open_store

def most_mib():
    status = Path("/proc/self/status").read_text().splitlines()
    return int(next(line for line in status if line.startswith("VmHWM")).split()[1]) / 1024

store = open_store(Path(sys.argv[1]))
store.gather("eeg", [0])
before = most_mib()
total = sum(float(store.gather("eeg", np.arange(at, at + 64)).sum()) for at in range(0, store.n_clips, 64))
assert total == store.n_clips * 16 * 1024
print(most_mib() - before)
"""


def test_reading_through_a_store_does_not_hold_it_in_memory(tmp_path: Path) -> None:
    n_clips = 2048
    meta = ModalityMeta(ModalityKind.WAVEFORM, (16, 1024), "float32", 128.0, "µV")
    start_s, here = np.arange(n_clips, dtype=np.float64), np.ones(n_clips, dtype=np.bool_)
    table = ClipTable(
        clip_id=np.arange(n_clips).astype(str),
        subject=np.full(n_clips, "s"),
        session=np.full(n_clips, "r"),
        trial=np.ones(n_clips, dtype=np.int64),
        start_s=start_s,
        stop_s=start_s + 1,
        present={"eeg": here},
        quality={"eeg": here.astype(np.float64)},
    )
    write_shard(tmp_path / "s", ShardMeta({"eeg": meta}), table, {"eeg": np.ones((n_clips, 16, 1024), np.float32)})
    assert (tmp_path / "s" / "eeg.npy").stat().st_size > 128 * 2**20
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM, str(tmp_path / "s")], capture_output=True, text=True, check=True
    )
    assert float(done.stdout) < 32
