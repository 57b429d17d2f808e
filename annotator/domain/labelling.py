"""Answers: submitted once whatever the network does, corrected and undone without ever being overwritten."""

from __future__ import annotations

import uuid as uuids
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from django.db import IntegrityError, transaction
from django.db.models import Q
from django.utils import timezone

from annotator.domain import audit, queueing
from annotator.enums import AnswerKind, LabelState, LeaseOutcome, SlotState
from annotator.exceptions import Conflict, DomainError, NotFound
from annotator.models import Clip, Draft, Label, LabelWithdrawal, Lease, Slot, Study, User
from mlcore.types import JsonObject

#: how long an answer can be taken back
UNDO_WINDOW = timedelta(minutes=15)
MAX_COMMENT = 2000
#: a page left open over night did not take that long to answer
MAX_SECONDS = 24 * 3600.0
MAX_DRAFT_KEYS = 20


@dataclass(frozen=True, slots=True)
class Submission:
    """What a client sends: it makes the uuid, and sends the same one when it tries again."""

    uuid: uuids.UUID
    answer: AnswerKind
    values: Mapping[str, int] = field(default_factory=dict)
    confidence: int | None = None
    comment: str = ""
    seconds_spent: float = 0.0


@transaction.atomic
def submit(clip: Clip, user: User, submission: Submission, *, now: datetime | None = None) -> Label:
    """Stores the answer and fills the slot. Late answers are kept; where the slot was refilled, as extra labels."""
    queueing.lock_annotator(clip.study, user)
    known = _known(clip, user, submission)
    if known is not None:
        return known
    check_answer(clip.study, submission)
    end = now or timezone.now()
    lease = Lease.objects.filter(clip=clip, annotator=user).select_related("entry").order_by("-leased_at").first()
    if lease is None:
        raise NotFound("This clip was not given to you, so your answer can't be taken.", "not_served")
    if clip.labels.filter(annotator=user, pass_number=0, state=LabelState.CURRENT).exists():
        raise Conflict("You have labelled this clip already: correct that answer instead.", "already_labelled")
    slot, is_late = _slot_to_fill(clip, user, now=end)
    label = _store(clip, user, submission, lease=lease, slot=slot, is_late=is_late)
    if slot is not None:
        _fill(slot, user)
    queueing.end_lease(clip.pk, user.pk, LeaseOutcome.ANSWERED, now=end)
    Draft.objects.filter(clip=clip, annotator=user).delete()
    audit.record(user, clip.study, "submit", label, {"clip": clip.pk, "late": is_late, "extra": slot is None})
    return label


def _known(clip: Clip, user: User, submission: Submission) -> Label | None:
    """The label that this submission made before; a uuid that means something else is refused."""
    label = Label.objects.filter(uuid=submission.uuid).first()
    if label is None:
        return None
    if label.clip_id != clip.pk or label.annotator_id != user.pk or not _says_the_same(label, submission):
        raise _reused()
    return label


def _says_the_same(label: Label, submission: Submission) -> bool:
    return (label.answer, label.values, label.confidence, label.comment) == (
        submission.answer,
        dict(submission.values),
        submission.confidence,
        submission.comment,
    )


def _reused() -> Conflict:
    return Conflict("Another answer was already sent under this uuid: send this one under a new uuid.", "uuid_reused")


def check_answer(study: Study, submission: Submission) -> None:
    """Every question of the scheme is answered, or none where the annotator can't."""
    if submission.answer is AnswerKind.LABEL:
        _check_values(study, submission.values)
    elif submission.values:
        raise DomainError(f"{submission.answer.label} comes without values.", "bad_answer")
    if submission.confidence is not None and submission.confidence not in (1, 2, 3):
        raise DomainError("Confidence is 1 (a guess), 2 (fairly sure) or 3 (sure).", "bad_answer")
    if not 0.0 <= submission.seconds_spent <= MAX_SECONDS:
        raise DomainError("Seconds spent must lie between 0 and a day.", "bad_answer")
    if len(submission.comment) > MAX_COMMENT:
        raise DomainError(f"The note is too long: at most {MAX_COMMENT} characters.", "bad_answer")


def _check_values(study: Study, values: Mapping[str, int]) -> None:
    dimensions = {dimension.key: dimension for dimension in study.dimensions}
    missing = [dimension.title for key, dimension in dimensions.items() if key not in values]
    if missing:
        raise DomainError(f"Not answered yet: {', '.join(missing)}.", "incomplete")
    if unknown := sorted(set(values) - set(dimensions)):
        raise DomainError(f"This study does not ask for {', '.join(unknown)}.", "bad_answer")
    for key, value in values.items():
        try:
            dimensions[key].class_index(value)
        except ValueError as error:
            raise DomainError(f"{error}.", "bad_answer") from error


def _slot_to_fill(clip: Clip, user: User, *, now: datetime) -> tuple[Slot | None, bool]:
    """The annotator's own slot, or one that is free after theirs was lost; and whether the answer is late."""
    queueing.expire_leases_of(clip, besides=user, now=now)
    slots = list(Slot.objects.select_for_update().filter(clip=clip).order_by("number"))
    for slot in slots:
        if slot.state == SlotState.LEASED and slot.holder_id == user.pk:
            return slot, slot.expires_at is not None and slot.expires_at <= now
    return next((slot for slot in slots if slot.state == SlotState.OPEN), None), True


def _fill(slot: Slot, user: User) -> None:
    slot.state, slot.holder, slot.expires_at = SlotState.FILLED, user, None
    slot.save(update_fields=["state", "holder", "expires_at"])


def _store(clip: Clip, user: User, submission: Submission, *, lease: Lease, slot: Slot | None, is_late: bool) -> Label:
    return _insert(
        _answer_fields(submission),
        study=clip.study,
        clip=clip,
        annotator=user,
        slot_number=slot.number if slot else None,
        is_late=is_late,
        is_extra=slot is None,
        entry=lease.entry,
        served=lease.served,
    )


def _insert(answer: JsonObject, **fields: object) -> Label:
    try:
        with transaction.atomic():
            return Label.objects.create(**answer, **fields)
    except IntegrityError as error:
        if Label.objects.filter(uuid=answer["uuid"]).exists():  # another annotator sent it at this very moment
            raise _reused() from error
        raise


def _answer_fields(submission: Submission) -> JsonObject:
    return {
        "uuid": submission.uuid,
        "answer": submission.answer,
        "values": dict(submission.values),
        "confidence": submission.confidence,
        "comment": submission.comment,
        "seconds_spent": submission.seconds_spent,
    }


@transaction.atomic
def undo(uuid: uuids.UUID, user: User, *, now: datetime | None = None) -> Slot | None:
    """Takes one's last answer back and leases its clip again, the answer as its draft.

    The label stays, marked withdrawn; a round that froze it keeps it. None where an extra label is undone and every
    slot of its clip is taken.
    """
    label = _own(uuid, user)
    queueing.lock_annotator(label.study, user)
    label = _own(uuid, user)
    end = now or timezone.now()
    _require_last(label, now=end)
    LabelWithdrawal.objects.create(label=label, by=user)
    Label.objects.filter(pk=label.pk).update(state=LabelState.WITHDRAWN)
    slot = _slot_again(label, now=end)
    _restore_draft(label, now=end)
    audit.record(user, label.study, "undo", label, {"clip": label.clip_id})
    return slot


def _own(uuid: uuids.UUID, user: User) -> Label:
    label = Label.objects.select_related("study", "clip").filter(uuid=uuid, annotator=user).first()
    if label is None:
        raise NotFound("You have no such answer.")
    return label


def _require_last(label: Label, *, now: datetime) -> None:
    if label.state != LabelState.CURRENT:
        raise Conflict(f"That answer is {label.get_state_display().lower()} already.", "not_current")
    if now - label.created_at > UNDO_WINDOW:
        raise Conflict("That answer is too old to be undone: open its clip and correct it.", "too_old")
    later = Label.objects.filter(study=label.study, annotator=label.annotator, state=LabelState.CURRENT)
    if later.filter(Q(created_at__gt=label.created_at) | Q(created_at=label.created_at, pk__gt=label.pk)).exists():
        raise Conflict("Only your last answer can be undone: open the clip to correct an older one.", "not_last")


def _slot_again(label: Label, *, now: datetime) -> Slot | None:
    """The slot that the label filled, leased again before all else that the annotator holds."""
    slots = Slot.objects.select_for_update().filter(clip=label.clip_id)
    slot = (
        slots.filter(state=SlotState.OPEN).order_by("number").first()
        if label.slot_number is None
        else slots.get(number=label.slot_number)
    )
    if slot is None:
        return None
    slot.state, slot.holder, slot.entry_id = SlotState.LEASED, label.annotator, label.entry_id
    slot.leased_at, slot.expires_at = slot.leased_at or now, now + timedelta(seconds=label.study.lease_s)
    slot.save()
    Lease.objects.create(
        clip=label.clip,
        annotator=label.annotator,
        slot_number=slot.number,
        entry_id=label.entry_id,
        served=label.served,
        leased_at=slot.leased_at,
    )
    queueing.give_back_beyond_reserve(label.study, label.annotator, keep=slot, now=now)
    return slot


def _restore_draft(label: Label, *, now: datetime) -> None:
    content = {
        "uuid": str(uuids.uuid4()),
        "answer": label.answer,
        "values": label.values,
        "confidence": label.confidence,
        "comment": label.comment,
        "seconds_spent": label.seconds_spent,
        "at": round(now.timestamp() * 1000),
    }
    Draft.objects.update_or_create(clip=label.clip, annotator=label.annotator, defaults={"content": content})


@transaction.atomic
def correct(label: Label, user: User, submission: Submission) -> Label:
    """A new answer in place of one's own: the old one stays, superseded."""
    queueing.lock_annotator(label.study, user)
    label = _own(label.uuid, user)
    known = _known(label.clip, user, submission)
    if known is not None:
        return known
    check_answer(label.study, submission)
    if label.state != LabelState.CURRENT:
        raise Conflict(f"That answer is {label.get_state_display().lower()} already.", "not_current")
    Label.objects.filter(pk=label.pk).update(state=LabelState.SUPERSEDED)
    made = _insert(
        _answer_fields(submission),
        study=label.study,
        clip=label.clip,
        annotator=user,
        pass_number=label.pass_number,
        supersedes=label,
        slot_number=label.slot_number,
        is_late=label.is_late,
        is_extra=label.is_extra,
        entry_id=label.entry_id,
        served=label.served,
    )
    audit.record(user, label.study, "correct", made, {"clip": label.clip_id, "supersedes": str(label.uuid)})
    return made


@transaction.atomic
def save_draft(clip: Clip, user: User, content: JsonObject) -> None:
    """Keeps an unfinished answer; only for a clip that this annotator was given and has not answered."""
    if not queueing.was_served(clip, user):
        raise NotFound
    if len(content) > MAX_DRAFT_KEYS or len(str(content)) > 4 * MAX_COMMENT:
        raise DomainError("That draft is too large.", "bad_draft")
    queueing.lock_annotator(clip.study, user)
    if clip.labels.filter(annotator=user, pass_number=0, state=LabelState.CURRENT).exists():
        return  # it was under way when the answer overtook it
    Draft.objects.update_or_create(clip=clip, annotator=user, defaults={"content": content})
