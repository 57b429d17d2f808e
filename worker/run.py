"""Running one job: own it, keep it alive, hear of a cancel, write down how it ended."""

from __future__ import annotations

import logging
import os
import socket
import threading
import time
import traceback
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from django.conf import settings
from django.db import DatabaseError, close_old_connections, connection

from annotator.domain import endings, jobs
from annotator.exceptions import DomainError
from annotator.models import Job
from mlcore.errors import Cancelled, ConcordError

log = logging.getLogger(__name__)
#: progress is written at most this often; the rest is of no use to a person
PROGRESS_EVERY_S = 0.5


@dataclass(slots=True)
class Heart:
    """Beats in a thread with a database connection of its own, so that a long computation stays alive."""

    job_id: int
    token: int
    cancelled: threading.Event = field(default_factory=threading.Event)
    lost: threading.Event = field(default_factory=threading.Event)
    done: threading.Event = field(default_factory=threading.Event)

    def run(self) -> None:
        try:
            while not self.done.wait(settings.JOB_HEARTBEAT_S):
                self._beat_or_note()
        finally:
            connection.close()

    def _beat_or_note(self) -> None:
        try:
            self.hear(jobs.beat(self.job_id, self.token))
        except DatabaseError as error:
            # the database may be restarting; without a heartbeat somebody else takes the job, and the token decides
            log.warning("job %s: no heartbeat, the database does not answer: %s", self.job_id, error)
            close_old_connections()

    def hear(self, pulse: jobs.Pulse) -> None:
        if pulse.is_cancelled:
            self.cancelled.set()
        if not pulse.is_mine:
            self.lost.set()


@dataclass(slots=True)
class RunningJob:
    """What the work sees of its job."""

    job: Job
    token: int
    heart: Heart
    _last_report: float = 0.0

    def progress(self, fraction: float, activity: str, seconds_left: float | None = None) -> None:
        now = time.monotonic()
        if now - self._last_report < PROGRESS_EVERY_S:
            return
        self._last_report = now
        share = min(max(fraction, 0.0), 1.0)
        self.heart.hear(
            jobs.beat(self.job.pk, self.token, progress=share, activity=activity[:200], seconds_left=seconds_left)
        )

    def should_stop(self) -> bool:
        return self.heart.cancelled.is_set() or self.heart.lost.is_set()

    def stop_if_asked(self) -> None:
        if self.should_stop():
            raise Cancelled("The job was cancelled.")


Work = Callable[[RunningJob], None]


def perform(job_id: int, work: Work) -> None:
    """Take the job and do the work, which ends the job itself; write down every other way it can end."""
    token = jobs.take(job_id, worker_name())
    if token is None:
        log.info("job %s is done, or somebody else has it", job_id)
        return
    job = Job.objects.select_related("study", "session", "round").get(pk=job_id)
    with heartbeat(job_id, token) as heart:
        _guarded(RunningJob(job, token, heart), work)


def _guarded(running: RunningJob, work: Work) -> None:
    job, token = running.job, running.token
    try:
        if job.cancel_requested_at:
            raise Cancelled("The job was cancelled.")
        work(running)
    except jobs.JobLostError as error:
        log.warning("%s", error)
    except Cancelled:
        _record(lambda: endings.cancelled(job, token))
    except (ConcordError, DomainError) as error:
        reason, details = str(error), traceback.format_exc()
        _record(lambda: endings.failed(job, token, reason, details))
    except Exception:
        log.exception("job %s failed", job.pk)
        details = traceback.format_exc()
        _record(lambda: endings.failed(job, token, unforeseen(job), details))


def unforeseen(job: Job) -> str:
    return f"Something went wrong; the log has the details under job {job.pk}."


def _record(write: Callable[[], None]) -> None:
    try:
        write()
    except jobs.JobLostError as error:
        log.warning("%s", error)


@contextmanager
def heartbeat(job_id: int, token: int) -> Iterator[Heart]:
    heart = Heart(job_id, token)
    thread = threading.Thread(target=heart.run, name=f"heartbeat-{job_id}", daemon=True)
    thread.start()
    try:
        yield heart
    finally:
        heart.done.set()
        thread.join()


def worker_name() -> str:
    return f"{socket.gethostname()}:{os.getpid()}"


def limit_threads() -> None:
    """Keep one process to the setting WORKER_THREADS (0: as the libraries like it)."""
    import cv2
    import torch

    n_threads = settings.WORKER_THREADS
    if n_threads > 0:
        torch.set_num_threads(n_threads)
        cv2.setNumThreads(n_threads)
