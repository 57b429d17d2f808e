"""Which sessions and which running imports use an original; the last one to let go of it lets it be removed.

Whoever begins or ends a use holds the original's row meanwhile, so that a file is never removed under an import that
has just found it in storage.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterable

from django.db import transaction

from annotator.domain.jobs import UNFINISHED
from annotator.domain.retiring import retire
from annotator.enums import RetiredKind
from annotator.models import Job, Original, OriginalClaim, RecordingSession, RetiredFile, Study


def claim(sha256: str, job: Job) -> Original | None:
    """The original with this content, kept for the job until it ends; None if storage does not have it yet."""
    with transaction.atomic():
        original = Original.objects.select_for_update().filter(sha256=sha256).first()
        if original is not None:
            OriginalClaim.objects.get_or_create(original=original, job=job)
    return original


def add(sha256: str, job: Job, *, size_bytes: int, storage_key: str) -> Original:
    """Note content that was just stored, kept for the job: of two who stored the same, the first one's key stays."""
    with transaction.atomic():
        facts = {"size_bytes": size_bytes, "storage_key": storage_key}
        original, _ = Original.objects.select_for_update().get_or_create(sha256=sha256, defaults=facts)
        OriginalClaim.objects.get_or_create(original=original, job=job)
    return original


def free_key(sha256: str) -> str:
    """A storage key for new content; not one whose file is about to be removed."""
    key = f"{sha256[:2]}/{sha256}"
    if RetiredFile.objects.filter(kind=RetiredKind.ORIGINAL, path=key).exists():
        return f"{key}-{uuid.uuid4().hex[:8]}"
    return key


def claimed_by(job: Job) -> set[str]:
    return set(job.claims.values_list("original_id", flat=True))


def hold(digests: Iterable[str]) -> list[Original]:
    """Lock originals until the caller's transaction ends: all that it will use or let go of, in one order for all."""
    return list(Original.objects.select_for_update().filter(sha256__in=set(digests)).order_by("sha256"))


def let_go(study: Study, digests: Iterable[str]) -> list[Original]:
    """Remove those originals that no session and no running import uses. In the caller's transaction; which went."""
    unused = [original for original in hold(digests) if not is_used(original)]
    retire(study, RetiredKind.ORIGINAL, [original.storage_key for original in unused])
    Original.objects.filter(pk__in=[original.pk for original in unused]).delete()
    return unused


def end_claims(job: Job, *, besides: Iterable[str] = ()) -> None:
    """The job ends: what it stored, and `besides`, goes again where nobody uses it. In the caller's transaction."""
    claimed = claimed_by(job)
    job.claims.all().delete()
    let_go(job.study, claimed.union(besides))


def is_used(original: Original, *, besides: RecordingSession | None = None) -> bool:
    """Whether a session (another one than `besides`) or a running import needs it."""
    uses = original.uses.all() if besides is None else original.uses.exclude(session=besides)
    claims = original.claims.filter(job__state__in=UNFINISHED)
    return uses.exists() or (claims if besides is None else claims.exclude(job__session=besides)).exists()
