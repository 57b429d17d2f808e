"""Uploads over real HTTP: the protocol's own client, killed clients and servers, and what the specification asks."""

from __future__ import annotations

import base64
import hashlib
import http.client
import io
import json
import os
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from django.conf import settings as django_settings
from django.test import Client
from pytest_django.fixtures import Settings
from tusclient.client import TusClient
from tusclient.exceptions import TusCommunicationError, TusUploadFailed

from annotator.domain import people, uploads
from annotator.enums import JobKind, JobState, Role
from annotator.models import Job, RecordingSession, Study, Upload, UploadFile, User
from tests.annotator.domain.test_races import together
from tests.factories.people import make_member
from tests.factories.recordings import Line, write_manifest
from tests.factories.studies import make_study
from tests.factories.web import StartWeb, WebServer, start_web
from tests.factories.workers import until
from worker import ingest

__all__ = ["start_web"]
pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("broker")]
MB = 1024 * 1024


@pytest.fixture(autouse=True)
def places(settings: Settings, tmp_path: Path) -> None:
    settings.UPLOAD_ROOT = tmp_path / "uploads"
    settings.DERIVED_ROOT = tmp_path / "derived"
    kept = {**settings.STORAGES["originals"], "OPTIONS": {"location": tmp_path / "originals", "base_url": None}}
    settings.STORAGES = {**settings.STORAGES, "originals": kept}


@pytest.fixture
def study() -> Study:
    return make_study("lab", n_subjects=2, n_clips=1)


@pytest.fixture
def admin(study: Study) -> User:
    return make_member(study, "boss", Role.ADMIN)


@pytest.fixture
def token(admin: User) -> str:
    return people.issue_token(admin, "test")


@pytest.fixture
def upload(study: Study, admin: User) -> Upload:
    return uploads.begin(study, actor=admin)


def address_of(upload: Upload) -> str:
    return f"/api/v1/studies/{upload.study.slug}/uploads/{upload.pk}/files"


def program(web: WebServer, upload: Upload, token: str) -> TusClient:
    return TusClient(web.address + address_of(upload), headers={"Authorization": f"Bearer {token}"})


def write(path: Path, n_bytes: int) -> Path:
    path.write_bytes(os.urandom(n_bytes))
    return path


def bytes_of(upload: Upload) -> dict[str, bytes]:
    return {file.path: file.part.read_bytes() for file in upload.files.all()}


# --- the protocol's own client ---------------------------------------------------------------------------------------


def test_what_tuspy_sends_becomes_an_import(
    start_web: StartWeb, study: Study, upload: Upload, token: str, admin: User, tmp_path: Path
) -> None:
    """Folder, pieces, checksums, Unicode names; then the import, whose clips are there."""
    source = write_manifest(tmp_path / "séance", [Line("S1", video_s=None), Line("S2", video_s=None)])
    client = program(start_web(), upload, token)
    for path in source.parent.iterdir():
        said = {"filename": path.name, "relativePath": f"séance/{path.name}"}
        with path.open("rb") as stream:
            client.uploader(file_stream=stream, chunk_size=10_000, metadata=said, upload_checksum=True).upload()
    job = uploads.request_import(upload, actor=admin)
    ingest.import_source(job.pk)
    for child in job.children.all():
        ingest.import_session(child.pk)
    ingest.import_source(job.pk)
    job.refresh_from_db()
    assert (job.state, job.reason) == (JobState.SUCCEEDED, "")
    found = RecordingSession.objects.filter(study=study, layout="manifest", subject__code__in=["S1", "S2"])
    assert [session.clips.count() for session in found if session.files.exists()] == [2, 2]
    assert not Upload.objects.exists()
    assert not upload.folder.exists()


CLIENT = """
import sys
from tusclient.client import TusClient
from tusclient.storage.filestorage import FileStorage
url, token, path, kept, chunk = sys.argv[1:]
client = TusClient(url, headers={"Authorization": f"Bearer {token}"})
uploader = client.uploader(path, chunk_size=int(chunk), metadata={"filename": "big.bdf"}, store_url=True,
                           url_storage=FileStorage(kept))
print("from", uploader.offset, flush=True)
while uploader.offset < uploader.get_file_size():
    uploader.upload_chunk()
    print(uploader.offset, flush=True)
"""


def start_client(web: WebServer, upload: Upload, token: str, path: Path, *, chunk: int) -> subprocess.Popen[str]:
    kept = path.with_suffix(".urls")
    arguments = [web.address + address_of(upload), token, str(path), str(kept), str(chunk)]
    return subprocess.Popen([sys.executable, "-c", CLIENT, *arguments], stdout=subprocess.PIPE, text=True)


def said(client: subprocess.Popen[str]) -> str:
    assert client.stdout is not None
    return client.stdout.readline().strip()


def end(client: subprocess.Popen[str], number: int = signal.SIGKILL) -> None:
    client.send_signal(number)
    client.wait()
    assert client.stdout is not None
    client.stdout.close()


def test_a_client_that_is_killed_in_the_middle_goes_on_where_it_was(
    start_web: StartWeb, upload: Upload, token: str, tmp_path: Path
) -> None:
    path = write(tmp_path / "big.bdf", 24 * MB)
    web = start_web()
    first = start_client(web, upload, token, path, chunk=MB)
    while int((said(first) or "0").removeprefix("from ")) < 3 * MB:
        pass
    end(first)
    reached = uploads.file_of(upload.study, upload.pk, UploadFile.objects.get().pk).offset_bytes
    assert 3 * MB <= reached < 24 * MB
    second = start_client(web, upload, token, path, chunk=8 * MB)
    assert int(said(second).removeprefix("from ")) >= reached
    assert second.wait(60) == 0
    assert second.stdout is not None
    second.stdout.close()
    assert bytes_of(upload) == {"big.bdf": path.read_bytes()}
    assert UploadFile.objects.get().is_complete


def test_a_server_that_is_killed_in_the_middle_loses_nothing_it_counted(
    start_web: StartWeb, upload: Upload, token: str, tmp_path: Path
) -> None:
    path = write(tmp_path / "big.bdf", 24 * MB)
    web = start_web()
    client = start_client(web, upload, token, path, chunk=MB)
    while int((said(client) or "0").removeprefix("from ")) < 3 * MB:
        pass
    web.kill()
    end(client)
    counted = UploadFile.objects.get().offset_bytes
    assert counted >= 3 * MB
    # the new server has another port: the client asks for the file again, and gets the same one
    with path.open("rb") as stream:
        uploader = program(start_web(), upload, token).uploader(file_stream=stream, metadata={"filename": "big.bdf"})
        uploader.set_url(uploader.create_url())
        uploader.offset = uploader.get_offset()
        assert uploader.offset >= counted
        uploader.upload()
    assert bytes_of(upload) == {"big.bdf": path.read_bytes()}


def test_what_came_of_a_piece_before_the_line_broke_is_kept(start_web: StartWeb, upload: Upload, token: str) -> None:
    """One PATCH of 8 MB, of which 5 come."""
    file = uploads.add_file(upload, path="a.bdf", size_bytes=8 * MB)
    web, content = start_web(), os.urandom(8 * MB)
    parts = urlsplit(web.address)
    head = (
        f"PATCH {address_of(upload)}/{file.pk} HTTP/1.1\r\nHost: 127.0.0.1\r\nAuthorization: Bearer {token}\r\n"
        "Tus-Resumable: 1.0.0\r\nUpload-Offset: 0\r\nContent-Type: application/offset+octet-stream\r\n"
        f"Content-Length: {8 * MB}\r\n\r\n"
    )
    with socket.create_connection((str(parts.hostname), int(parts.port or 0))) as line:
        line.sendall(head.encode() + content[: 5 * MB])
    until(lambda: UploadFile.objects.get().offset_bytes == 5 * MB, "the count of what came")
    uploader = program(web, upload, token).uploader(
        file_stream=io.BytesIO(content), url=f"{web.address}{address_of(upload)}/{file.pk}"
    )
    assert uploader.offset == 5 * MB
    uploader.upload()
    assert file.part.read_bytes() == content


def test_a_piece_that_was_damaged_on_its_way_is_refused_to_tuspy(
    start_web: StartWeb, upload: Upload, token: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    from tusclient.request import TusRequest

    content = os.urandom(MB)
    client = program(start_web(), upload, token)
    uploader = client.uploader(file_stream=io.BytesIO(content), upload_checksum=True, metadata={"filename": "a"})
    right = TusRequest.add_checksum
    monkeypatch.setattr(TusRequest, "add_checksum", lambda self, chunk: right(self, chunk[:-1] + b"?"))
    with pytest.raises(TusUploadFailed):
        uploader.upload()
    sent: Any = uploader.request
    assert sent.status_code == 460
    monkeypatch.undo()
    uploader.offset = uploader.get_offset()
    assert uploader.offset == 0
    uploader.upload()
    assert bytes_of(upload)["a"] == content


def test_an_upload_that_the_server_has_no_room_for_is_refused_to_tuspy(
    start_web: StartWeb, upload: Upload, token: str
) -> None:
    web = start_web(CONCORD_UPLOAD_MAX_MB="1")
    uploader = program(web, upload, token).uploader(file_stream=io.BytesIO(bytes(2 * MB)), metadata={"filename": "a"})
    with pytest.raises(TusCommunicationError) as refused:
        uploader.upload()
    assert refused.value.status_code == 413
    assert b"the limit is 0.0 GB" in refused.value.response_content


# --- the specification, in one process -------------------------------------------------------------------------------


class Program:
    """What speaks tus by Django's own test client, with a token."""

    def __init__(self, token: str) -> None:
        self.client, self.token = Client(enforce_csrf_checks=True), token

    def __call__(self, method: str, address: str, body: bytes = b"", **headers: str) -> Any:
        given = {"Authorization": f"Bearer {self.token}", "Tus-Resumable": "1.0.0"}
        given |= {name.replace("_", "-"): value for name, value in headers.items()}
        kind = given.pop("Content-Type", "application/offset+octet-stream")
        return self.client.generic(method, address, body, content_type=kind, headers=given)


@pytest.fixture
def speak(token: str) -> Program:
    return Program(token)


def encoded(**said: str) -> str:
    return ",".join(f"{key} {base64.b64encode(value.encode()).decode()}" for key, value in said.items())


def create(speak: Program, upload: Upload, size: int, **said: str) -> Any:
    metadata = encoded(**(said or {"filename": "a.edf"}))
    return speak("POST", address_of(upload), Upload_Length=str(size), Upload_Metadata=metadata)


def test_the_server_says_what_it_can(speak: Program, upload: Upload) -> None:
    answer = speak("OPTIONS", address_of(upload), Tus_Resumable="0.2.2")
    assert answer.status_code == 204
    assert answer.headers["Tus-Version"] == "1.0.0"
    assert set(answer.headers["Tus-Extension"].split(",")) == {"creation", "termination", "checksum", "expiration"}
    assert answer.headers["Tus-Max-Size"] == str(django_settings.UPLOAD_MAX_BYTES)
    assert "sha1" in answer.headers["Tus-Checksum-Algorithm"]


def test_create_look_send_end(speak: Program, upload: Upload) -> None:
    made = create(speak, upload, 6, filename="a.edf", modified_ms="17")
    assert made.status_code == 201
    address = made.headers["Location"]
    assert address.startswith(f"{address_of(upload)}/")
    sent = speak("PATCH", address, b"abc", Upload_Offset="0")
    assert (sent.status_code, sent.headers["Upload-Offset"]) == (204, "3")
    assert "GMT" in sent.headers["Upload-Expires"]
    seen = speak("HEAD", address)
    assert (seen.status_code, seen.headers["Upload-Offset"], seen.headers["Upload-Length"]) == (200, "3", "6")
    assert seen.headers["Cache-Control"] == "no-store"
    assert {answer.headers["Tus-Resumable"] for answer in (made, sent, seen)} == {"1.0.0"}
    assert (UploadFile.objects.get().modified_ms, UploadFile.objects.get().path) == (17, "a.edf")
    assert speak("DELETE", address).status_code == 204
    gone = speak("HEAD", address)
    assert (gone.status_code, gone.headers["Tus-Resumable"]) == (404, "1.0.0")


def test_methods_may_be_named_in_a_header(speak: Program, upload: Upload) -> None:
    address = create(speak, upload, 3).headers["Location"]
    sent = speak("POST", address, b"abc", Upload_Offset="0", X_HTTP_Method_Override="PATCH")
    assert sent.headers["Upload-Offset"] == "3"
    assert speak("POST", address, X_HTTP_Method_Override="BREW").status_code == 400
    assert speak("POST", address, X_HTTP_Method_Override="DELETE").status_code == 204


SHA1 = f"sha1 {base64.b64encode(hashlib.sha1(b'other').digest()).decode()}"


@pytest.mark.parametrize(
    ("headers", "body", "status", "says"),
    [
        ({"Upload_Offset": "1"}, b"abc", 409, "The file is at byte 0, not 1"),
        ({"Upload_Offset": "x"}, b"abc", 400, "Upload-Offset: expected a whole number"),
        ({"Upload_Offset": "-1"}, b"abc", 400, "Upload-Offset: expected a whole number"),
        ({}, b"abc", 400, "Upload-Offset: expected a whole number"),
        ({"Upload_Offset": "0", "Content_Type": "application/octet-stream"}, b"abc", 415, "Content-Type: expected"),
        ({"Upload_Offset": "0"}, b"abcdefg", 413, "more than the file was said to hold"),
        ({"Upload_Offset": "0", "Tus_Resumable": "2.0.0"}, b"abc", 412, "speaks tus 1.0.0"),
        ({"Upload_Offset": "0", "Upload_Checksum": SHA1}, b"abc", 460, "did not come in as it was sent"),
        ({"Upload_Offset": "0", "Upload_Checksum": "crc32 AAAA"}, b"abc", 400, "expected one of sha1"),
        ({"Upload_Offset": "0", "Upload_Checksum": "sha1 %%"}, b"abc", 400, "base64"),
    ],
)
def test_a_piece_that_does_not_fit_is_refused_and_nothing_kept(
    speak: Program, upload: Upload, headers: dict[str, str], body: bytes, status: int, says: str
) -> None:
    address = create(speak, upload, 6).headers["Location"]
    answer = speak("PATCH", address, body, **headers)
    assert (answer.status_code, answer.headers["Tus-Resumable"]) == (status, "1.0.0")
    assert says in answer.json()["message"]
    assert speak("HEAD", address).headers["Upload-Offset"] == "0"
    assert not UploadFile.objects.get().offset_bytes


@pytest.mark.parametrize(
    ("length", "metadata", "status", "says"),
    [
        ("", encoded(filename="a"), 400, "Upload-Length"),
        ("ten", encoded(filename="a"), 400, "Upload-Length"),
        ("9" * 30, encoded(filename="a"), 400, "Upload-Length"),
        (str(10**15), encoded(filename="a"), 413, "the limit is"),
        ("3", "", 400, "expected a filename"),
        ("3", "filename !!", 400, "base64"),
        ("3", f"filename {base64.b64encode(bytes([255, 254])).decode()}", 400, "UTF-8"),
        ("3", encoded(filename="../../etc/passwd"), 422, "no usable file name"),
        ("3", encoded(filename="a", relativePath="/etc/passwd"), 422, "no usable file name"),
        ("3", encoded(filename="a", modified_ms="soon"), 400, "modified_ms"),
    ],
)
def test_a_file_that_can_not_be_is_refused(
    speak: Program, upload: Upload, length: str, metadata: str, status: int, says: str
) -> None:
    answer = speak("POST", address_of(upload), Upload_Length=length, Upload_Metadata=metadata)
    assert answer.status_code == status, answer.content
    assert says in answer.json()["message"]
    assert not UploadFile.objects.exists()


def test_names_as_other_clients_give_them(speak: Program, upload: Upload) -> None:
    create(speak, upload, 1, name="one.edf")
    create(speak, upload, 1, filename="two.edf", relativePath="null")
    create(speak, upload, 1, filename="three.edf", relativePath="lab/three.edf")
    assert set(upload.files.values_list("path", flat=True)) == {"one.edf", "two.edf", "lab/three.edf"}


# --- who may ---------------------------------------------------------------------------------------------------------


def test_a_page_needs_its_token_in_a_header(admin: User, upload: Upload) -> None:
    client = Client(enforce_csrf_checks=True)
    client.force_login(admin)
    address = address_of(upload)
    headers = {"Tus-Resumable": "1.0.0", "Upload-Length": "3", "Upload-Metadata": encoded(filename="a")}
    refused = client.post(address, headers=headers)
    assert (refused.status_code, refused.json()["code"]) == (403, "csrf")
    assert not UploadFile.objects.exists()
    client.get(f"/studies/{upload.study.slug}/import/")
    headers["X-CSRFToken"] = client.cookies["csrftoken"].value
    made = client.post(address, headers=headers)
    assert made.status_code == 201
    piece: dict[str, Any] = {"data": b"abc", "content_type": "application/offset+octet-stream"}
    plain = {"Tus-Resumable": "1.0.0", "Upload-Offset": "0"}
    assert client.patch(made.headers["Location"], **piece, headers=plain).status_code == 403
    with_token = {**plain, "X-CSRFToken": headers["X-CSRFToken"]}
    assert client.patch(made.headers["Location"], **piece, headers=with_token).status_code == 204


@pytest.mark.parametrize(("role", "status"), [(Role.ANNOTATOR, 403), (Role.RESEARCHER, 403), (None, 404)])
def test_only_who_may_import_may_upload(upload: Upload, role: Role | None, status: int) -> None:
    other = make_study("elsewhere", n_subjects=2, n_clips=1)
    user = make_member(upload.study if role else other, "kim", role or Role.ADMIN)
    theirs = Program(people.issue_token(user, "test"))
    file = uploads.add_file(upload, path="a.edf", size_bytes=3)
    assert create(theirs, upload, 3, filename="b").status_code == status
    assert theirs("PATCH", f"{address_of(upload)}/{file.pk}", b"abc", Upload_Offset="0").status_code == status
    assert theirs("DELETE", f"{address_of(upload)}/{file.pk}").status_code == status
    assert not UploadFile.objects.get().offset_bytes


def test_an_upload_is_no_use_under_another_study(admin: User, speak: Program, upload: Upload) -> None:
    other = make_study("elsewhere", n_subjects=2, n_clips=1)
    from annotator.domain import studies

    studies.add_member(other, admin, Role.ADMIN, actor=None)
    file = uploads.add_file(upload, path="a.edf", size_bytes=3)
    foreign = address_of(upload).replace("/lab/", "/elsewhere/")
    assert speak("PATCH", f"{foreign}/{file.pk}", b"abc", Upload_Offset="0").status_code == 404


# --- sets of files ---------------------------------------------------------------------------------------------------


def test_an_upload_from_begin_to_import_by_the_api(speak: Program, study: Study) -> None:
    begun = speak("POST", f"/api/v1/studies/{study.slug}/uploads", Content_Type="application/json").json()
    made = speak("POST", begun["files_url"], Upload_Length="3", Upload_Metadata=encoded(filename="a.edf"))
    ask: Callable[[], Any] = lambda: speak(  # noqa: E731 - three times the same
        "POST", begun["url"] + "/import", json.dumps({"layout": "auto"}).encode(), Content_Type="application/json"
    )
    early = ask()
    assert (early.status_code, early.json()["code"]) == (409, "incomplete")
    speak("PATCH", made.headers["Location"], b"ab", Upload_Offset="0")
    (listed,) = speak("GET", f"/api/v1/studies/{study.slug}/uploads").json()
    assert [(file["path"], file["offset_bytes"], file["size_bytes"]) for file in listed["files"]] == [("a.edf", 2, 3)]
    speak("PATCH", listed["files"][0]["url"], b"c", Upload_Offset="2")
    job = ask()
    assert (job.status_code, job.json()["kind"]) == (202, JobKind.IMPORT)
    assert ask().status_code == 404
    assert Job.objects.get(kind=JobKind.IMPORT).payload["upload"] == begun["id"].replace("-", "")
    assert speak("GET", f"/api/v1/studies/{study.slug}/uploads").json() == []


def test_an_upload_is_discarded_with_its_bytes(speak: Program, upload: Upload) -> None:
    address = create(speak, upload, 6).headers["Location"]
    speak("PATCH", address, b"abc", Upload_Offset="0")
    assert upload.folder.exists()
    assert speak("DELETE", address_of(upload).removesuffix("/files")).status_code == 204
    assert not upload.folder.exists()
    assert speak("HEAD", address).status_code == 404


def test_pieces_sent_at_once_over_http_one_wins(start_web: StartWeb, upload: Upload, token: str) -> None:
    """Six connections send the same piece to the same place, five of them while the first is at it."""
    file = uploads.add_file(upload, path="a.edf", size_bytes=MB)
    parts = urlsplit(start_web().address)
    began = threading.Event()

    def send(number: int) -> int:
        assert number == 0 or began.wait(60)  # the server takes the file up when it has the headers
        line = http.client.HTTPConnection(str(parts.hostname), parts.port, timeout=60)
        line.putrequest("PATCH", f"{address_of(upload)}/{file.pk}")
        for name, value in {
            "Authorization": f"Bearer {token}",
            "Tus-Resumable": "1.0.0",
            "Upload-Offset": "0",
            "Content-Type": "application/offset+octet-stream",
            "Content-Length": str(MB),
        }.items():
            line.putheader(name, value)
        line.endheaders()
        content = bytes([number]) * MB
        if number == 0:
            line.send(content[: MB // 2])
            until(lambda: file.part.exists(), "the first bytes")
            began.set()
            until(lambda: n_refused[0] == 5, "the refusal of the others")
            line.send(content[MB // 2 :])
        else:
            line.send(content)
        with line.getresponse() as answer:
            answer.read()
        if number:
            with lock:
                n_refused[0] += 1
        line.close()
        return answer.status

    n_refused, lock = [0], threading.Lock()
    statuses = together([lambda number=number: send(number) for number in range(6)])  # type: ignore[misc]
    assert statuses == [204] + [409] * 5
    assert file.part.read_bytes() == bytes(MB)
