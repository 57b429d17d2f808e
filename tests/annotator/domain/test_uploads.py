from __future__ import annotations

import io
import stat
import zipfile
from pathlib import Path

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from pytest_django import Settings

from annotator.domain import uploads
from annotator.exceptions import DomainError, NotAllowed


@pytest.fixture
def root(tmp_path: Path, settings: Settings) -> Path:
    settings.UPLOAD_ROOT = tmp_path / "uploads"
    settings.UPLOAD_MAX_BYTES = 1000
    settings.IMPORT_ROOTS = [tmp_path / "recordings"]
    return tmp_path / "uploads"


def packed(entries: dict[str, bytes], *, link: str = "") -> SimpleUploadedFile:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in entries.items():
            archive.writestr(name, content)
        if link:
            info = zipfile.ZipInfo(link)
            info.external_attr = (stat.S_IFLNK | 0o777) << 16
            archive.writestr(info, "/etc/passwd")
    return SimpleUploadedFile("recordings.zip", buffer.getvalue())


def test_an_archive_of_one_folder_is_imported_from_that_folder(root: Path) -> None:
    source = uploads.store_upload([packed({"Sessions/2/a.bdf": b"eeg", "Sessions/2/session.xml": b"<x/>"})])
    assert source.name == "Sessions"
    assert {path.relative_to(source).as_posix(): path.read_bytes() for path in source.rglob("*") if path.is_file()} == {
        "2/a.bdf": b"eeg",
        "2/session.xml": b"<x/>",
    }


def test_a_manifest_with_its_files_is_imported_by_the_manifest(root: Path) -> None:
    files = [SimpleUploadedFile("manifest.csv", b"subject\n"), SimpleUploadedFile("a.edf", b"eeg")]
    source = uploads.store_upload(files)
    assert source.read_bytes() == b"subject\n"
    assert (source.parent / "a.edf").read_bytes() == b"eeg"


@pytest.mark.parametrize("name", ["../evil.bdf", "/evil.bdf", "a/../../evil.bdf", "..\\evil.bdf", "C:\\evil.bdf"])
def test_an_entry_that_leads_out_of_the_folder_is_refused_and_nothing_stays(root: Path, name: str) -> None:
    with pytest.raises(DomainError, match="leads out of the folder"):
        uploads.store_upload([packed({"fine.bdf": b"eeg", name: b"x"})])
    assert list(root.iterdir()) == []


def test_a_link_in_an_archive_is_refused(root: Path) -> None:
    with pytest.raises(DomainError, match="leads out of the folder"):
        uploads.store_upload([packed({}, link="passwd")])


def test_an_archive_that_unpacks_to_too_much_is_refused(root: Path) -> None:
    with pytest.raises(DomainError, match="unpacks to more than 1000 bytes"):
        uploads.store_upload([packed({"a": b"0" * 600, "b": b"0" * 600})])
    assert list(root.iterdir()) == []


def test_a_file_that_is_no_archive_is_refused_by_name(root: Path) -> None:
    with pytest.raises(DomainError, match=r"recordings\.zip can't be unpacked"):
        uploads.store_upload([SimpleUploadedFile("recordings.zip", b"PK no")])


def test_the_same_name_twice_is_refused(root: Path) -> None:
    with pytest.raises(DomainError, match="sent twice"):
        uploads.store_upload([SimpleUploadedFile("a.edf", b"1"), SimpleUploadedFile("a.edf", b"2")])


def test_a_server_folder_must_lie_in_an_import_root(root: Path, tmp_path: Path) -> None:
    inside = tmp_path / "recordings" / "lab"
    inside.mkdir(parents=True)
    (tmp_path / "recordings" / "out").symlink_to("/etc")
    assert uploads.server_folder(str(inside)) == inside
    with pytest.raises(NotAllowed, match="outside the folders"):
        uploads.server_folder(str(tmp_path / "recordings" / "out"))
    with pytest.raises(DomainError, match="no such file"):
        uploads.server_folder(str(inside / "gone"))
