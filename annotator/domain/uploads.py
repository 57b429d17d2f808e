"""Uploaded recordings on their way into an import: a folder of their own, archives unpacked with suspicion."""

from __future__ import annotations

import shutil
import stat
import uuid
import zipfile
from collections.abc import Iterable
from pathlib import Path, PurePosixPath

from django.conf import settings
from django.core.files.uploadedfile import UploadedFile

from annotator.exceptions import DomainError, NotAllowed

MAX_FILES = 20_000
_BLOCK_BYTES = 1 << 20


def store_upload(files: Iterable[UploadedFile[bytes]]) -> Path:
    """Put the files in a new folder under UPLOAD_ROOT, unpack a .zip there, and name what to import.

    Nothing is left behind when a file is refused.
    """
    folder = Path(settings.UPLOAD_ROOT) / uuid.uuid4().hex
    folder.mkdir(parents=True)
    try:
        for file in files:
            _store_one(file, folder)
    except BaseException:
        shutil.rmtree(folder, ignore_errors=True)
        raise
    return _source_in(folder)


def server_folder(text: str) -> Path:
    """The folder or manifest that `text` names, if it lies in one of IMPORT_ROOTS."""
    source = Path(text).expanduser().resolve()
    roots = [Path(root).resolve() for root in settings.IMPORT_ROOTS]
    if not any(source.is_relative_to(root) for root in roots):
        known = ", ".join(str(root) for root in roots) or "none are set"
        raise NotAllowed(
            f"{text} is outside the folders the server imports from ({known}). Ask its operator to add it."
        )
    if not source.exists():
        raise DomainError(f"{text}: no such file or folder on the server.", code="source_missing")
    return source


def _store_one(file: UploadedFile[bytes], folder: Path) -> None:
    name = PurePosixPath((file.name or "").replace("\\", "/")).name
    if name in {"", ".", ".."} or name.startswith("."):
        raise DomainError(f"{file.name!r} is no usable file name; rename it and upload it again.", code="bad_name")
    target = folder / name
    if target.exists():
        raise DomainError(f"{name} was sent twice; send each file once.", code="bad_name")
    with target.open("wb") as out:
        for block in file.chunks(_BLOCK_BYTES):
            out.write(block)
    if name.lower().endswith(".zip"):
        unpack(target, folder)
        target.unlink()


def unpack(archive: Path, folder: Path) -> None:
    """Unpack a .zip whose every entry stays inside `folder`; sizes are counted as they come, not as declared."""
    try:
        with zipfile.ZipFile(archive) as opened:
            entries = opened.infolist()
            if len(entries) > MAX_FILES:
                raise DomainError(
                    f"{archive.name} holds {len(entries)} files; the limit is {MAX_FILES}.", code="too_many"
                )
            budget = int(settings.UPLOAD_MAX_BYTES)
            for entry in entries:
                budget -= _unpack_entry(opened, entry, folder, archive_name=archive.name, budget=budget)
    except (zipfile.BadZipFile, NotImplementedError, RuntimeError, EOFError) as error:
        raise DomainError(f"{archive.name} can't be unpacked ({error}); pack it again.", code="bad_archive") from error


def _unpack_entry(
    opened: zipfile.ZipFile, entry: zipfile.ZipInfo, folder: Path, *, archive_name: str, budget: int
) -> int:
    target = _safe_target(entry, folder, archive_name=archive_name)
    if entry.is_dir():
        target.mkdir(parents=True, exist_ok=True)
        return 0
    target.parent.mkdir(parents=True, exist_ok=True)
    written = 0
    with opened.open(entry) as source, target.open("xb") as out:
        while block := source.read(_BLOCK_BYTES):
            written += len(block)
            if written > budget:
                limit = int(settings.UPLOAD_MAX_BYTES)
                raise DomainError(f"{archive_name} unpacks to more than {limit} bytes.", code="too_large")
            out.write(block)
    return written


def _safe_target(entry: zipfile.ZipInfo, folder: Path, *, archive_name: str) -> Path:
    path = PurePosixPath(entry.filename.replace("\\", "/"))
    is_link = stat.S_ISLNK(entry.external_attr >> 16)
    leaves = path.is_absolute() or ".." in path.parts or ":" in entry.filename.split("/")[0]
    if is_link or leaves or not path.parts:
        raise DomainError(
            f"{archive_name} holds {entry.filename!r}, which leads out of the folder.", code="bad_archive"
        )
    target = folder.joinpath(*path.parts)
    if target.exists() and not entry.is_dir():
        raise DomainError(f"{archive_name} holds {entry.filename!r} twice.", code="bad_archive")
    return target


def _source_in(folder: Path) -> Path:
    """The manifest if there is just one at the top, the only folder if there is nothing else, or the whole."""
    manifests = sorted(folder.glob("*.csv"))
    if len(manifests) == 1:
        return manifests[0]
    entries = sorted(folder.iterdir())
    return entries[0] if len(entries) == 1 and entries[0].is_dir() else folder
