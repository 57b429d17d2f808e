"""Uploads: files that come in piece by piece, from one person, and become one import.

The rows are the truth; `receiving` looks after the bytes. What is left alone for long is thrown away.
"""

from __future__ import annotations

import re
import shutil
from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path, PurePosixPath
from uuid import UUID

from django.conf import settings
from django.db import transaction
from django.db.models import F, Q, QuerySet, Sum
from django.utils import timezone
from django.utils.translation import gettext

from annotator.domain import archives, audit, importing
from annotator.enums import UploadState
from annotator.exceptions import Conflict, DomainError, NotFound
from annotator.models import Job, Study, Upload, UploadFile, User

MAX_PATH, MAX_NAME_BYTES = 500, 255
#: control characters, and what no Windows disk holds
_UNUSABLE = re.compile(r'[\x00-\x1f\x7f<>:"|?*]')


# --- a set of files --------------------------------------------------------------------------------------------------


def begin(study: Study, *, actor: User) -> Upload:
    return Upload.objects.create(study=study, created_by=actor)


def open_uploads(study: Study, user: User) -> QuerySet[Upload]:
    """What this person has begun and not handed over, newest first."""
    mine = study.uploads.filter(created_by=user, state=UploadState.OPEN)
    return mine.prefetch_related("files").order_by("-created_at")


def upload_of(study: Study, upload_id: UUID) -> Upload:
    upload = study.uploads.filter(pk=upload_id, state=UploadState.OPEN).first()
    if upload is None:
        raise NotFound(
            gettext("There is no such upload: it was imported, discarded, or left alone for too long."), "gone"
        )
    return upload


def file_of(study: Study, upload_id: UUID, file_id: UUID) -> UploadFile:
    file = UploadFile.objects.select_related("upload").filter(pk=file_id, upload=upload_of(study, upload_id)).first()
    if file is None:
        raise NotFound(gettext("There is no such file in this upload."), "gone")
    return file


def add_file(upload: Upload, *, path: str, size_bytes: int, modified_ms: int = 0) -> UploadFile:
    """Room for a file. Asking again for the same one gives the same one."""
    clean = clean_path(path)
    with transaction.atomic():
        locked = Upload.objects.select_for_update().get(pk=upload.pk)
        known = locked.files.filter(path=clean).first()
        if known is not None:
            if (known.size_bytes, known.modified_ms) != (size_bytes, modified_ms):
                raise Conflict(
                    gettext("Another file {clean} is in this upload already: send each file once.").format(clean=clean),
                    "bad_name",
                )
            return known
        _require_place(locked, clean)
        _require_room(locked, clean, size_bytes)
        file = UploadFile.objects.create(upload=locked, path=clean, size_bytes=size_bytes, modified_ms=modified_ms)
        Upload.objects.filter(pk=upload.pk).update(touched_at=timezone.now())
    return file


def clean_path(path: str) -> str:
    """A relative path that any disk can hold. Raises DomainError."""
    text = path.replace("\\", "/")
    parts = PurePosixPath(text).parts
    is_bad = not parts or text.startswith("/") or any(_is_bad_name(part) for part in parts)
    if is_bad or len(text) > MAX_PATH:
        raise DomainError(
            gettext("{path} is no usable file name; rename it and upload it again.").format(path=repr(path[:80])),
            "bad_name",
        )
    return "/".join(parts)


def _is_bad_name(name: str) -> bool:
    return name.startswith(".") or len(name.encode()) > MAX_NAME_BYTES or bool(_UNUSABLE.search(name))


def _require_place(upload: Upload, path: str) -> None:
    """No file may lie where another needs a folder."""
    folders = [str(folder) for folder in PurePosixPath(path).parents][:-1]
    if upload.files.filter(Q(path__in=folders) | Q(path__startswith=f"{path}/")).exists():
        raise Conflict(
            gettext("{path}: a file and a folder of this upload have the same name.").format(path=path), "bad_name"
        )


def _require_room(upload: Upload, path: str, size_bytes: int) -> None:
    if upload.files.count() >= archives.MAX_FILES:
        raise DomainError(
            gettext("An upload holds {max_files} files at most: import these first.").format(
                max_files=archives.MAX_FILES
            ),
            "too_many",
        )
    held = upload.files.aggregate(n=Sum("size_bytes"))["n"] or 0
    if held + size_bytes > settings.UPLOAD_MAX_BYTES:
        limit_gb = settings.UPLOAD_MAX_BYTES / 1e9
        raise DomainError(
            gettext("With {path} the upload would be {size_gb} GB; the limit is {limit_gb} GB.").format(
                path=path, size_gb=f"{(held + size_bytes) / 1e9:.1f}", limit_gb=f"{limit_gb:.1f}"
            ),
            "too_large",
        )
    if size_bytes > free_bytes():
        raise DomainError(
            gettext("The server has no room for {path} ({size_gb} GB): ask its operator to make some.").format(
                path=path, size_gb=f"{size_bytes / 1e9:.1f}"
            ),
            "disk_full",
        )


def free_bytes() -> int:
    """What may still be promised: free disk, less what open uploads have yet to send, less what is kept free."""
    root = Path(settings.UPLOAD_ROOT)
    root.mkdir(parents=True, exist_ok=True)
    coming = UploadFile.objects.aggregate(n=Sum(F("size_bytes") - F("offset_bytes")))["n"] or 0
    return shutil.disk_usage(root).free - int(coming) - int(settings.UPLOAD_KEEP_FREE_BYTES)


# --- becoming an import ----------------------------------------------------------------------------------------------


def request_import(upload: Upload, *, actor: User, layout: str = "auto") -> Job:
    """Hand the files over to an import. Refused while one of them has not come in whole."""
    with transaction.atomic():
        locked = Upload.objects.select_for_update().get(pk=upload.pk)
        if locked.state != UploadState.OPEN:
            raise Conflict(gettext("This upload has been handed to its import already."), "imported")
        n_all = locked.files.count()
        n_left = locked.files.filter(offset_bytes__lt=F("size_bytes")).count()
        if n_all == 0:
            raise Conflict(gettext("There is no file in it: upload the rest first."), "incomplete")
        if n_left:
            sentence = gettext("{n} of {n_all} files have not come in whole: upload the rest first.")
            raise Conflict(sentence.format(n=n_left, n_all=n_all), "incomplete")
        job = importing.request_upload_import(locked, actor=actor, layout=layout)
        locked.state, locked.job = UploadState.IMPORTED, job
        locked.save(update_fields=["state", "job"])
    return job


def arrange(job: Job, *, check: Callable[[], None]) -> Path:
    """Give the files their own names, unpack archives, and name what to import. Doing it again begins anew."""
    upload = Upload.objects.get(job=job)
    folder = upload.folder / "files"
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    for file in upload.files.order_by("path"):
        check()
        if file.path.lower().endswith(".zip"):
            max_bytes = min(settings.UPLOAD_MAX_BYTES, max(0, free_bytes()))
            beside = folder / Path(file.path).parent
            archives.unpack(file.part, beside, name=file.path, limits=archives.Limits(max_bytes, check))
        else:
            _put_in_place(file.part, folder / file.path)
    return source_in(folder)


def _put_in_place(part: Path, target: Path) -> None:
    target.parent.mkdir(parents=True, exist_ok=True)
    if target.exists():
        raise DomainError(
            gettext("{target} is in this upload twice, once in an archive: send it once.").format(target=target.name),
            "bad_name",
        )
    try:
        target.hardlink_to(part)
    except OSError:  # a disk that has no links
        shutil.copyfile(part, target)


def source_in(folder: Path) -> Path:
    """The manifest if there is just one at the top, the only folder if there is nothing else, or the whole."""
    manifests = sorted(folder.glob("*.csv"))
    if len(manifests) == 1:
        return manifests[0]
    entries = sorted(folder.iterdir())
    return entries[0] if len(entries) == 1 and entries[0].is_dir() else folder


# --- going away ------------------------------------------------------------------------------------------------------


def discard(upload: Upload, *, actor: User | None) -> None:
    folder = upload.folder
    with transaction.atomic():
        audit.record(actor, upload.study, "discard_upload", upload)
        upload.delete()
    shutil.rmtree(folder, ignore_errors=True)


def remove_file(file: UploadFile) -> None:
    part = file.part
    file.delete()
    part.unlink(missing_ok=True)


def discard_imported(job: Job) -> None:
    """The import has its files in storage now."""
    for upload in Upload.objects.filter(job=job):
        discard(upload, actor=None)


def expire(*, now: datetime | None = None) -> int:
    """Throw away uploads that were left alone, those whose import is done, and folders that no row knows; how many."""
    before = (now or timezone.now()) - timedelta(seconds=settings.UPLOAD_KEEP_S)
    left_alone = Q(state=UploadState.OPEN, touched_at__lt=before)
    imported = Q(state=UploadState.IMPORTED, job__finished_at__isnull=False) | Q(state=UploadState.IMPORTED, job=None)
    gone = list(Upload.objects.filter(left_alone | imported))
    for upload in gone:
        discard(upload, actor=None)
    return len(gone) + _remove_unknown(before)


def _remove_unknown(before: datetime) -> int:
    root = Path(settings.UPLOAD_ROOT)
    folders = [path for path in root.iterdir() if re.fullmatch(r"[0-9a-f]{32}", path.name)] if root.is_dir() else []
    known = {pk.hex for pk in Upload.objects.values_list("pk", flat=True)} if folders else set()
    unknown = [path for path in folders if path.name not in known and path.stat().st_mtime < before.timestamp()]
    for path in unknown:
        shutil.rmtree(path, ignore_errors=True)
    return len(unknown)
