"""Originals in storage: hashed as they stream, kept once, laid out again under their own names for the readers."""

from __future__ import annotations

import hashlib
import shutil
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path

from django.core.files import File
from django.core.files.storage import Storage, storages

from annotator.domain import originals as uses
from annotator.domain.sessions import StoredFile
from annotator.enums import FileRole
from annotator.models import Job, RecordingSession
from mlcore.errors import RecordingError
from mlcore.types import RecordingSpec

BLOCK_BYTES = 4 * 1024 * 1024
MAX_NAME = 255
Check = Callable[[], None]


@dataclass(frozen=True, slots=True)
class SourceFile:
    """A file of a recording where it was found; `name` is its path below the source's root."""

    name: str
    role: FileRole
    path: Path
    sha256: str
    size_bytes: int


def source_files(spec: RecordingSpec, root: Path, *, check: Check) -> tuple[SourceFile, ...]:
    """Every file of a recording with its SHA-256. `check` is called between blocks, and may raise to stop."""
    named = {
        **dict.fromkeys((*spec.companion_paths, *spec.track_paths.values()), FileRole.SIDECAR),
        **({spec.video_path: FileRole.VIDEO} if spec.video_path else {}),
        **({spec.eeg_path: FileRole.EEG} if spec.eeg_path else {}),
    }
    return tuple(_source_file(name, role, root, check) for name, role in sorted(named.items()))


def stored_files(session: RecordingSession) -> tuple[StoredFile, ...]:
    """What a session has in storage."""
    uses = session.files.select_related("original").order_by("name")
    return tuple(
        StoredFile(use.name, FileRole(use.role), use.original.sha256, use.original.size_bytes, use.original.storage_key)
        for use in uses
    )


def _source_file(name: str, role: FileRole, root: Path, check: Check) -> SourceFile:
    path = root / name
    if len(name) > MAX_NAME:
        raise RecordingError(f"{name}: the path is longer than {MAX_NAME} characters; move it nearer to the source.")
    if not path.resolve().is_relative_to(root.resolve()):
        raise RecordingError(f"{name} leads out of {root}; copy the file there.")
    if not path.is_file():
        raise RecordingError(f"{name} is missing in {root}; put it there and import again.")
    try:
        return SourceFile(name, role, path, _sha256(path, check), path.stat().st_size)
    except OSError as error:
        raise RecordingError(f"{name} can't be read: {error.strerror}.") from error


def _sha256(path: Path, check: Check) -> str:
    digest = hashlib.sha256()
    with path.open("rb") as file:
        while block := file.read(BLOCK_BYTES):
            digest.update(block)
            check()
    return digest.hexdigest()


def store(file: SourceFile, job: Job) -> StoredFile:
    """Put a file into storage unless it is there, and keep it there for the job.

    The row is written after the content: a row's key always names a whole file, whoever died while copying.
    """
    storage = storages["originals"]
    known = uses.claim(file.sha256, job)
    if known is None:
        key = _put(storage, file, uses.free_key(file.sha256))
        known = uses.add(file.sha256, job, size_bytes=file.size_bytes, storage_key=key)
        if known.storage_key != key:
            storage.delete(key)  # another worker stored the same content meanwhile
    elif not storage.exists(known.storage_key):
        _put(storage, file, known.storage_key)  # somebody removed the content
    return StoredFile(file.name, file.role, file.sha256, file.size_bytes, known.storage_key)


def _put(storage: Storage, file: SourceFile, key: str) -> str:
    with file.path.open("rb") as content:
        return storage.save(key, File(content))


def lay_out(files: Iterable[StoredFile], folder: Path) -> None:
    """Give each original its own name again below `folder`: readers need suffixes and companions by name."""
    originals = storages["originals"]
    for file in files:
        target = folder / file.name
        target.parent.mkdir(parents=True, exist_ok=True)
        _link_or_fetch(originals, file.storage_key, target)


def _link_or_fetch(originals: Storage, key: str, target: Path) -> None:
    try:
        # a hard link: readers refuse links that lead out of the folder
        target.hardlink_to(originals.path(key))
    except (NotImplementedError, OSError):  # no local disk, or another one than this folder's
        if not originals.exists(key):
            raise RecordingError(
                f"{target.name} is not in storage any more: import the recording again from where it came."
            ) from None
        with originals.open(key) as source, target.open("wb") as copy:
            shutil.copyfileobj(source, copy, BLOCK_BYTES)
