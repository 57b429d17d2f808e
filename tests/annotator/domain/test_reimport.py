"""A session comes in again: what still fits keeps its rows and answers, what does not is served no more."""

from __future__ import annotations

import threading
import uuid
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings as django_settings
from django.db import connection
from django.utils import timezone
from pytest_django.fixtures import Settings

from annotator.domain import exporting, importing, jobs, labelling, queueing, rounds
from annotator.domain.sessions import ImportedSession, NewClip, NewDerived
from annotator.enums import AnswerKind, DerivedKind, JobKind, JobState, LeaseOutcome, RoundState, SlotState
from annotator.exceptions import Conflict
from annotator.models import (
    Clip,
    Derived,
    Draft,
    Job,
    Label,
    Lease,
    RankEntry,
    RecordingSession,
    RetiredFile,
    Round,
    Slot,
    Study,
    Trial,
    User,
)
from annotator.queries import overview, recordings, worklist
from mlcore.types import TrialSpec
from tests.annotator.domain.test_importing import imported
from tests.annotator.domain.test_races import together
from tests.factories.labels import add_label
from tests.factories.learnable import label_some, make_learnable
from tests.factories.people import make_member
from tests.factories.studies import make_study

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("broker")]
VALUES = {"valence": 1, "arousal": 1}


@pytest.fixture
def study() -> Study:
    """Two subjects of one session each, whose clips are [0, 5), [5, 10), … of trial 1."""
    return make_study(n_subjects=2, n_clips=4, reserve=2)


@pytest.fixture
def session(study: Study) -> RecordingSession:
    """The one whose subject is not set aside for testing."""
    return study.sessions.get(subject__is_test=False)


@pytest.fixture
def ann(study: Study) -> User:
    return make_member(study, "ann")


def clips_at(*starts_s: float, trial: int = 1, face: bool = True) -> tuple[NewClip, ...]:
    return tuple(NewClip(trial, start, start + 5.0, True, face, 0.5, 0.25 if face else None) for start in starts_s)


def result(name: str, clips: tuple[NewClip, ...], **changes: Any) -> ImportedSession:
    return replace(imported(name), clips=clips, duration_s=60.0, **changes)


def begin(session: RecordingSession) -> tuple[int, int]:
    job = jobs.create_job(JobKind.IMPORT_SESSION, study=session.study, session=session)
    token = jobs.take(job.pk, "importer")
    assert token is not None
    return job.pk, token


def bring_in(session: RecordingSession, found: ImportedSession) -> Job:
    job_id, token = begin(session)
    importing.session_ready(job_id, token, found)
    return Job.objects.get(pk=job_id)


def answer(clip: Clip, user: User) -> Label:
    return labelling.submit(clip, user, labelling.Submission(uuid.uuid4(), AnswerKind.LABEL, VALUES))


def current(session: RecordingSession) -> list[int]:
    return list(session.clips.filter(superseded_at=None).order_by("number").values_list("pk", flat=True))


def test_clips_that_are_there_again_keep_row_answer_lease_and_draft(
    study: Study, session: RecordingSession, ann: User
) -> None:
    rows = list(session.clips.order_by("number"))
    label = add_label(rows[2], ann)
    queueing.claim_clip(rows[3], ann)
    labelling.save_draft(rows[3], ann, {"values": {"valence": 2}})
    trial = session.trials.get().pk
    # one clip more in front: every number and row moves
    bring_in(session, result("new", clips_at(-2.5, 0.0, 5.0004, 10.0, 15.0)))
    kept = list(session.clips.filter(superseded_at=None).order_by("number"))
    assert [clip.pk for clip in kept[1:]] == [clip.pk for clip in rows]
    assert [(clip.number, clip.shard_row) for clip in kept] == [(n, n) for n in range(5)]
    assert [(clip.start_s, clip.eeg_quality, clip.trial_id) for clip in kept[1:3]] == [
        (0.0, 0.5, trial),
        (5.0004, 0.5, trial),
    ]
    assert Label.objects.get(pk=label.pk).clip_id == kept[3].pk
    assert Slot.objects.get(clip=rows[3]).holder == ann
    assert Draft.objects.get().content == {"values": {"valence": 2}}
    assert not session.clips.exclude(superseded_at=None).exists()
    assert Slot.objects.get(clip=kept[0]).state == SlotState.OPEN  # the new one is open to annotators
    assert RankEntry.objects.filter(ranking=Study.objects.get(pk=study.pk).active_ranking, clip=kept[0]).exists()


def test_clips_that_are_gone_are_served_ranked_learned_from_and_counted_no_more(
    study: Study, session: RecordingSession, ann: User
) -> None:
    gone = list(session.clips.order_by("number"))[2:]
    label = add_label(gone[0], ann)
    assert worklist.progress(study, ann).labelled_total == 1
    bring_in(session, result("short", clips_at(0.0, 5.0)))
    assert set(session.clips.exclude(superseded_at=None)) == set(gone)
    assert not Slot.objects.filter(clip=gone[1]).exists()
    figures = overview.study_figures(study)
    assert (figures.n_clips, figures.n_labels, figures.n_labelled_pool_clips) == (6, 0, 0)
    admin = make_member(study, "boss")
    card = next(card for card in overview.visible_studies(admin) if card.study == study)
    assert (card.n_clips, card.n_labels, card.n_open) == (6, 0, 6)
    n_clips = {row.pk: getattr(row, "n_clips", None) for row in recordings.sessions_with_counts(study)}
    assert n_clips[session.pk] == 2
    assert [clip.pk for clip in recordings.clips_by_currency(session)[0]] == current(session)
    progress = worklist.progress(study, ann)
    assert (progress.labelled_total, progress.open_clips) == (0, 6)
    assert label not in rounds.frozen_candidates(study)
    round_ = Round.objects.create(study=study, number=1, seed=1, code_version="", data_hash="", n_labels=0, n_clips=0)
    assert not set(rounds.readable_clips(round_, 10**9)) & set(gone)
    queueing.open_clips(study)
    assert not Slot.objects.filter(clip__in=gone, state=SlotState.OPEN).exists()
    with pytest.raises(Conflict, match="newer import"):
        queueing.claim_clip(Clip.objects.get(pk=gone[1].pk), ann)
    (row,) = exporting.rows(study)
    assert (row["label"], row["clip_superseded"], row["session_deleted"]) == (str(label.uuid), True, False)


def test_who_is_answering_a_clip_that_goes_may_finish(study: Study, session: RecordingSession, ann: User) -> None:
    held = session.clips.get(number=3)
    queueing.claim_clip(held, ann)
    bring_in(session, result("short", clips_at(0.0, 5.0)))
    assert queueing.heartbeat(held, ann).holder == ann
    label = answer(held, ann)
    assert (label.is_late, label.is_extra) == (False, False)
    assert held.slots.get().state == SlotState.FILLED


@pytest.mark.parametrize("ending", ["released", "expired", "skipped"])
def test_a_clip_that_went_is_offered_to_nobody_after_its_lease(
    study: Study, session: RecordingSession, ann: User, ending: str
) -> None:
    held = session.clips.get(number=3)
    queueing.claim_clip(held, ann)
    bring_in(session, result("short", clips_at(0.0, 5.0)))
    match ending:
        case "released":
            queueing.release(held, ann)
        case "skipped":
            queueing.skip(held, ann, "other")  # type: ignore[arg-type]  # the database value
        case _:
            queueing.expire_leases(now=timezone.now() + timedelta(days=1))
    assert Lease.objects.get(clip=held).outcome == ending
    assert not Slot.objects.filter(clip=held).exists()
    if ending != "skipped":
        label = answer(held, ann)  # late, and kept all the same
        assert (label.is_late, label.is_extra) == (True, True)
        labelling.undo(label.uuid, ann)
        assert not Slot.objects.filter(clip=held).exists()


def test_a_window_that_comes_back_gets_its_answers_back(study: Study, session: RecordingSession, ann: User) -> None:
    label = add_label(session.clips.get(number=3), ann)
    before = current(session)
    bring_in(session, result("short", clips_at(0.0, 5.0)))
    bring_in(session, result("long", clips_at(0.0, 5.0, 10.0, 15.0)))
    assert current(session) == before
    assert label in rounds.frozen_candidates(study)
    assert Slot.objects.get(clip=before[2]).state == SlotState.OPEN
    assert Slot.objects.get(clip=before[3]).state == SlotState.FILLED


def test_trials_keep_their_rows_where_the_number_is_the_same(session: RecordingSession, ann: User) -> None:
    first = session.trials.get()
    add_label(session.clips.get(number=0), ann)
    trials = (TrialSpec(2, 30.0, 40.0, "b"), TrialSpec(3, 40.0, None, "c", {"feltVlnc": 2.0}))
    bring_in(session, result("other", clips_at(30.0, trial=2), trials=trials))
    numbers = dict(session.trials.values_list("number", "pk"))
    assert numbers[1] == first.pk  # its superseded clips are of this trial
    bring_in(session, result("back", clips_at(0.0), trials=(TrialSpec(1, 0.0, 20.0, "a"),)))
    again = Trial.objects.get(pk=first.pk)
    assert (again.stop_s, again.stimulus, again.self_reports.count()) == (20.0, "a", 0)
    assert set(session.trials.values_list("number", flat=True)) == {1, 2}  # nothing is of trial 3


def test_of_two_imports_of_a_session_the_later_one_stays(session: RecordingSession) -> None:
    earlier, later = begin(session), begin(session)
    importing.session_ready(*later, result("later", clips_at(0.0)))
    with pytest.raises(Exception, match="later import of this session is in place"):
        importing.session_ready(*earlier, result("earlier", clips_at(0.0, 5.0)))
    assert len(current(session)) == 1


def test_a_cancel_that_comes_before_the_end_is_kept(session: RecordingSession) -> None:
    job_id, token = begin(session)
    jobs.request_cancel(Job.objects.get(pk=job_id))
    with pytest.raises(Exception, match="cancelled"):
        importing.session_ready(job_id, token, result("new", clips_at(0.0)))
    assert len(current(session)) == 4


# --- races -----------------------------------------------------------------------------------------------------------


def test_answers_given_while_the_session_is_replaced_are_all_kept(study: Study, session: RecordingSession) -> None:
    """Eight people answer, claim, give back and expire while the session changes to and fro under them."""
    Study.objects.filter(pk=study.pk).update(overlap=8, reserve=4)
    study.refresh_from_db()
    queueing.open_clips(study)
    people = [make_member(study, f"p{number}") for number in range(8)]
    short, long = clips_at(0.0, 5.0), clips_at(0.0, 5.0, 10.0, 15.0)
    stored: list[uuid.UUID] = []

    def annotate(user: User) -> None:
        while held := queueing.claim(study, user):
            stored.append(answer(held[0].clip, user).uuid)
            if len(held) > 1:
                queueing.release(held[1].clip, user)

    def replace_it() -> None:
        for number in range(8):
            bring_in(session, result(f"version {number}", short if number % 2 == 0 else long))

    def sweep() -> None:
        for _ in range(20):
            queueing.expire_leases(now=timezone.now() + timedelta(days=1))

    together([replace_it, sweep, *[partial(annotate, user) for user in people]])
    bring_in(session, result("in the end", short))
    assert set(Label.objects.values_list("uuid", flat=True)) == set(stored)
    assert len(stored) == len(set(stored))
    gone = Slot.objects.filter(clip__session=session, clip__superseded_at__isnull=False)
    assert not gone.filter(state=SlotState.OPEN).exists()
    for clip in session.clips.all():
        assert clip.slots.count() <= 8
        assert clip.labels.filter(is_extra=False).count() <= 8
    assert current(session) == list(session.clips.order_by("start_s").values_list("pk", flat=True)[:2])


def test_cancelling_an_import_while_its_sessions_end_locks_nobody_out(study: Study, tmp_path: Path) -> None:
    from tests.annotator.domain.test_importing import begin as begin_import

    job, children = begin_import(study, tmp_path, *[f"P{number}" for number in range(6)])
    results = [imported(f"P{number}") for number in range(6)]

    def end(child: int, token: int, found: ImportedSession) -> str:
        try:
            importing.session_ready(child, token, found)
        except Exception as error:
            return str(error)
        return "ready"

    ends: list[Callable[[], Any]] = [
        partial(end, *child, found) for child, found in zip(children, results, strict=True)
    ]
    said = together([partial(importing.cancel_import, job), *ends])
    assert set(said[1:]) <= {"ready", "The import was cancelled."}


# --- files -----------------------------------------------------------------------------------------------------------


def derived_at(folder: str) -> tuple[NewDerived, ...]:
    (Path(django_settings.DERIVED_ROOT) / folder / "shard").mkdir(parents=True)
    (Path(django_settings.DERIVED_ROOT) / folder / "shard" / "meta.json").write_text("{}")
    return (NewDerived(DerivedKind.SHARD, 1, f"{folder}/shard"),)


@pytest.fixture
def derived_root(settings: Settings, tmp_path: Path) -> Path:
    settings.DERIVED_ROOT = tmp_path / "derived"
    return tmp_path / "derived"


def test_replaced_files_go_after_the_commit(session: RecordingSession, derived_root: Path) -> None:
    bring_in(session, result("one", clips_at(0.0), derived=derived_at("a/1")))
    bring_in(session, result("two", clips_at(0.0), derived=derived_at("a/2")))
    assert sorted(path.name for path in (derived_root / "a").iterdir()) == ["2"]
    assert not RetiredFile.objects.exists()


def test_an_import_that_is_undone_removes_nothing(session: RecordingSession, derived_root: Path) -> None:
    bring_in(session, result("one", clips_at(0.0), derived=derived_at("a/1")))
    broken = (NewClip(1, 5.0, 5.0, True, False, None, None),)
    with pytest.raises(Exception, match="clip_has_length"):
        bring_in(session, result("two", broken, derived=derived_at("a/2")))
    assert (derived_root / "a" / "1" / "shard").is_dir()
    assert Derived.objects.get().path == "a/1/shard"


def test_a_round_that_reads_the_old_files_finishes_on_them(derived_root: Path) -> None:
    """Training reads the shard of a session that is imported anew meanwhile; the files go when the round has ended."""
    from worker import round_input, training

    learnable = make_learnable("while-it-runs")
    label_some(learnable, per_subject=6)
    short = {"teacher": {"n_epochs": 1}, "student": {"n_epochs": 1}}
    round_ = rounds.launch_round(learnable.study, actor=None, config=short)
    session = learnable.study.sessions.filter(subject__is_test=False)[0]
    old = derived_root / session.derived.get().path
    n_before = session.clips.count()
    read, replaced = threading.Event(), threading.Event()
    prepare = round_input.write_round_files

    def wait_for_the_import(*args: Any) -> None:
        prepare(*args)  # the round has opened its shards by now
        read.set()
        assert replaced.wait(60)

    def train() -> None:
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(round_input, "write_round_files", wait_for_the_import)
            training.train_round(round_.job.pk)
        connection.close()

    thread = threading.Thread(target=train)
    thread.start()
    assert read.wait(60)
    bring_in(session, result("anew", clips_at(0.0, 5.0), derived=derived_at("anew/1")))
    assert old.is_dir()
    replaced.set()
    thread.join()
    round_ = Round.objects.get(pk=round_.pk)
    assert (round_.state, round_.error) == (RoundState.PUBLISHED, "")
    ranked = set(RankEntry.objects.filter(ranking__round=round_).values_list("clip_id", flat=True))
    gone = set(session.clips.exclude(superseded_at=None).values_list("pk", flat=True))
    assert len(gone) == n_before - 2
    assert not ranked & gone
    assert not round_.predictions.filter(clip__in=gone).exists()
    from worker import housekeeping

    housekeeping.sweep()
    assert not old.exists()
    assert Job.objects.get(round=round_).state == JobState.SUCCEEDED
    assert LeaseOutcome.ANSWERED in set(Lease.objects.values_list("outcome", flat=True))
