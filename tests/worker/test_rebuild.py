"""Sessions derived anew from their stored originals, after the source is gone."""

from __future__ import annotations

import shutil
from pathlib import Path

import numpy as np
import pytest
from django.conf import settings
from django.core.files.storage import storages
from pytest_django.fixtures import Settings

from annotator.domain import channel_marks, importing
from annotator.enums import DerivedKind, JobState, SessionStatus
from annotator.exceptions import Conflict
from annotator.models import Job, Label, Original, RecordingSession
from annotator.queries import marks
from tests.factories.labels import add_label
from tests.factories.people import make_member
from tests.factories.recordings import Line, write_manifest
from tests.worker.test_ingest import make_study, run_import
from worker import ingest
from worker.bridge import SHARD_VERSION

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("broker", "places")]


@pytest.fixture
def places(settings: Settings, tmp_path: Path) -> None:
    settings.DERIVED_ROOT = tmp_path / "derived"
    originals = {**settings.STORAGES["originals"], "OPTIONS": {"location": tmp_path / "originals", "base_url": None}}
    settings.STORAGES = {**settings.STORAGES, "originals": originals}


@pytest.fixture
def session(tmp_path: Path) -> RecordingSession:
    """Imported, and its source gone."""
    run_import(make_study(), write_manifest(tmp_path / "in", [Line("S1", video_s=None)]))
    shutil.rmtree(tmp_path / "in")
    return RecordingSession.objects.get()


def rebuild(session: RecordingSession) -> Job:
    job = importing.request_rebuild(session, actor=None)
    ingest.import_session(job.pk)
    job.refresh_from_db()
    session.refresh_from_db()
    return job


def test_what_was_set_by_hand_goes_into_the_rebuilt_session(session: RecordingSession) -> None:
    before = session.fingerprint
    session.bad_channels = ["Fp1"]
    session.save()
    job = rebuild(session)
    assert (job.state, job.reason, session.status) == (JobState.SUCCEEDED, "", SessionStatus.READY)
    assert session.fingerprint != before
    assert importing.spec_of(job).bad_channels == ("Fp1",)
    assert session.spec["bad_channels"] == []  # the layout's account stays what it was
    session.bad_channels = []
    session.save()
    rebuild(session)
    assert session.fingerprint == before


def test_a_channel_that_an_annotator_marked_is_masked_from_the_next_rebuild_on(session: RecordingSession) -> None:
    ann = make_member(session.study, "ann")
    assert marks.waiting_channels(session) == []
    assert channel_is_present(session, "Fp1")
    channel_marks.mark_channel(session, "Fp1", is_bad=True, actor=ann)
    session.refresh_from_db()
    assert marks.waiting_channels(session) == ["Fp1"]
    rebuild(session)
    assert marks.waiting_channels(RecordingSession.objects.get()) == []
    assert not channel_is_present(RecordingSession.objects.get(), "Fp1")


def channel_is_present(session: RecordingSession, name: str) -> bool:
    """Whether what learns hears it: a channel that was left out is zero throughout."""
    shard = session.derived.get(kind=DerivedKind.SHARD)
    samples = np.load(Path(settings.DERIVED_ROOT) / shard.path / "eeg.npy")
    channels = [one.casefold() for one in session.study.eeg_channels]
    return bool(np.any(samples[:, channels.index(name.casefold())]))


def test_points_set_by_hand_overrule_those_of_the_layout(session: RecordingSession) -> None:
    session.spec = {**session.spec, "sync_points": [[1.0, 1.5]]}
    session.save()
    job = importing.request_rebuild(session, actor=None)
    assert importing.spec_of(job).sync_points == ((1.0, 1.5),)
    RecordingSession.objects.filter(pk=session.pk).update(sync_points=[[2.0, 2.25], [8.0, 8.5]])
    assert importing.spec_of(Job.objects.get(pk=job.pk)).sync_points == ((2.0, 2.25), (8.0, 8.5))


def test_nothing_changed_is_nothing_done(session: RecordingSession) -> None:
    clips = list(session.clips.order_by("pk").values())
    assert rebuild(session).result == {"unchanged": True}
    assert list(session.clips.order_by("pk").values()) == clips


def test_a_later_rebuild_takes_the_place_of_an_earlier_one(session: RecordingSession) -> None:
    first = importing.request_rebuild(session, actor=None)
    second = importing.request_rebuild(session, actor=None)
    first.refresh_from_db()
    assert (first.state, second.state) == (JobState.CANCELLED, JobState.QUEUED)
    session.refresh_from_db()
    assert session.status == SessionStatus.READY


def test_without_stored_files_there_is_nothing_to_rebuild_from(session: RecordingSession) -> None:
    session.files.all().delete()
    with pytest.raises(Conflict, match="no stored files to rebuild from"):
        importing.request_rebuild(session, actor=None)


def test_an_original_that_was_lost_fails_the_rebuild_and_leaves_the_session_usable(session: RecordingSession) -> None:
    storages["originals"].delete(Original.objects.get().storage_key)
    session.bad_channels = ["Fp1"]
    session.save()
    job = rebuild(session)
    assert job.state == JobState.FAILED
    assert "S1-1.edf is not in storage any more" in job.reason
    assert session.status == SessionStatus.READY
    assert session.clips.count() == 2


def test_a_session_of_an_older_version_is_made_anew_and_keeps_its_labels(
    session: RecordingSession, settings: Settings
) -> None:
    label = add_label(session.clips.order_by("number")[0], make_member(session.study, "ann"))
    shard = session.derived.get(kind=DerivedKind.SHARD)
    # what an older version left: another fingerprint, shard and tiles of another number
    RecordingSession.objects.filter(pk=session.pk).update(fingerprint="0" * 64)
    session.derived.filter(kind=DerivedKind.SHARD).update(version=SHARD_VERSION - 1)
    (job,) = importing.request_rebuilds(session.study, actor=None)
    ingest.import_session(job.pk)
    job.refresh_from_db()
    assert (job.state, job.reason) == (JobState.SUCCEEDED, "")
    made = session.derived.get(kind=DerivedKind.SHARD)
    assert (made.version, made.path != shard.path) == (SHARD_VERSION, True)
    assert (settings.DERIVED_ROOT / made.path / "meta.json").is_file()
    assert Label.objects.get() == label
    assert label.clip.superseded_at is None

    (again,) = importing.request_rebuilds(session.study, actor=None)
    ingest.import_session(again.pk)
    again.refresh_from_db()
    assert again.result == {"unchanged": True}
