"""Who works on what: claim, heartbeat, release, skip, expiry. A slot has one active holder; the database says so."""

from __future__ import annotations

from datetime import datetime, timedelta

from django.db import connection, transaction
from django.db.models import Q, QuerySet
from django.utils import timezone

from annotator.domain import audit
from annotator.domain.ranking import QUEUE_LOCK, hold_queue, hold_study, open_clips, publish_ranking
from annotator.enums import LabelState, LeaseOutcome, Role, SkipReason, SlotState
from annotator.exceptions import Conflict, NotAllowed, NotFound
from annotator.models import Clip, Lease, Membership, RankEntry, Skip, Slot, Study, User
from mlcore.types import JsonObject

__all__ = [
    "claim",
    "claim_clip",
    "expire_leases",
    "heartbeat",
    "held_slots",
    "hold_queue",
    "hold_study",
    "lock_annotator",
    "open_clips",
    "publish_ranking",
    "release",
    "served_record",
    "skip",
    "was_served",
]

#: what a served record may say of the model: how sure it was, never what it thinks
SHOWN_SCORES = (
    "entropy",
    "mean_entropy",
    "entropy_by_target",
    "vacuity",
    "disagreement",
    "agreement",
    "evidence",
)

# An open slot of a clip that this annotator never answered, skipped, or holds.
_FREE = """
    AND NOT EXISTS (SELECT 1 FROM annotator_label l WHERE l.clip_id = e.clip_id AND l.annotator_id = %(user)s
                    AND l.pass_number = 0 AND l.state = 'current')
    AND NOT EXISTS (SELECT 1 FROM annotator_skip k WHERE k.clip_id = e.clip_id AND k.annotator_id = %(user)s)
    AND NOT EXISTS (SELECT 1 FROM annotator_slot h WHERE h.clip_id = e.clip_id AND h.holder_id = %(user)s
                    AND h.state = 'leased')
    ORDER BY e.rank, s.number LIMIT 1 FOR UPDATE OF s SKIP LOCKED
"""
# The ranking ids are scalar subqueries so that the entries are walked along their index, from the best one down, and
# no further than the first free slot: the length of the queue does not matter.
_CLAIM = f"""
WITH test AS (
    SELECT s.id AS slot_id, e.id AS entry_id
    FROM annotator_rankentry e JOIN annotator_slot s ON s.clip_id = e.clip_id AND s.state = 'open'
    WHERE e.ranking_id = (SELECT test_ranking_id FROM annotator_study WHERE id = %(study)s) {_FREE}
), pool AS (
    SELECT s.id AS slot_id, e.id AS entry_id
    FROM annotator_rankentry e JOIN annotator_slot s ON s.clip_id = e.clip_id AND s.state = 'open'
    WHERE e.ranking_id = (SELECT active_ranking_id FROM annotator_study WHERE id = %(study)s)
    AND NOT EXISTS (SELECT 1 FROM test) {_FREE}
)
UPDATE annotator_slot
SET state = 'leased', holder_id = %(user)s, leased_at = %(now)s, expires_at = %(expires)s, entry_id = picked.entry_id
FROM (SELECT * FROM test UNION ALL SELECT * FROM pool) picked
WHERE annotator_slot.id = picked.slot_id
RETURNING annotator_slot.id
"""  # noqa: S608  # put together from the constant above only


@transaction.atomic
def claim(study: Study, user: User, *, now: datetime | None = None) -> list[Slot]:
    """Tops the annotator up to the study's reserve; all that they hold, in the order it was served."""
    lock_annotator(study, user)
    start = now or timezone.now()
    expire_leases(study, now=start)
    held = held_slots(study, user)
    while len(held) < study.reserve:
        # one after the other: the second statement sees what the first took
        slot = _claim_next(study, user, now=start + timedelta(microseconds=len(held)))
        if slot is None:
            break
        held.append(slot)
    return held


def _claim_next(study: Study, user: User, *, now: datetime) -> Slot | None:
    expires = now + timedelta(seconds=study.lease_s)
    with connection.cursor() as cursor:
        cursor.execute(_CLAIM, {"study": study.pk, "user": user.pk, "now": now, "expires": expires})
        row = cursor.fetchone()
    if row is None:
        return None
    slot = _slots().get(pk=row[0])
    _note_lease(slot, user, now=now)
    return slot


def lock_annotator(study: Study, user: User) -> Membership:
    """One thing at a time for each annotator, and none while rankings are rebuilt; until the transaction ends."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock_shared(%s, %s)", [QUEUE_LOCK, study.pk])
    members = list(
        Membership.objects.select_for_update(no_key=True)
        .filter(study=study, user=user, role__in=[Role.ADMIN, Role.ANNOTATOR])
        .order_by("pk")
    )
    if not members:
        raise NotAllowed("You do not annotate in this study: ask its admin to add you as an annotator.")
    return members[0]


def held_slots(study: Study, user: User) -> list[Slot]:
    """What this annotator holds, first served first; a lease that ran out counts until the queue takes it back."""
    return list(_slots().filter(study=study, holder=user, state=SlotState.LEASED).order_by("leased_at", "pk"))


def _slots() -> QuerySet[Slot]:
    return Slot.objects.select_related("clip__session__subject", "entry__ranking__round")


def served_record(entry: RankEntry | None) -> JsonObject:
    """Why a clip was served, as it is kept with the label."""
    if entry is None:
        return {"policy": "address", "round": None, "rank": None, "scores": {}, "ranking": None}
    ranking = entry.ranking
    return {
        "policy": ranking.policy,
        "round": ranking.round.number if ranking.round else 0,
        "rank": entry.rank,
        "scores": {name: entry.scores[name] for name in SHOWN_SCORES if name in entry.scores},
        "ranking": ranking.pk,
    }


def _note_lease(slot: Slot, user: User, *, now: datetime) -> None:
    Lease.objects.create(
        clip=slot.clip,
        annotator=user,
        slot_number=slot.number,
        entry=slot.entry,
        served=served_record(slot.entry),
        leased_at=now,
    )


def was_served(clip: Clip, user: User) -> bool:
    return Lease.objects.filter(clip=clip, annotator=user).exists()


@transaction.atomic
def claim_clip(clip: Clip, user: User, *, now: datetime | None = None) -> Slot:
    """This very clip, reached by its address: only if it has a free slot and the annotator has room."""
    lock_annotator(clip.study, user)
    start = now or timezone.now()
    expire_leases(clip.study, now=start)
    mine = _slots().filter(clip=clip, holder=user, state=SlotState.LEASED).first()
    if mine is not None:
        return mine
    _require_unanswered(clip, user)
    if clip.superseded_at is not None:
        raise Conflict("A newer import of its recording has no such clip: there is nothing to answer.", "superseded")
    if Slot.objects.filter(study=clip.study, holder=user, state=SlotState.LEASED).count() >= clip.study.reserve:
        raise Conflict("You already hold as many clips as you may: answer or release one first.", "reserve_full")
    return _lease_open_slot(clip, user, now=start)


def _require_unanswered(clip: Clip, user: User) -> None:
    if clip.labels.filter(annotator=user, pass_number=0, state=LabelState.CURRENT).exists():
        raise Conflict("You have labelled this clip already.", "already_labelled")
    if clip.skips.filter(annotator=user).exists():
        raise Conflict("You skipped this clip.", "skipped")


def _lease_open_slot(clip: Clip, user: User, *, now: datetime) -> Slot:
    slot = (
        Slot.objects.select_for_update(skip_locked=True)
        .filter(clip=clip, state=SlotState.OPEN)
        .order_by("number")
        .first()
    )
    if slot is None:
        raise NotFound("This clip has all the annotators it needs.", "clip_taken")
    slot.state, slot.holder, slot.entry = SlotState.LEASED, user, None
    slot.leased_at, slot.expires_at = now, now + timedelta(seconds=clip.study.lease_s)
    slot.save()
    _note_lease(slot, user, now=now)
    return slot


@transaction.atomic
def heartbeat(clip: Clip, user: User, *, now: datetime | None = None) -> Slot:
    """The annotator is there: everything they hold in this study lasts a full lease again."""
    start = now or timezone.now()
    lock_annotator(clip.study, user)
    held = list(Slot.objects.select_for_update().filter(study=clip.study, holder=user, state=SlotState.LEASED))
    slot = next((slot for slot in held if slot.clip_id == clip.pk), None)
    if slot is None:
        raise Conflict(
            "Your time on this clip ran out and it went back to the queue; an answer that you submit is still kept.",
            "lease_lost",
        )
    slot.expires_at = start + timedelta(seconds=clip.study.lease_s)
    Slot.objects.filter(pk__in=[slot.pk for slot in held]).update(expires_at=slot.expires_at)
    return slot


@transaction.atomic
def release(clip: Clip, user: User) -> None:
    """Gives the clip back; giving back what one does not hold changes nothing."""
    lock_annotator(clip.study, user)
    reopen(Q(clip=clip, holder=user), LeaseOutcome.RELEASED, now=timezone.now())


@transaction.atomic
def skip(clip: Clip, user: User, reason: SkipReason, comment: str = "") -> Skip:
    """Passes over a clip for good: its slot opens for others, and it is never offered to this annotator again."""
    lock_annotator(clip.study, user)
    if not was_served(clip, user):
        raise NotFound
    if clip.labels.filter(annotator=user, state=LabelState.CURRENT).exists():
        raise Conflict("You have labelled this clip already; undo that first.", "already_labelled")
    made, is_new = Skip.objects.get_or_create(
        clip=clip, annotator=user, defaults={"reason": reason, "comment": comment}
    )
    reopen(Q(clip=clip, holder=user), LeaseOutcome.SKIPPED, now=timezone.now())
    if is_new:
        audit.record(user, clip.study, "skip", clip, {"reason": reason})
    return made


def expire_leases(study: Study | None = None, *, now: datetime | None = None) -> int:
    """Slots whose lease ran out are open again; how many there were."""
    end = now or timezone.now()
    overdue = Q(expires_at__lte=end) if study is None else Q(expires_at__lte=end, study=study)
    return reopen(overdue, LeaseOutcome.EXPIRED, now=end)


@transaction.atomic(savepoint=False)
def reopen(which: Q, outcome: LeaseOutcome, *, now: datetime) -> int:
    """Leased slots of `which` become open; rows that somebody else works on at this moment are left to them.

    A superseded clip wants no more answers: its slots go.
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
    held = [slot for slot in held_slots(study, user) if slot.pk != keep.pk]
    surplus = held[max(0, study.reserve - 1) :]
    reopen(Q(pk__in=[slot.pk for slot in surplus]), LeaseOutcome.RELEASED, now=now)


def end_lease(clip_id: int, annotator_id: int | None, outcome: LeaseOutcome, *, now: datetime) -> None:
    Lease.objects.filter(clip=clip_id, annotator=annotator_id, ended_at__isnull=True).update(
        ended_at=now, outcome=outcome
    )
