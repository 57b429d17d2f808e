"""python -m mlcore simulate OUT: write simulated recordings."""

from __future__ import annotations

import argparse
import os
import sys
from dataclasses import fields, replace
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from mlcore.simulate import SimulationConfig

SUMMARY = "Write simulated recordings (EEG and face video) in the MAHNOB-HCI layout."

#: option, type, what it is, as fields of SimulationConfig
_SIZES = (
    ("n_subjects", "--subjects", int, "simulated subjects (default 8)"),
    ("n_trials", "--trials", int, "trials of each, at most 20 (default 4)"),
    ("trial_s", "--trial-s", float, "seconds of stimulus (default 40)"),
    ("baseline_s", "--baseline-s", float, "seconds recorded before and after it (default 5)"),
    ("width", "--width", int, "video width in pixels (default 390)"),
    ("height", "--height", int, "video height in pixels (default 290)"),
    ("fps", "--fps", float, "video frames a second (default 30)"),
    ("eeg_sfreq", "--eeg-sfreq", float, "EEG samples a second (default 256)"),
    ("seed", "--seed", int, "the same seed writes the same recordings (default 0)"),
)


def configure(parser: argparse.ArgumentParser) -> None:
    """Options: sizes, difficulty, seed, processes."""
    parser.add_argument("out", type=Path, metavar="OUT", help="folder to write to; made if absent")
    for name, option, kind, text in _SIZES:
        parser.add_argument(option, dest=name, type=kind, help=text)
    parser.add_argument(
        "--full-size",
        action="store_true",
        help="MAHNOB-HCI's own size: 27 × 20 trials, 780×580 at 61 frames a second",
    )
    parser.add_argument(
        "--difficulty",
        action="append",
        default=[],
        metavar="NAME=VALUE",
        help="how hard it is to learn from, e.g. eeg_gain=0.5 or ambiguous_share=0.4; may be repeated",
    )
    parser.add_argument("--workers", type=int, default=os.cpu_count() or 1, help="processes (default: one a core)")
    parser.add_argument("--quiet", action="store_true", help="no progress on stderr")


def run(args: argparse.Namespace) -> int:
    """Write the data set."""
    from mlcore.simulate import simulate_recordings

    config = build_config(args)
    on_progress = None if args.quiet else _print_progress
    out = simulate_recordings(args.out, config, on_progress=on_progress, workers=args.workers)
    sys.stdout.write(f"{out}: {config.n_subjects * config.n_trials} simulated sessions\n")
    return 0


def build_config(args: argparse.Namespace) -> SimulationConfig:
    """The configuration that the options ask for; what is not given keeps its default."""
    from mlcore.simulate import SimulationConfig

    base = SimulationConfig.full_size() if args.full_size else SimulationConfig()
    given = {name: getattr(args, name) for name, *_ in _SIZES if getattr(args, name) is not None}
    return replace(base, **given, difficulty=replace(base.difficulty, **_difficulty(args.difficulty)))


def _difficulty(settings: list[str]) -> dict[str, float]:
    from mlcore.errors import ConcordError
    from mlcore.simulate import Difficulty

    names = {item.name for item in fields(Difficulty)}
    out = {}
    for setting in settings:
        name, _, value = setting.partition("=")
        if name not in names:
            raise ConcordError(f"--difficulty {setting}: expected NAME=VALUE with one of {', '.join(sorted(names))}")
        try:
            out[name] = float(value)
        except ValueError:
            raise ConcordError(f"--difficulty {setting}: {value!r} is not a number") from None
    return out


def _print_progress(done: int, total: int) -> None:
    sys.stderr.write(f"\rsimulated sessions: {done} of {total}" + ("\n" if done == total else ""))
    sys.stderr.flush()
