from __future__ import annotations

import threading
from datetime import timedelta

import pytest
from django.conf import settings
from django.db import connection, transaction
from django.utils import timezone

from annotator import jobs as transport
from annotator.domain import jobs
from annotator.enums import JobKind, JobState
from annotator.models import Job, Study
from tests.factories.studies import make_study


@pytest.fixture
def study(db: None) -> Study:
    return make_study(n_subjects=2, n_clips=1)


@pytest.fixture
def sent(monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, int, str]]:
    """What would have gone to the broker."""
    messages: list[tuple[str, int, str]] = []
    monkeypatch.setattr(transport, "send", lambda task, *, job_id, queue: messages.append((task, job_id, str(queue))))
    return messages


def make_job(study: Study, kind: JobKind = JobKind.EXPORT) -> Job:
    return jobs.create_job(kind, study=study)


def silence(job: Job) -> None:
    """Its worker has not been heard of for longer than it may be quiet."""
    quiet = timezone.now() - timedelta(seconds=settings.JOB_STALE_S + 1)
    Job.objects.filter(pk=job.pk).update(heartbeat_at=quiet)


def test_a_job_is_sent_by_name_with_its_id_when_the_transaction_commits(
    study: Study, sent: list[tuple[str, int, str]], django_capture_on_commit_callbacks: type
) -> None:
    with django_capture_on_commit_callbacks(execute=True):
        job = make_job(study, JobKind.ROUND)
        assert sent == []
    assert sent == [("concord.round", job.pk, "gpu")]


def test_a_job_of_a_transaction_that_failed_is_never_sent(study: Study, sent: list[tuple[str, int, str]]) -> None:
    with transaction.atomic():
        make_job(study)
        transaction.set_rollback(True)
    assert sent == []
    assert not Job.objects.filter(study=study).exists()


def test_a_broker_that_does_not_answer_loses_no_job(
    study: Study, settings: object, monkeypatch: pytest.MonkeyPatch, django_capture_on_commit_callbacks: type
) -> None:
    from kombu.exceptions import OperationalError

    def refuse(task: str, *, job_id: int, queue: str) -> None:
        raise OperationalError("connection refused")

    monkeypatch.setattr(transport, "send", refuse)
    with django_capture_on_commit_callbacks(execute=True):
        job = make_job(study)
    assert list(jobs.queued_jobs()) == [job]


def test_only_the_first_of_two_deliveries_takes_a_job(study: Study) -> None:
    job = make_job(study)
    token = jobs.take(job.pk, "one")
    assert token == 1
    assert jobs.take(job.pk, "two") is None
    job.refresh_from_db()
    assert (job.state, job.worker, job.attempts) == (JobState.RUNNING, "one", 1)


@pytest.mark.django_db(transaction=True)
def test_of_many_workers_at_once_one_takes_the_job() -> None:
    job = make_job(make_study(n_subjects=2, n_clips=1))
    tokens: list[int | None] = []
    barrier = threading.Barrier(8)

    def race(name: str) -> None:
        barrier.wait()
        tokens.append(jobs.take(job.pk, name))
        connection.close()

    threads = [threading.Thread(target=race, args=(f"worker {n}",)) for n in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(tokens, key=str) == [1, *[None] * 7]


def test_a_silent_job_goes_to_the_next_worker_and_the_first_can_write_nothing_more(study: Study) -> None:
    job = make_job(study)
    old = jobs.take(job.pk, "zombie")
    assert old is not None
    silence(job)
    new = jobs.take(job.pk, "heir")
    assert new == old + 1
    assert jobs.beat(job.pk, old, progress=0.9) == jobs.Pulse(is_mine=False, is_cancelled=False)
    with pytest.raises(jobs.JobLostError):
        jobs.finish(job.pk, old, {"by": "zombie"})
    with pytest.raises(jobs.JobLostError):
        jobs.fail(job.pk, old, "no")
    jobs.finish(job.pk, new, {"by": "heir"})
    job.refresh_from_db()
    assert (job.state, job.result, job.progress) == (JobState.SUCCEEDED, {"by": "heir"}, 1.0)


def test_a_job_whose_heart_beats_is_not_taken_from_its_worker(study: Study) -> None:
    job = make_job(study)
    token = jobs.take(job.pk, "slow")
    assert token is not None
    silence(job)
    assert jobs.beat(job.pk, token, activity="still here").is_mine
    assert jobs.take(job.pk, "impatient") is None
    assert list(jobs.stale_jobs()) == []


def test_an_ended_job_stays_ended(study: Study) -> None:
    job = make_job(study)
    token = jobs.take(job.pk, "one")
    assert token is not None
    jobs.fail(job.pk, token, "The disk is full.", "Traceback …")
    assert jobs.take(job.pk, "late delivery") is None
    with pytest.raises(jobs.JobLostError):
        jobs.finish(job.pk, token, {})
    job.refresh_from_db()
    assert (job.state, job.reason, job.traceback) == (JobState.FAILED, "The disk is full.", "Traceback …")


def test_cancelling_ends_a_waiting_job_and_tells_a_running_one(study: Study) -> None:
    waiting, running = make_job(study), make_job(study)
    token = jobs.take(running.pk, "one")
    assert token is not None
    assert jobs.request_cancel(waiting)
    assert not jobs.request_cancel(running)
    waiting.refresh_from_db()
    assert waiting.state == JobState.CANCELLED
    assert jobs.take(waiting.pk, "late delivery") is None
    assert jobs.beat(running.pk, token).is_cancelled
    jobs.cancelled(running.pk, token)
    running.refresh_from_db()
    assert (running.state, jobs.request_cancel(running)) == (JobState.CANCELLED, False)


def test_a_job_that_waits_for_its_children_is_nobodys_and_not_stale(study: Study) -> None:
    job = make_job(study, JobKind.IMPORT)
    token = jobs.take(job.pk, "one")
    assert token is not None
    jobs.wait_for_children(job.pk, token, activity="0 of 3")
    assert list(jobs.stale_jobs()) == []
    assert jobs.take(job.pk, "other") is None


@pytest.mark.django_db(transaction=True)
def test_a_held_job_can_not_be_taken_over_until_the_holder_commits() -> None:
    job = make_job(make_study(n_subjects=2, n_clips=1))
    token = jobs.take(job.pk, "publisher")
    assert token is not None
    silence(job)
    taken: list[int | None] = []

    def take_over() -> None:
        taken.append(jobs.take(job.pk, "impatient"))
        connection.close()

    with transaction.atomic():
        jobs.end(jobs.hold(job.pk, token), JobState.SUCCEEDED, result={"by": "publisher"})
        thread = threading.Thread(target=take_over)
        thread.start()
        thread.join()
    assert taken == [None]
    job.refresh_from_db()
    assert job.result == {"by": "publisher"}
