"""How a lease ends: its slot is open again, and the row that says who had the clip says why they have it no longer."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction
from django.db.models import Q
from django.utils import timezone

from annotator.domain.slots import use_the_queue
from annotator.domain.statements import fetch_one
from annotator.enums import LeaseOutcome, SlotState
from annotator.models import Clip, Slot, Study, User

_EXPIRE = "SELECT concord_expire(%(study)s::bigint, %(now)s::timestamptz)"  # migration 0015
_REOPEN = "SELECT concord_reopen(%(slots)s::bigint[], %(outcome)s, %(now)s::timestamptz)"


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
    row = fetch_one(_EXPIRE, {"study": study_id, "now": now})
    assert row is not None
    return int(row[0])


@transaction.atomic(savepoint=False)
def reopen(which: Q, outcome: LeaseOutcome, *, now: datetime) -> int:
    """Leased slots of `which` become open; rows that somebody else works on at this moment are left to them.

    A superseded clip wants no more answers: its slots go. The caller has the queue, alone or with others, so that no
    ranking is swapped while entries follow their slots.
    """
    leased = Slot.objects.select_for_update(skip_locked=True, of=("self",)).filter(which, state=SlotState.LEASED)
    slots = list(leased.values_list("pk", flat=True))
    if slots:
        fetch_one(_REOPEN, {"slots": slots, "outcome": outcome.value, "now": now})
    return len(slots)


def expire_leases_of(clip: Clip, *, besides: User, now: datetime) -> None:
    """Others' leases on this clip that ran out; a late answer may then fill the slot."""
    reopen(Q(clip=clip, expires_at__lte=now) & ~Q(holder=besides), LeaseOutcome.EXPIRED, now=now)


def give_back_beyond_reserve(study: Study, user: User, *, keep: Slot, now: datetime) -> None:
    """An undone answer takes the first place; what was served last goes back where the reserve is too small."""
    held = Slot.objects.filter(study=study, holder=user, state=SlotState.LEASED).exclude(pk=keep.pk)
    surplus = list(held.order_by("leased_at", "pk").values_list("pk", flat=True))[max(0, study.reserve - 1) :]
    reopen(Q(pk__in=surplus), LeaseOutcome.RELEASED, now=now)
