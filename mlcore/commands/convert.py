"""python -m mlcore convert LAYOUT SOURCE STORE: make a clip store of a data set."""

from __future__ import annotations

import argparse
import json
import sys
from typing import TYPE_CHECKING

from mlcore.convert.arguments import EVENTS, TARGETS, TELLS, VOTES, add_arguments
from mlcore.errors import LayoutError
from mlcore.progress import ProgressBar
from mlcore.types import JsonObject

if TYPE_CHECKING:
    from mlcore.convert.answers import Questions
    from mlcore.convert.settings import ClipSettings
    from mlcore.convert.source import OnSession

SUMMARY = "Make a clip store of a data set: signals cut to clips, and the answers that came with them."


def configure(parser: argparse.ArgumentParser) -> None:
    """Options: what is converted, and how it is cut."""
    parser.description = f"{SUMMARY} {TELLS}"
    parser.epilog = TARGETS
    add_arguments(parser)


def run(args: argparse.Namespace) -> int:
    """Convert, and say what came of it."""
    _check_options(args)
    bar = ProgressBar(sys.stderr, True if args.progress else None)

    def on_session(n_done: int, n_sessions: int, what: str) -> None:
        bar.show(n_done / n_sessions, f"{n_done} of {n_sessions} sessions, {what}")

    try:
        summary = _convert(args, on_session)
    finally:
        bar.close()
    json.dump({"store": str(args.store), **summary}, sys.stdout, ensure_ascii=False)
    sys.stdout.write("\n")
    return 0


def _check_options(args: argparse.Namespace) -> None:
    """An option that has no meaning here is a mistake, not to be passed over."""
    is_general = args.layout not in (VOTES, EVENTS)
    wrong = {
        "--label": bool(args.label) and args.layout != EVENTS,
        "--continuous": args.continuous is not None and args.layout not in ("mahnob", "auto"),
        "--targets": args.targets is not None and not is_general,
        "--target": bool(args.target) and not is_general,
        "--classes and --levels": bool(args.classes or args.levels) and args.targets is None,
    }
    for option, is_wrong in wrong.items():
        if is_wrong:
            needs = " without --targets" if "--levels" in option else ""
            raise LayoutError(f"{option} can't be used with the layout {args.layout}{needs}.")


def _convert(args: argparse.Namespace, on_session: OnSession) -> JsonObject:
    if args.layout == VOTES:
        from mlcore.convert.vote_store import convert_votes

        return {"layout": VOTES, **convert_votes(args.source, args.store, on_session=on_session)}
    if args.layout == EVENTS:
        from mlcore.convert.events import EventSettings, convert_events
        from mlcore.convert.options import pair

        labels = dict(pair(text, "--label") for text in args.label)
        settings = EventSettings(labels, args.before_s, args.after_s, args.sfreq, args.channels)
        return {"layout": EVENTS, **convert_events(args.source, args.store, settings)}
    return _convert_source(args, on_session)


def _convert_source(args: argparse.Namespace, on_session: OnSession) -> JsonObject:
    from mlcore.convert.layouts import trust_of
    from mlcore.convert.source import convert_source
    from mlcore.datasets import find_recordings

    found = find_recordings(args.source, args.layout)
    summary = convert_source(
        found,
        args.store,
        _settings(args),
        _questions(args, found.layout),
        trust=trust_of(found),
        part=args.part,
        on_session=on_session,
    )
    return {"layout": found.layout, **summary}


def _settings(args: argparse.Namespace) -> ClipSettings:
    from mlcore.convert.settings import ClipSettings

    return ClipSettings(
        window_s=args.window_s,
        hop_s=args.window_s if args.hop_s is None else args.hop_s,
        sfreq=args.sfreq,
        face_fps=args.face_fps,
        modalities=args.modalities,
        channels=args.channels,
    )


def _questions(args: argparse.Namespace, layout: str) -> Questions:
    from mlcore.convert.layouts import questions_of
    from mlcore.convert.options import scales_of

    return questions_of(
        layout,
        window_s=args.window_s,
        annotations=args.continuous,
        table=args.targets,
        scales=scales_of(args.classes, args.levels),
        only=args.target,
    )
