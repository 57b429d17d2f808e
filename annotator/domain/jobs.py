"""Long work as rows. Postgres is the truth: the broker carries ids only and may lose every one of them.

A job is owned by whoever holds its fencing token. `take` raises the token in one conditional statement; every later
write names the token, so that a late redelivery or a worker thought dead changes nothing.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from functools import partial
from typing import Any

from django.conf import settings
from django.db import transaction
from django.db.models import Q, QuerySet
from django.utils import timezone
from kombu.exceptions import OperationalError

from annotator import jobs as transport
from annotator.enums import JobKind, JobQueue, JobState
from annotator.models import Job, RecordingSession, Round, Study, User
from mlcore.types import JsonObject

log = logging.getLogger(__name__)

TASKS: Mapping[str, str] = {
    JobKind.IMPORT: "concord.import",
    JobKind.IMPORT_SESSION: "concord.import_session",
    JobKind.ROUND: "concord.round",
    JobKind.SCORE_PART: "concord.score_part",
    JobKind.EXPORT: "concord.export",
}
QUEUES: Mapping[str, JobQueue] = {
    JobKind.IMPORT: JobQueue.IO,
    JobKind.IMPORT_SESSION: JobQueue.IO,
    JobKind.ROUND: JobQueue.GPU,
    JobKind.SCORE_PART: JobQueue.GPU,
    JobKind.EXPORT: JobQueue.IO,
}
#: a job whose worker died this often without getting further is given up: it is the job that kills them
MAX_FRUITLESS_ATTEMPTS = 5
UNFINISHED = (JobState.QUEUED, JobState.RUNNING)


class JobLostError(Exception):
    """Somebody else owns the job by now, or it has ended: the caller must write nothing more."""


@dataclass(frozen=True, slots=True)
class Pulse:
    """What a heartbeat learns."""

    is_mine: bool
    is_cancelled: bool


def create_job(
    kind: JobKind,
    *,
    study: Study,
    actor: User | None = None,
    payload: JsonObject | None = None,
    parent: Job | None = None,
    session: RecordingSession | None = None,
    round: Round | None = None,  # noqa: A002 - the field's name
    queue: JobQueue | None = None,
) -> Job:
    """A queued job, sent to its queue when the caller's transaction commits."""
    job = Job.objects.create(
        kind=kind,
        queue=queue or QUEUES[kind],
        study=study,
        parent=parent,
        session=session,
        round=round,
        payload=payload or {},
        created_by=actor,
        sent_at=timezone.now(),
    )
    transaction.on_commit(partial(_send, job))
    return job


def send_again(job: Job) -> None:
    """Put the id on its queue once more. Harmless at any time: only one of the deliveries can take the job."""
    Job.objects.filter(pk=job.pk, state__in=UNFINISHED).update(sent_at=timezone.now())
    transaction.on_commit(partial(_send, job))


def _send(job: Job) -> None:
    try:
        transport.send(TASKS[job.kind], job_id=job.pk, queue=job.queue)
    except OperationalError as error:
        # the row is there: the sweep sends it as soon as the broker answers
        log.warning("job %s could not be sent, the broker does not answer: %s", job.pk, error)


def take(job_id: int, worker: str) -> int | None:
    """Own a job that is queued, or whose owner's heartbeat stopped. The new token, or None: it is not to be had."""
    now = timezone.now()
    with transaction.atomic():
        free = Job.objects.select_for_update(skip_locked=True, of=("self",)).filter(
            Q(state=JobState.QUEUED) | stale(), pk=job_id
        )
        job = free.first()
        if job is None:
            return None
        job.token, job.attempts = job.token + 1, job.attempts + 1
        job.fruitless_attempts += 1
        job.state, job.worker = JobState.RUNNING, worker[:120]
        job.heartbeat_at, job.started_at = now, job.started_at or now
        job.save(
            update_fields=["token", "attempts", "fruitless_attempts", "state", "worker", "heartbeat_at", "started_at"]
        )
    return job.token


def stale() -> Q:
    """Running, but its heartbeat stopped. A job that waits for its children has no heartbeat and is not stale."""
    limit = timezone.now() - timedelta(seconds=settings.JOB_STALE_S)
    return Q(state=JobState.RUNNING, heartbeat_at__lt=limit)


def owned(job_id: int, token: int) -> QuerySet[Job]:
    """The job, if the token still owns it: the condition of every write."""
    return Job.objects.filter(pk=job_id, token=token, state=JobState.RUNNING)


def beat(job_id: int, token: int, **changes: Any) -> Pulse:
    """Say that the owner lives, with progress, activity or seconds_left; learn whether it still owns the job."""
    is_mine = bool(owned(job_id, token).update(heartbeat_at=timezone.now(), **changes))
    cancelled = Job.objects.filter(pk=job_id, cancel_requested_at__isnull=False).exists()
    return Pulse(is_mine=is_mine, is_cancelled=cancelled)


def hold(job_id: int, token: int) -> Job:
    """Lock the job's row until the caller's transaction ends, so that what it writes is written by the owner.

    Raises JobLostError.
    """
    job = Job.objects.select_for_update(of=("self",)).filter(pk=job_id).first()
    if job is None or job.token != token or job.state != JobState.RUNNING:
        raise JobLostError(f"job {job_id}: token {token} no longer owns it")
    return job


def end(job: Job, state: JobState, **fields: Any) -> None:
    """Write how a job ended. The caller holds its row."""
    fields = {"activity": "", "seconds_left": None, "finished_at": timezone.now(), **fields, "state": state}
    if state == JobState.SUCCEEDED:
        fields["progress"] = 1.0
    for name, value in fields.items():
        setattr(job, name, value)
    job.save(update_fields=list(fields))


def finish(job_id: int, token: int, result: JsonObject) -> None:
    with transaction.atomic():
        end(hold(job_id, token), JobState.SUCCEEDED, result=result)


def fail(job_id: int, token: int, reason: str, traceback: str = "") -> None:
    with transaction.atomic():
        end(hold(job_id, token), JobState.FAILED, reason=reason, traceback=traceback)


def cancelled(job_id: int, token: int) -> None:
    with transaction.atomic():
        end(hold(job_id, token), JobState.CANCELLED, reason="Cancelled.")


def request_cancel(job: Job) -> bool:
    """Ask a job to stop: at once if no worker has it yet, else at its next heartbeat. True if it has ended now."""
    with transaction.atomic():
        locked = Job.objects.select_for_update(of=("self",)).get(pk=job.pk)
        if locked.state not in UNFINISHED:
            return False
        locked.cancel_requested_at = locked.cancel_requested_at or timezone.now()
        locked.save(update_fields=["cancel_requested_at"])
        if locked.state != JobState.QUEUED:
            return False
        end(locked, JobState.CANCELLED, reason="Cancelled.")
        return True


def wait_for_children(job_id: int, token: int, **fields: Any) -> None:
    """The owner is done for now: the last of the job's children sends it again."""
    if not owned(job_id, token).update(heartbeat_at=None, worker="", **fields):
        raise JobLostError(f"job {job_id}: token {token} no longer owns it")


def resume_parent(parent: Job) -> None:
    """Queue a parent that waited for its children. The caller holds its row."""
    parent.state, parent.fruitless_attempts, parent.sent_at = JobState.QUEUED, 0, timezone.now()
    parent.save(update_fields=["state", "fruitless_attempts", "sent_at"])
    transaction.on_commit(partial(_send, parent))


def stale_jobs() -> QuerySet[Job]:
    return Job.objects.filter(stale()).order_by("pk")


def queued_jobs() -> QuerySet[Job]:
    return Job.objects.filter(state=JobState.QUEUED).order_by("pk")


def sent_before_it_died(job: Job) -> bool:
    """Whether a silent job was not sent again since its last heartbeat."""
    return job.sent_at is None or (job.heartbeat_at is not None and job.sent_at <= job.heartbeat_at)


def sent_within(job: Job, seconds: float) -> bool:
    return job.sent_at is not None and job.sent_at > timezone.now() - timedelta(seconds=seconds)


def unfinished(study: Study) -> QuerySet[Job]:
    return study.jobs.filter(state__in=UNFINISHED)
