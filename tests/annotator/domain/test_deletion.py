"""Sessions go, answers stay, and files go with their last use."""

from __future__ import annotations

import threading
from dataclasses import replace
from pathlib import Path
from uuid import uuid4

import pytest
from django.core.files.base import ContentFile
from django.core.files.storage import storages
from django.db import connection
from pytest_django.fixtures import Settings

from annotator.domain import (
    channel_marks,
    deletion,
    exporting,
    importing,
    interval_marks,
    jobs,
    labelling,
    originals,
    queueing,
    rounds,
)
from annotator.enums import IntervalKind, JobState, LeaseOutcome, RoundState, SessionStatus, SlotState
from annotator.exceptions import Conflict, DomainError, NotFound
from annotator.models import (
    AuditEvent,
    ChannelMark,
    Clip,
    Derived,
    IntervalMark,
    Job,
    Label,
    Lease,
    Original,
    RecordingSession,
    Round,
    RoundLabel,
    SelfReport,
    SessionFile,
    Slot,
    Study,
    Subject,
    User,
)
from annotator.queries import overview
from tests.annotator.domain.test_importing import begin as begin_import
from tests.annotator.domain.test_importing import imported
from tests.annotator.domain.test_races import together
from tests.annotator.domain.test_reimport import answer, begin, bring_in, clips_at, result
from tests.factories.labels import add_label
from tests.factories.people import make_member
from tests.factories.studies import make_study
from worker.originals import SourceFile, store

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("broker", "places")]


@pytest.fixture
def places(settings: Settings, tmp_path: Path) -> None:
    settings.DERIVED_ROOT = tmp_path / "derived"
    kept = {**settings.STORAGES["originals"], "OPTIONS": {"location": tmp_path / "originals", "base_url": None}}
    settings.STORAGES = {**settings.STORAGES, "originals": kept}


@pytest.fixture
def study() -> Study:
    return make_study(n_subjects=3, n_clips=3, with_files=True)


@pytest.fixture
def session(study: Study) -> RecordingSession:
    """The first of the pool, with one original of its own and one that another session uses too."""
    mine, other = study.sessions.order_by("subject__is_test", "pk")[:2]
    keep(mine, "own", "shared")
    keep(other, "shared")
    return mine


@pytest.fixture
def ann(study: Study) -> User:
    return make_member(study, "ann")


def keep(session: RecordingSession, *names: str) -> None:
    for name in names:
        key = f"{name:0<64}"
        original, is_new = Original.objects.get_or_create(
            sha256=key, defaults={"size_bytes": len(name), "storage_key": name}
        )
        if is_new:
            storages["originals"].save(name, ContentFile(name.encode()))
        SessionFile.objects.create(session=session, original=original, role="eeg", name=f"{name}.edf")


def stored(tmp_path: Path) -> set[str]:
    folder = tmp_path / "originals"
    return {path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()}


def derived_paths(session: RecordingSession, settings: Settings) -> list[Path]:
    return [Path(settings.DERIVED_ROOT) / path for path in session.derived.values_list("path", flat=True)]


def test_a_session_without_answers_goes_with_all_that_was_made_of_it(
    study: Study, session: RecordingSession, ann: User, settings: Settings, tmp_path: Path
) -> None:
    files, subject = derived_paths(session, settings), session.subject
    queueing.claim_clip(session.clips.all()[0], ann)
    done = deletion.delete_session(session, actor=ann)
    assert (done.n_clips, done.n_labels, done.n_leases, done.n_files_removed, done.n_files_shared) == (3, 0, 1, 1, 1)
    assert not done.leaves_tombstone
    assert files
    assert not [path for path in files if path.exists()]
    assert stored(tmp_path) == {"shared"}
    assert not Clip.objects.filter(subject=subject).exists()
    assert not Subject.objects.filter(pk=subject.pk).exists()
    assert not Slot.objects.filter(holder=ann).exists()
    assert set(Slot.objects.values_list("clip", flat=True)) == set(Clip.objects.values_list("pk", flat=True))
    event = AuditEvent.objects.get(verb="delete_session")
    assert (event.actor, event.object_id, event.detail["n_clips"]) == (ann, str(session.pk), 3)


def test_answers_stay_and_the_session_with_them_as_a_tombstone(
    study: Study, session: RecordingSession, ann: User, settings: Settings, tmp_path: Path
) -> None:
    clip, held = session.clips.order_by("number")[:2]
    label = add_label(clip, ann)
    queueing.claim_clip(held, ann)
    files = derived_paths(session, settings)
    assert deletion.preview(session) == deletion.delete_session(session, actor=None)
    session.refresh_from_db()
    assert session.status == SessionStatus.DELETED
    assert not [path for path in files if path.exists()]
    assert stored(tmp_path) == {"shared"}
    assert not Derived.objects.filter(session=session).exists()
    assert not session.files.exists()
    assert not SelfReport.objects.filter(trial__session=session).exists()
    assert list(session.clips.values_list("pk", flat=True)) == [clip.pk]
    assert session.clips.get().superseded_at is not None
    assert Label.objects.get() == label
    assert label not in rounds.frozen_candidates(study)
    figures = overview.study_figures(study)
    assert (figures.n_sessions, figures.n_clips, figures.n_labels) == (2, 6, 0)
    (row,) = exporting.rows(study)
    assert (row["session_deleted"], row["clip_superseded"], row["session"]) == (True, True, session.code)
    assert row["video_start_s"] == pytest.approx((0.0 - 0.25) / (1 + 1e-5))
    with pytest.raises(Conflict, match="deleted already"):
        deletion.delete_session(session, actor=None)
    with pytest.raises(Conflict, match="no stored files"):
        importing.request_rebuild(session, actor=None)


@pytest.mark.parametrize("has_answers", [True, False])
def test_marks_stay_with_a_tombstone_and_go_without_one(
    session: RecordingSession, ann: User, *, has_answers: bool
) -> None:
    if has_answers:
        add_label(session.clips.order_by("pk")[0], ann)
    channel_marks.mark_channel(session, session.eeg_info["channels"][0], is_bad=True, actor=ann)
    wanted = interval_marks.Interval(uuid4(), IntervalKind.EVENT, 1.0, 2.0)
    interval_marks.mark_interval(session, wanted, actor=ann, limits_s=(0.0, 10.0))
    done = deletion.delete_session(session, actor=ann)
    assert (done.n_marks, done.leaves_tombstone) == (2, has_answers)
    kept = ChannelMark.objects.count() + IntervalMark.objects.count()
    assert kept == (2 if has_answers else 0)


def test_the_lease_of_a_labelled_clip_is_given_back_and_a_late_answer_kept(
    study: Study, session: RecordingSession, ann: User
) -> None:
    Study.objects.filter(pk=study.pk).update(overlap=2)
    study.refresh_from_db()
    queueing.open_clips(study)
    clip, ben = session.clips.all()[0], make_member(study, "ben")
    add_label(clip, ann)
    queueing.claim_clip(Clip.objects.get(pk=clip.pk), ben)
    deletion.delete_session(session, actor=None)
    assert Lease.objects.get(annotator=ben).outcome == LeaseOutcome.RELEASED
    assert set(Slot.objects.filter(clip=clip).values_list("state", flat=True)) == {SlotState.FILLED}
    late = answer(Clip.objects.get(pk=clip.pk), ben)
    assert (late.is_late, late.is_extra) == (True, True)


def test_importing_the_recording_again_brings_its_answers_back(
    study: Study, session: RecordingSession, ann: User
) -> None:
    label = add_label(session.clips.get(number=1), ann)
    deletion.delete_session(session, actor=None)
    bring_in(session, result("again", clips_at(0.0, 5.0, 10.0)))
    session.refresh_from_db()
    assert session.status == SessionStatus.READY
    assert Label.objects.get().clip_id == session.clips.get(number=1, superseded_at=None).pk
    assert label in rounds.frozen_candidates(study)
    (row,) = exporting.rows(study)
    assert (row["session_deleted"], row["clip_superseded"]) == (False, False)


def test_an_import_that_fails_leaves_the_tombstone(session: RecordingSession, ann: User) -> None:
    add_label(session.clips.all()[0], ann)
    deletion.delete_session(session, actor=None)
    job, token = begin(session)
    importing.begin_session(session, job, token)
    importing.session_failed(job, token, "a.edf is no EDF file.")
    session.refresh_from_db()
    assert session.status == SessionStatus.DELETED


def test_who_is_a_test_subject_is_not_forgotten_once_there_are_answers(study: Study, ann: User) -> None:
    test = study.sessions.filter(subject__is_test=True)[0]
    add_label(Clip.objects.filter(subject__is_test=False)[0], ann)
    deletion.delete_session(test, actor=None)
    assert Subject.objects.get(pk=test.subject_id).is_test
    assert not RecordingSession.objects.filter(pk=test.pk).exists()


def test_models_that_used_its_answers_are_named(study: Study, session: RecordingSession, ann: User) -> None:
    label = add_label(session.clips.all()[0], ann)
    for number, state in ((1, RoundState.PUBLISHED), (2, RoundState.FAILED), (3, RoundState.PUBLISHED)):
        facts = {"seed": 1, "code_version": "", "data_hash": "", "n_labels": 1, "n_clips": 1}
        round_ = Round.objects.create(study=study, number=number, state=state, **facts)
        RoundLabel.objects.create(round=round_, label=label)
    assert deletion.preview(session).rounds == (1, 3)
    deletion.delete_session(session, actor=None)
    assert RoundLabel.objects.count() == 3


def test_a_running_import_of_it_is_cancelled(study: Study, session: RecordingSession) -> None:
    job_id, token = begin(session)
    deletion.delete_session(session, actor=None)
    with pytest.raises(Exception, match="cancelled"):
        importing.session_ready(job_id, token, result("late", clips_at(0.0)))
    importing.session_failed(job_id, token, "The import was cancelled.", is_cancelled=True)
    assert Job.objects.get(pk=job_id).state == JobState.CANCELLED
    assert not RecordingSession.objects.filter(pk=session.pk).exists()


def test_an_import_that_waits_for_a_deleted_session_goes_on(study: Study, tmp_path: Path) -> None:
    parent, [(first, token_1), (second, _)] = begin_import(study, tmp_path, "A", "B")
    Job.objects.filter(pk=second).update(state=JobState.QUEUED)  # no worker has it yet
    importing.session_ready(first, token_1, imported("A"))
    deletion.delete_session(RecordingSession.objects.get(subject__code="B"), actor=None)
    parent.refresh_from_db()
    assert (parent.state, parent.payload["step"]) == (JobState.QUEUED, "open")
    token = jobs.take(parent.pk, "finisher")
    assert token is not None
    importing.finish_import(parent.pk, token)
    assert [item["subject"] for item in Job.objects.get(pk=parent.pk).result["sessions"]] == ["A"]


# --- races -----------------------------------------------------------------------------------------------------------


def test_answers_and_a_deletion_at_the_same_moment(study: Study, session: RecordingSession) -> None:
    """Each answer is either stored, and then the session is a tombstone, or refused in a sentence."""
    Study.objects.filter(pk=study.pk).update(overlap=6)
    study.refresh_from_db()
    queueing.open_clips(study)
    clip = session.clips.all()[0]
    people = [make_member(study, f"p{number}") for number in range(6)]
    for user in people:
        queueing.claim_clip(Clip.objects.get(pk=clip.pk), user)

    def give(user: User) -> str:
        try:
            answer(clip, user)
        except DomainError as error:
            return error.code
        return "stored"

    def remove() -> str:
        return "tombstone" if deletion.delete_session(session, actor=None).leaves_tombstone else "gone"

    *said, became = together([*[lambda user=user: give(user) for user in people], remove])
    assert set(said) <= {"stored", "not_served"}
    assert Label.objects.count() == said.count("stored")
    assert became == ("tombstone" if Label.objects.exists() else "gone")


def test_two_deletions_at_once_delete_once(session: RecordingSession) -> None:
    def remove() -> str:
        try:
            deletion.delete_session(session, actor=None)
        except (NotFound, Conflict) as error:
            return error.code
        return "deleted"

    assert sorted(together([remove] * 4)) == ["deleted", "not_found", "not_found", "not_found"]


def source(tmp_path: Path, content: bytes) -> SourceFile:
    from hashlib import sha256

    from annotator.enums import FileRole

    path = tmp_path / f"source-{threading.get_ident()}.edf"
    path.write_bytes(content)
    return SourceFile("a.edf", FileRole.EEG, path, sha256(content).hexdigest(), len(content))


@pytest.mark.parametrize("attempt", range(5))
def test_a_file_that_is_deleted_and_imported_at_the_same_moment_is_there_for_its_import(
    study: Study, session: RecordingSession, tmp_path: Path, attempt: int
) -> None:
    """Deletion removes the last use of an original while an import of another session finds it in storage."""
    first, second = study.sessions.order_by("pk")[:2]
    content = f"attempt {attempt}".encode()
    job = Job.objects.get(pk=begin(first)[0])
    kept = store(source(tmp_path, content), job)
    importing.session_ready(job.pk, 1, replace(result("one", clips_at(0.0)), files=(kept,)))
    job_id, token = begin(second)

    def import_again() -> None:
        again = store(source(tmp_path, content), Job.objects.get(pk=job_id))
        importing.session_ready(job_id, token, replace(result("two", clips_at(0.0)), files=(again,)))

    together([import_again, lambda: deletion.delete_session(first, actor=None)])
    original = second.files.get().original
    with storages["originals"].open(original.storage_key) as found:
        assert found.read() == content
    assert Original.objects.filter(sha256=original.sha256).count() == 1
    here = [name for name in stored(tmp_path) if original.sha256 in name]
    assert here == [original.storage_key]  # and not another copy of it
    connection.close()


def test_what_an_import_stored_goes_when_it_fails_unless_another_uses_it(
    study: Study, session: RecordingSession, tmp_path: Path
) -> None:
    first, second = study.sessions.order_by("pk")[:2]
    (one, token), (two, _) = begin(first), begin(second)
    kept = store(source(tmp_path, b"content"), Job.objects.get(pk=one))
    store(source(tmp_path, b"content"), Job.objects.get(pk=two))
    importing.session_failed(one, token, "no EDF file")
    assert kept.storage_key in stored(tmp_path)  # the other import still runs
    importing.session_failed(two, 1, "no EDF file")
    assert kept.storage_key not in stored(tmp_path)
    assert not Original.objects.filter(sha256=kept.sha256).exists()


def test_a_key_that_is_about_to_be_removed_is_not_used_again(study: Study) -> None:
    from annotator.enums import RetiredKind
    from annotator.models import RetiredFile

    digest = "ab" * 32
    assert originals.free_key(digest) == f"ab/{digest}"
    RetiredFile.objects.create(study=study, kind=RetiredKind.ORIGINAL, path=f"ab/{digest}")
    assert originals.free_key(digest).startswith(f"ab/{digest}-")


def test_drafts_of_a_deleted_session_are_gone(session: RecordingSession, ann: User) -> None:
    clip = session.clips.all()[0]
    add_label(session.clips.all()[1], ann)
    queueing.claim_clip(clip, ann)
    labelling.save_draft(clip, ann, {"values": {}})
    deletion.delete_session(session, actor=None)
    with pytest.raises(NotFound):
        labelling.save_draft(clip, ann, {"values": {}})
