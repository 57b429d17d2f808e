"""python -m mlcore train STORE --target T --out MODEL: learn from all the answers that a store carries."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from mlcore.errors import TrainingError
from mlcore.progress import ProgressBar
from mlcore.types import JsonObject

if TYPE_CHECKING:
    from mlcore.store import Store
    from mlcore.train import Progress, RoundConfig, RoundResult

SUMMARY = "Learn a model from every answer that a clip store carries."


def configure(parser: argparse.ArgumentParser) -> None:
    """Options: what is learnt, with which settings, and where the model goes."""
    parser.description = (
        f"{SUMMARY} Nothing is held out but a validation fold of the labelled clips, which chooses the epoch: what the "
        "model is worth, crossval tells. Clips without an answer take part where the method can use them. Interrupted, "
        "the same command goes on from its last epoch; on a CPU the model is a function of store, settings and seed. "
        'The last line on standard output is JSON: {"model", "targets", "modalities", "n_labelled", "n_unlabelled", '
        '"validation", "stages": {stage: {"n_epochs", "best_epoch", "validation_loss"}}, "trust", "notes", "config", '
        '"seed"}.'
    )
    parser.add_argument("store", type=Path, metavar="STORE", help="a clip store with targets")
    parser.add_argument(
        "--target", action="append", required=True, metavar="NAME", help="what is learnt; may be repeated"
    )
    parser.add_argument("--out", type=Path, required=True, metavar="MODEL", help="folder of the model; made")
    parser.add_argument("--seed", type=int, default=0, help="decides everything that is drawn (default 0)")
    parser.add_argument(
        "--set",
        action="append",
        default=[],
        metavar="NAME=VALUE",
        help="a setting of the round by its dotted name, e.g. teacher.n_epochs=20 or weights.similarity=0; the value "
        "is JSON or plain text; may be repeated",
    )
    parser.add_argument("--progress", action="store_true", help="show a progress bar even where stderr is no terminal")


def run(args: argparse.Namespace) -> int:
    """Train, and say what came of it."""
    from mlcore.store import open_store
    from mlcore.train import RoundConfig, run_round
    from mlcore.train.roles import roles_of
    from mlcore.train.targets import stored_round

    data = stored_round(open_store(args.store), args.target)
    config = RoundConfig.from_json({**roles_of(data.store.meta.modalities), **settings_of(args.set)})
    _check_readable(data.store, config)
    bar = ProgressBar(sys.stderr, True if args.progress else None)
    try:
        result = run_round(
            data, config, seed=args.seed, folder=args.out, on_progress=_shown(bar), should_stop=lambda: False
        )
    finally:
        bar.close()
    counts = {"n_labelled": len(data.labelled_rows), "n_unlabelled": len(data.pool_rows), "seed": args.seed}
    json.dump(_summary(result, config) | counts, sys.stdout, ensure_ascii=False)
    sys.stdout.write("\n")
    return 0


def _check_readable(store: Store, config: RoundConfig) -> None:
    """Refuse what no encoder reads before anything is computed."""
    from mlcore.nets.registry import ENCODERS

    for name in config.modalities:
        meta = store.meta.modalities.get(name)
        if meta is not None and meta.kind not in ENCODERS:
            known = ", ".join(ENCODERS)
            raise TrainingError(f"{name} is a {meta.kind}, which no encoder reads: there are encoders for {known}")


def settings_of(assignments: Sequence[str]) -> JsonObject:
    """Nested settings from dotted assignments.

    >>> settings_of(["teacher.n_epochs=3", "device=cpu"])
    {'teacher': {'n_epochs': 3}, 'device': 'cpu'}
    """
    settings: JsonObject = {}
    for text in assignments:
        name, equals, value = text.partition("=")
        if not name or not equals:
            raise TrainingError(f"--set: expected NAME=VALUE, got {text!r}")
        *above, last = name.split(".")
        inner = settings
        for part in above:
            inner = inner.setdefault(part, {})
            if not isinstance(inner, dict):
                raise TrainingError(f"--set: {part} in {name} was given a value of its own before")
        inner[last] = _value(value)
    return settings


def _value(text: str) -> Any:
    try:
        return json.loads(text)
    except ValueError:
        return text


def _shown(bar: ProgressBar) -> Any:
    def on_progress(progress: Progress) -> None:
        left = "" if progress.seconds_left is None else f", {progress.seconds_left:.0f} s left"
        bar.show(progress.fraction, f"{progress.stage} {progress.epoch} of {progress.n_epochs}{left}")

    return on_progress


def _summary(result: RoundResult, config: RoundConfig) -> JsonObject:
    from mlcore.train import load_model

    model, metrics = load_model(result.model_folder), result.metrics
    return {
        "model": str(result.model_folder),
        "targets": [*model.targets, *model.traces],
        "modalities": list(model.modalities),
        "validation": metrics["validation"],
        "stages": metrics["stages"],
        "trust": dict(model.trust),
        "notes": metrics["notes"],
        "config": config.to_json(),
    }
