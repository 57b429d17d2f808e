"""What an import found out about a session, and its rows in the database. The caller holds the transaction."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from django.utils import timezone

from annotator.enums import DerivedKind, FileRole, SessionStatus, SlotState
from annotator.exceptions import Conflict
from annotator.models import (
    Clip,
    Derived,
    Label,
    Original,
    RecordingSession,
    SelfReport,
    SessionFile,
    Slot,
    Trial,
)
from mlcore.types import ClockMap, EegInfo, JsonObject, TrialSpec, VideoInfo


@dataclass(frozen=True, slots=True)
class StoredFile:
    """An original that lies in storage, and what it is to the session."""

    name: str
    role: FileRole
    sha256: str
    size_bytes: int
    storage_key: str


@dataclass(frozen=True, slots=True)
class NewClip:
    trial: int
    start_s: float
    stop_s: float
    has_eeg: bool
    has_face: bool
    eeg_quality: float | None
    face_quality: float | None


@dataclass(frozen=True, slots=True)
class NewDerived:
    kind: DerivedKind
    version: int
    #: relative to DERIVED_ROOT
    path: str
    meta: JsonObject = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class ImportedSession:
    """All that an import found out about a session; clip n lies in row n of the shard."""

    fingerprint: str
    duration_s: float
    clock: ClockMap
    eeg_info: EegInfo | None
    video_info: VideoInfo | None
    eeg_usable: bool
    warnings: tuple[str, ...]
    trials: tuple[TrialSpec, ...]
    clips: tuple[NewClip, ...]
    files: tuple[StoredFile, ...]
    derived: tuple[NewDerived, ...]


def replace_session(session: RecordingSession, imported: ImportedSession) -> None:
    _refuse_if_in_use(session)
    session.clips.all().delete()
    session.trials.all().delete()
    session.files.all().delete()
    _fill_session(session, imported)
    session.save()
    _store_files(session, imported.files)
    trials = _store_trials(session, imported)
    _store_clips(session, trials, imported.clips)
    store_derived(session, imported)


def _refuse_if_in_use(session: RecordingSession) -> None:
    """Labels are never lost: a session that changed after somebody labelled it stays as it was."""
    clips = list(session.clips.select_for_update().values_list("pk", flat=True))
    labelled = Label.objects.filter(clip__in=clips).exists()
    if labelled or Slot.objects.filter(clip__in=clips, state=SlotState.LEASED).exists():
        raise Conflict(
            f"Session {session} changed since it was imported, and clips of it are labelled or being labelled: "
            "it was left as it is. Import the new recording under another session name.",
            "session_in_use",
        )


def _fill_session(session: RecordingSession, imported: ImportedSession) -> None:
    session.status, session.error = SessionStatus.READY, ""
    session.fingerprint, session.warnings = imported.fingerprint, list(imported.warnings)
    session.duration_s, session.imported_at = imported.duration_s, timezone.now()
    session.has_eeg, session.has_video = imported.eeg_info is not None, imported.video_info is not None
    session.eeg_usable = imported.eeg_usable
    session.eeg_info = eeg_json(imported.eeg_info) if imported.eeg_info else {}
    session.video_info = video_json(imported.video_info) if imported.video_info else {}
    session.video_offset_s, session.video_drift = imported.clock.offset_s, imported.clock.drift
    session.sync_residual_ms, session.sync_method = imported.clock.residual_ms, imported.clock.method


def eeg_json(info: EegInfo) -> JsonObject:
    return {
        "format": info.format,
        "channels": list(info.channels),
        "kinds": list(info.kinds),
        "sfreq": info.sfreq,
        "seconds": info.duration_s,
    }


def video_json(info: VideoInfo) -> JsonObject:
    return {
        "format": info.format,
        "codec": info.codec,
        "width": info.width,
        "height": info.height,
        "frames": info.n_frames,
        "seconds": info.duration_s,
        "mean_fps": info.mean_fps,
        "is_variable": info.is_variable,
    }


def store_original(file: StoredFile) -> str:
    """The storage key under which the file's content is kept: of two who stored the same, the first one's."""
    original, _ = Original.objects.get_or_create(
        sha256=file.sha256, defaults={"size_bytes": file.size_bytes, "storage_key": file.storage_key}
    )
    return original.storage_key


def _store_files(session: RecordingSession, files: Iterable[StoredFile]) -> None:
    SessionFile.objects.bulk_create(
        SessionFile(session=session, original_id=file.sha256, role=file.role, name=file.name) for file in files
    )


def _store_trials(session: RecordingSession, imported: ImportedSession) -> dict[int, Trial]:
    trials: dict[int, Trial] = {}
    for spec in imported.trials:
        stop_s = spec.stop_s if spec.stop_s is not None else imported.duration_s
        trials[spec.number] = Trial.objects.create(
            session=session, number=spec.number, start_s=spec.start_s, stop_s=stop_s, stimulus=spec.stimulus[:120]
        )
        SelfReport.objects.bulk_create(
            SelfReport(trial=trials[spec.number], item=item, value=value)
            for item, value in sorted(spec.self_reports.items())
        )
    return trials


def _store_clips(session: RecordingSession, trials: Mapping[int, Trial], clips: Sequence[NewClip]) -> None:
    Clip.objects.bulk_create(
        Clip(
            study_id=session.study_id,
            subject_id=session.subject_id,
            session=session,
            trial=trials[clip.trial],
            number=row,
            shard_row=row,
            start_s=clip.start_s,
            stop_s=clip.stop_s,
            has_eeg=clip.has_eeg,
            has_face=clip.has_face,
            eeg_quality=clip.eeg_quality,
            face_quality=clip.face_quality,
        )
        for row, clip in enumerate(clips)
    )


def store_derived(session: RecordingSession, imported: ImportedSession) -> None:
    session.derived.all().delete()
    Derived.objects.bulk_create(
        Derived(session=session, kind=item.kind, version=item.version, path=item.path, meta=item.meta)
        for item in imported.derived
    )
