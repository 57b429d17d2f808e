"""What each strategy of asking saves, on hard simulated stores and on real answers and signals.

    python -m tests.benchmarks.label_saving --work FOLDER [--sets NAME …] [--strategies NAME …] [--seeds 20] [--json]

Closed loops as `python -m mlcore simulate-al` runs them. A seed of a simulated set is a population of its own, a seed
of CREMA-D 26 actors drawn of 91, a seed of the EEG events another deal of one person's trials. The sets of many votes
(ambiguous, all_hard, crema-d) are answered by drawing from the votes, the others by what the store holds. Answers are
counted, "bad signal" included. Development was done on seeds from 900 on; those reported are 0 to 39.

Prints a table a set, random and gated-random first; with `--json` one row a set and strategy instead: set, strategy,
seeds, full_score, aulc, aulc_minus_random, ci95, labels_to_95, n_censored, ratio_to_random_95, ratio_ci95,
seconds_ratio_to_random_95, minus_gated_random, minus_gated_random_ci95, ratio_to_gated_random_95, junk_share, holm_p
(against random, within the set), losses (of the penalty matrix). All of a set's result is kept as FOLDER/SET.json.
Finished runs stay in the folder: the same command goes on after an interruption.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Sequence
from pathlib import Path

from mlcore.progress import ProgressBar
from mlcore.simulate.loop import Plan, Run, Setting, fast_maker, run_seed, summarise, table_of, with_random
from mlcore.train.checkpoint import write_atomically
from mlcore.types import JsonObject
from tests.benchmarks.loop_sets import SETS, LoopSet, find_set

#: the policy that the product starts with, then every strategy with and without the gate that tells something apart
STRATEGIES = (
    *(
        "policy",
        "policy:random",
        "policy:badge",
        "policy:bald",
        "entropy",
        "gated-entropy",
        "gated-margin",
        "disagreement",
        "gated-disagreement",
    ),
    *("gated-bald", "gated-vacuity", "gated-core-set", "badge", "gated-badge", "gated-typiclust"),
    *("gated-power-entropy", "consistency", "gated-consistency", "gated-gated-consistency", "gated-cost-aware"),
)


def plans_for(one: LoopSet, names: Sequence[str], *, seed: int) -> list[Plan]:
    """The strategies that can say something of a set: those of two modalities need two."""
    material, _ = one.load(seed)
    plans = [Plan.parse(name) for name in with_random(list(names))]
    return [plan for plan in plans if len(material.quality) > 1 or "consistency" not in plan.strategy]


def result_of(one: LoopSet, names: Sequence[str], *, seeds: Sequence[int], work: Path, bar: ProgressBar) -> JsonObject:
    """All loops of a set, brought together."""
    plans = plans_for(one, names, seed=seeds[0])
    runs, full = {plan.name: list[Run]() for plan in plans}, list[float]()
    for n_done, seed in enumerate(seeds):
        bar.show(n_done / len(seeds), f"{one.name}, seed {seed}")
        material, given = one.load(seed)
        setting = Setting(material, given, one.options, fast_maker(one.options.target))
        of_seed, score = run_seed(setting, plans, seed=seed, parts=work / "runs" / f"{one.name}-{one.options.oracle}")
        full.append(score)
        for run in of_seed:
            runs[run.strategy].append(run)
    return {"set": one.name, "oracle": str(one.options.oracle), **summarise(runs, full)}


def rows_of(result: JsonObject) -> list[JsonObject]:
    """One row a strategy."""
    penalty = result["penalty"]
    losses = dict(zip(penalty["strategies"], penalty["losses"], strict=True))
    against_random = {one["other"]: one for one in result["comparisons"] if one["strategy"] == "random"}
    return [
        {
            "set": result["set"],
            "strategy": one["strategy"],
            "seeds": len(one["seeds"]),
            "full_score": result["full_score"],
            **{name: one[name] for name in ("aulc", "aulc_minus_random", "ci95", "labels_to_95")},
            "n_censored": one["to_target"]["95"]["answers"]["n_censored"],
            "ratio_to_random_95": one["ratio_to_random_95"],
            "ratio_ci95": one["to_target"]["95"]["answers"]["ratio_ci95"],
            "seconds_ratio_to_random_95": one["to_target"]["95"]["seconds"]["ratio_to_random"],
            "minus_gated_random": one["over_gated_random"]["difference"],
            "minus_gated_random_ci95": one["over_gated_random"]["ci95"],
            "ratio_to_gated_random_95": one["over_gated_random"]["ratio"],
            "junk_share": one["junk_share"],
            "holm_p": against_random.get(one["strategy"], {}).get("holm_p"),
            "losses": losses[one["strategy"]],
        }
        for one in result["strategies"]
    ]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--work", type=Path, required=True, help="folder for clips, finished runs and results; kept")
    parser.add_argument("--sets", nargs="+", default=list(SETS), choices=SETS, metavar="NAME")
    parser.add_argument("--strategies", nargs="+", default=list(STRATEGIES), metavar="NAME")
    parser.add_argument("--seeds", type=int, default=20)
    parser.add_argument("--seed", type=int, default=0, help="the first seed; development has 900 and more")
    parser.add_argument("--oracle", help="how annotators err, in place of each set's own")
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--quiet", action="store_true")
    args = parser.parse_args()
    args.work.mkdir(parents=True, exist_ok=True)
    bar = ProgressBar(sys.stderr, is_shown=False if args.quiet else None)
    seeds = range(args.seed, args.seed + args.seeds)
    for name in args.sets:
        one = find_set(name, args.work, oracle=args.oracle)
        result = result_of(one, args.strategies, seeds=seeds, work=args.work, bar=bar)
        write_atomically(args.work / f"{name}.json", json.dumps(result, allow_nan=False).encode())
        if args.json:
            sys.stdout.write("".join(json.dumps(row) + "\n" for row in rows_of(result)))
        else:
            sys.stdout.write(f"\n{name} ({result['oracle']}), full {result['full_score']:.3f}\n")
            sys.stdout.write(table_of(result["strategies"]) + "\n")
        sys.stdout.flush()
    bar.close()


if __name__ == "__main__":
    main()
