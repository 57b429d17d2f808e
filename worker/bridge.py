"""The single mapping between rows of the database and what mlcore works on."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from annotator.models import RecordingSession, Study
from mlcore.store import ClipTable, ModalityKind, ModalityMeta, RowStream, ShardMeta, write_shard
from mlcore.types import ClipQuality, Dimension, DimensionKind, Modality
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


# --- a question -> its classes ---------------------------------------------------------------------------------------


def class_names(dimension: Dimension) -> tuple[str, ...]:
    if dimension.kind is DimensionKind.CLASS:
        return dimension.classes
    return tuple(str(level) for level in range(1, dimension.levels + 1))
