"""Who works on what: claim, heartbeat, release, skip, expiry. A slot has one active holder; the database says so."""

from __future__ import annotations

from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import Q, QuerySet
from django.utils import timezone
from django.utils.translation import gettext

from annotator.domain import audit, newcomers
from annotator.domain.claiming import top_up
from annotator.domain.leases import (
    expire_leases,
    expire_leases_of,
    expire_overdue,
    give_back_beyond_reserve,
    reopen,
)
from annotator.domain.ranking import (
    QUEUE_LOCK,
    RankedClip,
    hold_queue,
    hold_study,
    open_clips,
    publish_head,
    publish_ranking,
    serve,
)
from annotator.domain.slots import SERVED
from annotator.domain.statements import Columns, Row, fetch_all
from annotator.enums import LabelState, LeaseOutcome, SkipReason, SlotState, TeachingKind
from annotator.exceptions import Conflict, NotAllowed, NotFound
from annotator.models import Clip, Lease, RankEntry, RecordingSession, Skip, Slot, Study, Subject, TeachingClip, User
from mlcore.types import JsonObject

__all__ = [
    "ADDRESS",
    "RankedClip",
    "claim",
    "claim_clip",
    "expire_leases",
    "expire_leases_of",
    "fill_up",
    "give_back_beyond_reserve",
    "heartbeat",
    "held_slots",
    "hold_queue",
    "hold_study",
    "is_example",
    "lock_annotator",
    "may_watch",
    "open_clips",
    "pass_held",
    "publish_head",
    "publish_ranking",
    "release",
    "reopen",
    "serve",
    "skip",
    "was_served",
]

#: why a clip was given out that no ranking served: it was opened by its address
ADDRESS: JsonObject = {
    "policy": "address",
    "round": None,
    "rank": None,
    "scores": {},
    "ranking": None,
}
_HOLD = "SELECT concord_hold_annotator(%(lock)s::integer, %(study)s::bigint, %(user)s::bigint)"  # migration 0010
_SLOT, _CLIP = Columns(Slot, "slot"), Columns(Clip, "clip")
_SESSION, _SUBJECT = Columns(RecordingSession, "recording"), Columns(Subject, "person")
_HELD = f"""
SELECT {_SLOT.sql}, {_CLIP.sql}, {_SESSION.sql}, {_SUBJECT.sql}
FROM annotator_slot slot
JOIN annotator_clip clip ON clip.id = slot.clip_id
JOIN annotator_recordingsession recording ON recording.id = clip.session_id
JOIN annotator_subject person ON person.id = recording.subject_id
WHERE slot.holder_id = %(user)s AND slot.state = 'leased' AND slot.study_id = %(study)s
ORDER BY slot.leased_at, slot.id
"""  # noqa: S608  # put together from names of columns only


@transaction.atomic
def claim(study: Study, user: User, *, now: datetime | None = None) -> list[Slot]:
    """Tops the annotator up to the study's reserve; all that they hold, in the order it was served."""
    fill_up(study, user, now=now)
    return held_slots(study, user)


@transaction.atomic
def fill_up(study: Study, user: User, *, now: datetime | None = None) -> None:
    """`claim` for a caller who reads what is held otherwise."""
    lock_annotator(study, user)
    top_up(study, user, now=now or timezone.now())


def lock_annotator(study: Study, user: User) -> None:
    """One thing at a time for each annotator, and none while rankings are swapped; until the transaction ends."""
    if fetch_all(_HOLD, {"lock": QUEUE_LOCK, "study": study.pk, "user": user.pk}) != [(True,)]:
        raise NotAllowed(gettext("You do not annotate in this study: ask its admin to add you as an annotator."))


def held_slots(study: Study, user: User) -> list[Slot]:
    """What this annotator holds, first served first; a lease that ran out counts until the queue takes it back."""
    rows = fetch_all(_HELD, {"study": study.pk, "user": user.pk})
    return [_held(row, study) for row in rows]


def _held(row: Row, study: Study) -> Slot:
    slot, row = _SLOT.read(row)
    slot.clip, row = _CLIP.read(row)
    slot.clip.study = study
    slot.clip.session, row = _SESSION.read(row)
    slot.clip.session.subject, row = _SUBJECT.read(row)
    return slot


def _slots() -> QuerySet[Slot]:
    return Slot.objects.select_related("clip__session__subject")


def was_served(clip: Clip, user: User) -> bool:
    return Lease.objects.filter(clip=clip, annotator=user).exists()


def may_watch(clip: Clip, user: User) -> bool:
    """Served to them, or an example that every newcomer is shown."""
    return was_served(clip, user) or (clip.is_kept_apart and is_example(clip))


def is_example(clip: Clip) -> bool:
    return TeachingClip.objects.filter(clip=clip, kind=TeachingKind.EXAMPLE, retired_at=None).exists()


def _is_practice(clip: Clip, user: User) -> bool:
    if not clip.is_kept_apart:
        return False
    last = Lease.objects.filter(clip=clip, annotator=user).order_by("-leased_at", "-pk").first()
    return last is not None and newcomers.kind_served(last.served) == TeachingKind.PRACTICE


@transaction.atomic
def claim_clip(clip: Clip, user: User, *, now: datetime | None = None) -> Slot:
    """This very clip, reached by its address: only if it has a free slot and the annotator has room."""
    lock_annotator(clip.study, user)
    if not newcomers.is_through(clip.study, user):
        raise Conflict(gettext("Your first hour in this study comes first: open the label page."), "onboarding")
    start = now or timezone.now()
    expire_overdue(clip.study_id, now=start)
    mine = _slots().filter(clip=clip, holder=user, state=SlotState.LEASED).first()
    if mine is not None:
        return mine
    _require_unanswered(clip, user)
    if clip.superseded_at is not None:
        raise Conflict(
            gettext("A newer import of its recording has no such clip: there is nothing to answer."), "superseded"
        )
    if Slot.objects.filter(study=clip.study, holder=user, state=SlotState.LEASED).count() >= clip.study.reserve:
        raise Conflict(
            gettext("You already hold as many clips as you may: answer or release one first."), "reserve_full"
        )
    return _lease_open_slot(clip, user, now=start)


def _require_unanswered(clip: Clip, user: User) -> None:
    if clip.labels.filter(annotator=user, pass_number=0, state=LabelState.CURRENT).exists():
        raise Conflict(gettext("You have labelled this clip already."), "already_labelled")
    if clip.skips.filter(annotator=user).exists():
        raise Conflict(gettext("You skipped this clip."), "skipped")


def _lease_open_slot(clip: Clip, user: User, *, now: datetime) -> Slot:
    slot = (
        Slot.objects.select_for_update(skip_locked=True)
        .filter(clip=clip, state=SlotState.OPEN, pass_number=0)
        .order_by("number")
        .first()
    )
    if slot is None or not _is_served(clip):
        raise NotFound(gettext("This clip has all the annotators it needs."), "clip_taken")
    slot.state, slot.holder, slot.entry = SlotState.LEASED, user, None
    slot.leased_at, slot.expires_at = now, now + timedelta(seconds=clip.study.lease_s)
    slot.save()
    Lease.objects.create(clip=clip, annotator=user, slot_number=slot.number, served=ADDRESS, leased_at=now)
    return slot


def _is_served(clip: Clip) -> bool:
    """Whether a ranking that serves has it, on a route that reaches annotators."""
    study = Study.objects.get(pk=clip.study_id)
    rankings = [study.test_ranking_id, study.head_ranking_id, study.active_ranking_id]
    return RankEntry.objects.filter(clip=clip, ranking__in=rankings, route__in=SERVED).exists()


def pass_held(clip: Clip, user: User) -> int:
    """Which of their answers on this clip the annotator is at: 0, or the number of the repeat that they hold."""
    held = Slot.objects.filter(clip=clip, holder=user, state=SlotState.LEASED).values_list("pass_number", flat=True)
    return held.first() or 0


@transaction.atomic
def heartbeat(clip: Clip, user: User, *, now: datetime | None = None) -> Slot:
    """The annotator is there: everything they hold in this study lasts a full lease again."""
    start = now or timezone.now()
    lock_annotator(clip.study, user)
    held = list(Slot.objects.select_for_update().filter(study=clip.study, holder=user, state=SlotState.LEASED))
    slot = next((slot for slot in held if slot.clip_id == clip.pk), None)
    if slot is None:
        raise Conflict(
            gettext(
                "Your time on this clip ran out and it went back to the queue; an answer that you submit is still kept."
            ),
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
    if _is_practice(clip, user):
        raise Conflict(gettext("A practice clip can't be skipped: answer it, or say that you can't tell."), "practice")
    answered = clip.labels.filter(annotator=user, state=LabelState.CURRENT, pass_number=pass_held(clip, user))
    if answered.exists():
        raise Conflict(gettext("You have labelled this clip already; undo that first."), "already_labelled")
    made, is_new = Skip.objects.get_or_create(
        clip=clip, annotator=user, defaults={"reason": reason, "comment": comment}
    )
    reopen(Q(clip=clip, holder=user), LeaseOutcome.SKIPPED, now=timezone.now())
    if is_new:
        audit.record(user, clip.study, "skip", clip, {"reason": reason})
    return made
