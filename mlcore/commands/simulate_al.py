"""python -m mlcore simulate-al STORE: what a strategy of asking saves, in closed loops with simulated annotators."""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from mlcore.simulate.loop import LoopOptions, Setting
    from mlcore.types import JsonObject

SUMMARY = "Ask, answer, learn and judge in a loop: what strategies of asking save, with simulated annotators."
_TOLD = """
Every seed draws test subjects (--split trial: trials), the answers of five simulated annotators, and a random start
that is the same for every strategy. Then, batch by batch, a strategy picks clips of the others, an annotator answers,
and the model learns and is judged on the test clips, until the pool or the budget is used up. A clip with dead sensors
costs its seconds and yields "bad signal", no label. Nothing that asks or learns reads an answer before it is given, or
the truth beside a simulated store. Random and gated-random always run along.

strategies: random, entropy, margin, least-confidence, vacuity, dissonance, bald, disagreement, core-set, badge,
typiclust, power-entropy, consistency, gated-consistency, cost-aware; the same after "gated-": behind the gate of
measured quality; policy, or policy:NAME: whole composed batches, with gate, random slice, repeats, second opinions,
gaps in time and diversity.

oracles: clean (what the store holds), flip:R (another class with rate R, 0.1), ambiguous (drawn from the store's
votes), biased:R (an annotator's own favourite class with rate R, 0.25), abstain:R (can't tell with rate R on a clear
clip, 0.15, up to five times that on an ambiguous one).

JSON: "target", "oracle", "model", "split", "seed", "n_clips", "n_start", "batch_size", "budget"; "full_score": balanced
accuracy when the whole pool has been asked about, mean over seeds, each in "full_scores"; "strategies": of each
"strategy", "seeds", "n_pool" (clips that could be asked about, by seed); "aulc": area under the curve of the score over
answers, as a mean score; "aulc_minus_random": the same less random's on the same seeds, with "ci95", Student's interval
over seeds; "area": these three by what is counted, "answers" ("bad signal" and "can't tell" included), "labels"
(answers that name a class) or "seconds" (annotators' time); "labels_to_95": answers to 95 % of each seed's full score,
the median by Kaplan-Meier, null where at least half of the seeds never get there; "ratio_to_random_95": over random's;
"over_gated_random": "difference" of areas with "ci95", "ratio" of answers to 95 % with "ratio_ci95";
"to_target": for 90, 95 and 99 % and each count {"median", "n_reached", "n_censored", "ratio_to_random", "ratio_ci95"
(seeds drawn with replacement; an end of null is infinite)}, the score smoothed over three batches; "junk_share": "bad
signal" among the answers to the first quarter of the pool; "last": where the curve ends, mean over seeds; "curve":
"answers", "score" with "ci95", "labels", "seconds", means over seeds; "batches": batch by batch "answers" and shares of
"bad_signal", "cant_tell", "classes", "routes", "terms", with "n_subjects", "largest_subject_share", "seconds",
"n_seeds"; "by_seed": every run's points and batches. "comparisons": of every two strategies' areas "strategy", "other",
"mean_difference", "ci95", "wins", "losses", "p" (Wilcoxon over seeds), "holm_p". "penalty": "strategies", "answers"
(checkpoints), "matrix" (row i, column j: share of the checkpoints at which i beats j, Holm p < 0.05), "losses" (columns
added up: the lower the better).

Finished runs are kept in OUT.parts, or --parts; the same command goes on where it stopped.
Equal options give equal JSON.
"""


def configure(parser: argparse.ArgumentParser) -> None:
    """Options: what is asked, how people answer, how long."""
    parser.formatter_class = argparse.RawDescriptionHelpFormatter
    parser.epilog = _TOLD
    parser.add_argument("store", type=Path, metavar="STORE", help="a clip store: a shard or a folder of shards")
    parser.add_argument("--strategy", nargs="+", default=["entropy"], metavar="NAME", help="how clips are chosen")
    parser.add_argument("--oracle", default="clean", metavar="NAME[:RATE]", help="how annotators err (default clean)")
    parser.add_argument("--target", required=True, metavar="T", help="classes or votes, as the store names them")
    _add_sizes(parser)
    parser.add_argument("--split", choices=("subject", "trial"), default="subject", help="what is tested")
    parser.add_argument("--retrain", action="store_true", help="train the real method at every step (slow)")
    parser.add_argument("--out", type=Path, metavar="FILE", help="where the JSON goes (default: standard output)")
    parser.add_argument("--parts", type=Path, metavar="DIR", help="where finished runs are kept (default: OUT.parts)")
    parser.add_argument("--json", action="store_true", help="print the JSON instead of a table")
    parser.add_argument("--quiet", action="store_true", help="no progress on stderr")


def _add_sizes(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--seeds", type=int, default=20, help="loops with other test subjects and draws (default 20)")
    parser.add_argument("--seed", type=int, default=0, help="the first seed; the others follow it (default 0)")
    parser.add_argument("--start", type=int, default=30, help="random clips answered at the start (default 30)")
    parser.add_argument("--batch", type=int, default=30, help="answers between two fits (default 30)")
    parser.add_argument("--budget", type=int, default=0, help="most answers (default 0: until the pool is used up)")
    parser.add_argument("--test-share", type=float, default=0.3, help="share of the subjects tested (default 0.3)")


def run(args: argparse.Namespace) -> int:
    """Loop, write, print."""
    from mlcore.progress import ProgressBar
    from mlcore.simulate.loop import Plan, run_seeds, summarise, table_of, with_random

    plans = [Plan.parse(name) for name in with_random(args.strategy)]
    setting = _setting(args)
    bar = ProgressBar(sys.stderr, is_shown=False if args.quiet else None)
    try:
        runs, full = run_seeds(
            setting,
            plans,
            seeds=range(args.seed, args.seed + args.seeds),
            parts=_parts(args),
            on_progress=lambda done, total: bar.show(done / total, f"seed {done} of {total}"),
        )
    finally:
        bar.close()
    result = {**_told(args, setting), **summarise(runs, full)}
    text = json.dumps(result, allow_nan=False) + "\n"
    if args.out is not None:
        args.out.write_text(text, encoding="utf-8")
    if args.json:
        sys.stdout.write(text)
    else:
        sys.stdout.write(table_of(result["strategies"]) + "\n")
    return 0


def _setting(args: argparse.Namespace) -> Setting:
    from mlcore.simulate.loop import Setting, fast_maker, read_given, read_material, retrain_maker
    from mlcore.store import open_store

    store, options = open_store(args.store), _options(args)
    given, material = read_given(store, options.target), read_material(store)
    if args.retrain:
        return Setting(material, given, options, retrain_maker(store, options.target), model="retrain")
    return Setting(material, given, options, fast_maker(options.target))


def _options(args: argparse.Namespace) -> LoopOptions:
    from mlcore.evaluate import SplitBy
    from mlcore.simulate.loop import LoopOptions, Oracle

    return LoopOptions(
        target=args.target,
        oracle=Oracle.parse(args.oracle),
        n_start=args.start,
        batch_size=args.batch,
        budget=args.budget,
        test_share=args.test_share,
        split=SplitBy(args.split),
    )


def _parts(args: argparse.Namespace) -> Path | None:
    if args.parts is not None or args.out is None:
        found: Path | None = args.parts
        return found
    return Path(f"{args.out}.parts")


def _told(args: argparse.Namespace, setting: Setting) -> JsonObject:
    options = setting.options
    return {
        "target": options.target,
        "oracle": str(options.oracle),
        "model": setting.model,
        "split": options.split.value,
        "seed": args.seed,
        "n_clips": setting.material.n_clips,
        "n_start": options.n_start,
        "batch_size": options.batch_size,
        "budget": options.budget,
    }
