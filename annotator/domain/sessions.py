"""What an import found out about a session, and its rows in the database. The caller holds the transaction."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from django.db.models import F, QuerySet
from django.utils import timezone

from annotator.domain.carrying import NewClip, carried_over
from annotator.domain.retiring import retire
from annotator.enums import DerivedKind, FileRole, RetiredKind, SessionStatus, SlotState
from annotator.models import Clip, Derived, RecordingSession, SelfReport, SessionFile, Slot, Trial
from mlcore.types import ClockMap, EegInfo, JsonObject, TrialSpec, VideoInfo

__all__ = [
    "ImportedSession",
    "NewClip",
    "NewDerived",
    "StoredFile",
    "drop_derived",
    "hold_slots",
    "replace_session",
    "supersede",
]

BATCH = 1000
#: what an import says of a clip
CLIP_FACTS = (
    "trial",
    "number",
    "shard_row",
    "start_s",
    "stop_s",
    "has_eeg",
    "has_face",
    "eeg_quality",
    "face_quality",
    "eeg_faults",
    "face_faults",
    "face_place",
    "superseded_at",
)
#: clips that get new numbers pass through numbers that no clip has: the database checks row by row
OUT_OF_THE_WAY = 1_000_000_000


@dataclass(frozen=True, slots=True)
class StoredFile:
    """An original that lies in storage, and what it is to the session."""

    name: str
    role: FileRole
    sha256: str
    size_bytes: int
    storage_key: str


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
    #: what was measured of channels: {"Fp1": ["flat"], …}
    channel_faults: JsonObject = field(default_factory=dict)
    #: where the EEG was stopped and went on, on the session clock
    eeg_breaks: tuple[tuple[float, float], ...] = ()
    #: what making it took: {"seconds": {part: …}, "counts": {part: …}, "peak_mib": …}
    cost: JsonObject = field(default_factory=dict)


def replace_session(session: RecordingSession, imported: ImportedSession) -> None:
    """Put what an import found in the place of what was there. The caller holds the queue and the session's row.

    Trials and clips that are there again keep their rows. Clips that are not are superseded: they stay with their
    labels, and whoever is answering one may finish it.
    """
    _fill_session(session, imported)
    session.save()
    _store_files(session, imported.files)
    trials = _store_trials(session, imported)
    _store_clips(session, trials, imported.clips)
    session.trials.exclude(number__in=trials).filter(clips=None).delete()
    store_derived(session, imported)


def _fill_session(session: RecordingSession, imported: ImportedSession) -> None:
    session.status, session.error = SessionStatus.READY, ""
    session.fingerprint, session.warnings = imported.fingerprint, list(imported.warnings)
    session.duration_s, session.imported_at = imported.duration_s, timezone.now()
    session.has_eeg, session.has_video = imported.eeg_info is not None, imported.video_info is not None
    session.eeg_usable = imported.eeg_usable
    session.eeg_info = eeg_json(imported.eeg_info, imported.eeg_breaks) if imported.eeg_info else {}
    session.video_info = video_json(imported.video_info) if imported.video_info else {}
    session.video_offset_s, session.video_drift = imported.clock.offset_s, imported.clock.drift
    session.sync_residual_ms, session.sync_method = imported.clock.residual_ms, imported.clock.method
    session.sync_confidence, session.channel_faults = imported.clock.confidence, imported.channel_faults


def eeg_json(info: EegInfo, breaks: Sequence[tuple[float, float]]) -> JsonObject:
    return {
        "format": info.format,
        "channels": list(info.channels),
        "kinds": list(info.kinds),
        "sfreq": info.sfreq,
        "seconds": info.duration_s,
        "breaks": [list(span) for span in breaks],
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


def _store_files(session: RecordingSession, files: Sequence[StoredFile]) -> None:
    session.files.all().delete()
    SessionFile.objects.bulk_create(
        SessionFile(session=session, original_id=file.sha256, role=file.role, name=file.name) for file in files
    )


def _store_trials(session: RecordingSession, imported: ImportedSession) -> dict[int, Trial]:
    trials: dict[int, Trial] = {}
    for spec in imported.trials:
        stop_s = spec.stop_s if spec.stop_s is not None else imported.duration_s
        facts = {"start_s": spec.start_s, "stop_s": stop_s, "stimulus": spec.stimulus[:120]}
        trial, _ = Trial.objects.update_or_create(session=session, number=spec.number, defaults=facts)
        trial.self_reports.all().delete()
        SelfReport.objects.bulk_create(
            SelfReport(trial=trial, item=item, value=value) for item, value in sorted(spec.self_reports.items())
        )
        trials[spec.number] = trial
    return trials


def _store_clips(session: RecordingSession, trials: Mapping[int, Trial], found: Sequence[NewClip]) -> None:
    hold_slots(session)
    kept = carried_over(session.clips.select_related("trial"), found)
    current = session.clips.filter(superseded_at=None)
    current.update(number=F("number") + OUT_OF_THE_WAY)
    supersede(current.exclude(pk__in=[clip.pk for clip in kept.values()]), number=F("number") - OUT_OF_THE_WAY)
    for row, clip in kept.items():
        for name, value in _clip_facts(found[row], row, trials).items():
            setattr(clip, name, value)
    Clip.objects.bulk_update(kept.values(), CLIP_FACTS, batch_size=BATCH)
    owner = {"study_id": session.study_id, "subject_id": session.subject_id, "session": session}
    Clip.objects.bulk_create(
        (Clip(**owner, **_clip_facts(clip, row, trials)) for row, clip in enumerate(found) if row not in kept),
        batch_size=BATCH,
    )


def hold_slots(session: RecordingSession) -> None:
    """Whoever gives leases back at this moment ends first, or passes these over until the transaction ends."""
    list(Slot.objects.select_for_update(of=("self",)).filter(clip__session=session).order_by("pk").values_list("pk"))


def _clip_facts(clip: NewClip, row: int, trials: Mapping[int, Trial]) -> dict[str, Any]:
    return {
        "trial": trials[clip.trial],
        "number": row,
        "shard_row": row,
        "start_s": clip.start_s,
        "stop_s": clip.stop_s,
        "has_eeg": clip.has_eeg,
        "has_face": clip.has_face,
        "eeg_quality": clip.eeg_quality,
        "face_quality": clip.face_quality,
        "eeg_faults": clip.eeg_faults,
        "face_faults": clip.face_faults,
        "face_place": clip.face_place,
        "superseded_at": None,
    }


def supersede(clips: QuerySet[Clip], **changes: Any) -> None:
    """Take clips out of the queue and out of everything that is counted; what was said of them stays.

    Who is answering one keeps its slot until they have.
    """
    gone = list(clips.values_list("pk", flat=True))
    Slot.objects.filter(clip__in=gone, state=SlotState.OPEN).delete()
    Clip.objects.filter(pk__in=gone).update(superseded_at=timezone.now(), **changes)


def store_derived(session: RecordingSession, imported: ImportedSession) -> None:
    drop_derived(session)
    Derived.objects.bulk_create(
        Derived(session=session, kind=item.kind, version=item.version, path=item.path, meta=item.meta)
        for item in imported.derived
    )


def drop_derived(session: RecordingSession) -> None:
    """The rows go now, the files when nobody reads them any more."""
    retire(session.study, RetiredKind.DERIVED, session.derived.values_list("path", flat=True))
    session.derived.all().delete()
