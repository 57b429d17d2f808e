"""Options of `python -m mlcore convert`."""

from __future__ import annotations

import argparse
from pathlib import Path

VOTES, EVENTS = "crema-d", "events"
LAYOUTS = ("auto", "mahnob", "deap", "eav", "ascertain", "bids", "xdf", "manifest", "folder", VOTES, EVENTS)
TELLS = (
    'The last line on standard output is JSON: {"store", "layout", "sessions", "shards" (one a session), '
    '"already_there" (shards kept from an earlier run), "subjects", "clips", "present": {modality: clips}, "labelled": '
    '{target: clips}, "unlabelled": {target: {why: clips}}, "left_out": [{"subject", "session", "why"}], "warnings" '
    '(how many; they stand in STORE/notes), "note"}. A run that was interrupted goes on with the same command.'
)
TARGETS = (
    "Targets: mahnob arousal3 valence3 (classes by the emotional keyword) felt_arousal felt_valence felt_control "
    "felt_predictability (9 levels) and with --continuous valence (4 Hz); deap valence9 arousal9 dominance9 liking9 "
    "(ratings rounded to 9 levels) valence2 arousal2 (low up to 5, high above); eav emotion; ascertain arousal7 "
    "valence7 engagement7 liking7 familiarity7; crema-d emotion emotion_votes intended; events event; others what "
    "--targets gives."
)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """What is converted, how it is cut, and where answers come from."""
    parser.add_argument("layout", choices=LAYOUTS, metavar="LAYOUT", help=f"one of {', '.join(LAYOUTS)}")
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
    parser.add_argument(
        "--part",
        type=_part,
        default=(1, 1),
        metavar="K/N",
        help="every N-th session from the K-th on: N such commands side by side share the work; afterwards the command "
        "without it tells of the whole",
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


def _names(text: str) -> tuple[str, ...]:
    return tuple(name.strip() for name in text.split(",") if name.strip())


def _part(text: str) -> tuple[int, int]:
    place, _, n_parts = text.partition("/")
    if not (place.isdecimal() and n_parts.isdecimal() and int(n_parts)):
        raise argparse.ArgumentTypeError(f"expected K/N such as 1/4, got {text!r}")
    return int(place), int(n_parts)
