"""What a big pool needs of memory: measured in processes of their own, by what is resident at most."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

#: prints the growth of the most that was resident, in MiB, over what the libraries take
PROGRAM = """
import sys
from dataclasses import replace
from pathlib import Path
import numpy as np
from mlcore.acquire.pool_file import open_pool, write_pool
from mlcore.acquire.score_columns import take_rows
from mlcore.acquire.score_file import open_scores, read_parts, write_scores
from tests.factories.pools import make_candidates, make_scores

def most_mib():
    status = Path("/proc/self/status").read_text().splitlines()
    return int(next(line for line in status if line.startswith("VmHWM")).split()[1]) / 1024

folder, n_part, n_parts = Path(sys.argv[1]), 4000, int(sys.argv[2])
part = make_scores(n_part)
places = np.tile(part.embedding, (1, 16))
part = replace(part, embedding=places)
write_scores(folder / "part", [part], n_clips=n_part, facts={})
before = most_mib()
n = n_part * n_parts
write_scores(folder / "whole", read_parts([folder / "part"] * n_parts), n_clips=n, facts={})
scores = open_scores(folder / "whole")
some = make_candidates(1)
columns = {name: np.zeros(n, getattr(some, name).dtype) for name in ("subject", "session", "start_s", "stop_s")}
pool = replace(
    some, **columns, seconds=np.ones(n), crosses_change=np.zeros(n, bool), quality={"eeg": np.ones(n)}, scores=scores,
    embedding=scores.embedding,
)
write_pool(folder / "pool", pool, clip_ids=np.arange(n))
assert open_pool(folder / "pool").candidates.n_clips == n
size = sum(path.stat().st_size for path in (folder / "pool").iterdir()) / 2**20
print(most_mib() - before, size)
"""


def test_merging_parts_into_a_pool_takes_memory_for_what_is_not_on_the_disk_only(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM, str(tmp_path), "50"], capture_output=True, text=True, check=True
    )
    grown_mib, size_mib = (float(number) for number in done.stdout.split())
    assert size_mib > 150
    assert grown_mib < 60  # 10 MiB of it the plain columns, which a round holds
