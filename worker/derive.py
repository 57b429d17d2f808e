"""Everything that is made from one recording: browser video, tiles, clips with their quality, features, shard."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from annotator.domain.sessions import ImportedSession, NewClip, NewDerived, StoredFile
from annotator.enums import DerivedKind
from annotator.models import Study
from mlcore.datasets import Recording, related_by_blinks
from mlcore.io.tiles import TILES_VERSION, write_tiles
from mlcore.io.video import PROXY_VERSION
from mlcore.signals import channel_faults, cut_windows, wrong_unit
from mlcore.types import ClipQuality, Window
from mlcore.vision import FEATURES_VERSION
from worker.bridge import SHARD_VERSION, write_session_shard
from worker.clip_eeg import ClipEeg, clip_eeg
from worker.clip_faces import ClipFaces, clip_faces, watch_video
from worker.run import RunningJob
from worker.stopwatch import Stopwatch

#: of where a file's recorder stopped and went on, as a session keeps it
BREAKS_VERSION = 1
VERSIONS = {
    "shard": SHARD_VERSION,
    "tiles": TILES_VERSION,
    "features": FEATURES_VERSION,
    "proxy": PROXY_VERSION,
    "breaks": BREAKS_VERSION,
}
#: shares of the work of one session, for its progress bar
HASHED, STORED, DECODED, SHOWN, CUT = 0.05, 0.1, 0.75, 0.8, 0.85


@dataclass(frozen=True, slots=True)
class Place:
    """Where a session's derived files go."""

    #: on disk
    folder: Path
    #: the same relative to DERIVED_ROOT
    path: Path


def derive(
    running: RunningJob,
    recording: Recording,
    place: Place,
    *,
    stored: tuple[StoredFile, ...],
    fingerprint: str,
    watch: Stopwatch,
) -> ImportedSession:
    """Make it all, the files below `place`; nothing is in the database yet."""
    assert running.job.session is not None
    study, folder = running.job.study, place.folder
    seen = watch_video(running, recording, folder, span=(STORED, DECODED), watch=watch)
    if seen is not None:
        with watch.timing("clocks"):
            recording = related_by_blinks(recording, seen.track.times_s, seen.track.eye_openness)
    running.stop_if_asked()
    running.progress(DECODED, "Preparing the traces")
    if recording.eeg is not None:
        with watch.timing("tiles"):
            write_tiles(recording.eeg, folder / "tiles")
    running.progress(SHOWN, "Cutting clips")
    windows = windows_of(recording, study)
    eeg = clip_eeg(recording, study, windows, watch)
    with watch.timing("face clips"):
        faces = clip_faces(recording, study, windows, seen.track if seen else None)
    running.progress(CUT, "Writing the clip store")
    running.stop_if_asked()
    write_session_shard(folder / "shard", running.job.session, study, eeg=eeg, faces=faces, watch=watch)
    return ImportedSession(
        fingerprint=fingerprint,
        duration_s=recording.duration_s,
        clock=recording.clock,
        eeg_info=recording.eeg_info,
        video_info=recording.video_info,
        eeg_usable=eeg.is_usable,
        warnings=(*recording.warnings, *(seen.notes if seen else ()), *warnings_of(recording, study, eeg)),
        trials=recording.trials,
        clips=tuple(_clip(window, eeg, faces, row) for row, window in enumerate(windows)),
        files=stored,
        derived=tuple(_derived(recording, place.path, has_clips=bool(windows))),
        channel_faults=_channel_faults(recording, watch),
        eeg_breaks=recording.eeg_breaks,
        cost=watch.to_json(),
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


def warnings_of(recording: Recording, study: Study, eeg: ClipEeg) -> tuple[str, ...]:
    """What the people of the study should know of a recording that could be read."""
    found = []
    unit = wrong_unit(recording.eeg) if recording.eeg is not None else None
    if unit is not None:
        found.append(unit)
    if recording.eeg_info is not None and not eeg.is_usable:
        found.append(
            f"Its EEG shares {eeg.n_shared} of the study's {len(study.eeg_channels)} channels, and training needs "
            f"{study.min_eeg_channels}: it is shown, labelled and exported, but nothing is learned from it."
        )
    if recording.eeg_info is None and recording.video_info is None:
        found.append("It holds features alone, neither EEG nor video: there is nothing to show to annotators.")
    elif not eeg.windows:
        found.append(f"It is too short for a clip of {study.window_s:g} s.")
    return tuple(found)


def _channel_faults(recording: Recording, watch: Stopwatch) -> dict[str, list[str]]:
    if recording.eeg is None:
        return {}
    with watch.timing("channel faults"):
        found = channel_faults(recording.eeg)
    return {name: [str(fault) for fault in faults] for name, faults in found.items()}


def _clip(window: Window, eeg: ClipEeg, faces: ClipFaces, row: int) -> NewClip:
    eeg_quality, face_quality = eeg.quality[row], faces.quality[row]
    return NewClip(
        trial=window.trial,
        start_s=window.start_s,
        stop_s=window.stop_s,
        has_eeg=window.has_eeg,
        has_face=window.has_face,
        eeg_quality=_score(eeg_quality),
        face_quality=_score(face_quality),
        eeg_faults=_faults(eeg_quality),
        face_faults=_faults(face_quality),
        face_place=faces.places[row],
    )


def _score(quality: ClipQuality | None) -> float | None:
    return None if quality is None else quality.score


def _faults(quality: ClipQuality | None) -> dict[str, float]:
    return {} if quality is None else {str(fault): round(severity, 3) for fault, severity in quality.faults.items()}


def _derived(recording: Recording, place: Path, *, has_clips: bool) -> list[NewDerived]:
    made = []
    if recording.video_path is not None:
        made.append(NewDerived(DerivedKind.PROXY_VIDEO, PROXY_VERSION, str(place / "proxy.mp4")))
        made.append(NewDerived(DerivedKind.FACE_TRACK, FEATURES_VERSION, str(place / "face")))
    if recording.eeg is not None:
        made.append(NewDerived(DerivedKind.EEG_TILES, TILES_VERSION, str(place / "tiles")))
    if has_clips:
        meta = {"features_version": FEATURES_VERSION, "bad_channels": list(recording.bad_channels)}
        made.append(NewDerived(DerivedKind.SHARD, SHARD_VERSION, str(place / "shard"), meta))
    return made
