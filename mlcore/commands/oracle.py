"""python -m mlcore oracle TRUTH: let a simulated annotator answer clips."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING

from mlcore.errors import ConcordError

if TYPE_CHECKING:
    from mlcore.simulate.oracle import SimulatedAnnotator

SUMMARY = "Answer clips of simulated recordings as a simulated annotator: JSON lines in, JSON lines out."
_FIELDS = ("clip_id", "subject", "session", "trial", "start_s", "stop_s")


def configure(parser: argparse.ArgumentParser) -> None:
    """Options: who answers, and how well."""
    parser.description = (
        f'{SUMMARY} In: {{"clip_id", "subject", "session", "trial", "start_s", "stop_s"}}. '
        'Out: {"clip_id", "values": {"valence": 0..2, "arousal": 0..2} or null, "confidence", "seconds_spent"}; '
        'null is "can\'t tell".'
    )
    parser.add_argument("truth", type=Path, metavar="TRUTH", help="truth.json of the simulated recordings")
    parser.add_argument("--annotator", type=int, default=0, metavar="SEED", help="which simulated annotator answers")
    parser.add_argument("--flip-rate", type=float, default=0.05, help="share of slips on easy clips (default 0.05)")
    parser.add_argument("--abstain-rate", type=float, default=0.02, help='share of "can\'t tell" (default 0.02)')


def run(args: argparse.Namespace) -> int:
    """Answer each line of standard input."""
    from mlcore.simulate.oracle import SimulatedAnnotator

    rates = {"flip_rate": args.flip_rate, "abstain_rate": args.abstain_rate}
    annotator = SimulatedAnnotator(args.truth, seed=args.annotator, **rates)
    for line in _answers(annotator, sys.stdin):
        sys.stdout.write(line + "\n")
        sys.stdout.flush()
    return 0


def _answers(annotator: SimulatedAnnotator, lines: Iterable[str]) -> Iterable[str]:
    for number, line in enumerate(lines, start=1):
        if line.strip():
            yield json.dumps(_answer(annotator, line, number))


def _answer(annotator: SimulatedAnnotator, line: str, number: int) -> dict[str, object]:
    try:
        clip_id, subject, session, trial, start_s, stop_s = (json.loads(line)[name] for name in _FIELDS)
        times_s = float(start_s), float(stop_s)
        answer = annotator.respond(str(subject), str(session), int(trial), *times_s)
    except (KeyError, TypeError, json.JSONDecodeError) as error:
        raise ConcordError(f"line {number}: expected a JSON object with {', '.join(_FIELDS)} ({error})") from error
    return {
        "clip_id": clip_id,
        "values": answer.values or None,
        "confidence": answer.confidence,
        "seconds_spent": answer.seconds_spent,
    }
