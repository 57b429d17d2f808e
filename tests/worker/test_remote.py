"""Imports from S3 and originals in S3, against a server that speaks its protocol over HTTP."""

from __future__ import annotations

import io
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import boto3
import pytest
from django.core.files.storage import storages
from django.utils import timezone
from moto.server import ThreadedMotoServer
from pytest_django.fixtures import Settings

from annotator.domain import deletion, importing, receiving, uploads
from annotator.enums import JobState
from annotator.models import Job, Original, RecordingSession, Study, Upload
from tests.factories.people import make_user
from tests.factories.recordings import Line, write_manifest
from tests.worker.test_ingest import make_study, statuses
from worker import housekeeping, ingest, remote

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("broker", "places")]


@pytest.fixture(scope="module")
def endpoint() -> Iterator[str]:
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    yield f"http://{host}:{port}"
    server.stop()


@pytest.fixture
def s3(endpoint: str, settings: Settings, monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    """A client of an S3 whose bucket "lab" is empty."""
    for name, value in {"ACCESS_KEY_ID": "key", "SECRET_ACCESS_KEY": "secret", "DEFAULT_REGION": "us-east-1"}.items():
        monkeypatch.setenv(f"AWS_{name}", value)
    settings.S3_ENDPOINT, settings.IMPORT_S3 = endpoint, ["s3://lab/eeg", "s3://gone"]
    client = boto3.client("s3", endpoint_url=endpoint)
    client.create_bucket(Bucket="lab")
    yield client
    for item in client.list_objects_v2(Bucket="lab").get("Contents", []):
        client.delete_object(Bucket="lab", Key=item["Key"])
    client.delete_bucket(Bucket="lab")
    client.close()


@pytest.fixture
def places(settings: Settings, tmp_path: Path) -> None:
    settings.DERIVED_ROOT, settings.SCRATCH_ROOT = tmp_path / "derived", tmp_path / "scratch"
    kept = {**settings.STORAGES["originals"], "OPTIONS": {"location": tmp_path / "originals", "base_url": None}}
    settings.STORAGES = {**settings.STORAGES, "originals": kept}


def put(s3: Any, folder: Path, prefix: str) -> None:
    for path in folder.rglob("*"):
        if path.is_file():
            s3.put_object(Bucket="lab", Key=f"{prefix}{path.relative_to(folder).as_posix()}", Body=path.read_bytes())


def run_import(study: Study, source: str) -> Job:
    job = importing.request_import(study, actor=None, source=source)
    ingest.import_source(job.pk)
    for child in job.children.order_by("pk"):
        ingest.import_session(child.pk)
    ingest.import_source(job.pk)
    job.refresh_from_db()
    return job


def scratch(tmp_path: Path) -> list[Path]:
    return list((tmp_path / "scratch").glob("*"))


def test_a_prefix_is_imported_and_only_what_a_layout_reads_is_fetched(
    s3: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    source = write_manifest(tmp_path / "in", [Line("S1"), Line("S2", video_s=None)])
    put(s3, source.parent, "eeg/spring/")
    for other in ("eeg/spring/paper.pdf", "eeg/spring/backup.zip", "eeg/spring/.cache/x.edf", "eeg/springs/x.edf"):
        s3.put_object(Bucket="lab", Key=other, Body=b"not wanted")
    fetched: list[str] = []
    whole = remote.fetch

    def look(*args: Any, **kwargs: Any) -> Path:
        folder = whole(*args, **kwargs)
        fetched.extend(sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()))
        return folder

    monkeypatch.setattr(remote, "fetch", look)
    job = run_import(make_study(), "s3://lab/eeg/spring/")
    assert (job.state, job.reason) == (JobState.SUCCEEDED, "")
    assert statuses(job) == {"S1": "ready", "S2": "ready"}
    assert fetched == ["S1-1.edf", "S1-1.mp4", "S2-1.edf", "manifest.csv"]
    assert scratch(tmp_path) == []


@pytest.mark.parametrize("key", ["eeg/a/../../../evil.edf", "eeg//evil.edf", "eeg/..\\evil.edf"])
def test_a_key_that_leads_out_of_the_folder_is_refused(s3: Any, tmp_path: Path, key: str) -> None:
    s3.put_object(Bucket="lab", Key="eeg/fine.edf", Body=b"x")
    s3.put_object(Bucket="lab", Key=key, Body=b"x")
    job = run_import(make_study(), "s3://lab/eeg")
    assert job.state == JobState.FAILED
    assert "leads out of the folder" in job.reason
    assert scratch(tmp_path) == []
    assert not list(tmp_path.rglob("evil*"))


def test_a_prefix_that_holds_nothing_says_so(s3: Any, tmp_path: Path) -> None:
    s3.put_object(Bucket="lab", Key="eeg/readme.pdf", Body=b"x")
    assert "s3://lab/eeg holds no recording" in run_import(make_study(), "s3://lab/eeg").reason


def test_a_bucket_that_is_not_there_says_so(s3: Any, tmp_path: Path) -> None:
    job = run_import(make_study(), "s3://gone/x")
    assert job.state == JobState.FAILED
    assert job.reason.startswith("s3://gone/x can't be read:")
    assert scratch(tmp_path) == []


def test_more_than_the_limit_is_refused_before_it_is_fetched(s3: Any, tmp_path: Path, settings: Settings) -> None:
    settings.IMPORT_S3_MAX_BYTES = 1000
    s3.put_object(Bucket="lab", Key="eeg/a.edf", Body=bytes(2000))
    job = run_import(make_study(), "s3://lab/eeg")
    assert "the limit of one import" in job.reason
    assert scratch(tmp_path) == []


def test_what_killed_workers_left_is_removed_when_its_import_has_ended(s3: Any, tmp_path: Path) -> None:
    study = make_study()
    running = importing.request_import(study, actor=None, source="s3://lab/eeg")
    for name in (f"import-{running.pk}", "import-999999"):
        (tmp_path / "scratch" / name).mkdir(parents=True)
    remote.remove_leftovers()
    assert [path.name for path in scratch(tmp_path)] == [f"import-{running.pk}"]


def test_originals_may_lie_in_s3(s3: Any, tmp_path: Path, settings: Settings, endpoint: str) -> None:
    """Stored, rebuilt from, and deleted with their session there."""
    backend = {
        "BACKEND": "storages.backends.s3.S3Storage",
        "OPTIONS": {"bucket_name": "lab", "endpoint_url": endpoint, "file_overwrite": False, "default_acl": None},
    }
    settings.STORAGES = {**settings.STORAGES, "originals": backend}
    source = write_manifest(tmp_path / "in", [Line("S1", video_s=None)])
    study = make_study()
    job = importing.request_import(study, actor=None, source=source)
    ingest.import_source(job.pk)
    ingest.import_session(job.children.get().pk)
    original = Original.objects.get()
    stored = s3.get_object(Bucket="lab", Key=original.storage_key)["Body"].read()
    assert stored == (tmp_path / "in" / "S1-1.edf").read_bytes()
    session = RecordingSession.objects.get()
    session.bad_channels = ["Fp1"]
    session.save()
    rebuilt = importing.request_rebuild(session, actor=None)
    ingest.import_session(rebuilt.pk)
    rebuilt.refresh_from_db()
    assert (rebuilt.state, rebuilt.reason) == (JobState.SUCCEEDED, "")
    deletion.delete_session(RecordingSession.objects.get(), actor=None)
    assert "Contents" not in s3.list_objects_v2(Bucket="lab")
    storages["originals"].connection.meta.client.close()  # type: ignore[attr-defined]  # of this backend


def test_the_tidy_task_throws_away_uploads_that_nobody_came_back_for(
    tmp_path: Path, settings: Settings, study_upload: Upload
) -> None:
    housekeeping.tidy()
    assert Upload.objects.exists()
    Upload.objects.update(touched_at=timezone.now() - timedelta(seconds=settings.UPLOAD_KEEP_S + 1))
    housekeeping.tidy()
    assert not Upload.objects.exists()
    assert not study_upload.folder.exists()


@pytest.fixture
def study_upload(settings: Settings, tmp_path: Path) -> Upload:
    settings.UPLOAD_ROOT = tmp_path / "uploads"
    upload = uploads.begin(make_study(), actor=make_user("boss"))
    file = uploads.add_file(upload, path="a.edf", size_bytes=3)
    receiving.receive(file, offset=0, read=io.BytesIO(b"eeg").read)
    return upload
