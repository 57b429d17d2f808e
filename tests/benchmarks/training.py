"""How fast clips are learnt from and scored, beside a bare loop over tensors already in memory in the same run.

    python -m tests.benchmarks.training [--json] [--rounds 7] [--clips 2000] [--threads 1] [--work FOLDER]
    python -m tests.benchmarks.training --crossval [--clips 10000] [--members 1]

Simulated stores of 32 × 512 EEG and a face. Training: epochs of the EEG student as a round trains it (shuffling,
augmentation, all loss terms, gradient clipping, optimiser, validation, checkpoint, progress), alone and against the
face teacher; bare: the same network on the same clips in batches cut beforehand, forward, the two losses on labels and
backward for those that are learnt from, forward for those held back, nothing else. Scoring: `score` of a saved model
on the store (reading, standardising, summarising, opinions); bare: forward alone, for every member and modality. Own
and bare alternate; each ratio is the median over the rounds of bare seconds to own seconds. On a GPU if there is one.
The last line, with `--json` the only one, is JSON.

`--crossval`: seconds of a 5-fold cross-validation by subject of the EEG student alone with the default configuration,
test clips scored and judged, and what came out.
"""

from __future__ import annotations

import argparse
import json
import statistics
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, replace
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import torch
from torch import Tensor

from mlcore.evaluate.splits import Split, subject_folds
from mlcore.evidence import similarity_loss, task_loss
from mlcore.nets import ClipInput, ConcordNet, alpha_of
from mlcore.simulate.store_config import StoreConfig
from mlcore.simulate.stores import simulate_store
from mlcore.store import Store, open_store
from mlcore.train import Progress, RoundConfig, RoundData, StageConfig, load_model, run_round, save_model, score
from mlcore.train.data import Hooks
from mlcore.train.fit import fit_model
from mlcore.train.objective import read_inputs
from mlcore.train.stages import shuffled
from mlcore.train.targets import stored_round
from mlcore.train.tensors import load_inputs, pick_device
from mlcore.types import JsonObject

TARGET, EEG, FACE, NOBODY = "valence3", "eeg", "face", "nobody"
N_FOLDS, N_SUBJECTS, SCORED_AT_A_TIME = 5, 27, 256


@dataclass(frozen=True, slots=True)
class Pairs:
    """Seconds of own and bare work, in alternation."""

    own_s: list[float]
    bare_s: list[float]
    n_clips: int

    def report(self, name: str) -> JsonObject:
        """Median and range of the ratio; clips a second of the own work."""
        ratios = sorted(bare / own for own, bare in zip(self.own_s, self.bare_s, strict=True))
        return {
            f"{name}_ratio": round(statistics.median(ratios), 3),
            f"{name}_ratio_range": [round(ratios[0], 3), round(ratios[-1], 3)],
            f"{name}_clips_per_s": round(self.n_clips / statistics.median(self.own_s)),
        }


def simulated_store(folder: Path, n_clips: int) -> Store:
    """About so many clips of 27 subjects, made once."""
    per_subject = -(-n_clips // N_SUBJECTS)
    n_trials = -(-per_subject // 10)
    config = StoreConfig(
        n_subjects=N_SUBJECTS, n_trials=n_trials, clips_per_trial=-(-per_subject // n_trials), n_channels=32
    )
    place = folder / f"simulated-{config.n_clips}"
    if not place.exists():
        simulate_store(place, config)
    return open_store(place)


def wait_for(device: torch.device) -> None:
    """Let a GPU finish what it was given, so that a clock may be read."""
    if device.type == "cuda":
        torch.cuda.synchronize()


# --- training --------------------------------------------------------------------------------------------------------


class Alternation:
    """Times each epoch of a stage, and a bare epoch after it; the first two warm up."""

    def __init__(self, stage: str, bare: Callable[[], None], device: torch.device) -> None:
        self.stage, self.bare, self.device = stage, bare, device
        self.own_s: list[float] = []
        self.bare_s: list[float] = []
        self.last_s = time.perf_counter()

    def hear(self, progress: Progress) -> None:
        wait_for(self.device)
        now_s = time.perf_counter()
        if progress.stage == self.stage:
            self.own_s.append(now_s - self.last_s)
            self.bare()
            wait_for(self.device)
            self.bare_s.append(time.perf_counter() - now_s)
        self.last_s = time.perf_counter()

    def pairs(self, n_clips: int) -> Pairs:
        return Pairs(self.own_s[2:], self.bare_s[2:], n_clips)


def training(store: Store, config: RoundConfig, *, n_rounds: int, folder: Path) -> Pairs:
    """Epochs of the student beside bare ones."""
    data, device = stored_round(store, [TARGET]), pick_device(config.device)
    once = replace(config, teacher=StageConfig(n_epochs=1), student=StageConfig(n_epochs=1))
    first = fit_model(data, once, seed=0, folder=folder / "first", hooks=Hooks(lambda _: None, lambda: False))
    fold = first.folds[0]
    scaler = first.model.scalers[EEG]
    train, held = (
        load_inputs(store, EEG, data.labelled_rows[rows], scaler=scaler, device=device)
        for rows in (fold.train, fold.validation)
    )
    answers = torch.from_numpy(data.targets[TARGET][fold.train]).float().to(device)
    net = ConcordNet({EEG: store.meta.modalities[EEG]}, {TARGET: 3}, config.sizes).to(device)
    batches = shuffled(torch.arange(len(train), device=device), config.batch_size_for(len(train)))
    ready = [(train[batch], answers[batch]) for batch in batches]
    alternation = Alternation("student", lambda: bare_epoch(net, ready, held), device)
    long = replace(config, student=StageConfig(n_epochs=n_rounds + 2, patience=n_rounds + 2), teacher=once.teacher)
    hooks = Hooks(alternation.hear, lambda: False)
    fit_model(data, long, seed=0, folder=folder / "long", hooks=hooks)
    return alternation.pairs(len(train))


def bare_epoch(net: ConcordNet, batches: Sequence[tuple[ClipInput, Tensor]], held: ClipInput) -> None:
    """Forward, losses on the labels of every head, backward; then forward over what is held back."""
    net.train()
    for x, answers in batches:
        net.zero_grad(set_to_none=True)
        by_head = read_inputs(net, EEG, x).logits[TARGET]  # (H, B, K)
        logits, y = by_head.flatten(0, 1), answers.repeat(len(by_head), 1)
        loss = task_loss(alpha_of(logits), y, kl_weight=0.1) + similarity_loss(logits, y)
        torch.autograd.backward(loss)
    net.eval()
    bare_forward({EEG: held}, [net])


# --- scoring ---------------------------------------------------------------------------------------------------------


def bare_forward(inputs: Mapping[str, ClipInput], nets: Sequence[ConcordNet]) -> None:
    """Every network on every modality, batch by batch."""
    with torch.no_grad():
        for modality, x in inputs.items():
            for start in range(0, len(x), SCORED_AT_A_TIME):
                for net in nets:
                    read_inputs(net, modality, x[start : start + SCORED_AT_A_TIME])


def scoring(store: Store, config: RoundConfig, *, n_rounds: int, folder: Path) -> Pairs:
    """A saved model on the whole store, beside forward alone."""
    once = replace(config, teacher=StageConfig(n_epochs=1), student=StageConfig(n_epochs=1), n_members=3)
    hooks = Hooks(lambda _: None, lambda: False)
    save_model(fit_model(stored_round(store, [TARGET]), once, seed=0, folder=folder, hooks=hooks).model, folder)
    model, device, rows = load_model(folder), pick_device(config.device), np.arange(store.n_clips)
    model.net.to(device).eval()
    nets = [model.net.member(number) for number in range(once.n_members)]
    inputs = {
        name: load_inputs(store, name, rows, scaler=scaler, device=device) for name, scaler in model.scalers.items()
    }
    own_s, bare_s = [], []
    for _ in range(n_rounds + 1):
        own_s.append(seconds_of(lambda: score(model, store, rows, batch_size=SCORED_AT_A_TIME), device))
        bare_s.append(seconds_of(lambda: bare_forward(inputs, nets), device))
    return Pairs(own_s[1:], bare_s[1:], len(rows))


def seconds_of(work: Callable[[], object], device: torch.device) -> float:
    wait_for(device)
    started_s = time.perf_counter()
    work()
    wait_for(device)
    return time.perf_counter() - started_s


# --- cross-validation ------------------------------------------------------------------------------------------------


def cross_validation(store: Store, config: RoundConfig, *, folder: Path) -> JsonObject:
    """Five folds by subject of the EEG student alone."""
    whole = stored_round(store, [TARGET])
    splits = subject_folds(store.subjects, whole.labelled_rows, n_folds=N_FOLDS, seed=0)
    started_s = time.perf_counter()
    folds = [_fold(whole, split, config, folder=folder / str(split.number)) for split in splits]
    return {
        "crossval_s": round(time.perf_counter() - started_s, 1),
        "n_clips": store.n_clips,
        "n_members": config.n_members,
        "balanced_accuracy": round(float(np.mean([fold["balanced_accuracy"] for fold in folds])), 3),
        "folds": folds,
    }


def _fold(whole: RoundData, split: Split, config: RoundConfig, *, folder: Path) -> JsonObject:
    place = np.full(whole.store.n_clips, -1)
    place[whole.labelled_rows] = np.arange(len(whole.labelled_rows))
    data = replace(
        whole,
        labelled_rows=split.train,
        targets={TARGET: whole.targets[TARGET][place[split.train]]},
        test_rows=split.test,
        test_targets={TARGET: whole.targets[TARGET][place[split.test]]},
        pool_rows=np.zeros(0, dtype=np.int64),
    )
    started_s = time.perf_counter()
    result = run_round(data, config, seed=0, folder=folder, on_progress=lambda _: None, should_stop=lambda: False)
    return {
        "seconds": round(time.perf_counter() - started_s, 1),
        "stages": {name: stage["n_epochs"] for name, stage in result.metrics["stages"].items()},
        "balanced_accuracy": round(float(result.metrics["mean_balanced_accuracy"]), 3),
    }


def main() -> None:
    parser = argparse.ArgumentParser(description="How fast clips are learnt from and scored.")
    parser.add_argument("--json", action="store_true", help="print the last line alone")
    parser.add_argument("--crossval", action="store_true", help="time a cross-validation instead")
    parser.add_argument("--clips", type=int, help="size of the store (default 2000, with --crossval 10000)")
    parser.add_argument("--rounds", type=int, default=7, help="own and bare epochs that are compared (default 7)")
    parser.add_argument("--members", type=int, default=1, help="networks a model in --crossval (default 1)")
    parser.add_argument("--threads", type=int, help="threads of torch (default: its own choice)")
    parser.add_argument("--device", default="auto", help="auto, cpu or cuda")
    parser.add_argument("--work", type=Path, help="folder in which simulated stores are kept")
    args = parser.parse_args()
    if args.threads:
        torch.set_num_threads(args.threads)
    with ExitStack() as stack:
        temporary = Path(stack.enter_context(TemporaryDirectory()))
        store = simulated_store(args.work or temporary, args.clips or (10_000 if args.crossval else 2000))
        config = RoundConfig(n_members=args.members, device=args.device)
        alone = replace(config, teacher_modality=NOBODY)
        where = {"device": str(pick_device(args.device)), "threads": torch.get_num_threads()}
        if args.crossval:
            print(json.dumps(cross_validation(store, alone, folder=temporary) | where))
            return
        plain = replace(alone, linear_expert=False, n_members=1)
        found = training(store, plain, n_rounds=args.rounds, folder=temporary / "alone").report("training")
        taught = replace(plain, teacher_modality=FACE)
        found |= training(store, taught, n_rounds=args.rounds, folder=temporary / "taught").report("taught")
        found |= scoring(
            store, replace(taught, linear_expert=True), n_rounds=args.rounds, folder=temporary / "scored"
        ).report("scoring")
    if not args.json:
        print("\n".join(f"{name:24} {value}" for name, value in found.items()))
    print(json.dumps(found | {"clips_per_s": found["training_clips_per_s"]} | where))


if __name__ == "__main__":
    main()
