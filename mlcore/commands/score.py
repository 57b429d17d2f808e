"""python -m mlcore score MODEL STORE --out scores.parquet: a model's opinion of every clip."""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from mlcore.progress import ProgressBar

if TYPE_CHECKING:
    from mlcore.store import Store
    from mlcore.train import PoolScores, TrainedModel

SUMMARY = "Let a trained model judge every clip of a store."


def configure(parser: argparse.ArgumentParser) -> None:
    """Options: which model and clips, and what may be read of them."""
    parser.description = (
        f"{SUMMARY} The table has a row a clip: clip_id, subject, session, trial, start_s, stop_s, and of each target "
        "its likeliest class under its name, TARGET__p_CLASS (probabilities), TARGET__vacuity (0..1, how little "
        "evidence there was) and TARGET__entropy (nats); of a trace its values under its name; where there are traces, "
        "trace__variance, of networks and heads. A clip with nothing to read has equal probabilities and "
        'vacuity 1. The last line on standard output is JSON: {"scores", "clips", "judged" (clips with something to '
        'read), "targets": {target: {class: clips}}, "modalities"}.'
    )
    parser.add_argument("model", type=Path, metavar="MODEL", help="folder that train wrote")
    parser.add_argument("store", type=Path, metavar="STORE", help="a clip store with the model's modalities")
    parser.add_argument("--out", type=Path, required=True, metavar="FILE", help="the table, a .parquet file; replaced")
    parser.add_argument(
        "--infer", nargs="+", metavar="MODALITY", help="read these modalities alone, e.g. eeg (default: all it has)"
    )
    parser.add_argument("--progress", action="store_true", help="show a progress bar even where stderr is no terminal")


def run(args: argparse.Namespace) -> int:
    """Score, write the table, and say what is in it."""
    from mlcore.store import open_store
    from mlcore.train import load_model, score

    model, store = load_model(args.model), open_store(args.store)
    bar = ProgressBar(sys.stderr, True if args.progress else None)

    def on_batch(n_done: int) -> None:
        bar.show(n_done / store.n_clips, f"{n_done} of {store.n_clips} clips")

    try:
        scores = score(model, store, np.arange(store.n_clips), modalities=args.infer, on_batch=on_batch)
    finally:
        bar.close()
    _write(args.out, _columns(model, store, scores))
    json.dump(
        {
            "scores": str(args.out),
            "clips": store.n_clips,
            "judged": _n_judged(store, scores),
            "targets": {name: _counts(model, scores, name) for name in model.targets},
            "modalities": list(scores.alpha_by_modality),
        },
        sys.stdout,
        ensure_ascii=False,
    )
    sys.stdout.write("\n")
    return 0


def _columns(model: TrainedModel, store: Store, scores: PoolScores) -> dict[str, Any]:
    columns: dict[str, Any] = {
        "clip_id": store.clip_ids,
        "subject": store.subjects,
        "session": store.sessions,
        "trial": store.trials,
        "start_s": store.start_s,
        "stop_s": store.stop_s,
    }
    for name in model.targets:
        p, classes = scores.probabilities(name), model.classes[name]
        columns[name] = np.array(classes)[p.argmax(axis=1)]
        columns |= {f"{name}__p_{label}": p[:, index] for index, label in enumerate(classes)}
        columns |= {f"{name}__vacuity": scores.vacuity[name], f"{name}__entropy": scores.entropy[name]}
    columns |= scores.traces
    return columns | ({"trace__variance": scores.trace_variance} if scores.traces else {})


def _n_judged(store: Store, scores: PoolScores) -> int:
    present = [store.present(name) for name in scores.alpha_by_modality]
    return int(np.any(present, axis=0).sum()) if present else 0


def _counts(model: TrainedModel, scores: PoolScores, name: str) -> dict[str, int]:
    counts = np.bincount(scores.alpha[name].argmax(axis=1), minlength=len(model.classes[name]))
    return dict(zip(model.classes[name], counts.tolist(), strict=True))


def _write(path: Path, columns: dict[str, Any]) -> None:
    """In one step: a table is there as a whole or not at all."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    path.parent.mkdir(parents=True, exist_ok=True)
    beside = path.with_name(f".{path.name}.part")
    pq.write_table(pa.table({name: pa.array(list(column)) for name, column in columns.items()}), beside)
    beside.replace(path)
