"""What choosing the next clips costs, by strategy: seconds and memory for a pool of simulated scores.

    python -m tests.benchmarks.strategies [--clips 10000 100000 1000000] [--picks 500] [--known 5000] [--json]

Scores of two targets (3 and 9 classes) and an embedding of 64 numbers lie in memory-mapped files, as after a round.
Every strategy runs in a process of its own; `peak_mib` is the largest resident size of that process, shared pages of
the files included, `base_mib` the same before it was asked. Seconds are of one call, after the files were read once.
"""

from __future__ import annotations

import argparse
import json
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from mlcore.acquire import Candidates, PoolScores, pick
from mlcore.types import JsonObject, Strategy

N_CLASSES = {"valence": 3, "sam": 9}
N_DIMS = 64
_CHUNK = 50_000
Array = NDArray[np.floating]


def write_pool(folder: Path, n: int, n_known: int) -> None:
    """Columns of n clips, a chunk at a time."""
    rng = np.random.default_rng(0)
    _write(folder, "embedding", n, N_DIMS, lambda size: rng.normal(size=size).astype(np.float32))
    _write(folder, "known", n_known, N_DIMS, lambda size: rng.normal(size=size).astype(np.float32))
    for name, k in N_CLASSES.items():
        for who in ("both", "eeg", "face"):
            _write(folder, f"{who}-{name}", n, k, lambda size: 1 + rng.gamma(0.7, 3.0, size))
    for name in ("entropy", "agreement", "quality-eeg", "quality-face", "seconds"):
        _write(folder, name, n, 1, lambda size: rng.uniform(0.1, 1, size))


def _write(folder: Path, name: str, n: int, width: int, draw: Callable[[tuple[int, int]], Array]) -> None:
    first = draw((0, width))
    array = np.lib.format.open_memmap(folder / f"{name}.npy", mode="w+", dtype=first.dtype, shape=(n, width))
    for start in range(0, n, _CHUNK):
        array[start : start + _CHUNK] = draw((min(_CHUNK, n - start), width))


def open_pool(folder: Path) -> Candidates:
    """What `write_pool` wrote, memory-mapped."""

    def matrix(name: str) -> Array:
        return np.asarray(np.load(folder / f"{name}.npy", mmap_mode="r"))

    def doubles(name: str) -> NDArray[np.float64]:
        return np.asarray(matrix(name), dtype=np.float64)

    def column(name: str) -> NDArray[np.float64]:
        return doubles(name)[:, 0]

    n = len(column("entropy"))
    each = dict.fromkeys(N_CLASSES, column("entropy"))
    scores = PoolScores(
        rows=np.arange(n),
        alpha={name: doubles(f"both-{name}") for name in N_CLASSES},
        entropy=each,
        mean_entropy=column("entropy"),
        vacuity=each,
        agreement=column("agreement"),
        dissonance=each,
        disagreement=each,
        alpha_by_modality={m: {name: doubles(f"{m}-{name}") for name in N_CLASSES} for m in ("eeg", "face")},
        bald=each,
    )
    zeros = np.zeros(n, dtype=np.int64)
    quality = {name: column(f"quality-{name}") for name in ("eeg", "face")}
    times = (np.zeros(n), np.ones(n))
    return Candidates(
        zeros,
        zeros,
        *times,
        quality,
        column("seconds"),
        np.zeros(n, np.bool_),
        scores,
        matrix("embedding"),
        matrix("known"),
    )


def measure(folder: Path, strategy: Strategy, n_picks: int) -> JsonObject:
    """One call, in this process."""
    pool, before_mib = open_pool(folder), _peak_mib()
    if pool.embedding is not None:
        sum(float(pool.embedding[start : start + _CHUNK].sum()) for start in range(0, pool.n_clips, _CHUNK))
    started_s, cpu_s = time.perf_counter(), time.process_time()
    picked = pick(strategy, pool, n_picks, rng=np.random.default_rng(0))
    return {
        "strategy": strategy.value,
        "clips": pool.n_clips,
        "picks": len(picked.places),
        "seconds": round(time.perf_counter() - started_s, 2),
        "cpu_s": round(time.process_time() - cpu_s, 2),
        "base_mib": before_mib,
        "peak_mib": _peak_mib(),
    }


def _peak_mib() -> int:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024


def _in_a_process_of_its_own(folder: Path, strategy: Strategy, n_picks: int) -> JsonObject:
    command = [sys.executable, "-m", "tests.benchmarks.strategies", "--of", str(folder), strategy.value]
    done = subprocess.run([*command, "--picks", str(n_picks)], check=True, capture_output=True, text=True)
    found: JsonObject = json.loads(done.stdout)
    return found


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--clips", type=int, nargs="+", default=[10_000, 100_000, 1_000_000])
    parser.add_argument("--picks", type=int, default=500)
    parser.add_argument("--known", type=int, default=5_000)
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--of", nargs=2, metavar=("FOLDER", "STRATEGY"), help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.of:
        print(json.dumps(measure(Path(options.of[0]), Strategy(options.of[1]), options.picks)))
        return
    rows = []
    for n in options.clips:
        with tempfile.TemporaryDirectory() as folder:
            write_pool(Path(folder), n, options.known)
            for strategy in Strategy:
                rows.append(_in_a_process_of_its_own(Path(folder), strategy, options.picks))
                if not options.json:
                    print(" ".join(f"{name} {value}" for name, value in rows[-1].items()), flush=True)
    if options.json:
        print(json.dumps(rows))


if __name__ == "__main__":
    main()
