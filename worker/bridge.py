"""The single mapping between rows of the database and what mlcore works on."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from django.conf import settings
from numpy.typing import NDArray

from annotator.domain import rounds
from annotator.domain.rounds import ScoredClip
from annotator.enums import DerivedKind
from annotator.models import Derived, RecordingSession, Round, Study
from mlcore.acquire import PoolScores, rank_by_entropy
from mlcore.errors import TrainingError
from mlcore.store import ClipTable, ModalityKind, ModalityMeta, RowStream, ShardMeta, Store, open_store, write_shard
from mlcore.train import RoundData
from mlcore.types import ClipQuality, Dimension, DimensionKind, JsonObject, Modality
from mlcore.vision import FEATURE_NAMES, FEATURES_VERSION
from worker.clip_eeg import ClipEeg, eeg_shape
from worker.clip_faces import ClipFaces, face_shape
from worker.stopwatch import Stopwatch

#: raised whenever the same recording would give another shard
SHARD_VERSION = 2
Rows = NDArray[np.int64]
Samples = NDArray[np.float32]


# --- a session's clips -> shard --------------------------------------------------------------------------------------


def write_session_shard(
    folder: Path, session: RecordingSession, study: Study, *, eeg: ClipEeg, faces: ClipFaces, watch: Stopwatch
) -> None:
    """Row n of the shard is clip n of the session; a session without a clip has no shard."""
    if not eeg.windows:
        return
    arrays: dict[str, Samples | RowStream] = {Modality.FACE.value: faces.features}
    if study.eeg_channels:
        arrays[Modality.EEG.value] = eeg.rows(watch)
    write_shard(folder, shard_meta(study), _clip_table(session, eeg=eeg, faces=faces, modalities=tuple(arrays)), arrays)


def shard_meta(study: Study) -> ShardMeta:
    modalities = {Modality.FACE.value: _face_meta(study)}
    if study.eeg_channels:
        modalities[Modality.EEG.value] = _eeg_meta(study)
    return ShardMeta(modalities, versions={"shard": SHARD_VERSION, "face_features": FEATURES_VERSION})


def _eeg_meta(study: Study) -> ModalityMeta:
    channels = tuple(str(name) for name in study.eeg_channels)
    return ModalityMeta(
        ModalityKind.WAVEFORM, eeg_shape(study), sfreq=float(study.eeg_sfreq), unit="µV", channels=channels
    )


def _face_meta(study: Study) -> ModalityMeta:
    return ModalityMeta(
        ModalityKind.SEQUENCE, face_shape(study), sfreq=float(study.face_fps), channels=tuple(FEATURE_NAMES)
    )


def _clip_table(session: RecordingSession, *, eeg: ClipEeg, faces: ClipFaces, modalities: tuple[str, ...]) -> ClipTable:
    windows = eeg.windows
    present = {"eeg": eeg.present, "face": faces.present}
    quality = {"eeg": scores(eeg.quality), "face": scores(faces.quality)}
    return ClipTable(
        clip_id=np.array([f"s{session.pk}c{row}" for row in range(len(windows))]),
        subject=np.array([session.subject.code] * len(windows)),
        session=np.array([session.code] * len(windows)),
        trial=np.array([window.trial for window in windows], dtype=np.int64),
        start_s=np.array([window.start_s for window in windows]),
        stop_s=np.array([window.stop_s for window in windows]),
        present={name: present[name] for name in modalities},
        quality={name: quality[name] for name in modalities},
    )


def scores(quality: Sequence[ClipQuality | None]) -> NDArray[np.float64]:
    """(N,) as a store keeps them: 0 where there is nothing to judge."""
    return np.array([0.0 if one is None else one.score for one in quality])


# --- a round's rows -> what it learns from ---------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class RoundInput:
    data: RoundData
    #: clip of each store row; 0 where the round may not see it
    clip_ids: Rows
    roles: dict[int, str]


def round_input(round_: Round, max_clip: int) -> RoundInput:
    """Frozen labels and the shards of every readable session, as rows of one store."""
    clips = list(rounds.readable_clips(round_, max_clip))
    shards = _shards({clip.session_id for clip in clips})
    if not shards:
        raise TrainingError("No session of the study has clips that can be read: import some first.")
    store = open_store([path for _, path in shards])
    first_row = {session: int(bound) for (session, _), bound in zip(shards, store.bounds[:-1], strict=True)}
    rows = {clip.pk: first_row[clip.session_id] + clip.shard_row for clip in clips if clip.session_id in first_row}
    votes = rounds.frozen_votes(round_)
    test = [clip.pk for clip in clips if clip.subject.is_test and clip.pk in votes and clip.pk in rows]
    labelled = [clip.pk for clip in clips if not clip.subject.is_test and clip.pk in votes and clip.pk in rows]
    wanted = rounds.pool_clips(round_, max_clip)
    pool = [clip.pk for clip in clips if clip.pk in wanted and clip.pk in rows]
    dimensions = round_.study.dimensions
    data = RoundData(
        store=store,
        classes={dimension.key: class_names(dimension) for dimension in dimensions},
        labelled_rows=_rows(labelled, rows),
        targets=_targets(labelled, votes, dimensions),
        test_rows=_rows(test, rows),
        test_targets=_targets(test, votes, dimensions),
        pool_rows=_rows(pool, rows),
    )
    roles = {pk: role for role, group in (("pool", pool), ("train", labelled), ("test", test)) for pk in group}
    return RoundInput(data, _clip_of_row(rows, store.n_clips), roles)


def _shards(sessions: set[int]) -> list[tuple[int, Path]]:
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
            "manage.py rebuild_sessions for the study, then start the round again."
        )
    return [(session_id, Path(settings.DERIVED_ROOT) / path) for session_id, (_, path) in newest.items()]


def _rows(clips: Sequence[int], rows: Mapping[int, int]) -> Rows:
    return np.array([rows[pk] for pk in clips], dtype=np.int64)


def _clip_of_row(rows: Mapping[int, int], n_rows: int) -> Rows:
    clip_ids = np.zeros(n_rows, dtype=np.int64)
    for pk, row in rows.items():
        clip_ids[row] = pk
    return clip_ids


def class_names(dimension: Dimension) -> tuple[str, ...]:
    if dimension.kind is DimensionKind.CLASS:
        return dimension.classes
    return tuple(str(level) for level in range(1, dimension.levels + 1))


def _targets(
    clips: Sequence[int], votes: Mapping[int, Sequence[JsonObject]], dimensions: Sequence[Dimension]
) -> dict[str, NDArray[np.float32]]:
    return {dimension.key: vote_shares([votes[pk] for pk in clips], dimension) for dimension in dimensions}


def vote_shares(answers: Sequence[Sequence[JsonObject]], dimension: Dimension) -> NDArray[np.float32]:
    """(n, K) share of each clip's answers that every class got; NaN where none of them says anything of it."""
    counts = np.zeros((len(answers), dimension.n_classes), dtype=np.float32)
    for row, given in enumerate(answers):
        for values in given:
            if values.get(dimension.key) is not None:
                counts[row, dimension.class_index(int(values[dimension.key]))] += 1
    totals = counts.sum(axis=1, keepdims=True)
    shares = np.full_like(counts, np.nan)
    np.divide(counts, totals, out=shares, where=totals > 0)
    return shares


def write_round_files(folder: Path, prepared: RoundInput) -> None:
    """`clips.parquet` (clip, store row, role) and `targets.parquet` (shares of votes), for whoever looks back."""
    data = prepared.data
    rows = [row for row in range(data.store.n_clips) if prepared.clip_ids[row] in prepared.roles]
    ids = [int(prepared.clip_ids[row]) for row in rows]
    names = [str(data.store.clip_ids[row]) for row in rows]
    roles = [prepared.roles[pk] for pk in ids]
    _write_parquet(folder / "clips.parquet", {"clip": ids, "row": rows, "role": roles, "store_clip_id": names})
    scored = np.concatenate([data.labelled_rows, data.test_rows])
    targets: dict[str, object] = {"clip": [int(prepared.clip_ids[row]) for row in scored]}
    for name in data.classes:
        targets[name] = list(np.concatenate([data.targets[name], data.test_targets[name]]).astype(np.float64))
    _write_parquet(folder / "targets.parquet", targets)


def _write_parquet(path: Path, columns: Mapping[str, object]) -> None:
    beside = path.with_name(f".{path.name}.part")
    pq.write_table(pa.table(dict(columns)), beside)
    beside.replace(path)


# --- scores -> rows --------------------------------------------------------------------------------------------------


def ranked_clips(scores: PoolScores, prepared: RoundInput) -> tuple[ScoredClip, ...]:
    """Most uncertain first; then, unscored, the clips that no modality tells the model anything of.

    Their entropy would be the highest there is and say nothing, and yet somebody may still be asked about them.
    """
    order = rank_by_entropy(scores)
    is_readable = _has_any_modality(prepared.data.store)[scores.rows[order]]
    scored = [_scored(scores, int(place), prepared.clip_ids) for place in order[is_readable]]
    unread = [_unscored(int(prepared.clip_ids[scores.rows[place]])) for place in order[~is_readable]]
    return (*scored, *unread)


def _has_any_modality(store: Store) -> NDArray[np.bool_]:
    present = [store.present(name) for name in store.meta.modalities]
    return np.logical_or.reduce(present, initial=False) if present else np.zeros(store.n_clips, dtype=np.bool_)


def _unscored(clip_id: int) -> ScoredClip:
    return ScoredClip(clip_id, probabilities={}, alpha={}, scores={"entropy": None, "unscored": "no usable modality"})


def _scored(scores: PoolScores, place: int, clip_ids: Rows) -> ScoredClip:
    alpha = {name: _floats(values[place]) for name, values in scores.alpha.items()}
    return ScoredClip(
        clip_id=int(clip_ids[scores.rows[place]]),
        probabilities={name: _floats(scores.probabilities(name)[place]) for name in scores.alpha},
        alpha=alpha,
        scores={
            "entropy": float(scores.mean_entropy[place]),
            "entropy_by_target": {name: float(values[place]) for name, values in scores.entropy.items()},
            "vacuity": {name: float(values[place]) for name, values in scores.vacuity.items()},
            "disagreement": {name: float(values[place]) for name, values in scores.disagreement.items()},
            "agreement": _or_none(float(scores.agreement[place])),
            "evidence": _evidence(scores, place),
        },
    )


def _evidence(scores: PoolScores, place: int) -> dict[str, float]:
    """Σ(α − 1) of each modality that the clip has, mean over the targets: how much the networks make of it."""
    amounts = {
        modality: float(np.mean([(alpha[place] - 1).sum() for alpha in by_target.values()]))
        for modality, by_target in scores.alpha_by_modality.items()
        if by_target
    }
    return {modality: amount for modality, amount in amounts.items() if np.isfinite(amount)}


def _floats(values: NDArray[np.floating]) -> list[float]:
    return [float(value) for value in values]


def _or_none(value: float) -> float | None:
    return value if np.isfinite(value) else None
