"""From a round's frozen rows to what it learns from: clips in columns, shards as one store, answers as targets."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from django.conf import settings
from django.db.models import QuerySet
from numpy.typing import NDArray

from annotator.domain import rounds
from annotator.enums import DerivedKind, VoteModel
from annotator.models import Clip, Derived, Round
from mlcore.errors import TrainingError
from mlcore.store import Store, open_store
from mlcore.train import RoundData
from mlcore.types import JsonObject
from worker.bridge import SHARD_VERSION, class_names
from worker.reading import Reading
from worker.voters import Voters
from worker.votes import round_targets

Rows = NDArray[np.int64]
Floats = NDArray[np.float64]
#: what a round knows of a clip, in columns: a million of them take 90 MB
CLIP = np.dtype(
    [
        ("clip", np.int64),
        ("session", np.int64),
        ("row", np.int64),  # of its shard in the database, of the store in a `RoundInput`
        ("subject", np.int64),
        ("is_test", np.bool_),
        ("start_s", np.float64),
        ("stop_s", np.float64),
        ("has_eeg", np.bool_),
        ("eeg_quality", np.float64),  # NaN where nobody measured
        ("has_face", np.bool_),
        ("face_quality", np.float64),
    ]
)
COLUMNS = (
    "pk",
    "session_id",
    "shard_row",
    "subject_id",
    "subject__is_test",
    "start_s",
    "stop_s",
    "has_eeg",
    "eeg_quality",
    "has_face",
    "face_quality",
)
#: rows that are fetched at a time
FETCHED = 20_000
Clips = NDArray[np.void]


@dataclass(frozen=True, slots=True)
class RoundInput:
    """A round's clips as rows of one store.

    Args:
        data: what it learns from.
        clips: those that it may see and read, as `CLIP` says, by rising store row.
        labelled: places in `clips` of `data.labelled_rows`.
        test: likewise of `data.test_rows`.
        pool: likewise of `data.pool_rows`.
        shards: folders of the store, as `open_store` takes them.
        reliability: of each annotator, as the answers show it, by user id.
        agreement: Krippendorff's alpha of the answers, by question; None where it can't be told.
        voters: what answers after the round are weighed by, by question; empty where every answer counts the same.
        reading: how answers were read.
        followed: by trace target, (n, T) of the labelled clips, then of the test subjects'.
    """

    data: RoundData
    clips: Clips
    labelled: Rows
    test: Rows
    pool: Rows
    shards: tuple[Path, ...]
    reliability: JsonObject
    agreement: dict[str, float | None]
    voters: dict[str, Voters]
    reading: Reading
    followed: dict[str, Floats]

    @property
    def clip_ids(self) -> Rows:
        """The clip of each store row; 0 where the round may not see it."""
        ids = np.zeros(self.data.store.n_clips, dtype=np.int64)
        ids[self.clips["row"]] = self.clips["clip"]
        return ids


def round_input(round_: Round, max_clip: int) -> RoundInput:
    """Frozen labels and the shards of every readable session, as rows of one store."""
    clips, store, shards = clips_in_store(
        rounds.readable_clips(round_, max_clip), after_rebuilding="start the round again"
    )
    votes = rounds.frozen_votes_by_annotator(round_)
    has_votes = np.isin(clips["clip"], np.fromiter(votes, dtype=np.int64, count=len(votes)))
    wanted = rounds.pool_clips(round_, max_clip)
    test, labelled = (np.flatnonzero(has_votes & (clips["is_test"] == is_test)) for is_test in (True, False))
    pool = np.flatnonzero(np.isin(clips["clip"], np.fromiter(wanted, dtype=np.int64, count=len(wanted))))
    study, judged = round_.study, clips["clip"][np.concatenate([labelled, test])].tolist()
    asked = Reading.of(round_)
    curves = asked.curves(votes)
    reading = asked.settled(votes, curves)
    said = round_targets(reading.read(votes, curves), judged, reading.questions, VoteModel(study.vote_model))
    followed = reading.trace_targets(votes, judged, curves)
    n_labelled = len(labelled)
    data = RoundData(
        store=store,
        classes={dimension.key: class_names(dimension) for dimension in reading.questions},
        labelled_rows=clips["row"][labelled],
        targets={name: values[:n_labelled] for name, values in said.targets.items()},
        test_rows=clips["row"][test],
        test_targets={name: values[n_labelled:] for name, values in said.targets.items()},
        pool_rows=clips["row"][pool],
        traces={name: values[:n_labelled] for name, values in followed.items()},
        weights={name: values[:n_labelled] for name, values in said.weights.items()},
    )
    return RoundInput(
        data=data,
        clips=clips,
        labelled=labelled,
        test=test,
        pool=pool,
        shards=shards,
        reliability=said.reliability,
        agreement=said.agreement,
        voters=said.voters,
        reading=reading,
        followed=followed,
    )


def clips_in_store(found: QuerySet[Clip], *, after_rebuilding: str) -> tuple[Clips, Store, tuple[Path, ...]]:
    """Clips with their rows in the store of their sessions' shards, by rising row; the store, and its folders.

    Args:
        found: clips, in the order of their sessions' shards; those whose session has no shard are left out.
        after_rebuilding: what people are told to do, or what comes by itself, once shards of different versions are
            made anew.
    """
    clips = np.fromiter(found.values_list(*COLUMNS).iterator(FETCHED), dtype=CLIP)
    shards = _shards({int(session) for session in np.unique(clips["session"])}, after_rebuilding)
    if not shards:
        raise TrainingError("No session of the study has clips that can be read: import some first.")
    folders = tuple(path for _, path in shards)
    store = open_store(folders)
    return _in_store(clips, [session for session, _ in shards], store), store, folders


def checks_in_store(study_id: int, shards: Sequence[str], store: Store) -> Clips:
    """Checks with their rows in a round's store, by rising row; those whose session it does not have are left out.

    Args:
        study_id: whose checks.
        shards: the store's folders, below DERIVED_ROOT.
        store: the round's.
    """
    clips = np.fromiter(rounds.check_clips(study_id).values_list(*COLUMNS).iterator(FETCHED), dtype=CLIP)
    place = {shard: number for number, shard in enumerate(shards)}
    derived = Derived.objects.filter(session__in=np.unique(clips["session"]).tolist(), kind=DerivedKind.SHARD)
    first_row = {
        session: int(store.bounds[place[path]])
        for session, path in derived.values_list("session_id", "path")
        if path in place
    }
    kept = clips[np.isin(clips["session"], list(first_row))]
    kept["row"] += np.array([first_row[session] for session in kept["session"].tolist()], dtype=np.int64)
    in_order: Clips = kept[np.argsort(kept["row"], kind="stable")]
    return in_order


def _in_store(clips: Clips, sessions: Sequence[int], store: Store) -> Clips:
    """The clips whose session has a shard, with their rows in the store, in that order."""
    ids = np.array(sessions, dtype=np.int64)  # by rising id, as the shards lie
    place = np.minimum(np.searchsorted(ids, clips["session"]), len(ids) - 1)
    has_shard = ids[place] == clips["session"]
    kept = clips[has_shard]
    kept["row"] += store.bounds[place[has_shard]]
    in_order: Clips = kept[np.argsort(kept["row"], kind="stable")]
    return in_order


def _shards(sessions: set[int], after_rebuilding: str) -> list[tuple[int, Path]]:
    """The shard of each session. Shards of different versions say different things by the same names: no mixing."""
    derived = Derived.objects.filter(session__in=sessions, kind=DerivedKind.SHARD)
    found = derived.order_by("session_id", "-version").values_list("session_id", "version", "path")
    newest: dict[int, tuple[int, str]] = {}
    for session_id, version, path in found:
        newest.setdefault(session_id, (version, path))
    n_older = sum(version != SHARD_VERSION for version, _ in newest.values())
    if n_older:
        raise TrainingError(
            f"{n_older} of the study's {len(newest)} sessions were imported by an older version: run "
            f"manage.py rebuild_sessions for the study, then {after_rebuilding}."
        )
    return [(session_id, Path(settings.DERIVED_ROOT) / path) for session_id, (_, path) in newest.items()]


def write_round_files(folder: Path, prepared: RoundInput) -> None:
    """For whoever looks back: `clips.parquet` (clip, store row, role), `targets.parquet` (shares of votes), and of each
    trace `<name>.npy` (n, T), its rows in the order of the targets'."""
    data, roles = prepared.data, np.full(len(prepared.clips), "", dtype="<U5")
    for role, places in (("pool", prepared.pool), ("train", prepared.labelled), ("test", prepared.test)):
        roles[places] = role
    seen = roles != ""
    clips, rows = prepared.clips["clip"][seen], prepared.clips["row"][seen]
    names = data.store.clip_ids[rows]
    _write_parquet(folder / "clips.parquet", {"clip": clips, "row": rows, "role": roles[seen], "store_clip_id": names})
    judged = np.concatenate([prepared.labelled, prepared.test])
    targets: dict[str, object] = {"clip": prepared.clips["clip"][judged]}
    for name in data.classes:
        targets[name] = list(np.concatenate([data.targets[name], data.test_targets[name]]).astype(np.float64))
    _write_parquet(folder / "targets.parquet", targets)
    for name, values in prepared.followed.items():
        np.save(folder / f"{name}.npy", values)


def _write_parquet(path: Path, columns: Mapping[str, object]) -> None:
    beside = path.with_name(f".{path.name}.part")
    pq.write_table(pa.table(dict(columns)), beside)
    beside.replace(path)
