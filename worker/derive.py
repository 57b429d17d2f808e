"""Everything that is made from one recording: browser video, tiles, clips with their quality, features, shard."""

from __future__ import annotations

from pathlib import Path

from annotator.domain.sessions import ImportedSession, NewClip, NewDerived, StoredFile
from annotator.enums import DerivedKind
from annotator.models import Study
from mlcore.datasets import Recording
from mlcore.io.tiles import TILES_VERSION, write_tiles
from mlcore.signals import cut_windows
from mlcore.types import Window
from mlcore.vision import FEATURES_VERSION
from worker.bridge import SHARD_VERSION, write_session_shard
from worker.features import SessionFeatures, eeg_features, face_features
from worker.run import RunningJob

VERSIONS = {"shard": SHARD_VERSION, "tiles": TILES_VERSION, "features": FEATURES_VERSION}
#: shares of the work of one session, for its progress bar
HASHED, STORED, DECODED, CUT = 0.05, 0.1, 0.8, 0.95


def derive(
    running: RunningJob,
    recording: Recording,
    folder: Path,
    place: Path,
    *,
    stored: tuple[StoredFile, ...],
    fingerprint: str,
) -> ImportedSession:
    """Everything that is made from a recording: proxy, tiles, clips, features, shard."""
    assert running.job.session is not None
    study = running.job.study
    track = face_features(running, recording, folder / "proxy.mp4", study, span=(STORED, DECODED))
    running.stop_if_asked()
    running.progress(DECODED, "Cutting clips")
    eeg = eeg_features(recording, study)
    if recording.eeg is not None:
        write_tiles(recording.eeg, folder / "tiles")
    windows = windows_of(recording, study)
    features = SessionFeatures.of(recording, study, windows, eeg=eeg, track=track)
    running.progress(CUT, "Writing the clip store")
    running.stop_if_asked()
    write_session_shard(folder / "shard", running.job.session, study, windows, features)
    return ImportedSession(
        fingerprint=fingerprint,
        duration_s=recording.duration_s,
        clock=recording.clock,
        eeg_info=recording.eeg_info,
        video_info=recording.video_info,
        eeg_usable=features.eeg_usable,
        warnings=(*recording.warnings, *features.warnings),
        trials=recording.trials,
        clips=tuple(_clip(window, features, row) for row, window in enumerate(windows)),
        files=stored,
        derived=tuple(_derived(recording, place, has_clips=bool(windows))),
    )


def windows_of(recording: Recording, study: Study) -> tuple[Window, ...]:
    return cut_windows(
        recording.trials,
        window_s=study.window_s,
        hop_s=study.hop_s,
        eeg_span=recording.eeg_span,
        video_span=recording.video_span,
        include_single_modality=study.include_single_modality,
        eeg_gaps=recording.eeg_gaps,
    )


def _clip(window: Window, features: SessionFeatures, row: int) -> NewClip:
    return NewClip(
        trial=window.trial,
        start_s=window.start_s,
        stop_s=window.stop_s,
        has_eeg=window.has_eeg,
        has_face=window.has_face,
        eeg_quality=float(features.eeg_quality[row]) if features.eeg_present[row] else None,
        face_quality=float(features.face_quality[row]) if features.face_present[row] else None,
    )


def _derived(recording: Recording, place: Path, *, has_clips: bool) -> list[NewDerived]:
    made = []
    if recording.video_path is not None:
        made.append(NewDerived(DerivedKind.PROXY_VIDEO, 1, str(place / "proxy.mp4")))
        made.append(NewDerived(DerivedKind.FACE_TRACK, FEATURES_VERSION, str(place / "face")))
    if recording.eeg is not None:
        made.append(NewDerived(DerivedKind.EEG_TILES, TILES_VERSION, str(place / "tiles")))
    if has_clips:
        meta = {"features_version": FEATURES_VERSION}
        made.append(NewDerived(DerivedKind.SHARD, SHARD_VERSION, str(place / "shard"), meta))
    return made
