"""Recordings come in: one job finds the sessions, one child job a session imports it, the last child hands back.

Everything about a session becomes visible in one transaction, or nothing of it.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from annotator.domain import audit, cold_start, jobs, originals, queueing, sessions
from annotator.domain.sources import Source, is_remote, s3_prefix
from annotator.enums import JobKind, JobState, SessionStatus, UploadState
from annotator.exceptions import Conflict, DomainError
from annotator.models import Job, RecordingSession, Study, Subject, Upload, User
from mlcore.errors import Cancelled
from mlcore.types import JsonObject, RecordingSpec

if TYPE_CHECKING:
    from django_stubs_ext import StrPromise

#: name of a layout -> what people call it; "auto" recognises the others
LAYOUTS: Mapping[str, StrPromise] = {
    "auto": _("Recognise it"),
    "mahnob": _("MAHNOB-HCI: Sessions/<number>/session.xml with BDF and AVI"),
    "deap": _("DEAP: s01.dat … or the original BDF, with face videos"),
    "eav": _("EAV: a folder a subject, EEG as .mat, videos as .mp4"),
    "ascertain": _("ASCERTAIN: features and raw signals, as .mat"),
    "bids": _("EEG-BIDS: sub-<label>/eeg, with videos beside it"),
    "xdf": _("XDF: what LabRecorder wrote, with the video that its frame stream belongs to"),
    "manifest": _("Manifest: a CSV file that pairs EEG and video files"),
    "folder": _("Plain folder: EEG and video files paired by their names"),
}
MAX_STUDY_CHANNELS = 64
#: sessions that stay as they are until a new import of them has come in whole
KEPT = (SessionStatus.READY, SessionStatus.DELETED)


# --- asking for an import --------------------------------------------------------------------------------------------


def request_import(study: Study, *, actor: User | None, source: Source, layout: str = "auto") -> Job:
    """Import a folder or manifest, or, given as text, an S3 prefix."""
    if isinstance(source, str) and not is_remote(source):
        source = Path(source)
    if isinstance(source, str):
        source = s3_prefix(source)
    elif not source.exists():
        raise DomainError(
            gettext("{source} does not exist: name a folder of recordings or a manifest.").format(source=source),
            "source_missing",
        )
    named = source if isinstance(source, str) else str(source.absolute())
    return _create_import(study, actor=actor, layout=layout, payload={"source": named})


def request_upload_import(upload: Upload, *, actor: User | None, layout: str) -> Job:
    """Import the files of an upload. The caller holds its row and notes the job there."""
    payload = {"source": str(upload.folder), "upload": upload.pk.hex}
    return _create_import(upload.study, actor=actor, layout=layout, payload=payload)


def _create_import(study: Study, *, actor: User | None, layout: str, payload: JsonObject) -> Job:
    if layout not in LAYOUTS:
        raise DomainError(
            gettext("There is no layout {layout}: choose one of {layouts}.").format(
                layout=repr(layout), layouts=", ".join(LAYOUTS)
            ),
            "bad_layout",
        )
    with transaction.atomic():
        payload = {**payload, "layout": layout}
        job = jobs.create_job(JobKind.IMPORT, study=study, actor=actor, payload=payload)
        audit.record(actor, study, "import", job, payload)
    return job


def request_rebuild(session: RecordingSession, *, actor: User | None) -> Job:
    """Derive a session anew from its stored originals, with the points and bad channels that its row holds now.

    Rebuilds asked for earlier stop: what they would bring is out of date.
    """
    for earlier in session.jobs.filter(parent=None, state__in=jobs.UNFINISHED):
        jobs.request_cancel(earlier)
    with transaction.atomic():
        queueing.hold_study(session.study)
        if not session.files.exists():
            raise Conflict(
                gettext("Session {session} has no stored files to rebuild from: import it again.").format(
                    session=session
                ),
                "no_originals",
            )
        job = jobs.create_job(
            JobKind.IMPORT_SESSION,
            study=session.study,
            session=session,
            actor=actor,
            payload={"from_originals": True},
        )
        detail = {"sync_points": session.sync_points, "bad_channels": session.bad_channels}
        audit.record(actor, session.study, "rebuild", session, detail)
    return job


def request_rebuilds(study: Study, *, actor: User | None) -> list[Job]:
    """Derive every session of a study anew, as after an upgrade; one that nothing changes for stays as it is."""
    ready = study.sessions.filter(status=SessionStatus.READY, files__isnull=False).distinct().order_by("pk")
    return [request_rebuild(session, actor=actor) for session in ready]


def spec_of(job: Job) -> RecordingSpec:
    """What a session's import reads: as its layout found it, and over that what somebody set by hand."""
    assert job.session is not None, f"job {job.pk} has no session"
    found = RecordingSpec.from_json(job.payload.get("spec") or job.session.spec)
    points = tuple((float(video_s), float(session_s)) for video_s, session_s in job.session.sync_points)
    bad = dict.fromkeys((*found.bad_channels, *job.session.bad_channels))
    return replace(found, sync_points=points or found.sync_points, bad_channels=tuple(bad))


def cancel_import(job: Job) -> None:
    """Stop an import: sessions that are ready stay, the others are not begun or leave nothing behind."""
    with transaction.atomic():
        locked = Job.objects.select_for_update(of=("self",)).get(pk=job.pk)
        if not _waits(locked):
            if jobs.request_cancel(locked):
                _give_upload_back(locked)
            return
        locked.payload = {**locked.payload, "is_cancelled": True}
        locked.save(update_fields=["payload"])
        for child in locked.children.filter(state__in=jobs.UNFINISHED).order_by("pk"):
            if jobs.request_cancel(child):
                _cancelled_at_once(child)
        settle_parent(locked.pk)


def import_failed(job: Job, token: int, reason: str, traceback: str = "", *, is_cancelled: bool = False) -> None:
    """No session of the source was begun: an upload can be imported again, as another layout say."""
    with transaction.atomic():
        held = jobs.hold(job.pk, token)
        state = JobState.CANCELLED if is_cancelled else JobState.FAILED
        jobs.end(held, state, reason=reason, traceback=traceback)
        _give_upload_back(held)


def _give_upload_back(job: Job) -> None:
    Upload.objects.filter(job=job).update(state=UploadState.OPEN, job=None, touched_at=timezone.now())


def _cancelled_at_once(child: Job) -> None:
    """No worker had it; one that died may have left claims."""
    originals.end_claims(child)
    if child.session_id:
        _mark_failed(child.session_id, "The import was cancelled.")


def _waits(job: Job) -> bool:
    """Whether it waits for its children."""
    return job.state == JobState.RUNNING and job.heartbeat_at is None


# --- the sessions of an import ---------------------------------------------------------------------------------------


def register_sessions(job_id: int, token: int, *, root: Path, specs: Iterable[RecordingSpec]) -> int:
    """Rows for the sessions that were found and a child job for each; the job then waits for them. How many."""
    with transaction.atomic():
        job = jobs.hold(job_id, token)
        queueing.hold_study(job.study)  # whoever deletes one of its sessions at this moment ends first
        known = set(job.children.values_list("session_id", flat=True))
        found = [(_session_row(job.study, spec), spec) for spec in specs]
        for session, spec in found:
            if session.pk not in known:
                jobs.create_job(
                    JobKind.IMPORT_SESSION,
                    study=job.study,
                    parent=job,
                    session=session,
                    actor=job.created_by,
                    payload={"root": str(root), "spec": spec.to_json()},
                )
        job.payload = {**job.payload, "root": str(root), "step": "open"}
        job.save(update_fields=["payload"])
        jobs.wait_for_children(job_id, token, activity=f"0 of {len(found)} sessions imported")
    with transaction.atomic():
        settle_parent(job_id)  # there may be no child, or all of them may have ended before
    return len(found)


def _session_row(study: Study, spec: RecordingSpec) -> RecordingSession:
    subject, _ = Subject.objects.get_or_create(study=study, code=spec.subject)
    session, is_new = RecordingSession.objects.get_or_create(
        study=study,
        subject=subject,
        code=spec.session,
        defaults={"layout": spec.layout, "spec": spec.to_json()},
    )
    if not is_new and session.status not in KEPT:  # the others say what fits the files that they have
        session.spec, session.layout, session.status = spec.to_json(), spec.layout, SessionStatus.PENDING
        session.save(update_fields=["spec", "layout", "status"])
    return session


def fix_eeg_channels(study: Study, channels: Sequence[str]) -> tuple[str, ...]:
    """The study's channel list: as it is, or, while it is empty, these, once and for all."""
    with transaction.atomic():
        locked = Study.objects.select_for_update(no_key=True).get(pk=study.pk)
        if not locked.eeg_channels and channels:
            locked.eeg_channels = list(channels)[:MAX_STUDY_CHANNELS]
            locked.save(update_fields=["eeg_channels"])
            audit.record(None, locked, "fix_eeg_channels", locked, {"channels": locked.eeg_channels})
    study.eeg_channels = locked.eeg_channels
    return tuple(str(name) for name in locked.eeg_channels)


def fingerprint(digests: Mapping[str, str], spec: RecordingSpec, study: Study, versions: Mapping[str, int]) -> str:
    """SHA-256 over everything that the result of an import depends on: files, hints, study settings, versions."""
    facts: Any = {
        "files": dict(digests),
        "spec": spec.to_json(),
        "window_s": study.window_s,
        "hop_s": study.hop_s,
        "face_fps": study.face_fps,
        "include_single_modality": study.include_single_modality,
        "versions": dict(versions),
    }
    if spec.eeg_path:
        facts["eeg"] = [study.eeg_channels, study.eeg_sfreq, study.min_eeg_channels]
    return hashlib.sha256(json.dumps(facts, sort_keys=True).encode()).hexdigest()


def begin_session(session: RecordingSession, job_id: int, token: int) -> None:
    """Say that its import runs; one that is ready stays ready and usable meanwhile."""
    with transaction.atomic():
        jobs.hold(job_id, token)
        RecordingSession.objects.filter(pk=session.pk).exclude(status__in=KEPT).update(
            status=SessionStatus.IMPORTING, error=""
        )


# --- how a session ends ----------------------------------------------------------------------------------------------


def session_unchanged(job_id: int, token: int) -> None:
    with transaction.atomic():
        job = _hold_child(job_id, token)
        _end_child(job, JobState.SUCCEEDED, result={"unchanged": True})


def session_ready(job_id: int, token: int, imported: sessions.ImportedSession) -> None:
    """Publish what the import found, in one transaction. Raises JobLostError, or Cancelled where it came too late.

    Locks are taken in one order by all who write sessions: jobs, study and queue, session, originals.
    """
    with transaction.atomic():
        job = _hold_child(job_id, token)
        queueing.hold_queue(job.study)
        session = _session_to_publish(job)
        before = set(session.files.values_list("original_id", flat=True))
        digests = {file.sha256 for file in imported.files}
        originals.hold(before | digests | originals.claimed_by(job))
        if session.fingerprint == imported.fingerprint and session.status == SessionStatus.READY:
            sessions.store_derived(session, imported)  # its files were lost and made again; clips and labels stay
        else:
            _keep_spec(session, job)
            sessions.replace_session(session, imported)
        _end_child(
            job, JobState.SUCCEEDED, result={"clips": len(imported.clips), "import": imported.cost}, besides=before
        )
        if job.parent_id is None:
            queueing.open_clips(job.study)
            cold_start.pool_changed(job.study)


def _hold_child(job_id: int, token: int) -> Job:
    """Its parent's row first, as whoever cancels an import takes them."""
    parent_id = Job.objects.filter(pk=job_id).values_list("parent_id", flat=True).first()
    if parent_id is not None:
        Job.objects.select_for_update(of=("self",)).get(pk=parent_id)
    return jobs.hold(job_id, token)


def _session_to_publish(job: Job) -> RecordingSession:
    """The session of a job, locked: unless it was deleted, or a later import of it is in place already."""
    if job.session_id is None or job.cancel_requested_at is not None:
        raise Cancelled("The import was cancelled.")
    session = RecordingSession.objects.select_for_update(of=("self",)).get(pk=job.session_id)
    if session.jobs.filter(pk__gt=job.pk, state=JobState.SUCCEEDED).exists():
        raise Cancelled("A later import of this session is in place already.")
    return session


def _keep_spec(session: RecordingSession, job: Job) -> None:
    """From now on the session's files are those that this import found."""
    if "spec" in job.payload:
        session.spec, session.layout = job.payload["spec"], job.payload["spec"]["layout"]


def session_failed(job_id: int, token: int, reason: str, traceback: str = "", *, is_cancelled: bool = False) -> None:
    with transaction.atomic():
        job = _hold_child(job_id, token)
        if job.session_id:
            _mark_failed(job.session_id, reason)
        state = JobState.CANCELLED if is_cancelled else JobState.FAILED
        _end_child(job, state, reason=reason, traceback=traceback)


def _mark_failed(session_id: int, reason: str) -> None:
    """A session that was imported before keeps what it has."""
    RecordingSession.objects.filter(pk=session_id).exclude(status__in=KEPT).update(
        status=SessionStatus.FAILED, error=reason
    )


def _end_child(job: Job, state: JobState, *, besides: Iterable[str] = (), **fields: Any) -> None:
    """The job ends, lets go of the originals that it held (and of `besides`), and is counted by its parent."""
    jobs.end(job, state, **fields)
    originals.end_claims(job, besides=besides)
    if job.parent_id:
        settle_parent(job.parent_id)


# --- the end of an import --------------------------------------------------------------------------------------------


def settle_parent(parent_id: int) -> None:
    """Count the children that have ended; the last of them sends the parent to its closing step, once.

    The lock on the parent's row makes children that end together count one after the other.
    """
    parent = Job.objects.select_for_update(of=("self",)).get(pk=parent_id)
    if not _waits(parent):
        return
    n_all = parent.children.count()
    n_left = parent.children.filter(state__in=jobs.UNFINISHED).count()
    if n_left == 0:
        jobs.resume_parent(parent)
        return
    parent.progress = (n_all - n_left) / n_all
    parent.activity = f"{n_all - n_left} of {n_all} sessions imported"
    parent.save(update_fields=["progress", "activity"])


def finish_import(job_id: int, token: int) -> None:
    """Open the clips of the whole batch to the annotators and list what became of each session."""
    with transaction.atomic():
        job = jobs.hold(job_id, token)
        queueing.open_clips(job.study)
        cold_start.pool_changed(job.study)
        report = session_reports(job)
        ready = [item for item in report if item["status"] == SessionStatus.READY]
        state, reason = JobState.SUCCEEDED, ""
        if job.payload.get("is_cancelled"):
            state, reason = JobState.CANCELLED, "Cancelled."
        elif report and not ready:
            state, reason = JobState.FAILED, "None of the sessions could be imported."
        jobs.end(job, state, result={"sessions": report}, reason=reason)


def session_reports(job: Job) -> list[JsonObject]:
    """What became of each session of an import: the one account that the page, the API and the command line give."""
    children = job.children.select_related("session__subject").order_by("session__subject__code", "session__code")
    return [_session_report(child, child.session) for child in children if child.session]


def _session_report(child: Job, session: RecordingSession) -> JsonObject:
    failed = child.state in (JobState.FAILED, JobState.CANCELLED)
    modalities = [name for name, has in (("eeg", session.has_eeg), ("face", session.has_video)) if has]
    return {
        "subject": session.subject.code,
        "session": session.code,
        "status": str(SessionStatus.FAILED if failed else session.status),
        "clips": session.clips.filter(superseded_at=None).count(),
        "modalities": modalities,
        "error": child.reason if failed else session.error,
        "warnings": session.warnings,
        "unchanged": bool(child.result.get("unchanged")),
    }
