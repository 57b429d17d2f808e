"""CREMA-D's votes as a store: a shard an actor, two vectors a clip."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from mlcore.convert.folder import StoreFolder, shard_name
from mlcore.convert.outcome import Outcome, summed
from mlcore.convert.source import OnSession
from mlcore.convert.votes import MODALITIES, TARGETS, VotedClip, by_actor, read_votes
from mlcore.errors import LayoutError
from mlcore.store import UNLABELLED, ClipTable, ShardMeta, write_shard
from mlcore.types import JsonObject

LAYOUT, FILE_NAME = "crema-d", "tabulatedVotes.csv"


def convert_votes(
    path: Path, store: Path, *, on_session: OnSession = lambda n_done, n_sessions, what: None
) -> JsonObject:
    """Convert tabulatedVotes.csv, or the one in a folder; see `mlcore.convert.votes` for what it means.

    Subject and session are the actor, a trial is a sentence (1..12). The table has no times: clip n of an actor is
    given the second n, which only keeps clips apart.

    Returns:
        As `convert_source`.

    Raises:
        LayoutError: the table can't be understood.
        StoreError: the store was begun with something else.
    """
    folder, actors = StoreFolder(store), by_actor(read_votes(_table_in(path)))
    folder.settle({"layout": LAYOUT, "targets": {name: meta.to_json() for name, meta in TARGETS.items()}})
    outcomes, n_before = list[Outcome](), 0
    for n_done, (actor, clips) in enumerate(actors.items()):
        on_session(n_done, len(actors), f"actor {actor}")
        name = shard_name(actor, actor)
        if folder.has(name):
            n_before += 1
        else:
            folder.note(name, _outcome(actor, clips))
            _write(folder.shard(name), actor, clips)
        outcomes.append(folder.outcome(name))
    on_session(len(actors), len(actors), "done")
    return {**summed(outcomes), "already_there": n_before, "note": "The modalities are votes, not recordings."}


def _table_in(path: Path) -> Path:
    if not path.is_dir():
        return path
    found = sorted(path.rglob(FILE_NAME))
    if not found:
        raise LayoutError(f"{path.name}: there is no {FILE_NAME} in the folder.")
    return found[0]


def _outcome(actor: str, clips: Sequence[VotedClip]) -> Outcome:
    n_ties = sum(clip.votes["both"].majority() == UNLABELLED for clip in clips)
    n_clips = len(clips)
    return Outcome(
        subject=actor,
        session=actor,
        clips=n_clips,
        present=dict.fromkeys(MODALITIES, n_clips),
        labelled={"emotion": n_clips - n_ties, "emotion_votes": n_clips, "intended": n_clips},
        unlabelled={"emotion": {"the vote was tied": n_ties}} if n_ties else {},
    )


def _write(folder: Path, actor: str, clips: Sequence[VotedClip]) -> None:
    arrays = {name: np.stack([clip.votes[name].features() for clip in clips]) for name in MODALITIES}
    shares = np.stack([clip.votes["both"].shares() for clip in clips])
    write_shard(folder, ShardMeta(MODALITIES, TARGETS), _table(actor, clips), {**arrays, "emotion_votes": shares})


def _table(actor: str, clips: Sequence[VotedClip]) -> ClipTable:
    n_clips = len(clips)
    start_s = np.arange(n_clips, dtype=np.float64)
    return ClipTable(
        clip_id=np.array([clip.name for clip in clips]),
        subject=np.full(n_clips, actor),
        session=np.full(n_clips, actor),
        trial=np.array([clip.sentence for clip in clips], dtype=np.int64),
        start_s=start_s,
        stop_s=start_s + 1.0,
        present={name: np.array([bool(clip.votes[name].counts.sum()) for clip in clips]) for name in MODALITIES},
        quality={name: np.array([float(clip.votes[name].counts.sum() > 0) for clip in clips]) for name in MODALITIES},
        targets={
            "emotion": np.array([clip.votes["both"].majority() for clip in clips], dtype=np.int64),
            "intended": np.array([clip.intended for clip in clips], dtype=np.int64),
        },
    )
