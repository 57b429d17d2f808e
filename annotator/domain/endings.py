"""How the rows behind a job end when its work did not: failed or cancelled, by kind of job."""

from __future__ import annotations

from annotator.domain import importing, jobs, rounds, scoring
from annotator.enums import JobKind
from annotator.models import Job


def failed(job: Job, token: int, reason: str, traceback: str = "") -> None:
    """Record a public reason and a private traceback. Raises JobLostError."""
    match job.kind:
        case JobKind.IMPORT:
            importing.import_failed(job, token, reason, traceback)
        case JobKind.IMPORT_SESSION:
            importing.session_failed(job.pk, token, reason, traceback)
        case JobKind.ROUND:
            rounds.round_failed(job.pk, token, reason, traceback)
        case JobKind.SCORE_PART:
            scoring.part_failed(job.pk, token, reason, traceback)
        case _:
            jobs.fail(job.pk, token, reason, traceback)


def cancelled(job: Job, token: int) -> None:
    """Record that the work stopped because somebody asked. Raises JobLostError."""
    match job.kind:
        case JobKind.IMPORT:
            importing.import_failed(job, token, "Cancelled.", is_cancelled=True)
        case JobKind.IMPORT_SESSION:
            importing.session_failed(job.pk, token, "The import was cancelled.", is_cancelled=True)
        case JobKind.ROUND:
            rounds.round_cancelled(job.pk, token)
        case JobKind.SCORE_PART:
            scoring.part_failed(job.pk, token, "Cancelled.", is_cancelled=True)
        case _:
            jobs.cancelled(job.pk, token)
