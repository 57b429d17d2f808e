from __future__ import annotations

import hashlib
import io
import os
import threading
import zipfile
from datetime import timedelta
from functools import partial
from pathlib import Path

import pytest
from django.utils import timezone
from pytest_django import Settings

from annotator.domain import importing, jobs, receiving, sources, uploads
from annotator.domain.receiving import Checksum
from annotator.enums import JobState, UploadState
from annotator.exceptions import Conflict, DomainError, NotAllowed, NotFound
from annotator.models import Job, Study, Upload, UploadFile, User
from tests.annotator.domain.test_races import together
from tests.factories.people import make_user
from tests.factories.studies import make_study

pytestmark = pytest.mark.django_db
#: for what threads do, each on a connection of its own
committed = pytest.mark.django_db(transaction=True)


@pytest.fixture(autouse=True)
def root(tmp_path: Path, settings: Settings) -> Path:
    settings.UPLOAD_ROOT = tmp_path / "uploads"
    settings.UPLOAD_MAX_BYTES = 1000
    settings.UPLOAD_KEEP_FREE_BYTES = 0
    settings.IMPORT_ROOTS = [tmp_path / "recordings"]
    return tmp_path / "uploads"


@pytest.fixture
def study() -> Study:
    return make_study(n_subjects=2, n_clips=1)


@pytest.fixture
def admin() -> User:
    return make_user("boss")


@pytest.fixture
def upload(study: Study, admin: User) -> Upload:
    return uploads.begin(study, actor=admin)


def send(upload: Upload, path: str, content: bytes) -> UploadFile:
    file = uploads.add_file(upload, path=path, size_bytes=len(content))
    receiving.receive(file, offset=0, read=io.BytesIO(content).read)
    return file


def arranged(upload: Upload, admin: User) -> Path:
    job = uploads.request_import(upload, actor=admin)
    return uploads.arrange(job, check=lambda: None)


def zipped(entries: dict[str, bytes]) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in entries.items():
            archive.writestr(name, content)
    return buffer.getvalue()


def files_below(folder: Path) -> dict[str, bytes]:
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


# --- a set of files --------------------------------------------------------------------------------------------------


def test_files_of_a_folder_keep_their_places(upload: Upload, admin: User) -> None:
    send(upload, "lab/Sessions/2/a.bdf", b"eeg")
    send(upload, "lab/Sessions/2/empty.tsv", b"")
    source = arranged(upload, admin)
    assert source.name == "lab"
    assert files_below(source) == {"Sessions/2/a.bdf": b"eeg", "Sessions/2/empty.tsv": b""}


def test_an_archive_of_one_folder_is_imported_from_that_folder(upload: Upload, admin: User) -> None:
    send(upload, "recordings.zip", zipped({"Sessions/2/a.bdf": b"eeg", "Sessions/2/session.xml": b"<x/>"}))
    source = arranged(upload, admin)
    assert source.name == "Sessions"
    assert files_below(source) == {"2/a.bdf": b"eeg", "2/session.xml": b"<x/>"}


def test_a_manifest_with_its_files_is_imported_by_the_manifest(upload: Upload, admin: User) -> None:
    send(upload, "manifest.csv", b"subject\n")
    send(upload, "a.edf", b"eeg")
    source = arranged(upload, admin)
    assert source.read_bytes() == b"subject\n"
    assert (source.parent / "a.edf").read_bytes() == b"eeg"


def test_arranging_again_after_a_crash_begins_anew(upload: Upload, admin: User) -> None:
    send(upload, "a.zip", zipped({"x/a.edf": b"eeg"}))
    source = arranged(upload, admin)
    (source / "half").write_bytes(b"left by a worker that died")
    assert files_below(uploads.arrange(Job.objects.get(upload=upload), check=lambda: None)) == {"a.edf": b"eeg"}


def test_a_file_beside_an_archive_that_holds_it_is_refused(upload: Upload, admin: User) -> None:
    send(upload, "a.zip", zipped({"b.edf": b"1"}))
    send(upload, "b.edf", b"2")
    with pytest.raises(DomainError, match=r"b\.edf is in this upload twice"):
        arranged(upload, admin)


@pytest.mark.parametrize(
    "path",
    ["../a", "/a", "a/../../b", "..\\a", "", ".", "a/./.b", ".hidden", "x/.git/config", "C:\\a", "a\x00b", "a\nb",
     "b" * 256, "é" * 128, "d/" * 250 + "a"],
)  # fmt: skip
def test_a_path_that_leaves_or_that_no_disk_holds_is_refused(upload: Upload, path: str) -> None:
    with pytest.raises(DomainError, match="no usable file name"):
        uploads.add_file(upload, path=path, size_bytes=1)
    assert not upload.files.exists()


@pytest.mark.parametrize(
    ("path", "clean"), [("a//b.edf", "a/b.edf"), ("a\\b.edf", "a/b.edf"), ("被/é.edf", "被/é.edf")]
)
def test_other_paths_are_kept(path: str, clean: str) -> None:
    assert uploads.clean_path(path) == clean


def test_asking_again_for_the_same_file_gives_the_same_one(upload: Upload) -> None:
    first = uploads.add_file(upload, path="a.edf", size_bytes=3, modified_ms=5)
    assert uploads.add_file(upload, path="a.edf", size_bytes=3, modified_ms=5) == first
    with pytest.raises(Conflict, match=r"Another file a\.edf"):
        uploads.add_file(upload, path="a.edf", size_bytes=4, modified_ms=5)


@pytest.mark.parametrize(("first", "second"), [("a", "a/b"), ("a/b", "a"), ("x/y/z.edf", "x/y")])
def test_a_file_and_a_folder_of_one_name_are_refused(upload: Upload, first: str, second: str) -> None:
    uploads.add_file(upload, path=first, size_bytes=1)
    with pytest.raises(Conflict, match="a file and a folder"):
        uploads.add_file(upload, path=second, size_bytes=1)


def test_more_than_the_limit_is_refused_before_a_byte_is_sent(upload: Upload, settings: Settings) -> None:
    settings.UPLOAD_MAX_BYTES = 10**9
    uploads.add_file(upload, path="a.edf", size_bytes=600_000_000)
    with pytest.raises(DomainError, match=r"With b\.edf the upload would be 1\.2 GB; the limit is 1\.0 GB\."):
        uploads.add_file(upload, path="b.edf", size_bytes=600_000_000)


def test_a_full_disk_is_told_before_a_byte_is_sent(study: Study, upload: Upload, settings: Settings) -> None:
    settings.UPLOAD_MAX_BYTES = 10**18
    free = uploads.free_bytes()
    uploads.add_file(upload, path="a.edf", size_bytes=free // 2)
    with pytest.raises(DomainError, match=r"no room for b\.edf"):  # what was promised to others is not free
        uploads.add_file(upload, path="b.edf", size_bytes=free - free // 4)


def test_an_upload_that_is_not_whole_is_not_imported(upload: Upload, admin: User) -> None:
    with pytest.raises(Conflict, match="There is no file in it"):
        uploads.request_import(upload, actor=admin)
    send(upload, "a.edf", b"eeg")
    uploads.add_file(upload, path="b.edf", size_bytes=1)
    with pytest.raises(Conflict, match="1 of 2 files have not come in whole"):
        uploads.request_import(upload, actor=admin)
    assert not Job.objects.exists()


@committed
def test_an_upload_is_imported_once(upload: Upload, admin: User, broker: str) -> None:
    send(upload, "a.edf", b"eeg")

    def ask() -> str:
        try:
            return uploads.request_import(upload, actor=admin).kind
        except Conflict as error:
            return error.code

    assert sorted(together([ask] * 4)) == ["import", "imported", "imported", "imported"]
    with pytest.raises(NotFound):
        uploads.upload_of(upload.study, upload.pk)


def test_an_upload_that_no_layout_reads_can_be_imported_again_as_another(upload: Upload, admin: User) -> None:
    send(upload, "a.edf", b"eeg")
    job = uploads.request_import(upload, actor=admin)
    token = jobs.take(job.pk, "finder")
    assert token is not None
    importing.import_failed(job, token, "no known layout")
    upload.refresh_from_db()
    assert (upload.state, upload.job, Job.objects.get().state) == (UploadState.OPEN, None, JobState.FAILED)
    assert uploads.request_import(upload, actor=admin, layout="folder").payload["layout"] == "folder"


def test_a_cancel_before_anybody_begins_gives_the_upload_back(upload: Upload, admin: User) -> None:
    send(upload, "a.edf", b"eeg")
    importing.cancel_import(uploads.request_import(upload, actor=admin))
    assert list(uploads.open_uploads(upload.study, admin)) == [upload]


def test_of_another_study_there_is_no_upload(upload: Upload) -> None:
    file = uploads.add_file(upload, path="a.edf", size_bytes=1)
    other = make_study(n_subjects=2, n_clips=1)
    with pytest.raises(NotFound):
        uploads.upload_of(other, upload.pk)
    with pytest.raises(NotFound):
        uploads.file_of(other, upload.pk, file.pk)


# --- going away ------------------------------------------------------------------------------------------------------


def test_what_is_left_alone_is_thrown_away_and_nothing_else(
    study: Study, upload: Upload, admin: User, root: Path
) -> None:
    send(upload, "old.edf", b"eeg")
    fresh = uploads.begin(study, actor=admin)
    send(fresh, "new.edf", b"eeg")
    Upload.objects.filter(pk=upload.pk).update(touched_at=timezone.now() - timedelta(days=8))
    (root / "notes").mkdir()
    unknown = root / ("0" * 32)
    unknown.mkdir()
    os.utime(unknown, (0, 0))
    assert uploads.expire() == 2
    assert {path.name for path in root.iterdir()} == {fresh.pk.hex, "notes"}
    assert list(Upload.objects.all()) == [fresh]


def test_an_upload_goes_with_the_end_of_its_import(upload: Upload, admin: User, root: Path) -> None:
    send(upload, "a.edf", b"eeg")
    job = uploads.request_import(upload, actor=admin)
    assert uploads.expire() == 0
    Job.objects.filter(pk=job.pk).update(state=JobState.SUCCEEDED, finished_at=timezone.now())
    assert uploads.expire() == 1  # its worker died before it could
    assert not list(root.iterdir())


# --- bytes -----------------------------------------------------------------------------------------------------------


def new_file(upload: Upload, size_bytes: int = 100) -> UploadFile:
    return uploads.add_file(upload, path="a.edf", size_bytes=size_bytes)


def test_pieces_follow_one_another(upload: Upload) -> None:
    file, content = new_file(upload), os.urandom(100)
    assert receiving.receive(file, offset=0, read=io.BytesIO(content[:40]).read) == 40
    assert receiving.offset_of(file) == 40
    assert receiving.receive(file, offset=40, read=io.BytesIO(content[40:]).read) == 100
    assert file.part.read_bytes() == content
    assert UploadFile.objects.get().is_complete


@pytest.mark.parametrize("offset", [0, 39, 41, 100])
def test_a_piece_for_another_place_is_refused(upload: Upload, offset: int) -> None:
    file = new_file(upload)
    receiving.receive(file, offset=0, read=io.BytesIO(b"x" * 40).read)
    with pytest.raises(Conflict, match="The file is at byte 40"):
        receiving.receive(file, offset=offset, read=io.BytesIO(b"y" * 10).read)
    assert file.part.read_bytes() == b"x" * 40


def test_no_more_is_taken_than_the_file_was_said_to_hold(upload: Upload) -> None:
    file = new_file(upload, 10)
    assert receiving.receive(file, offset=0, read=io.BytesIO(b"x" * 500).read) == 10
    assert file.part.stat().st_size == 10


def test_what_came_before_the_line_broke_is_kept(upload: Upload) -> None:
    pieces = iter([b"x" * 30])

    def read(_: int) -> bytes:
        try:
            return next(pieces)
        except StopIteration:
            raise ConnectionResetError from None

    assert receiving.receive(new_file(upload), offset=0, read=read) == 30


@pytest.mark.parametrize("algorithm", receiving.ALGORITHMS)
def test_a_piece_with_a_checksum_counts_as_a_whole_or_not_at_all(upload: Upload, algorithm: str) -> None:
    file, content = new_file(upload), os.urandom(100)
    right = Checksum(algorithm, hashlib.new(algorithm, content[:50]).digest())
    with pytest.raises(DomainError, match="did not come in as it was sent"):
        receiving.receive(file, offset=0, read=io.BytesIO(content[1:51]).read, checksum=right)
    assert (receiving.offset_of(file), file.part.stat().st_size) == (0, 0)
    assert receiving.receive(file, offset=0, read=io.BytesIO(content[:50]).read, checksum=right) == 50


def test_bytes_that_nobody_vouched_for_are_written_again(upload: Upload) -> None:
    """The server was killed after it wrote, before it counted."""
    file = new_file(upload)
    receiving.receive(file, offset=0, read=io.BytesIO(b"x" * 40).read)
    with file.part.open("ab") as part:
        part.write(b"?" * 17)
    assert receiving.offset_of(file) == 40
    receiving.receive(file, offset=40, read=io.BytesIO(b"y" * 60).read)
    assert file.part.read_bytes() == b"x" * 40 + b"y" * 60


@pytest.mark.parametrize("on_disk", [0, 25, None])
def test_bytes_that_were_lost_are_asked_for_again(upload: Upload, on_disk: int | None) -> None:
    """The machine lost its power, or somebody removed the file."""
    file = new_file(upload)
    receiving.receive(file, offset=0, read=io.BytesIO(b"x" * 40).read)
    if on_disk is None:
        file.part.unlink()
    else:
        os.truncate(file.part, on_disk)
    assert receiving.offset_of(file) == UploadFile.objects.get().offset_bytes == (on_disk or 0)
    assert receiving.receive(file, offset=on_disk or 0, read=io.BytesIO(b"z" * 100).read) == 100


@committed
def test_of_pieces_sent_at_once_to_the_same_place_one_is_taken(upload: Upload) -> None:
    file, inside, go_on = new_file(upload), threading.Event(), threading.Event()

    def slow(sent: io.BytesIO, n: int) -> bytes:
        inside.set()
        assert go_on.wait(60)
        return sent.read(n)

    def first() -> object:
        return receiving.receive(file, offset=0, read=partial(slow, io.BytesIO(b"1" * 100)))

    def second() -> object:
        assert inside.wait(60)
        other = UploadFile.objects.select_related("upload").get(pk=file.pk)
        assert receiving.offset_of(other) == 0  # it may be asked meanwhile
        try:
            return receiving.receive(other, offset=0, read=io.BytesIO(b"2" * 100).read)
        except Conflict as error:
            return error.code
        finally:
            go_on.set()

    assert together([first, second]) == [100, "offset_conflict"]
    assert file.part.read_bytes() == b"1" * 100


@committed
def test_eight_at_once_leave_a_whole_file(upload: Upload) -> None:
    file, content = new_file(upload), os.urandom(100)

    def push() -> int:
        mine = UploadFile.objects.select_related("upload").get(pk=file.pk)
        n_taken = 0
        while (offset := receiving.offset_of(mine)) < 100:
            try:
                receiving.receive(mine, offset=offset, read=io.BytesIO(content[offset : offset + 7]).read)
                n_taken += 1
            except Conflict:
                continue
        return n_taken

    assert sum(together([push] * 8)) == 15
    assert file.part.read_bytes() == content


def test_an_upload_that_is_discarded_while_it_comes_in_is_gone(upload: Upload, admin: User, root: Path) -> None:
    file = new_file(upload)

    def read(n: int) -> bytes:
        uploads.discard(Upload.objects.get(pk=upload.pk), actor=admin)
        return b"x" * n

    with pytest.raises(NotFound, match="discarded"):
        receiving.receive(file, offset=0, read=read)
    assert not any(path.is_file() for path in root.rglob("*"))


# --- what lies on the server -----------------------------------------------------------------------------------------


def test_a_server_folder_must_lie_in_an_import_root(tmp_path: Path) -> None:
    inside = tmp_path / "recordings" / "lab"
    inside.mkdir(parents=True)
    (tmp_path / "recordings" / "out").symlink_to("/etc")
    assert sources.on_the_server(str(inside)) == inside
    for outside in (tmp_path / "recordings" / "out", inside / ".." / ".." / "uploads", Path("/etc")):
        with pytest.raises(NotAllowed, match="outside the folders"):
            sources.on_the_server(str(outside))
    with pytest.raises(DomainError, match="no such file"):
        sources.on_the_server(str(inside / "gone"))


@pytest.mark.parametrize("text", ["s3://lab/eeg", "s3://lab/eeg/", "s3://lab/eeg/2024/spring", "S3://lab/eeg/x"])
def test_a_prefix_below_an_open_one_is_allowed(settings: Settings, text: str) -> None:
    settings.IMPORT_S3 = ["s3://lab/eeg/"]
    assert str(sources.on_the_server(text)).startswith("s3://lab/eeg")


@pytest.mark.parametrize("text", ["s3://lab", "s3://lab/eegs", "s3://lab/eeg/../secret", "s3://other/eeg", "s3://"])
def test_any_other_prefix_is_refused(study: Study, settings: Settings, text: str) -> None:
    settings.IMPORT_S3 = ["s3://lab/eeg"]
    with pytest.raises(NotAllowed, match="outside the S3 prefixes"):
        sources.on_the_server(text)
    with pytest.raises(NotAllowed, match="outside the S3 prefixes"):
        importing.request_import(study, actor=None, source=text)
