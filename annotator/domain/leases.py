"""How a lease ends: its slot is open again, and the row that says who had the clip says why they have it no longer."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction
from django.db.models import Q
from django.utils import timezone

from annotator.domain.slots import use_the_queue
from annotator.domain.statements import fetch_one
from annotator.enums import LeaseOutcome, SlotState
from annotator.models import Clip, Lease, Slot, Study, User

_IS_ANY_OVERDUE = """
SELECT 1 FROM annotator_slot WHERE study_id = %(study)s AND state = 'leased' AND expires_at <= %(now)s LIMIT 1
"""


def expire_leases(study: Study | None = None, *, now: datetime | None = None) -> int:
    """Slots whose lease ran out are open again; how many there were. Each study's in a transaction of its own."""
    end = now or timezone.now()
    if study is not None:
        return _expire(study.pk, now=end)
    overdue = Slot.objects.filter(expires_at__lte=end, state=SlotState.LEASED)
    return sum(_expire(study_id, now=end) for study_id in sorted(set(overdue.values_list("study", flat=True))))


@transaction.atomic
def _expire(study_id: int, *, now: datetime) -> int:
    use_the_queue(study_id)
    return expire_overdue(study_id, now=now)


def expire_overdue(study_id: int, *, now: datetime) -> int:
    """`expire_leases` for a caller who has the queue already."""
    if fetch_one(_IS_ANY_OVERDUE, {"study": study_id, "now": now}) is None:
        return 0
    return reopen(Q(expires_at__lte=now, study=study_id), LeaseOutcome.EXPIRED, now=now)


@transaction.atomic(savepoint=False)
def reopen(which: Q, outcome: LeaseOutcome, *, now: datetime) -> int:
    """Leased slots of `which` become open; rows that somebody else works on at this moment are left to them.

    A superseded clip wants no more answers: its slots go. The caller has the queue, alone or with others, so that no
    ranking is swapped while entries follow their slots.
    """
    leased = Slot.objects.select_for_update(skip_locked=True, of=("self",)).filter(which, state=SlotState.LEASED)
    rows = list(leased.values_list("pk", "clip_id", "holder_id"))
    if not rows:
        return 0
    slots = Slot.objects.filter(pk__in=[pk for pk, _, _ in rows])
    slots.filter(clip__superseded_at__isnull=False).delete()
    slots.update(state=SlotState.OPEN, holder=None, leased_at=None, expires_at=None, entry=None)
    for _, clip_id, holder_id in rows:
        end_lease(clip_id, holder_id, outcome, now=now)
    return len(rows)


def expire_leases_of(clip: Clip, *, besides: User, now: datetime) -> None:
    """Others' leases on this clip that ran out; a late answer may then fill the slot."""
    reopen(Q(clip=clip, expires_at__lte=now) & ~Q(holder=besides), LeaseOutcome.EXPIRED, now=now)


def give_back_beyond_reserve(study: Study, user: User, *, keep: Slot, now: datetime) -> None:
    """An undone answer takes the first place; what was served last goes back where the reserve is too small."""
    held = Slot.objects.filter(study=study, holder=user, state=SlotState.LEASED).exclude(pk=keep.pk)
    surplus = list(held.order_by("leased_at", "pk").values_list("pk", flat=True))[max(0, study.reserve - 1) :]
    reopen(Q(pk__in=surplus), LeaseOutcome.RELEASED, now=now)


def end_lease(clip_id: int, annotator_id: int | None, outcome: LeaseOutcome, *, now: datetime) -> None:
    Lease.objects.filter(clip=clip_id, annotator=annotator_id, ended_at__isnull=True).update(
        ended_at=now, outcome=outcome
    )
