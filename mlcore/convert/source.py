"""A source in any layout becomes a store: a shard a session, made once."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory

from mlcore.convert.answers import Questions
from mlcore.convert.eeg import eeg_channels
from mlcore.convert.folder import StoreFolder, shard_name
from mlcore.convert.outcome import Outcome, summed
from mlcore.convert.session import Plan, Trust, clips_of, write_clips
from mlcore.convert.settings import ClipSettings
from mlcore.datasets import Discovery, open_recording_eeg, read_recording
from mlcore.errors import LayoutError, RecordingError, SignalError
from mlcore.types import JsonObject, RecordingSpec

#: told which session comes next: (sessions done, sessions, what)
OnSession = Callable[[int, int, str], None]


def convert_source(
    found: Discovery,
    store: Path,
    settings: ClipSettings,
    questions: Questions,
    *,
    trust: Trust = lambda spec, modality: None,
    part: tuple[int, int] = (1, 1),
    on_session: OnSession = lambda n_done, n_sessions, what: None,
) -> JsonObject:
    """Convert every recording that isn't in the store yet.

    A session that can't be read is left out with its reason, and tried again the next time. Interrupted at any moment,
    the same call goes on where it stopped, and the store comes out the same to the byte.

    Args:
        found: the recordings.
        store: the folder; made if need be.
        settings: lengths, rates, channels.
        questions: the targets that the shards carry.
        trust: what the data set itself says of a modality's quality.
        part: (k, n) = only every n-th session, beginning with the k-th: n processes share the work, on one machine or
            several, without knowing of each other.
        on_session: told of the progress; may raise to stop.

    Returns:
        {"sessions", "shards", "already_there", "subjects", "clips", "present": {modality: clips}, "labelled":
        {target: clips}, "unlabelled": {target: {why: clips}}, "left_out": [{"subject", "session", "why"}], "warnings",
        "note"}.

    Raises:
        LayoutError: no session at all could be converted.
        StoreError: the store was begun with other settings.
    """
    folder, specs = StoreFolder(store), _share(found, part)
    settings = replace(settings, channels=settings.channels or _channels(folder, found, settings))
    folder.settle(
        {
            "layout": found.layout,
            **settings.to_json(),
            "targets": {name: meta.to_json() for name, meta in questions.metas.items()},
        }
    )
    plan, outcomes, n_before = Plan(settings, questions, trust), list[Outcome](), 0
    for n_done, spec in enumerate(specs):
        on_session(n_done, len(specs), f"{spec.subject} {spec.session}")
        name = shard_name(spec.subject, spec.session)
        is_there = folder.has(name)
        n_before += is_there
        outcomes.append(folder.outcome(name) if is_there else _convert(spec, found.root, folder, plan))
    on_session(len(specs), len(specs), "done")
    _check_any(outcomes)
    return {**summed(outcomes), "already_there": n_before, "note": found.why}


def _share(found: Discovery, part: tuple[int, int]) -> tuple[RecordingSpec, ...]:
    place, n_parts = part
    if not 1 <= place <= n_parts:
        raise LayoutError(f"part: expected 1/{n_parts} to {n_parts}/{n_parts}, got {place}/{n_parts}.")
    specs = found.recordings[place - 1 :: n_parts]
    if not specs:
        raise LayoutError(f"part: the source has {len(found.recordings)} sessions, too few for part {place}/{n_parts}.")
    return specs


def _convert(spec: RecordingSpec, root: Path, folder: StoreFolder, plan: Plan) -> Outcome:
    name = shard_name(spec.subject, spec.session)
    try:
        with TemporaryDirectory() as scratch:
            clips = clips_of(read_recording(spec, root), plan, Path(scratch))
            outcome = clips.outcome()
            folder.note(name, outcome)
            if not outcome.left_out:
                write_clips(folder.shard(name), clips, plan)
    except (RecordingError, SignalError) as error:
        outcome = Outcome(spec.subject, spec.session, left_out=str(error))
        folder.note(name, outcome)
    return outcome


def _channels(folder: StoreFolder, found: Discovery, settings: ClipSettings) -> tuple[str, ...]:
    """Those the store was begun with, else those of the first recording whose EEG can be read."""
    settled = folder.settled("channels")
    if settled is not None or not settings.has_eeg:
        return tuple(settled or ())
    for spec in found.recordings:
        try:
            eeg = open_recording_eeg(spec, found.root)
        except RecordingError:
            continue  # it is left out, with its reason, when its turn comes
        if eeg is not None and (channels := eeg_channels(eeg)):
            return channels
    return ()


def _check_any(outcomes: Sequence[Outcome]) -> None:
    if all(one.left_out for one in outcomes):
        first = outcomes[0]
        raise LayoutError(
            f"none of the {len(outcomes)} sessions could be converted; the first, {first.session} of subject "
            f"{first.subject}: {first.left_out}"
        )
