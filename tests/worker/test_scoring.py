"""Pools scored in parts by worker jobs, in this process: what comes out is what one job would have given."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
from pytest_django.fixtures import Settings

from annotator.domain import jobs, rounds, scoring
from annotator.enums import JobKind, JobState, RoundState
from annotator.models import Job, Prediction, Round
from mlcore.acquire.pool_file import open_pool
from mlcore.acquire.score_columns import columns_of
from mlcore.types import JsonObject
from tests.factories.learnable import Learnable, label_some, make_learnable
from worker import publishing, training
from worker import scoring as worker_scoring
from worker.scoring import Plan, folder_of, part_folder

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("broker", "places")]
ONCE = {"n_epochs": 1, "patience": 1}
TINY: JsonObject = {"n_members": 1, "teacher": ONCE, "student": ONCE, "use_unlabelled": False}


@pytest.fixture
def places(settings: Settings, tmp_path: Path) -> None:
    """Batches of 2 clips; parts of 5 clips, which makes 2 whole batches."""
    settings.DERIVED_ROOT, settings.MODEL_ROOT = tmp_path / "derived", tmp_path / "models"
    settings.SCORE_BATCH_CLIPS, settings.SCORE_PART_CLIPS = 2, 5
    torch.set_num_threads(1)


@pytest.fixture
def learnable(places: None) -> Learnable:
    made = make_learnable(n_clips=8)
    label_some(made, per_subject=4)
    return made


def launch(learnable: Learnable) -> Round:
    return rounds.launch_round(learnable.study, actor=None, config=TINY)


def fresh(round_: Round) -> Round:
    return Round.objects.select_related("job").get(pk=round_.pk)


def parts_of(round_: Round) -> list[Job]:
    return list(Job.objects.filter(parent=round_.job).order_by("pk"))


def outcome(round_: Round) -> list[object]:
    """All that a round publishes of its pool."""
    entries = round_.ranking.entries.order_by("rank")
    predictions = Prediction.objects.filter(round=round_).order_by("clip")
    return [
        list(entries.values_list("rank", "clip", "term", "route", "ask", "scores")),
        list(predictions.values_list("clip", "probabilities", "alpha")),
    ]


def run_parts(round_: Round) -> None:
    for part in parts_of(round_):
        worker_scoring.score_pool_part(part.pk)


def test_a_big_pool_is_scored_by_child_jobs_and_merged_to_what_one_job_gives(
    learnable: Learnable, settings: Settings
) -> None:
    round_ = launch(learnable)
    training.train_round(round_.job.pk)
    waiting, parts = fresh(round_), parts_of(round_)
    n_pool = learnable.study.clips.filter(subject__is_test=False, labels=None).count()
    assert (waiting.state, waiting.job.state, waiting.job.heartbeat_at) == (RoundState.RUNNING, JobState.RUNNING, None)
    assert [(part.kind, part.queue, part.payload) for part in parts] == [
        (JobKind.SCORE_PART, "gpu", {"start": start, "stop": min(start + 4, n_pool)}) for start in range(0, n_pool, 4)
    ]
    for number, part in enumerate(reversed(parts)):  # in whatever order
        worker_scoring.score_pool_part(part.pk)
        told = fresh(round_).job
        assert told.state == (JobState.QUEUED if number == len(parts) - 1 else JobState.RUNNING)
    training.train_round(round_.job.pk)
    assert (fresh(round_).state, fresh(round_).error) == (RoundState.PUBLISHED, "")
    in_parts = outcome(fresh(round_))
    columns = columns_of_pool(round_)
    settings.SCORE_PART_CLIPS = 1000
    again_as_one(round_)
    assert outcome(fresh(round_)) == in_parts
    assert columns_of_pool(round_) == columns


def columns_of_pool(round_: Round) -> dict[tuple[str, ...], bytes]:
    pool = open_pool(folder_of(round_) / "pool")
    assert pool.candidates.scores is not None
    columns = {key: column.tobytes() for key, column in columns_of(pool.candidates.scores).items()}
    return columns | {("clip",): pool.clip_ids.tobytes(), ("seconds",): pool.candidates.seconds.tobytes()}


def again_as_one(round_: Round) -> None:
    """The same round once more, from its last checkpoint, with its whole pool scored in its own job."""
    round_.ranking.delete()
    Prediction.objects.filter(round=round_).delete()
    parts = Job.objects.filter(parent=round_.job)
    parts.delete()
    Job.objects.filter(pk=round_.job.pk).update(
        state=JobState.QUEUED, finished_at=None, payload={"max_clip": round_.job.payload["max_clip"]}
    )
    training.train_round(round_.job.pk)
    assert not parts.exists()


def test_what_a_pool_leaves_behind_is_all_that_ranking_it_again_needs(learnable: Learnable) -> None:
    round_ = launch(learnable)
    training.train_round(round_.job.pk)
    run_parts(round_)
    training.train_round(round_.job.pk)
    folder = folder_of(round_)
    assert not (folder / worker_scoring.PARTS_NAME).exists()
    pool = open_pool(folder / publishing.POOL_FOLDER)
    clips = list(learnable.study.clips.filter(subject__is_test=False, labels=None).order_by("session", "shard_row"))
    assert pool.clip_ids.tolist() == [clip.pk for clip in clips]
    candidates = pool.candidates
    assert candidates.subject.tolist() == [clip.subject_id for clip in clips]
    assert candidates.session.tolist() == [clip.session_id for clip in clips]
    assert candidates.start_s.tolist() == [clip.start_s for clip in clips]
    assert candidates.embedding is not None
    assert candidates.known is not None
    n_known = learnable.study.labels.filter(clip__subject__is_test=False).count()
    assert (candidates.embedding.dtype, len(candidates.known)) == (np.dtype(np.float16), n_known)
    assert pool.facts["round"] == round_.pk
    said = dict(Prediction.objects.filter(round=round_).values_list("clip", "alpha"))
    assert candidates.scores is not None
    for place, clip in enumerate(pool.clip_ids.tolist()):
        for name, alpha in candidates.scores.alpha.items():
            assert alpha[place].tolist() == said[clip][name]


def test_a_part_that_is_there_is_not_scored_again(learnable: Learnable) -> None:
    round_ = launch(learnable)
    training.train_round(round_.job.pk)
    folder, part = folder_of(round_), parts_of(round_)[0]
    plan = Plan.read(folder)
    worker_scoring.score_part(folder, plan, 0, 4, on_batch=lambda _: None)  # by a worker that died before it said so
    place = part_folder(folder, 0, 4)
    before = {path.name: path.stat().st_mtime_ns for path in place.iterdir()}
    worker_scoring.score_pool_part(part.pk)
    assert {path.name: path.stat().st_mtime_ns for path in place.iterdir()} == before
    part.refresh_from_db()
    assert (part.state, part.result) == (JobState.SUCCEEDED, {"clips": 4})


def test_a_part_that_fails_fails_the_round_with_its_reason_and_stops_the_others(learnable: Learnable) -> None:
    round_ = launch(learnable)
    training.train_round(round_.job.pk)
    shard = next((Path(folder_of(round_).parents[1]) / "derived" / "learnable").glob("*/clips.parquet"))
    shard.write_bytes(b"nothing")
    first, *others = parts_of(round_)
    worker_scoring.score_pool_part(first.pk)
    assert {part.state for part in parts_of(round_)[1:]} == {JobState.CANCELLED}
    assert fresh(round_).job.state == JobState.QUEUED
    training.train_round(round_.job.pk)
    ended = fresh(round_)
    assert (ended.state, ended.job.state) == (RoundState.FAILED, JobState.FAILED)
    assert ended.error.startswith("A part of the pool could not be scored: ")
    assert "clips.parquet" in ended.error
    assert others


def test_a_round_cancelled_while_it_waits_for_its_parts_ends(learnable: Learnable) -> None:
    round_ = launch(learnable)
    training.train_round(round_.job.pk)
    running = parts_of(round_)[0]
    token = jobs.take(running.pk, "somewhere:1")
    assert token is not None
    rounds.cancel_round(fresh(round_), actor=None)
    assert {part.state for part in parts_of(round_)[1:]} == {JobState.CANCELLED}
    assert fresh(round_).job.state == JobState.RUNNING  # it waits for the part that runs
    scoring.part_failed(running.pk, token, "Cancelled.", is_cancelled=True)
    training.train_round(round_.job.pk)
    ended = fresh(round_)
    assert (ended.state, ended.job.state) == (RoundState.CANCELLED, JobState.CANCELLED)
    learnable.study.refresh_from_db()
    assert learnable.study.promoted_round is None


def test_a_worker_thought_dead_can_not_end_a_part(learnable: Learnable) -> None:
    round_ = launch(learnable)
    training.train_round(round_.job.pk)
    part = parts_of(round_)[0]
    token = jobs.take(part.pk, "somewhere:1")
    assert token is not None
    with pytest.raises(jobs.JobLostError):
        scoring.part_scored(part.pk, token + 1, {})
    part.refresh_from_db()
    assert part.state == JobState.RUNNING


def test_a_merge_that_was_killed_is_done_again(learnable: Learnable, monkeypatch: pytest.MonkeyPatch) -> None:
    round_ = launch(learnable)
    training.train_round(round_.job.pk)
    run_parts(round_)

    def die(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(rounds, "publish_round", die)
        with pytest.raises(KeyboardInterrupt):
            training.train_round(round_.job.pk)
    assert (folder_of(round_) / publishing.POOL_FOLDER).is_dir()
    Job.objects.filter(pk=round_.job.pk).update(state=JobState.QUEUED)
    training.train_round(round_.job.pk)
    assert fresh(round_).state == RoundState.PUBLISHED
