"""Files that nothing refers to any more: noted in the transaction that let them go, removed after it.

A note outlives a crash between the two, and derived files wait for the rounds that may be reading them.
"""

from __future__ import annotations

import logging
import shutil
from collections.abc import Iterable
from pathlib import Path

from django.conf import settings
from django.core.files.storage import storages
from django.db import transaction
from django.db.models import Exists, OuterRef, QuerySet

from annotator.enums import RetiredKind, RoundState
from annotator.models import RetiredFile, Round, Study

log = logging.getLogger(__name__)


def retire(study: Study, kind: RetiredKind, paths: Iterable[str]) -> None:
    """Let go of files, in the caller's transaction: they are removed when it has committed."""
    made = RetiredFile.objects.bulk_create(RetiredFile(study=study, kind=kind, path=path) for path in paths)
    if made:
        transaction.on_commit(remove_retired)


def remove_retired() -> int:
    """Remove what may go now; how many. What can't be removed is tried again by the next sweep."""
    return sum(_remove(pk) for pk in removable().values_list("pk", flat=True))


def removable() -> QuerySet[RetiredFile]:
    """All but the derived files that a round which began before they were replaced may be reading."""
    live = Round.objects.filter(
        study=OuterRef("study"),
        state__in=[RoundState.QUEUED, RoundState.RUNNING],
        created_at__lte=OuterRef("retired_at"),
    )
    return RetiredFile.objects.exclude(Exists(live), kind=RetiredKind.DERIVED).order_by("pk")


def _remove(pk: int) -> bool:
    """Under the lock of its note: a second remover could meet the same name in use again."""
    with transaction.atomic():
        note = RetiredFile.objects.select_for_update(skip_locked=True).filter(pk=pk).first()
        if note is None:
            return False
        try:
            _unlink(note)
        except OSError as error:
            log.warning("%s can't be removed yet: %s", note.path, error)
            return False
        note.delete()
    return True


def _unlink(note: RetiredFile) -> None:
    if note.kind == RetiredKind.ORIGINAL:
        storages["originals"].delete(note.path)
        return
    root = Path(settings.DERIVED_ROOT)
    target = root / note.path
    if target.is_dir():
        shutil.rmtree(target)
    else:
        target.unlink(missing_ok=True)
    _remove_empty(target.parent, root)


def _remove_empty(folder: Path, root: Path) -> None:
    while folder != root and folder.is_dir() and not any(folder.iterdir()):
        folder.rmdir()
        folder = folder.parent
