"""A big pool is scored in parts: a round's child jobs, the last of which sends the round on to its end."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django.db import transaction
from django.utils.translation import gettext

from annotator.domain import jobs
from annotator.enums import JobKind, JobState
from annotator.exceptions import DomainError
from annotator.models import Job
from mlcore.types import JsonObject

#: the step of a round's job after its parts
MERGE = "merge"
#: of a round's work, what is done when the scoring of its pool begins
TRAINED_SHARE = 0.95


def begin_parts(job_id: int, token: int, *, bounds: Iterable[tuple[int, int]]) -> None:
    """A child job for each stretch of the pool's rows; the round's job then waits for them."""
    with transaction.atomic():
        job = jobs.hold(job_id, token)
        children = [_create_part(job, start, stop) for start, stop in bounds]
        job.payload = {**job.payload, "step": MERGE}
        job.save(update_fields=["payload"])
        jobs.wait_for_children(job_id, token, activity=_told(0, len(children)), seconds_left=None)
    with transaction.atomic():
        _settle(job_id)  # all of them may have ended before the round began to wait


def _create_part(job: Job, start: int, stop: int) -> Job:
    payload = {"start": start, "stop": stop}
    return jobs.create_job(JobKind.SCORE_PART, study=job.study, parent=job, actor=job.created_by, payload=payload)


def _told(n_done: int, n_all: int) -> str:
    return f"Scoring: {n_done} of {n_all} parts of the pool"


def part_scored(job_id: int, token: int, result: JsonObject) -> None:
    """The part's scores lie in their file. Raises JobLostError."""
    with transaction.atomic():
        _end_part(_hold_part(job_id, token), JobState.SUCCEEDED, result=result)


def part_failed(job_id: int, token: int, reason: str, traceback: str = "", *, is_cancelled: bool = False) -> None:
    """Without one part there is no ranking: the others stop as well. Raises JobLostError."""
    with transaction.atomic():
        job = _hold_part(job_id, token)
        for other in Job.objects.filter(parent=job.parent_id, state__in=jobs.UNFINISHED).exclude(pk=job.pk):
            jobs.request_cancel(other)
        state = JobState.CANCELLED if is_cancelled else JobState.FAILED
        _end_part(job, state, reason=reason, traceback=traceback)


def _hold_part(job_id: int, token: int) -> Job:
    """The round's row first, as whoever cancels a round takes them."""
    parent_id = Job.objects.values_list("parent_id", flat=True).get(pk=job_id)
    Job.objects.select_for_update(of=("self",)).get(pk=parent_id)
    return jobs.hold(job_id, token)


def _end_part(job: Job, state: JobState, **fields: Any) -> None:
    jobs.end(job, state, **fields)
    assert job.parent_id is not None, f"job {job.pk} is a part of nothing"
    _settle(job.parent_id)


def cancel_parts(parent: Job) -> None:
    """Stop the parts of a round that waits for them. The caller holds the round's job."""
    for part in parent.children.filter(state__in=jobs.UNFINISHED).order_by("pk"):
        jobs.request_cancel(part)
    _settle(parent.pk)


def _settle(parent_id: int) -> None:
    """Count the parts that have ended; the last of them sends the round on, once."""
    parent = Job.objects.select_for_update(of=("self",)).get(pk=parent_id)
    if parent.state != JobState.RUNNING or parent.heartbeat_at is not None:
        return  # it does not wait
    n_all = parent.children.count()
    n_done = n_all - parent.children.filter(state__in=jobs.UNFINISHED).count()
    if n_done == n_all:
        jobs.resume_parent(parent)
        return
    parent.progress = TRAINED_SHARE + (1 - TRAINED_SHARE) * n_done / n_all
    parent.activity = _told(n_done, n_all)
    parent.save(update_fields=["progress", "activity"])


def refuse_missing_parts(job: Job) -> None:
    """Raise, in one sentence, what kept a part of the round's pool from being scored."""
    ended = job.children.exclude(state=JobState.SUCCEEDED).order_by("pk")
    failed = ended.filter(state=JobState.FAILED).first() or ended.first()
    if failed is not None:
        raise DomainError(
            gettext("A part of the pool could not be scored: {reason}").format(reason=failed.reason), "part_failed"
        )
