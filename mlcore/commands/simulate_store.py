"""python -m mlcore simulate-store OUT: write a simulated clip store."""

from __future__ import annotations

import argparse
import json
import sys
import textwrap
from dataclasses import fields, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from mlcore.simulate import StoreConfig

SUMMARY = "Write a simulated clip store (EEG, face features, answers of simulated annotators) of a chosen difficulty."

#: parameter, default, what it is; as fields of StoreConfig
PARAMETERS = (
    ("n_subjects", 12, "simulated subjects, one shard each"),
    ("n_trials", 10, "trials of each, at most 60"),
    ("clips_per_trial", 3, "consecutive clips of each trial"),
    ("n_channels", 16, "EEG channels, at most 32"),
    ("sfreq", 128.0, "EEG samples a second, 100..1024"),
    ("window_s", 4.0, "seconds of a clip"),
    ("face_fps", 5.0, "steps a second of the face's 24 features"),
    ("eeg_snr", 1.2, "emotional over unrelated change of a rhythm's log amplitude, 0 = the EEG says nothing"),
    ("face_snr", 3.2, "emotional over unrelated movement of the face, 0 = the face says nothing"),
    ("subject_shift", 0.3, "how much people differ, 0 = not at all"),
    ("label_noise", 0.1, "share of answers that slip to a neighbouring class"),
    ("n_annotators", 3, "simulated annotators behind valence_votes; the first gives every other target"),
    ("annotator_noise", 0.08, "standard deviation of the error of one answer on the scale −1..1"),
    ("annotator_bias", 0.06, "standard deviation over annotators of their constant error"),
    ("ambiguous_share", 0.2, "share of trials near a class border, where annotators disagree"),
    ("one_sided_share", 0.15, "share of trials in which one modality shows almost nothing"),
    ("face_dominance", 0.7, "share of these in which the face still speaks"),
    ("missing_eeg_share", 0.0, "share of clips without EEG"),
    ("missing_face_share", 0.0, "share of clips without a face; no clip lacks both"),
    ("eeg_artefacts_per_min", 4.0, "muscle bursts, pops and drifts"),
    ("face_artefacts_per_min", 3.0, "occlusions, turns of the head and blurred pictures"),
    ("bad_channel_share", 0.02, "chance that a channel is bad throughout a trial"),
    ("labelled_share", 1.0, "share of clips that anybody answered"),
    ("dead_eeg_share", 0.0, "share of clips whose EEG, and nothing else, is garbage"),
    ("dead_face_share", 0.0, "share of clips whose face, and nothing else, is garbage"),
    ("dead_both_share", 0.0, "share of clips in which both are: annotators say that the signal is bad"),
    ("neutral_share", 0.0, "share of the trials of low and high valence that are of middle valence instead"),
    ("hop_s", 0.0, "seconds between the starts of two clips, 0 = window_s; less makes near-duplicates"),
)
#: as keys of REGIMES
REGIME_NAMES = (
    *("default", "eeg_dominant", "face_uninformative", "clean_plentiful", "no_subject_shift", "strong_subject_shift"),
    *("few_labels", "noisy_labels", "ambiguous", "missing_modalities", "one_sided"),
)
#: as keys of ACQUISITION_REGIMES, asked for as "asking:NAME"
ASKING_NAMES = ("clean", "noisy", "redundant", "imbalanced", "ambiguous", "all_hard")
ASKING = "asking:"
_TOLD = f"""
OUT gets one shard a subject with the modalities eeg and face and the targets valence3, arousal3 (class), valence_votes
(distribution), valence9 (ordinal) and valence (trace), where sensors may be dead also signal (class: usable, bad; a
clip with a bad signal has no other answer), and beside the shards truth.json, which only simulated annotators
("python -m mlcore oracle") and tests read. The same options write the same bytes. The last line on stdout is what
"describe" says of the store, as JSON.

regimes (what each changes, and what is expected of the method there, stands in mlcore/simulate/regimes.py):
{textwrap.fill(", ".join(REGIME_NAMES), 110, initial_indent="  ", subsequent_indent="  ")}

stores for strategies of asking (in the same file):
{textwrap.fill(", ".join(ASKING + name for name in ASKING_NAMES), 110, initial_indent="  ", subsequent_indent="  ")}

parameters for --set:
"""


def configure(parser: argparse.ArgumentParser) -> None:
    """Options: regime, seed, single parameters."""
    width = max(len(name) for name, *_ in PARAMETERS)
    lines = [f"  {name:{width}}  {text} (default {default})" for name, default, text in PARAMETERS]
    parser.formatter_class = argparse.RawDescriptionHelpFormatter
    parser.epilog = _TOLD + "\n".join(lines)
    parser.add_argument("out", type=Path, metavar="OUT", help="folder that is empty or absent")
    parser.add_argument("--regime", default="default", metavar="NAME", help="kind of store (default: default)")
    parser.add_argument("--seed", type=int, default=0, help="another seed draws other people (default 0)")
    parser.add_argument(
        "--set",
        action="append",
        default=[],
        metavar="NAME=VALUE",
        help="one parameter, over the regime's; may be repeated",
    )
    parser.add_argument("--quiet", action="store_true", help="no progress on stderr")


def run(args: argparse.Namespace) -> int:
    """Write the store and describe it."""
    from mlcore.simulate import simulate_store
    from mlcore.store import describe, open_store

    config = build_config(args)
    out = simulate_store(args.out, config, on_progress=None if args.quiet else _print_progress)
    sys.stdout.write(json.dumps(describe(open_store(out)), ensure_ascii=False) + "\n")
    return 0


def build_config(args: argparse.Namespace) -> StoreConfig:
    """The configuration that the options ask for: the regime's, with what is set over it."""
    from mlcore.simulate import find_acquisition_regime, find_regime

    is_asking = args.regime.startswith(ASKING)
    found = find_acquisition_regime(args.regime.removeprefix(ASKING)) if is_asking else find_regime(args.regime)
    config = found.config(seed=args.seed)
    kinds = {item.name: type(getattr(config, item.name)) for item in fields(config) if item.name != "seed"}
    return replace(config, **dict(_setting(text, kinds) for text in args.set))


def _setting(text: str, kinds: dict[str, type]) -> tuple[str, Any]:
    from mlcore.errors import ConcordError

    name, _, value = text.partition("=")
    if name not in kinds:
        raise ConcordError(f"--set {text}: expected NAME=VALUE with one of {', '.join(kinds)}")
    try:
        return name, kinds[name](value)
    except ValueError:
        kind = "whole number" if kinds[name] is int else "number"
        raise ConcordError(f"--set {text}: {value!r} is not a {kind}") from None


def _print_progress(done: int, total: int) -> None:
    sys.stderr.write(f"\rsimulated subjects: {done} of {total}" + ("\n" if done == total else ""))
    sys.stderr.flush()
