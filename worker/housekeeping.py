"""What keeps the promises of Postgres while brokers forget and workers die; beat sends it every few seconds."""

from __future__ import annotations

import logging
from typing import Any

from kombu import Queue
from kombu.exceptions import ChannelError

from annotator.domain import cold_start, endings, jobs, live, queueing, retiring, uploads
from annotator.enums import JobQueue
from annotator.jobs import app
from annotator.models import Job
from annotator.queries import live as live_queries
from worker import remote
from worker.run import worker_name

log = logging.getLogger(__name__)
#: a message that left longer ago than this, and is not on its queue any more, is thought lost
LOST_AFTER_S = 10.0
#: an answer that the serving ranking does not know after so long: the message of it is thought lost
BEHIND_AFTER_S = 3.0


@app.task(name="concord.sweep")
def sweep() -> None:
    hand_over_stale_jobs()
    send_lost_jobs()
    queueing.expire_leases()
    retiring.remove_retired()
    catch_up()
    order_new_clips()


@app.task(name="concord.tidy")
def tidy() -> None:
    """Away with what nobody came back for."""
    uploads.expire()
    remote.remove_leftovers()


def catch_up() -> None:
    """Rankings that answers have overtaken, and those that were overtaken by other rankings."""
    for study_id in live_queries.studies_behind(for_s=BEHIND_AFTER_S):
        live.send_update(study_id)
    live.forget_replaced()


def order_new_clips() -> None:
    """Before the first round: clips, verdicts and settings that the order does not know, once the queue has run dry.

    A message that still waits among imports is left alone.
    """
    behind = cold_start.studies_behind()
    if behind and waiting_messages(JobQueue.IO) == 0:
        for study_id in behind:
            cold_start.send(study_id)


def hand_over_stale_jobs() -> None:
    """Jobs whose worker fell silent: to another worker, or to their end if they were cancelled or keep killing."""
    for job in jobs.stale_jobs():
        if job.cancel_requested_at:
            _end(job, None)
        elif job.fruitless_attempts >= jobs.MAX_FRUITLESS_ATTEMPTS:
            _end(job, f"Its worker died {job.fruitless_attempts} times; the log has the details under job {job.pk}.")
        elif jobs.sent_before_it_died(job) or _is_lost(job):
            log.warning("job %s: worker %s fell silent, it is sent again", job.pk, job.worker)
            jobs.send_again(job)


def send_lost_jobs() -> None:
    """Queued jobs that no queue knows any more."""
    for job in jobs.queued_jobs():
        if _is_lost(job):
            log.info("job %s was lost on its way, it is sent again", job.pk)
            jobs.send_again(job)


def _is_lost(job: Job) -> bool:
    """Sent a while ago, and its queue has run dry: a busy queue is left alone."""
    return not jobs.sent_within(job, LOST_AFTER_S) and waiting_messages(job.queue) == 0


def _end(job: Job, reason: str | None) -> None:
    """Take the job, so that a worker that was only slow can't write, and end it."""
    token = jobs.take(job.pk, worker_name())
    if token is None:
        return
    if reason is None:
        endings.cancelled(job, token)
    else:
        endings.failed(job, token, reason)


def waiting_messages(queue: str) -> int:
    with app.connection_for_read() as connection:
        try:
            answer: Any = Queue(queue, channel=connection.default_channel).queue_declare(passive=True)
            return int(answer.message_count)
        except ChannelError:  # the broker has never heard of the queue, or has forgotten it
            return 0
