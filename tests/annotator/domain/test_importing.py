from __future__ import annotations

import threading
from dataclasses import replace
from pathlib import Path

import pytest
from django.db import connection

from annotator.domain import importing, jobs
from annotator.domain.sessions import ImportedSession, NewClip, StoredFile
from annotator.enums import FileRole, JobState, SessionStatus
from annotator.exceptions import DomainError
from annotator.models import Clip, Job, Original, RecordingSession, Slot, Study
from mlcore.types import ClockMap, EegInfo, RecordingSpec, TrialSpec
from tests.factories.studies import make_study

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(autouse=True)
def quiet(broker: str) -> None:
    """The messages of these jobs go to a real broker that nobody listens to."""


def spec(subject: str) -> RecordingSpec:
    return RecordingSpec(subject, "1", "manifest", f"{subject}.edf", None)


def imported(name: str, *, n_clips: int = 2) -> ImportedSession:
    digest = (name.encode().hex() + "0" * 64)[:64]
    Original.objects.get_or_create(sha256=digest, defaults={"size_bytes": 1, "storage_key": digest})
    return ImportedSession(
        fingerprint=digest,
        duration_s=5.0 * n_clips,
        clock=ClockMap(0.0),
        eeg_info=EegInfo("EDF", ("Fp1",), ("eeg",), 128.0, 640 * n_clips),
        video_info=None,
        eeg_usable=True,
        warnings=(),
        trials=(TrialSpec(1, 0.0, None),),
        clips=tuple(NewClip(1, 5.0 * n, 5.0 * n + 5.0, True, False, 0.9, None) for n in range(n_clips)),
        files=(StoredFile(f"{name}.edf", FileRole.EEG, digest, 1, digest),),
        derived=(),
    )


def begin(study: Study, tmp_path: Path, *subjects: str) -> tuple[Job, list[tuple[int, int]]]:
    """An import whose sessions are all being worked on: the parent and (job, token) of each child."""
    job = importing.request_import(study, actor=None, source=tmp_path)
    token = jobs.take(job.pk, "finder")
    assert token is not None
    importing.register_sessions(job.pk, token, root=tmp_path, specs=[spec(name) for name in subjects])
    children = []
    for child in job.children.order_by("pk"):
        owned = jobs.take(child.pk, "importer")
        assert owned is not None
        children.append((child.pk, owned))
    job.refresh_from_db()
    return job, children


@pytest.fixture
def study() -> Study:
    return make_study(n_subjects=2, n_clips=1)


def test_a_parent_waits_until_its_last_session_has_ended(study: Study, tmp_path: Path) -> None:
    job, [(first, token_1), (second, token_2)] = begin(study, tmp_path, "A", "B")
    importing.session_ready(first, token_1, imported("A"))
    job.refresh_from_db()
    assert (job.state, job.progress, job.activity) == (JobState.RUNNING, 0.5, "1 of 2 sessions imported")
    importing.session_failed(second, token_2, "B.edf is no EDF file.")
    job.refresh_from_db()
    assert (job.state, job.payload["step"]) == (JobState.QUEUED, "open")
    token = jobs.take(job.pk, "finisher")
    assert token is not None
    importing.finish_import(job.pk, token)
    job.refresh_from_db()
    assert [(item["status"], item["error"]) for item in job.result["sessions"]] == [
        ("ready", ""),
        ("failed", "B.edf is no EDF file."),
    ]


def test_of_sessions_that_end_together_one_is_the_last(
    study: Study, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    names = [f"P{number}" for number in range(6)]
    job, children = begin(study, tmp_path, *names)
    resumed: list[int] = []
    original = jobs.resume_parent

    def resume(parent: Job) -> None:
        resumed.append(parent.pk)
        original(parent)

    monkeypatch.setattr(jobs, "resume_parent", resume)
    results = [imported(name) for name in names]
    barrier = threading.Barrier(len(children))

    def end(child: int, token: int, result: ImportedSession) -> None:
        barrier.wait()
        importing.session_ready(child, token, result)
        connection.close()

    threads = [
        threading.Thread(target=end, args=(*child, result)) for child, result in zip(children, results, strict=True)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert resumed == [job.pk]
    job.refresh_from_db()
    assert job.state == JobState.QUEUED
    assert job.children.filter(state=JobState.SUCCEEDED).count() == 6


def test_a_worker_thought_dead_brings_no_session_in(study: Study, tmp_path: Path) -> None:
    _, [(child, token)] = begin(study, tmp_path, "A")
    Job.objects.filter(pk=child).update(token=token + 1)
    with pytest.raises(jobs.JobLostError):
        importing.session_ready(child, token, imported("A"))
    session = RecordingSession.objects.get(subject__code="A")
    assert session.status != SessionStatus.READY
    assert not session.clips.exists()
    assert not session.files.exists()


def test_all_of_a_session_or_nothing(study: Study, tmp_path: Path) -> None:
    _, [(child, token)] = begin(study, tmp_path, "A")
    broken = replace(imported("A"), clips=(NewClip(1, 5.0, 5.0, True, False, None, None),))  # it ends as it begins
    with pytest.raises(Exception, match="clip_has_length"):
        importing.session_ready(child, token, broken)
    session = RecordingSession.objects.get(subject__code="A")
    assert not session.trials.exists()
    assert not session.files.exists()
    assert Job.objects.get(pk=child).state == JobState.RUNNING


def test_finding_the_same_sessions_twice_makes_no_second_job(study: Study, tmp_path: Path) -> None:
    job, _ = begin(study, tmp_path, "A")
    Job.objects.filter(pk=job.pk).update(state=JobState.QUEUED, payload={})
    token = jobs.take(job.pk, "finder again")
    assert token is not None
    importing.register_sessions(job.pk, token, root=tmp_path, specs=[spec("A"), spec("B")])
    assert sorted(child.session.subject.code for child in job.children.all() if child.session) == ["A", "B"]


def test_the_channels_are_fixed_once(study: Study) -> None:
    Study.objects.filter(pk=study.pk).update(eeg_channels=[])
    assert importing.fix_eeg_channels(study, ["O1", "O2"]) == ("O1", "O2")
    assert importing.fix_eeg_channels(study, ["C3"]) == ("O1", "O2")
    assert Study.objects.get(pk=study.pk).eeg_channels == ["O1", "O2"]


def test_no_more_channels_than_a_model_can_use(study: Study) -> None:
    Study.objects.filter(pk=study.pk).update(eeg_channels=[])
    assert len(importing.fix_eeg_channels(study, [f"E{number}" for number in range(256)])) == 64


@pytest.mark.parametrize("field", ["window_s", "hop_s", "eeg_sfreq", "face_fps"])
def test_every_setting_that_shapes_a_clip_is_in_the_fingerprint(study: Study, field: str) -> None:
    digests, versions = {"A.edf": "ab"}, {"shard": 1}
    before = importing.fingerprint(digests, spec("A"), study, versions)
    assert importing.fingerprint(digests, spec("A"), study, versions) == before
    setattr(study, field, getattr(study, field) + 1)
    assert importing.fingerprint(digests, spec("A"), study, versions) != before


def test_files_and_versions_are_in_the_fingerprint(study: Study) -> None:
    before = importing.fingerprint({"A.edf": "ab"}, spec("A"), study, {"shard": 1})
    assert importing.fingerprint({"A.edf": "cd"}, spec("A"), study, {"shard": 1}) != before
    assert importing.fingerprint({"A.edf": "ab"}, spec("A"), study, {"shard": 2}) != before
    assert importing.fingerprint({"A.edf": "ab"}, spec("B"), study, {"shard": 1}) != before


def test_an_unknown_layout_is_refused(study: Study, tmp_path: Path) -> None:
    with pytest.raises(DomainError, match="no layout 'dvd'"):
        importing.request_import(study, actor=None, source=tmp_path, layout="dvd")


def test_clips_that_come_in_open_to_annotators_when_the_batch_is_done(study: Study, tmp_path: Path) -> None:
    job, [(child, owned)] = begin(study, tmp_path, "A")
    importing.session_ready(child, owned, imported("A", n_clips=3))
    new = Clip.objects.filter(session__subject__code="A")
    assert not Slot.objects.filter(clip__in=new).exists()
    token = jobs.take(job.pk, "finisher")
    assert token is not None
    importing.finish_import(job.pk, token)
    assert Slot.objects.filter(clip__in=new).count() == 3
