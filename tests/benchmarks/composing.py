"""What gate and composition of an order of asking cost: seconds and memory by the size of the pool.

    python -m tests.benchmarks.composing [--clips 10000 100000 1000000] [--subjects 100] [--composed 2000] [--json]

The pool is made of random columns: what is measured is the composition, not what it is good for.
"""

from __future__ import annotations

import argparse
import json
import time
import tracemalloc

import numpy as np

from mlcore.acquire import Answered, Candidates, Picked, PoolScores, audit_keys, compose, gate
from mlcore.types import AcquisitionConfig

CLIPS_PER_SESSION = 200
EMBEDDING = 32
N_PEOPLE = 8


def candidates(n: int, *, subjects: int, rng: np.random.Generator) -> Candidates:
    """n clips of 5 s, `CLIPS_PER_SESSION` a session as far as there are subjects to give each some."""
    session = rng.integers(0, max(subjects, n // CLIPS_PER_SESSION), n)
    start_s = rng.uniform(0.0, 3600.0, n)
    probabilities = rng.dirichlet(np.ones(3), n)
    interest = rng.random(n)
    return Candidates(
        subject=session % subjects,
        session=session,
        start_s=start_s,
        stop_s=start_s + 5.0,
        quality={"eeg": rng.random(n), "face": np.where(rng.random(n) < 0.2, np.nan, rng.random(n))},
        seconds=np.full(n, 9.0),
        crosses_change=rng.random(n) < 0.05,
        scores=PoolScores(
            rows=np.arange(n),
            alpha={"valence": 1.0 + 10.0 * probabilities},
            entropy={"valence": interest},
            mean_entropy=interest,
            vacuity={"valence": interest},
            agreement=interest,
            dissonance={"valence": rng.random(n)},
            predicted={"valence": probabilities},
        ),
        embedding=rng.normal(size=(n, EMBEDDING)).astype(np.float32),
    )


def answers(m: int, *, subjects: int, config: AcquisitionConfig, rng: np.random.Generator) -> Answered:
    """m clips that one or two of `N_PEOPLE` answered."""
    clips = candidates(m, subjects=subjects, rng=rng)
    clip = np.concatenate([np.arange(m), np.flatnonzero(rng.random(m) < 0.3)])
    return Answered(
        clips=clips,
        gated=gate(clips, config),
        clip=clip,
        annotator=(clip * 5 + (np.arange(len(clip)) >= m)) % N_PEOPLE,
        pass_number=np.zeros(len(clip), dtype=np.int64),
        age_s=np.full(len(clip), 1e6),
        labels={"valence": rng.integers(0, 3, len(clip))},
        asked_now=np.arange(N_PEOPLE),
    )


def measure(n: int, *, subjects: int, composed: int, seed: int = 0) -> dict[str, float]:
    """Seconds of gate and composition as they run, then the peak of memory with the allocations traced."""
    rng, config = np.random.default_rng(seed), AcquisitionConfig()
    pool = candidates(n, subjects=subjects, rng=rng)
    answered = answers(max(100, n // 50), subjects=subjects, config=config, rng=rng)
    assert pool.scores is not None
    picked = Picked(np.argsort(-pool.scores.mean_entropy), pool.scores.mean_entropy)

    def run() -> None:
        keys, order = audit_keys(np.arange(n), seed=seed), np.random.default_rng(seed)
        gated = gate(pool, config)
        compose(pool, picked, config, gated=gated, audit_order=keys, n_composed=composed, rng=order, answered=answered)

    wall, cpu = time.perf_counter(), time.process_time()
    run()
    wall_s, cpu_s = time.perf_counter() - wall, time.process_time() - cpu
    tracemalloc.start()
    run()
    peak_mib = tracemalloc.get_traced_memory()[1] / 2**20
    tracemalloc.stop()
    return {"clips": n, "wall_s": round(wall_s, 3), "cpu_s": round(cpu_s, 3), "peak_mib": round(peak_mib, 1)}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--clips", type=int, nargs="+", default=[10_000, 100_000, 1_000_000])
    parser.add_argument("--subjects", type=int, default=100)
    parser.add_argument("--composed", type=int, default=2000)
    parser.add_argument("--json", action="store_true")
    args = parser.parse_args()
    rows = [measure(n, subjects=args.subjects, composed=args.composed) for n in args.clips]
    if args.json:
        print(json.dumps(rows, indent=1))
        return
    for row in rows:
        print("  ".join(f"{name} {value:g}" for name, value in row.items()))


if __name__ == "__main__":
    main()
