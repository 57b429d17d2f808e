"""The tasks that bring recordings in: find the sessions of a source, import one session."""

from __future__ import annotations

import re
import shutil
from collections.abc import Sequence
from pathlib import Path

from django.conf import settings

from annotator.domain import importing, uploads
from annotator.domain.sessions import StoredFile
from annotator.domain.sources import is_remote
from annotator.enums import SessionStatus
from annotator.jobs import app
from annotator.models import RecordingSession, Study
from mlcore.datasets import find_recordings, open_recording_eeg, read_recording
from mlcore.errors import RecordingError
from mlcore.signals import plain_name
from mlcore.types import RecordingSpec
from worker import originals, remote
from worker.derive import HASHED, VERSIONS, Place, derive
from worker.originals import SourceFile
from worker.run import RunningJob, perform
from worker.stopwatch import Stopwatch

#: share of the work of finding, for its progress bar
FETCHED = 0.9

# --- finding ---------------------------------------------------------------------------------------------------------


@app.task(name="concord.import")
def import_source(job_id: int) -> None:
    perform(job_id, find_or_finish)


def find_or_finish(running: RunningJob) -> None:
    """The two steps of an import, before and after its sessions."""
    if running.job.payload.get("step") == "open":
        importing.finish_import(running.job.pk, running.token)
        uploads.discard_imported(running.job)
        remote.discard(running.job)
    else:
        find(running)


def find(running: RunningJob) -> None:
    source = _source(running)
    running.progress(FETCHED, "Looking for recordings")
    try:
        found = find_recordings(source, str(running.job.payload["layout"]))
        fix_channels(running.job.study, found.root, found.recordings)
        importing.register_sessions(running.job.pk, running.token, root=found.root, specs=found.recordings)
    except BaseException:
        remote.discard(running.job)
        raise


def _source(running: RunningJob) -> Path:
    """The recordings as files of this machine: uploads arranged, what lies in S3 fetched."""
    payload = running.job.payload
    if "upload" in payload:
        running.progress(0.0, "Unpacking the upload")
        return uploads.arrange(running.job, check=running.stop_if_asked)
    if is_remote(payload["source"]):
        return remote.fetch(running, payload["source"], span=(0.0, FETCHED))
    return Path(payload["source"])


def fix_channels(study: Study, root: Path, specs: Sequence[RecordingSpec]) -> None:
    """The study's EEG channels are those of its first recording: lowest subject, then session, that can be read."""
    if study.eeg_channels:
        return
    for spec in sorted(specs, key=lambda spec: (natural(spec.subject), natural(spec.session))):
        channels = _eeg_channels(spec, root)
        if channels:
            importing.fix_eeg_channels(study, channels)
            return


def natural(text: str) -> list[tuple[int, str]]:
    """A sorting key that puts P2 before P10."""
    return [(int(part), "") if part.isdecimal() else (-1, part) for part in re.split(r"(\d+)", text) if part]


def _eeg_channels(spec: RecordingSpec, root: Path) -> list[str]:
    try:
        eeg = open_recording_eeg(spec, root)
    except RecordingError:
        return []  # its own import says what is wrong with it
    if eeg is None:
        return []
    info = eeg.info
    names = [plain_name(name) for name, kind in zip(info.channels, info.kinds, strict=True) if kind == "eeg"]
    return list(dict.fromkeys(names))


# --- importing one session -------------------------------------------------------------------------------------------


@app.task(name="concord.import_session")
def import_session(job_id: int) -> None:
    perform(job_id, bring_in)


def bring_in(running: RunningJob) -> None:
    job = running.job
    assert job.session is not None
    spec = importing.spec_of(job)
    if spec.error:
        raise RecordingError(spec.error)
    importing.begin_session(job.session, job.pk, running.token)
    running.progress(0.0, "Reading the files")
    watch = Stopwatch()
    with watch.timing("store"):
        files = _files(running, spec)
    fingerprint = importing.fingerprint({file.name: file.sha256 for file in files}, spec, job.study, VERSIONS)
    if is_imported(job.session, fingerprint):
        importing.session_unchanged(job.pk, running.token)
        return
    running.progress(HASHED, "Storing the originals")
    with watch.timing("store"):
        stored = tuple(originals.store(file, job) if isinstance(file, SourceFile) else file for file in files)
    _import(running, spec, stored, fingerprint, watch=watch)


def _files(running: RunningJob, spec: RecordingSpec) -> tuple[SourceFile, ...] | tuple[StoredFile, ...]:
    """Those of the source, or, for a rebuild, those that the session has in storage."""
    job = running.job
    assert job.session is not None
    if job.payload.get("from_originals"):
        return originals.stored_files(job.session)
    return originals.source_files(spec, Path(job.payload["root"]), check=running.stop_if_asked)


def is_imported(session: RecordingSession, fingerprint: str) -> bool:
    """Whether nothing changed and nothing that was derived has been lost."""
    if session.status != SessionStatus.READY or session.fingerprint != fingerprint:
        return False
    derived = list(session.derived.values_list("path", flat=True))
    return bool(derived) and all((Path(settings.DERIVED_ROOT) / path).exists() for path in derived)


def _import(
    running: RunningJob, spec: RecordingSpec, stored: tuple[StoredFile, ...], fingerprint: str, *, watch: Stopwatch
) -> None:
    job = running.job
    # named by the token: what an earlier, interrupted attempt writes lies elsewhere and is never looked at
    place = Path("sessions") / str(job.session_id) / f"{fingerprint[:12]}-{job.pk}-{running.token}"
    folder = Path(settings.DERIVED_ROOT) / place
    remove_leftovers(folder.parent, job.pk)
    folder.mkdir(parents=True)
    try:
        with watch.timing("read"):
            originals.lay_out(stored, folder / "source")
            recording = read_recording(spec, folder / "source")
        imported = derive(running, recording, Place(folder, place), stored=stored, fingerprint=fingerprint, watch=watch)
        shutil.rmtree(folder / "source")
        importing.session_ready(job.pk, running.token, imported)
    except BaseException:
        shutil.rmtree(folder, ignore_errors=True)
        raise


def remove_leftovers(folder: Path, job_id: int) -> None:
    """What killed attempts of this job left behind."""
    for leftover in folder.glob(f"*-{job_id}-*"):
        shutil.rmtree(leftover, ignore_errors=True)
