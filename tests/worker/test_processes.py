"""Real worker processes that are killed, and a real broker that forgets."""

from __future__ import annotations

import os
import signal
from datetime import timedelta
from pathlib import Path

import pytest
from django.conf import settings as django_settings
from django.utils import timezone
from redis import Redis

from annotator import services
from annotator.domain import importing, rounds, studies
from annotator.enums import JobState, RoundState
from annotator.models import Job, RankEntry, Round
from mlcore.types import AROUSAL3, VALENCE3
from tests.factories.learnable import label_some, make_learnable
from tests.factories.recordings import Line, write_manifest
from tests.factories.workers import StartWorker, until
from worker import housekeeping

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.e2e]
#: long enough to be killed in the middle of
LONG = {
    "n_members": 2,
    "teacher": {"n_epochs": 4, "patience": 4},
    "student": {"n_epochs": 6, "patience": 6},
    "use_unlabelled": False,
}


@pytest.fixture(autouse=True)
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(housekeeping, "LOST_AFTER_S", 1.0)


def flush(servers: Path) -> None:
    """The broker forgets everything: queues, unacknowledged messages, who listens."""
    with Redis(unix_socket_path=str(services.socket_folder(servers) / "valkey.sock")) as client:
        client.flushall()


def ended(job: Job) -> bool:
    """Ask as the beat would: each time, sweep."""
    housekeeping.sweep()
    job.refresh_from_db()
    return job.finished_at is not None


def live(round_: Round) -> Round:
    return Round.objects.select_related("job").get(pk=round_.pk)


def fall_silent(job: Job) -> None:
    """Let the time pass that a worker may be quiet."""
    quiet = timezone.now() - timedelta(seconds=django_settings.JOB_STALE_S + 1)
    Job.objects.filter(pk=job.pk).update(heartbeat_at=quiet)


def test_an_import_survives_a_broker_that_forgets(start_worker: StartWorker, servers: Path, tmp_path: Path) -> None:
    lines = [Line(f"S{number}", video_s=None if number else 4.0) for number in range(4)]
    study = studies.create_study(studies.StudySpec("flushed", "Flushed", (VALENCE3, AROUSAL3)), actor=None)
    job = importing.request_import(study, actor=None, source=write_manifest(tmp_path / "in", lines))
    flush(servers)  # its first message is gone
    start_worker("io", n_processes=2)

    def begun() -> bool:
        housekeeping.sweep()
        return job.children.exclude(state=JobState.QUEUED).exists()

    until(begun, "the first session begins")
    flush(servers)  # and those of its sessions
    until(lambda: ended(job), "the import ends")
    assert job.state == JobState.SUCCEEDED
    assert [item["status"] for item in job.result["sessions"]] == ["ready"] * 4
    assert study.clips.count() == 8
    study.refresh_from_db()
    serving = RankEntry.objects.filter(ranking__in=(study.test_ranking_id, study.active_ranking_id))
    assert serving.values("clip").distinct().count() == 8
    assert job.children.filter(state=JobState.SUCCEEDED).count() == 4


def test_a_round_killed_in_the_middle_goes_on_from_its_last_checkpoint(start_worker: StartWorker) -> None:
    learnable = make_learnable("killed", n_clips=6)
    label_some(learnable, per_subject=4)
    round_ = rounds.launch_round(learnable.study, actor=None, config=LONG)
    first = start_worker("gpu")
    until(lambda: len(live(round_).history) >= 3, "three epochs")
    trainer = int(live(round_).job.worker.split(":")[-1])
    os.kill(trainer, signal.SIGKILL)
    first.kill()
    before = live(round_)
    assert before.state == RoundState.RUNNING
    fall_silent(before.job)
    start_worker("gpu")
    until(lambda: ended(before.job), "the round ends")
    after = live(round_)
    assert (after.state, after.job.attempts) == (RoundState.PUBLISHED, 2)
    epochs = [(row["stage"], row["epoch"]) for row in after.history]
    assert len(set(epochs)) == len(epochs) == 20
    attempts = [row["attempt"] for row in after.history]
    assert attempts == sorted(attempts)
    # what the first attempt wrote down was not trained again; at most the epoch it died in
    assert attempts.count(1) >= len(before.history) - 1
    assert attempts.count(2) > 0
    learnable.study.refresh_from_db()
    assert learnable.study.promoted_round == after


def test_a_pool_in_parts_survives_workers_that_are_killed(
    start_worker: StartWorker, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CONCORD_SCORE_BATCH_CLIPS", "1")
    monkeypatch.setenv("CONCORD_SCORE_PART_CLIPS", "1")
    learnable = make_learnable("in-parts", n_clips=8)
    label_some(learnable, per_subject=4)
    brief = {"n_epochs": 1, "patience": 1}
    config = {**LONG, "n_members": 1, "teacher": brief, "student": brief}
    round_ = rounds.launch_round(learnable.study, actor=None, config=config)
    first = start_worker("gpu")
    parts = Job.objects.filter(parent=round_.job)
    until(lambda: parts.filter(state=JobState.SUCCEEDED).exists(), "a part of the pool")
    first.kill()
    assert live(round_).state == RoundState.RUNNING
    for job in parts.filter(state=JobState.RUNNING):
        fall_silent(job)
    start_worker("gpu", n_processes=2)
    until(lambda: ended(live(round_).job), "the round ends")
    assert (live(round_).state, live(round_).error) == (RoundState.PUBLISHED, "")
    assert set(parts.values_list("state", flat=True)) == {JobState.SUCCEEDED}
    pool = learnable.study.clips.filter(subject__is_test=False, labels=None).values_list("pk", flat=True)
    scored = live(round_).ranking.entries.exclude(scores={})
    assert set(scored.values_list("clip", flat=True)) == set(pool)
    assert parts.count() == len(pool)


def test_a_running_round_stops_soon_after_somebody_cancels_it(start_worker: StartWorker) -> None:
    learnable = make_learnable("cancelled", n_clips=6)
    label_some(learnable, per_subject=4)
    config = {**LONG, "student": {"n_epochs": 100_000, "patience": 100_000}}
    round_ = rounds.launch_round(learnable.study, actor=None, config=config)
    start_worker("gpu")
    until(lambda: live(round_).history, "an epoch")
    rounds.cancel_round(round_, actor=None)
    until(lambda: live(round_).state == RoundState.CANCELLED, "the cancel")
    job = live(round_).job
    assert job.state == JobState.CANCELLED
    learnable.study.refresh_from_db()
    assert learnable.study.promoted_round is None


def test_a_job_that_keeps_killing_its_workers_is_given_up(transactional_db: None, broker: str) -> None:
    learnable = make_learnable("poison")
    label_some(learnable, per_subject=4)
    round_ = rounds.launch_round(learnable.study, actor=None)
    Job.objects.filter(pk=round_.job.pk).update(
        state=JobState.RUNNING, fruitless_attempts=5, token=5, worker="somewhere:1"
    )
    fall_silent(round_.job)
    housekeeping.sweep()
    after = live(round_)
    assert (after.state, after.job.state) == (RoundState.FAILED, JobState.FAILED)
    assert "died 5 times" in after.error
