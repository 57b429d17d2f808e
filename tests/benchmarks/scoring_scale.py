"""What scoring and ranking a pool costs as it grows: seconds, memory, share of the bare forward pass, by strategy.

    python -m tests.benchmarks.scoring_scale [--clips 10000 100000 1000000] [--json] [--work DIR] [--threads 1]
        [--members 3] [--strategies entropy badge …]

A simulated store of 500 clips (EEG 16 × 256 at 128 Hz, face 5 times a second) is repeated: a shard of 10,000 clips, and
as many links to its arrays as make up the pool, each with a table of its own. The disk thus holds 10,000 clips and the
system's cache too: what a cold disk costs is not in the figures. A model of `--members` networks is trained for one
epoch, because how well it does changes nothing about what it costs.

Every figure is of a process of its own on a CPU, whose memory is the most that it had resident (VmHWM, mapped pages of
files included). Per size:

- score: model and store opened, every clip scored with its place in the latent space, written part by part;
  `share_of_bare` is the time that forward alone of every network on every modality would take for as many clips, the
  tensors in memory, over it (measured on 2,048 clips in the same process);
- merge: parts of 51,200 clips joined into the pool that a round leaves behind;
- per strategy: the pool opened, gated, ranked (`rank_s`) and the order composed (`compose_s`).

The last line, with `--json` the only one, is JSON: {"rows": [a row a size and step], "threads": …}.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterable
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
import torch

from mlcore.acquire import pick
from mlcore.acquire.audit import audit_keys
from mlcore.acquire.batch import compose
from mlcore.acquire.candidates import Candidates
from mlcore.acquire.gate import gate
from mlcore.acquire.pool_file import open_pool, write_pool
from mlcore.acquire.score_file import open_scores, read_parts, write_scores
from mlcore.simulate.store_config import StoreConfig
from mlcore.simulate.stores import simulate_store
from mlcore.store import ClipTable, Store, open_store, write_shard
from mlcore.store.write import CLIPS_NAME, META_NAME
from mlcore.train import RoundConfig, StageConfig, load_model, save_model, score, score_parts
from mlcore.train.data import Hooks
from mlcore.train.fit import fit_model
from mlcore.train.score import BATCH_SIZE, Dropouts
from mlcore.train.targets import stored_round
from mlcore.train.tensors import load_inputs
from mlcore.types import AcquisitionConfig, JsonObject, Strategy
from tests.benchmarks.training import bare_forward

PER_SHARD, PART, N_COMPOSED, N_BARE = 10_000, 51_200, 1000, 2048
TARGET = "valence3"
BASE = StoreConfig(n_subjects=10, n_trials=10, clips_per_trial=5, n_channels=16, window_s=2.0)


# --- the store and the model -----------------------------------------------------------------------------------------


def make_shard(work: Path) -> Path:
    """10,000 clips, made once."""
    place = work / "repeated"
    if not place.exists():
        base = work / "base"
        simulate_store(base, BASE)
        store = open_store(base)
        rows = np.arange(PER_SHARD) % store.n_clips
        arrays = {name: store.gather(name, rows) for name in store.meta.modalities}
        write_shard(place, replace(store.meta, targets={}), _table(store, rows, 0), arrays)
    return place


def _table(store: Store, rows: np.ndarray[Any, np.dtype[np.int64]], number: int) -> ClipTable:
    """The same people in other sessions; clips of a session follow one another."""
    places = np.arange(len(rows))
    subjects = store.subjects[rows]
    start_s = places.astype(np.float64) * BASE.window_s
    return ClipTable(
        clip_id=np.array([f"{number}-{place}" for place in places]),
        subject=subjects,
        session=np.array([f"{subject}-{number}" for subject in subjects]),
        trial=store.trials[rows],
        start_s=start_s,
        stop_s=start_s + BASE.window_s,
        present={name: store.present(name)[rows] for name in store.meta.modalities},
        quality={name: store.quality(name)[rows] for name in store.meta.modalities},
    )


def make_store(work: Path, n_clips: int) -> Path:
    """As many shards as the pool needs: links to the arrays, tables of their own."""
    shard, base = make_shard(work), open_store(work / "base")
    folder = work / f"store-{n_clips}"
    for number in range(n_clips // PER_SHARD):
        place = folder / f"s{number:04d}"
        if place.exists():
            continue
        place.mkdir(parents=True)
        for path in shard.glob("*.npy"):
            os.link(path, place / path.name)
        (place / META_NAME).write_bytes((shard / META_NAME).read_bytes())
        rows = np.arange(PER_SHARD) % base.n_clips
        _table(base, rows, number).write(place / CLIPS_NAME)

    return folder


def make_model(work: Path, n_members: int) -> Path:
    folder = work / f"model-{n_members}"
    if not folder.exists():
        once = StageConfig(n_epochs=1)
        config = RoundConfig(n_members=n_members, device="cpu", teacher=once, student=once, use_unlabelled=False)
        hooks = Hooks(lambda _: None, lambda: False)
        data = stored_round(open_store(work / "base"), [TARGET])
        folder.mkdir()
        save_model(fit_model(data, config, seed=0, folder=folder, hooks=hooks).model, folder)
    return folder


# --- what is timed, each in a process of its own ---------------------------------------------------------------------


def step_score(work: Path, n_clips: int, n_members: int) -> JsonObject:
    started_s = time.perf_counter()
    model, store = load_model(work / f"model-{n_members}"), open_store(work / f"store-{n_clips}")
    opened_s = time.perf_counter() - started_s
    for start in range(0, n_clips, PART):
        rows = np.arange(start, min(start + PART, n_clips))
        parts = score_parts(model, store, rows, with_embedding=True)
        write_scores(part_of(work, n_clips, start), parts, n_clips=len(rows), facts={})
    seconds = time.perf_counter() - started_s
    memory_mib = most_resident_mib()  # before the clips of the bare pass are in memory
    bare_s = bare_seconds(model, store, min(n_clips, N_BARE)) * n_clips
    return {
        "seconds": round(seconds, 1),
        "opened_s": round(opened_s, 1),
        "clips_per_s": round(n_clips / seconds),
        "memory_mib": memory_mib,
        "share_of_bare": round(bare_s / seconds, 3),
    }


def part_of(work: Path, n_clips: int, start: int) -> Path:
    return work / f"scores-{n_clips}" / f"{start:09d}"


def bare_seconds(model: Any, store: Store, n_bare: int) -> float:
    """Of one clip, the median of three passes."""
    nets = [model.net.member(number) for number in range(len(model.net.members))]
    rows, device = np.arange(n_bare), torch.device("cpu")
    inputs = {
        name: load_inputs(store, name, rows, scaler=scaler, device=device) for name, scaler in model.scalers.items()
    }
    taken = sorted(seconds_of(lambda: bare_forward(inputs, nets)) for _ in range(3))
    return taken[1] / n_bare


def step_merge(work: Path, n_clips: int, n_members: int) -> JsonObject:
    store, clips = open_store(work / f"store-{n_clips}"), np.arange(n_clips)
    model = load_model(work / f"model-{n_members}")
    started_s = time.perf_counter()
    folders = [part_of(work, n_clips, start) for start in range(0, n_clips, PART)]
    whole = work / f"scores-{n_clips}" / "whole"
    write_scores(whole, read_parts(folders), n_clips=n_clips, facts={})
    known = score(model, store, clips[: BATCH_SIZE * 2], with_embedding=True).embedding
    write_pool(work / f"pool-{n_clips}", candidates_of(store, whole, known), clip_ids=clips)
    return {"seconds": round(time.perf_counter() - started_s, 1), "memory_mib": most_resident_mib()}


def candidates_of(store: Store, whole: Path, known: np.ndarray[Any, np.dtype[np.floating[Any]]]) -> Candidates:
    """Every tenth clip has bad EEG, and every tenth of the others a bad face."""
    scores = open_scores(whole)
    places = np.arange(store.n_clips)
    quality = {"eeg": np.where(places % 10 == 0, 0.1, 0.9), "face": np.where(places % 10 == 1, 0.1, 0.9)}
    return Candidates(
        subject=np.unique(store.subjects, return_inverse=True)[1],
        session=np.unique(store.sessions, return_inverse=True)[1],
        start_s=store.start_s,
        stop_s=store.stop_s,
        quality=quality,
        seconds=np.full(store.n_clips, 6.0),
        crosses_change=np.zeros(store.n_clips, dtype=np.bool_),
        scores=scores,
        embedding=scores.embedding,
        known=known,
    )


def step_bald(work: Path, n_clips: int, n_members: int) -> JsonObject:
    """Scoring with 20 dropout masks, on as many clips as show what one costs."""
    model, store = load_model(work / f"model-{n_members}"), open_store(work / f"store-{n_clips}")
    n_scored = min(n_clips, N_BARE)

    def work_of(n_passes: int) -> Callable[[], object]:
        return lambda: list(score_parts(model, store, np.arange(n_scored), dropouts=Dropouts(n_passes)))

    plain_s, drawn_s = seconds_of(work_of(0)), seconds_of(work_of(20))
    return {"times_plain_scoring": round(drawn_s / plain_s, 1), "memory_mib": most_resident_mib()}


def step_rank(work: Path, n_clips: int, strategy: Strategy) -> JsonObject:
    pool = open_pool(work / f"pool-{n_clips}")
    config = AcquisitionConfig(strategy=strategy)
    rng = np.random.default_rng(0)
    started_s = time.perf_counter()
    gated = gate(pool.candidates, config)
    gated_s = time.perf_counter()
    picked = pick(strategy, pool.candidates, N_COMPOSED, rng=rng, among=np.flatnonzero(gated.is_served))
    ranked_s = time.perf_counter()
    keys = audit_keys(pool.clip_ids, seed=0)
    composed = compose(pool.candidates, picked, config, gated=gated, audit_order=keys, n_composed=N_COMPOSED, rng=rng)
    assert composed.n_places == n_clips
    return {
        "gate_s": round(gated_s - started_s, 2),
        "rank_s": round(ranked_s - gated_s, 2),
        "compose_s": round(time.perf_counter() - ranked_s, 2),
        "memory_mib": most_resident_mib(),
    }


def seconds_of(work: Callable[[], object]) -> float:
    started_s = time.perf_counter()
    work()
    return time.perf_counter() - started_s


def most_resident_mib() -> int:
    status = Path("/proc/self/status").read_text()
    return int(next(line for line in status.splitlines() if line.startswith("VmHWM")).split()[1]) // 1024


# --- the whole -------------------------------------------------------------------------------------------------------


def in_a_process(args: argparse.Namespace, work: Path, n_clips: int, step: str) -> JsonObject:
    command = [sys.executable, "-m", "tests.benchmarks.scoring_scale", "--work", str(work), "--step", step]
    options = ["--clips", str(n_clips), "--members", str(args.members), "--threads", str(args.threads)]
    done = subprocess.run([*command, *options], capture_output=True, text=True, check=False)
    if done.returncode:
        return {"clips": n_clips, "step": step, "error": done.stderr.strip().splitlines()[-1]}
    answer: JsonObject = json.loads(done.stdout.splitlines()[-1])
    return {"clips": n_clips, "step": step, **answer}


def one_step(args: argparse.Namespace) -> JsonObject:
    (n_clips,) = args.clips
    plain = {"score": step_score, "merge": step_merge, "bald pass": step_bald}
    if args.step in plain:
        return plain[args.step](args.work, n_clips, args.members)
    return step_rank(args.work, n_clips, Strategy(args.step))


def all_steps(args: argparse.Namespace, work: Path) -> Iterable[JsonObject]:
    for n_clips in args.clips:
        make_store(work, n_clips)
        make_model(work, args.members)
        for step in ("score", "merge", "bald pass", *args.strategies):
            row = in_a_process(args, work, n_clips, step)
            print(row, file=sys.stderr, flush=True)
            yield row


def main() -> None:
    # ranked without their scores: BALD needs its own, which cost what "bald pass" says
    strategies = [strategy.value for strategy in Strategy if strategy is not Strategy.BALD]
    parser = argparse.ArgumentParser(description="What scoring and ranking a pool costs as it grows.")
    parser.add_argument(
        "--clips", type=int, nargs="+", default=[10_000, 100_000, 1_000_000], help="whole shards of 10,000"
    )
    parser.add_argument("--strategies", nargs="*", default=strategies, help="default: all but bald")
    parser.add_argument("--members", type=int, default=3, help="networks of the model (default 3, as rounds have)")
    parser.add_argument("--threads", type=int, default=1, help="threads of torch (default 1)")
    parser.add_argument("--json", action="store_true", help="print the last line alone")
    parser.add_argument("--work", type=Path, help="folder that keeps stores and models between runs")
    parser.add_argument("--step", help=argparse.SUPPRESS)
    args = parser.parse_args()
    torch.set_num_threads(args.threads)
    if args.step:
        print(json.dumps(one_step(args)))
        return
    with ExitStack() as stack:
        work = args.work or Path(stack.enter_context(TemporaryDirectory()))
        work.mkdir(parents=True, exist_ok=True)
        rows = list(all_steps(args, work))
    if not args.json:
        for row in rows:
            print("  ".join(f"{name} {value}" for name, value in row.items()))
    print(json.dumps({"rows": rows, "threads": args.threads, "members": args.members}))


if __name__ == "__main__":
    main()
