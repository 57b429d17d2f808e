"""python -m mlcore describe STORE: what a clip store holds."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

from mlcore.types import JsonObject

SUMMARY = "Say what a clip store holds: people, clips, modalities, targets and how often each answer comes."


def configure(parser: argparse.ArgumentParser) -> None:
    """Options: which store, and in which form."""
    parser.description = (
        f'{SUMMARY} With --json one object: {{"n_shards", "n_clips", "n_subjects", "n_sessions", "n_trials", "hours", '
        '"modalities": {name: {"kind", "shape", "dtype", "sfreq", "unit", "n_channels", "n_present", "mean_quality"}}, '
        '"targets": {name: {"kind", "n_labelled", "counts" of classes and levels}}}.'
    )
    parser.add_argument("store", type=Path, metavar="STORE", help="a shard, or a folder of shards")
    parser.add_argument("--json", action="store_true", help="one JSON object instead of a table")


def run(args: argparse.Namespace) -> int:
    """Describe one store."""
    from mlcore.store import describe, open_store

    found = describe(open_store(args.store))
    lines = [json.dumps(found, ensure_ascii=False)] if args.json else list(_lines(found))
    sys.stdout.write("\n".join(lines) + "\n")
    return 0


def _lines(found: JsonObject) -> Iterator[str]:
    yield (
        f"{found['n_clips']} clips ({found['hours']:.2f} h) of {found['n_subjects']} subjects, "
        f"{found['n_sessions']} sessions, {found['n_trials']} trials, in {found['n_shards']} shards"
    )
    yield ""
    yield from _table(["modality", "kind", "shape", "rate", "present", "quality"], _modalities(found))
    if found["targets"]:
        yield ""
        yield from _table(["target", "kind", "labelled", "answers"], _targets(found))


def _modalities(found: JsonObject) -> Iterator[list[str]]:
    for name, one in found["modalities"].items():
        rate = f"{one['sfreq']:g} Hz" if one["sfreq"] else "–"
        quality = f"{one['mean_quality']:.2f}" if one["mean_quality"] is not None else "–"
        shape = " × ".join(str(size) for size in one["shape"])
        yield [name, one["kind"], shape, rate, _share(one["n_present"], found["n_clips"]), quality]


def _targets(found: JsonObject) -> Iterator[list[str]]:
    for name, one in found["targets"].items():
        counts = "  ".join(f"{answer} {count}" for answer, count in one.get("counts", {}).items())
        yield [name, one["kind"], _share(one["n_labelled"], found["n_clips"]), counts or "–"]


def _share(part: int, whole: int) -> str:
    return f"{part} ({part / whole:.0%})" if whole else str(part)


def _table(heading: Sequence[str], rows: Iterator[list[str]]) -> Iterator[str]:
    lines = [list(heading), *rows]
    widths = [max(len(line[column]) for line in lines) for column in range(len(heading))]
    for line in lines:
        yield "  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)).rstrip()
