"""python -m mlcore crossval STORE: how well methods learn a target, on the same folds and seeds."""

from __future__ import annotations

import argparse
import sys
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from mlcore.errors import ConcordError

if TYPE_CHECKING:
    from mlcore.compare.many import Comparison
    from mlcore.compare.options import CrossvalOptions
    from mlcore.store import Store

SUMMARY = "Cross-validate methods on the targets of a clip store: the same folds, seeds and calibration for each."
_TOLD = """
Every seed deals the clips that have an answer into folds anew; every clip is tested once a seed by a method that saw
neither its subject (--split subject) nor its trial (--split trial) with their labels. A method never sees the answers
of test clips. A temperature is fitted to the clips that the method itself held back from its training clips.

JSON, of one method on one target: method, target, kind, classes, split, modalities, infer, n_clips, n_subjects; folds:
[{seed, fold, n_train, n_test, metrics, temperature, silhouette, details, seconds}]; by_seed: the figures of all folds'
predictions of a seed together; mean over seeds and its 95 % t-interval, "interval": accuracy beside majority_rate,
balanced_accuracy, macro_f1, ece, nll, or of a trace rmse_trial, pcc_trial, ccc_trial, rmse_pooled, pcc_pooled,
ccc_pooled; levels, of an ordinal target: {mean, interval} of level_mae, quadratic_kappa and spearman; per_subject:
figures of each subject, mean over seeds; over_subjects: their {mean, interval}, by bootstrap; robustness:
[{corruption, modality, level, metrics, interval, n_unsaid}]; robustness_curves, of balanced accuracy or pooled CCC:
[{disturbance, severities, scores, area, relative_drop}]; seed, seeds, seconds.
Clips of which a method says nothing are counted (n_unsaid) and left out of its figures. A method that can't take the
store has "refused" with its reason, one that gave up has "failed", and the exit status is 1 where one failed. Several
methods or targets: {"results": [...], "comparisons": [...]}; comparisons: --against less each other method on the clips
of which both say something, {target, metric, method, other, by_subject, by_fold}: mean_difference, interval, wins,
losses and p; by subject Wilcoxon's, by fold the corrected resampled t-test's; holm_p corrects for how many there are.

Finished parts are kept in OUT.parts; the same command takes them up again where clips, answers, options and code are
the same, also after a kill, and with more --seeds or methods does the new ones alone. With one seed the figures are the
same to the last bit on CPU, whatever --workers.
"""


def configure(parser: argparse.ArgumentParser) -> None:
    """Options: what is compared, how it is split, where the result goes."""
    parser.description = f"{SUMMARY} {_TOLD}"
    parser.add_argument("store", type=Path, metavar="STORE", help="a clip store: a shard or a folder of shards")
    _add_what(parser)
    _add_how(parser)
    _add_output(parser)


def _add_what(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--method", nargs="+", default=[], metavar="NAME", help='what learns; "all" = every method')
    parser.add_argument(
        "--ablation", action="store_true", help="also ours with each loss term alone, left out, all of them and none"
    )
    parser.add_argument("--target", nargs="+", required=True, metavar="T", help="answers to learn, as the store names")
    parser.add_argument(
        "--modalities", type=_names, default=(), metavar="A,B", help="what may be learnt from (default: all there are)"
    )
    parser.add_argument(
        "--infer", type=_names, default=(), metavar="A", help="what may be read of a test clip (default: --modalities)"
    )


def _add_how(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--split", choices=("subject", "trial"), default="subject", help="what test and training never share"
    )
    parser.add_argument("--folds", type=int, default=5, help="parts that are tested in turn (default 5)")
    parser.add_argument("--seeds", type=int, default=5, help="repetitions with other folds and draws (default 5)")
    parser.add_argument("--seed", type=int, default=0, help="the first seed; the others follow it (default 0)")
    parser.add_argument("--no-calibration", action="store_true", help="leave probabilities as the methods say them")
    parser.add_argument(
        "--robustness",
        action="store_true",
        help="also test on noisy, occluded, shifted and missing modalities, and learn from flipped labels",
    )
    parser.add_argument("--device", choices=("auto", "cpu", "cuda"), default="cpu", help="where networks run")
    parser.add_argument("--workers", type=int, default=1, help="processes of one thread each (default 1)")


def _add_output(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--out", type=Path, metavar="FILE", help="where the JSON goes (default: standard output)")
    parser.add_argument("--table", action="store_true", help="print tables that people read")
    parser.add_argument(
        "--against", default="concord", metavar="NAME", help="whom the others are compared with (default: concord)"
    )
    parser.add_argument(
        "--latent", type=Path, metavar="HTML", help="draw the test clips in the latent spaces: a page that stands alone"
    )
    parser.add_argument("--quiet", action="store_true", help="no progress on stderr")


def _names(text: str) -> tuple[str, ...]:
    return tuple(name.strip() for name in text.split(",") if name.strip())


def run(args: argparse.Namespace) -> int:
    """Compare, write, print."""
    from mlcore.compare.common import common_clips
    from mlcore.compare.many import compare, jobs_of
    from mlcore.compare.report import draw_latents, parts_folder, results_json, tables, write_text
    from mlcore.compare.time_left import TimeLeft
    from mlcore.compare.versus import against_all
    from mlcore.progress import ProgressBar

    bar = ProgressBar(sys.stderr, is_shown=False if args.quiet else None)
    with parts_folder(args.out) as parts:
        comparison = _comparison(args, parts)
        try:
            results = compare(comparison, on_progress=TimeLeft(bar.show).tell)
        finally:
            bar.close()
        common = common_clips(jobs_of(comparison))
        comparisons = against_all(results, args.against, common=common.between)
        text = results_json(results, comparisons)
        if args.out is not None:
            write_text(args.out, text)
        if args.table:
            sys.stdout.write(tables(results, comparisons))
        elif args.out is None:
            sys.stdout.write(text)
        if args.latent is not None:
            draw_latents(args.latent, comparison, results)
    return int(any("failed" in result for result in results))


def _comparison(args: argparse.Namespace, parts: Path) -> Comparison:
    from mlcore.compare.lookup import lookup
    from mlcore.compare.many import Comparison
    from mlcore.store import open_store

    store = open_store(args.store)
    options = [_options(args, store, target) for target in args.target]
    return Comparison(store, _methods(args), options, find_method=lookup, parts=parts, workers=args.workers)


def _methods(args: argparse.Namespace) -> tuple[str, ...]:
    """Every name once, in the order asked for."""
    from mlcore.compare.ablation import ablation_names
    from mlcore.compare.lookup import every_name

    named = [one for name in args.method for one in (every_name() if name == "all" else (name,))]
    names = tuple(dict.fromkeys([*named, *(ablation_names() if args.ablation else ())]))
    if not names:
        raise ConcordError(f"--method: expected at least one of {', '.join(every_name())}, or --ablation")
    return names


def _options(args: argparse.Namespace, store: Store, target: str) -> CrossvalOptions:
    from mlcore.compare.corruption import default_corruptions
    from mlcore.compare.options import CrossvalOptions
    from mlcore.evaluate import SplitBy

    options = CrossvalOptions(
        target,
        split=SplitBy(args.split),
        n_folds=args.folds,
        n_seeds=args.seeds,
        seed=args.seed,
        modalities=args.modalities,
        infer=args.infer,
        calibrate=not args.no_calibration,
        device=args.device,
        latents=args.latent is not None,
    )
    corruptions = default_corruptions(store, options.infers_from(store)) if args.robustness else ()
    return replace(options, corruptions=corruptions)
