"""python -m mlcore convert LAYOUT SOURCE STORE: make a clip store of a data set."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from mlcore.errors import LayoutError
from mlcore.progress import ProgressBar
from mlcore.types import JsonObject

if TYPE_CHECKING:
    from mlcore.convert.answers import Questions
    from mlcore.convert.own_targets import Scales
    from mlcore.convert.settings import ClipSettings
    from mlcore.convert.source import OnSession

SUMMARY = "Make a clip store of a data set: signals cut to clips, and the answers that came with them."
_VOTES, _EVENTS = "crema-d", "events"
_LAYOUTS = ("auto", "mahnob", "deap", "eav", "ascertain", "bids", "xdf", "manifest", "folder", _VOTES, _EVENTS)
_RECEIVES = (
    'The last line on standard output is JSON: {"store", "layout", "sessions", "shards" (one a session), '
    '"already_there" (shards kept from an earlier run), "subjects", "clips", "present": {modality: clips}, "labelled": '
    '{target: clips}, "unlabelled": {target: {why: clips}}, "left_out": [{"subject", "session", "why"}], "warnings" '
    '(how many; they stand in STORE/notes), "note"}. A run that was interrupted goes on with the same command.'
)
_TARGETS = (
    "Targets: mahnob arousal3 valence3 (classes by the emotional keyword) felt_arousal felt_valence felt_control "
    "felt_predictability (9 levels) and with --continuous valence (4 Hz); deap valence9 arousal9 dominance9 liking9 "
    "(ratings rounded to 9 levels) valence2 arousal2 (low up to 5, high above); eav emotion; ascertain arousal7 "
    "valence7 engagement7 liking7 familiarity7; crema-d emotion emotion_votes intended; events event; others what "
    "--targets gives."
)


def configure(parser: argparse.ArgumentParser) -> None:
    """Options: what is converted, and how it is cut."""
    parser.description = f"{SUMMARY} {_RECEIVES}"
    parser.epilog = _TARGETS
    parser.add_argument("layout", choices=_LAYOUTS, metavar="LAYOUT", help=f"one of {', '.join(_LAYOUTS)}")
    parser.add_argument("source", type=Path, metavar="SOURCE", help="folder or file of the data set")
    parser.add_argument("store", type=Path, metavar="STORE", help="folder of the store; made, or gone on with")
    parser.add_argument("--window-s", type=float, default=5.0, metavar="S", help="length of a clip (default 5)")
    parser.add_argument("--hop-s", type=float, metavar="S", help="from clip to clip (default: as long as a clip)")
    parser.add_argument("--sfreq", type=float, default=128.0, metavar="HZ", help="rate of the EEG (default 128)")
    parser.add_argument("--face-fps", type=float, default=5.0, metavar="HZ", help="face features a second (default 5)")
    parser.add_argument(
        "--modalities", type=_names, default=("eeg", "face"), metavar="A,B", help="which of eeg and face (default both)"
    )
    parser.add_argument(
        "--channels", type=_names, default=(), metavar="A,B,…", help="EEG channels (default: the first recording's)"
    )
    parser.add_argument(
        "--target", action="append", default=[], metavar="NAME", help="only this target; may be repeated (default all)"
    )
    parser.add_argument("--progress", action="store_true", help="show a progress bar even where stderr is no terminal")
    _configure_answers(parser.add_argument_group("answers from elsewhere"))
    _configure_events(parser.add_argument_group("events only"))


def _configure_answers(group: argparse._ArgumentGroup) -> None:
    group.add_argument(
        "--continuous",
        type=Path,
        metavar="FOLDER",
        help="mahnob only: continuous valence, the published .mat file or a CSV file with session, t_s, valence",
    )
    group.add_argument(
        "--targets",
        type=Path,
        metavar="FILE.csv",
        help="columns session (and subject), trial or start_s and stop_s, then one a target: class names, or levels "
        "from 1 on",
    )
    group.add_argument(
        "--classes",
        action="append",
        default=[],
        metavar="NAME=A,B,…",
        help="order of the class names of a column of --targets (default alphabetical)",
    )
    group.add_argument(
        "--levels",
        action="append",
        default=[],
        metavar="NAME=N",
        help="levels of a column of --targets (default: its largest number)",
    )


def _configure_events(group: argparse._ArgumentGroup) -> None:
    group.add_argument(
        "--label",
        action="append",
        default=[],
        metavar="NAME=DESCRIPTION",
        help="a class, and how the EEG file SOURCE describes its events; two or more",
    )
    group.add_argument("--before-s", type=float, default=0.0, metavar="S", help="clips begin before it (default 0)")
    group.add_argument("--after-s", type=float, default=1.0, metavar="S", help="and end after it (default 1)")


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
    is_general = args.layout not in (_VOTES, _EVENTS)
    wrong = {
        "--label": bool(args.label) and args.layout != _EVENTS,
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
    if args.layout == _VOTES:
        from mlcore.convert.vote_store import convert_votes

        return {"layout": _VOTES, **convert_votes(args.source, args.store, on_session=on_session)}
    if args.layout == _EVENTS:
        from mlcore.convert.events import EventSettings, convert_events

        labels = dict(_pair(text, "--label") for text in args.label)
        settings = EventSettings(labels, args.before_s, args.after_s, args.sfreq, args.channels)
        return {"layout": _EVENTS, **convert_events(args.source, args.store, settings)}
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

    return questions_of(
        layout,
        window_s=args.window_s,
        annotations=args.continuous,
        table=args.targets,
        scales=_scales(args.classes, args.levels),
        only=args.target,
    )


def _scales(classes: Sequence[str], levels: Sequence[str]) -> Scales:
    from mlcore.convert.own_targets import Scales

    named = {name: _names(text) for name, text in (_pair(item, "--classes") for item in classes)}
    return Scales(named, {name: _whole(text) for name, text in (_pair(item, "--levels") for item in levels)})


def _names(text: str) -> tuple[str, ...]:
    return tuple(name.strip() for name in text.split(",") if name.strip())


def _pair(text: str, option: str) -> tuple[str, str]:
    name, equals, value = text.partition("=")
    if not (name and equals and value):
        raise LayoutError(f"{option}: expected NAME=VALUE, got {text!r}.")
    return name, value


def _whole(text: str) -> int:
    if not text.isdecimal():
        raise LayoutError(f"--levels: expected a whole number, got {text!r}.")
    return int(text)
