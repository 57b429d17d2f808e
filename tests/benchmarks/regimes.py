"""Every method in every regime of the committed grid of simulated stores, wherever ours wins or loses.

    python -m tests.benchmarks.regimes --work FOLDER --out results.json --table

A seed is a population of its own: the store is simulated with it, dealt into folds by subject with it, and every
method starts from it; all methods meet the same stores and folds. A regime's figures are means over the seeds with
their t-interval; ours is compared with each other method subject by subject (12 a seed, none in two seeds), on the
clips of which both say something, by Wilcoxon's test, corrected by Holm. Finished parts stay in the folder: the same
command goes on after an interruption, and does what is new when methods, regimes or seeds are added.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from mlcore.compare.common import CommonClips, common_clips
from mlcore.compare.lookup import lookup
from mlcore.compare.many import Comparison, compare, jobs_of
from mlcore.compare.measures import CLASS_METRICS, TRACE_METRICS, intervals, means
from mlcore.compare.options import CrossvalOptions
from mlcore.compare.versus import against_all
from mlcore.progress import ProgressBar
from mlcore.simulate.regimes import REGIMES, find_regime
from mlcore.simulate.stores import simulate_store
from mlcore.store import Store, open_store
from mlcore.types import JsonObject

OURS = "concord"
#: what every regime is tried with; published networks and the ablation are asked for by name
METHODS = (OURS, "eeg-only", "face-only", "early", "late", "linear", "linear-eeg", "linear-face", "majority")


def simulated(folder: Path, regime: str, seed: int) -> Store:
    """The store of a regime and seed, made once and kept."""
    place = folder / "stores" / f"{regime}-{seed}"
    if not (place / "truth.json").is_file():
        simulate_store(place, find_regime(regime).config(seed=seed))
    return open_store(place)


@dataclass(frozen=True, slots=True)
class OfRegime:
    """Every seed's results of one regime, and how two methods of a seed are brought to their common clips."""

    by_seed: list[list[JsonObject]]
    common: list[CommonClips]

    def results(self) -> list[JsonObject]:
        """One a target and method: the seeds' results brought together."""
        return [together(parts) for parts in zip(*self.by_seed, strict=True)]

    def between(self, one: JsonObject, other: JsonObject) -> tuple[JsonObject, JsonObject]:
        """Two methods on the clips of which both say something."""
        pairs = [
            common.between(_of(results, one), _of(results, other))
            for results, common in zip(self.by_seed, self.common, strict=True)
        ]
        mine, theirs = zip(*pairs, strict=True)
        return together(mine), together(theirs)


def _of(results: Sequence[JsonObject], wanted: JsonObject) -> JsonObject:
    return next(one for one in results if (one["method"], one["target"]) == (wanted["method"], wanted["target"]))


def of_regime(
    args: argparse.Namespace, regime: str, *, methods: Sequence[str], seeds: Iterable[int], done: int, total: int
) -> OfRegime:
    """Every method on every seed's store."""
    bar, found = ProgressBar(sys.stderr, is_shown=False if args.quiet else None), OfRegime([], [])
    infer = tuple(args.infer.split(",")) if args.infer else ()
    for seed in seeds:
        options = [CrossvalOptions(one, n_folds=args.folds, n_seeds=1, seed=seed, infer=infer) for one in args.target]
        comparison = Comparison(
            simulated(args.work, regime, seed),
            methods,
            options,
            lookup,
            args.work / "parts" / f"{regime}-{seed}",
            workers=args.workers,
        )
        text = f"{regime} ({done + 1} of {total}), seed {seed}"
        found.by_seed.append(compare(comparison, on_progress=partial(_show, bar, text)))
        found.common.append(common_clips(jobs_of(comparison)))
    bar.close()
    return found


def _show(bar: ProgressBar, text: str, done: int, total: int) -> None:
    bar.show(done / max(total, 1), text)


def together(parts: Sequence[JsonObject]) -> JsonObject:
    """One method on one target over the seeds; subjects of different seeds are different people."""
    first = parts[0]
    if any("mean" not in one for one in parts):
        return first
    names = TRACE_METRICS if first["kind"] == "trace" else CLASS_METRICS
    figures = [one["by_seed"][0]["metrics"] for one in parts]
    return {
        **{name: first[name] for name in ("method", "target", "kind", "split", "infer")},
        "seeds": [one["seed"] for one in parts],
        "mean": means(figures, names),
        "interval": intervals(figures, names),
        "by_seed": figures,
        "per_subject": {
            f"{one['seed']}:{name}": figures for one in parts for name, figures in one["per_subject"].items()
        },
        "folds": [fold for one in parts for fold in one["folds"]],
        "seconds": sum(one["seconds"] for one in parts),
    }


def table(results: Mapping[str, Sequence[JsonObject]], versus: Mapping[str, Sequence[JsonObject]]) -> str:
    """A line a regime, target and method."""
    lines = []
    for regime, rows in results.items():
        against = {(one["target"], one["metric"], one["other"]): one["by_subject"] for one in versus[regime]}
        lines += [_line(regime, row, against) if "mean" in row else _without(regime, row) for row in rows]
    return "\n".join(lines)


def _without(regime: str, row: JsonObject) -> str:
    return f"{regime:22s} {row['target']:10s} {row['method']:30s} {row.get('refused') or row.get('failed')}"


def _line(regime: str, row: JsonObject, against: Mapping[tuple[str, str, str], JsonObject | None]) -> str:
    shown = (
        ("rmse_trial", "pcc_trial", "ccc_trial")
        if row["kind"] == "trace"
        else ("accuracy", "majority_rate", "balanced_accuracy", "macro_f1", "ece", "nll")
    )
    figures = " ".join(f"{name}={row['mean'][name]:.3f}" for name in shown if row["mean"][name] is not None)
    main = "ccc_trial" if row["kind"] == "trace" else "balanced_accuracy"
    interval = row["interval"][main]
    spread = "" if interval is None else f" ±{(interval[1] - interval[0]) / 2:.3f}"
    one = against.get((row["target"], main, row["method"]))
    gain = "" if one is None else f"  ours − this {one['mean_difference']:+.3f} (Holm p {one['holm_p']:.4f})"
    return f"{regime:22s} {row['target']:10s} {row['method']:30s} {figures}{spread}{gain}"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--work", type=Path, required=True, help="folder for stores and finished parts; kept")
    parser.add_argument("--out", type=Path, help="where the JSON goes")
    parser.add_argument("--regimes", nargs="+", default=list(REGIMES), metavar="NAME")
    parser.add_argument("--method", nargs="+", default=list(METHODS), metavar="NAME")
    parser.add_argument("--target", nargs="+", default=["valence3"], metavar="T")
    parser.add_argument("--infer", default="", metavar="A,B", help="what may be read of a test clip (default: all)")
    parser.add_argument("--seeds", type=int, default=5)
    parser.add_argument("--seed", type=int, default=1, help="the first seed; the others follow it")
    parser.add_argument("--folds", type=int, default=3)
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--against", default=OURS, metavar="NAME", help="whom the others are compared with")
    parser.add_argument("--quiet", action="store_true")
    args = parser.parse_args()
    seeds = range(args.seed, args.seed + args.seeds)
    found = {
        regime: of_regime(args, regime, methods=args.method, seeds=seeds, done=done, total=len(args.regimes))
        for done, regime in enumerate(args.regimes)
    }
    results = {regime: one.results() for regime, one in found.items()}
    versus = {regime: against_all(results[regime], args.against, common=one.between) for regime, one in found.items()}
    if args.out:
        args.out.write_text(json.dumps({"results": results, "comparisons": versus}) + "\n", encoding="utf-8")
    sys.stdout.write(table(results, versus) + "\n")


if __name__ == "__main__":
    main()
