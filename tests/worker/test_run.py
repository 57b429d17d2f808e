"""How one job is run: what its ends write down, and that its heart beats while it computes."""

from __future__ import annotations

import threading
from datetime import timedelta

import pytest
from django.conf import settings
from django.db import connection
from django.utils import timezone
from kombu import Queue
from pytest_django.fixtures import Settings

from annotator.domain import jobs
from annotator.enums import JobKind, JobState
from annotator.exceptions import Conflict
from annotator.jobs import app
from annotator.models import Job
from mlcore.errors import RecordingError
from tests.factories.studies import make_study
from tests.factories.workers import until
from worker import housekeeping
from worker.run import RunningJob, perform

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("broker")]


@pytest.fixture
def job() -> Job:
    return jobs.create_job(JobKind.EXPORT, study=make_study(n_subjects=2, n_clips=1))


def read(job: Job) -> Job:
    return Job.objects.get(pk=job.pk)


def test_an_error_of_ours_is_the_reason_and_the_traceback_is_kept_apart(job: Job) -> None:
    def work(running: RunningJob) -> None:
        raise RecordingError("a.bdf is shorter than its header says.")

    perform(job.pk, work)
    ended = read(job)
    assert (ended.state, ended.reason) == (JobState.FAILED, "a.bdf is shorter than its header says.")
    assert "RecordingError" in ended.traceback


def test_a_refusal_by_the_domain_is_the_reason_too(job: Job) -> None:
    def work(running: RunningJob) -> None:
        raise Conflict("Session 1 is labelled already.")

    perform(job.pk, work)
    assert read(job).reason == "Session 1 is labelled already."


def test_an_unforeseen_error_tells_people_where_to_look_and_no_more(job: Job) -> None:
    def work(running: RunningJob) -> None:
        raise ZeroDivisionError("the password is hunter2")

    perform(job.pk, work)
    ended = read(job)
    assert ended.reason == f"Something went wrong; the log has the details under job {job.pk}."
    assert "ZeroDivisionError: the password is hunter2" in ended.traceback


def test_a_second_delivery_does_not_work(job: Job) -> None:
    worked: list[int] = []

    def work(running: RunningJob) -> None:
        worked.append(running.token)
        perform(job.pk, work)  # the broker delivers it again while it runs
        jobs.finish(job.pk, running.token, {})

    perform(job.pk, work)
    perform(job.pk, work)
    assert worked == [1]


def test_the_heart_beats_while_the_work_computes(job: Job, settings: Settings) -> None:
    settings.JOB_HEARTBEAT_S = 0.05

    def work(running: RunningJob) -> None:
        first = read(job).heartbeat_at
        until(lambda: read(job).heartbeat_at != first, "a heartbeat")
        jobs.finish(job.pk, running.token, {"beaten": True})

    perform(job.pk, work)
    assert read(job).result == {"beaten": True}


def test_a_cancel_reaches_the_work_by_its_heartbeat(job: Job, settings: Settings) -> None:
    settings.JOB_HEARTBEAT_S = 0.05

    def work(running: RunningJob) -> None:
        jobs.request_cancel(read(job))
        until(running.should_stop, "the cancel")
        running.stop_if_asked()

    perform(job.pk, work)
    assert read(job).state == JobState.CANCELLED


def test_whoever_lost_the_job_stops_and_writes_nothing(job: Job, settings: Settings) -> None:
    settings.JOB_HEARTBEAT_S = 0.05

    def work(running: RunningJob) -> None:
        Job.objects.filter(pk=job.pk).update(token=running.token + 1, worker="heir", activity="going on")
        until(running.should_stop, "the loss")
        running.stop_if_asked()

    perform(job.pk, work)
    now = read(job)
    assert (now.state, now.worker, now.activity, now.reason) == (JobState.RUNNING, "heir", "going on", "")


def test_progress_is_written_for_people(job: Job) -> None:
    def work(running: RunningJob) -> None:
        running.progress(0.25, "Reading the files", 12.0)
        now = read(job)
        assert (now.progress, now.activity, now.seconds_left) == (0.25, "Reading the files", 12.0)
        jobs.finish(job.pk, running.token, {})

    perform(job.pk, work)
    ended = read(job)
    assert (ended.state, ended.progress, ended.activity, ended.seconds_left) == (JobState.SUCCEEDED, 1.0, "", None)


def test_the_heartbeat_leaves_no_connection_open(job: Job) -> None:
    def connections() -> int:
        with connection.cursor() as cursor:
            cursor.execute("SELECT count(*) FROM pg_stat_activity WHERE datname = current_database()")
            return int(cursor.fetchone()[0])

    before = connections()
    perform(job.pk, lambda running: jobs.finish(job.pk, running.token, {}))
    until(lambda: connections() <= before, "the connection's end")
    assert not [thread for thread in threading.enumerate() if thread.name == f"heartbeat-{job.pk}"]


def test_the_sweep_sends_a_silent_job_once_not_at_every_look(job: Job, monkeypatch: pytest.MonkeyPatch) -> None:
    token = jobs.take(job.pk, "dead")
    assert token == 1
    quiet = timezone.now() - timedelta(seconds=settings.JOB_STALE_S + 1)
    Job.objects.filter(pk=job.pk).update(heartbeat_at=quiet, sent_at=quiet - timedelta(seconds=60))
    before = housekeeping.waiting_messages("io")
    housekeeping.sweep()
    housekeeping.sweep()
    assert housekeeping.waiting_messages("io") == before + 1


def test_the_sweep_leaves_a_busy_queue_alone_and_refills_one_that_forgot(job: Job) -> None:
    long_ago = timezone.now() - timedelta(seconds=60)
    Job.objects.filter(pk=job.pk).update(sent_at=long_ago)
    assert housekeeping.waiting_messages("io") == 1
    housekeeping.sweep()
    assert housekeeping.waiting_messages("io") == 1
    with app.connection_for_write() as connection_to_broker:
        Queue("io", channel=connection_to_broker.default_channel).purge()
    housekeeping.sweep()
    assert housekeeping.waiting_messages("io") == 1
