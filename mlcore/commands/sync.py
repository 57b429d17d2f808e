"""python -m mlcore sync FILE...: how fast each stream runs, and how their clocks relate."""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from mlcore.sync.report import SyncReport

SUMMARY = "Print the effective rate of each stream of recordings and the map between their clocks."
_TOLD = """
One file: its streams, and for an XDF file with frame numbers where its camera's clock lies on the EEG. Two or more:
every other file against the first EEG file, or against the first file where there is none. XDF and video are related
by frame numbers; EEG and video by blinks; two videos by their pictures; two EEG files by their triggers; with --points,
by hand. With --json one object a line, one for each pair: files, streams (file, name, kind, effective_hz, nominal_hz,
n, seconds), offset_s, drift_ppm, residual_ms, method, confidence, n_anchors, n_left_out, reason, onset_delays. The map
is session_s = offset_s + (1 + drift_ppm / 1e6) * video_s, session_s being the clock of the first of the two files.
Where the clocks can't be told, its values are null and reason says why; the exit status is then 0 all the same.
"""


def configure(parser: argparse.ArgumentParser) -> None:
    """Options: files, points set by hand, form of the output."""
    parser.description = f"{SUMMARY} {_TOLD}"
    parser.add_argument("files", type=Path, nargs="+", metavar="FILE", help="EEG, XDF or video files")
    parser.add_argument(
        "--points",
        type=_point,
        nargs="+",
        default=[],
        metavar="VIDEO:SESSION",
        help="moments in seconds on the clock of the other file and of the first, e.g. 1.5:4.25 61.5:64.26",
    )
    parser.add_argument("--json", action="store_true", help="JSON, one object a line")


def _point(text: str) -> tuple[float, float]:
    video_s, _, session_s = text.partition(":")
    try:
        return float(video_s), float(session_s)
    except ValueError:
        raise argparse.ArgumentTypeError(f"{text!r}: expected two numbers of seconds such as 1.5:4.25") from None


def run(args: argparse.Namespace) -> int:
    """Relate the files."""
    from mlcore.errors import ConcordError
    from mlcore.sync.relate import relate_files

    if args.points and len(args.files) != 2:
        raise ConcordError("--points: expected two files that they relate.")
    for report in relate_files(args.files, points=args.points):
        sys.stdout.write((json.dumps(report.to_json()) if args.json else _text(report)) + "\n")
    return 0


def _text(report: SyncReport) -> str:
    lines = [f"{stream.file}: {stream.name} ({stream.kind}), {stream.told}" for stream in report.streams]
    lines += [
        f"{delays.stream} → EEG channel index {delays.channel}: {delays.mean_ms:.1f} ± {delays.spread_ms:.1f} ms"
        for delays in report.onset_delays
    ]
    return "\n".join([*lines, report.told])
