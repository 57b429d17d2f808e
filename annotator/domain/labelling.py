"""Answers: submitted once whatever the network does, corrected and undone without ever being overwritten."""

from __future__ import annotations

import json
import uuid as uuids
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any

from django.db import IntegrityError, transaction
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext
from psycopg.types.json import Jsonb

from annotator.domain import audit, live, newcomers, queueing, traces
from annotator.domain.claiming import top_up
from annotator.domain.slots import FIRST_REPEAT
from annotator.domain.statements import fetch_one
from annotator.enums import AnswerKind, LabelState, LeaseOutcome, SlotState, TeachingKind
from annotator.exceptions import Conflict, DomainError, NotFound
from annotator.models import Clip, Draft, Label, LabelWithdrawal, Lease, SeenOpinion, Slot, Study, User
from mlcore.types import JsonObject

#: how long an answer can be taken back
UNDO_WINDOW = timedelta(minutes=15)
MAX_COMMENT = 2000
#: a page left open over night did not take that long to answer
MAX_SECONDS = 24 * 3600.0
MAX_DRAFT_KEYS = 20
MAX_DRAFT_CHARACTERS = 4 * MAX_COMMENT
#: more of it for each trace of the scheme: an event takes up to 40 of them
MAX_TRACE_CHARACTERS = 40 * traces.MAX_EVENTS


@dataclass(frozen=True, slots=True)
class Submission:
    """What a client sends: it makes the uuid, and sends the same one when it tries again."""

    uuid: uuids.UUID
    answer: AnswerKind
    #: by dimension, as `mlcore.types.DimensionKind` says; of a trace its recording, as `domain.traces` says
    values: Mapping[str, Any] = field(default_factory=dict)
    confidence: int | None = None
    comment: str = ""
    seconds_spent: float = 0.0
    #: `Study.scheme_version` of the form that it was given in; empty: its values alone say whether it fits
    scheme_version: str = ""


# All that decides what an answer is: whether it is known, the last lease, the slot that the annotator holds (locked, so
# that nobody takes it back meanwhile), which passes of theirs are answered, and what is asked (who changes that waits
# until the queue stands still).
_FACTS = """
SELECT lease.slot_number, lease.entry_id, lease.served, lease.outcome,
       held.id, held.number, held.pass_number, held.expires_at,
       ARRAY(SELECT l.pass_number FROM annotator_label l
             WHERE l.clip_id = %(clip)s AND l.annotator_id = %(user)s AND l.state = 'current'),
       EXISTS (SELECT 1 FROM annotator_label l WHERE l.uuid = %(uuid)s),
       (SELECT scheme FROM annotator_study WHERE id = %(study)s)
FROM (SELECT 1) AS one
LEFT JOIN LATERAL (SELECT * FROM annotator_lease WHERE annotator_id = %(user)s AND clip_id = %(clip)s
                   ORDER BY leased_at DESC LIMIT 1) lease ON true
LEFT JOIN LATERAL (SELECT * FROM annotator_slot WHERE clip_id = %(clip)s AND holder_id = %(user)s AND state = 'leased'
                   FOR NO KEY UPDATE) held ON true
"""
# Together or not at all: the answer, its slot, the end of its lease, its draft, and the record of it.
_STORE = """
WITH made AS (
    INSERT INTO annotator_label (uuid, study_id, clip_id, annotator_id, pass_number, state, answer, "values",
        confidence, comment, seconds_spent, slot_number, is_late, is_extra, gold, entry_id, served, created_at)
    VALUES (%(uuid)s, %(study)s, %(clip)s, %(user)s, %(pass)s, 'current', %(answer)s, %(values)s::jsonb,
        %(confidence)s, %(comment)s, %(seconds)s, %(number)s, %(late)s, %(extra)s, %(gold)s, %(entry)s,
        %(served)s::jsonb, clock_timestamp())
    ON CONFLICT (uuid) DO NOTHING
    RETURNING id, created_at
), filled AS (
    UPDATE annotator_slot SET state = 'filled', holder_id = %(user)s, expires_at = NULL
    WHERE id = %(slot)s AND EXISTS (SELECT 1 FROM made)
), ended AS (
    UPDATE annotator_lease SET ended_at = %(now)s, outcome = 'answered'
    WHERE clip_id = %(clip)s AND annotator_id = %(user)s AND ended_at IS NULL AND EXISTS (SELECT 1 FROM made)
), drafted AS (
    DELETE FROM annotator_draft
    WHERE clip_id = %(clip)s AND annotator_id = %(user)s AND EXISTS (SELECT 1 FROM made)
), noted AS (
    INSERT INTO annotator_auditevent (at, actor_id, study_id, verb, object_kind, object_id, detail)
    SELECT clock_timestamp(), %(user)s, %(study)s, 'submit', 'label', made.id::text, %(detail)s::jsonb FROM made
)
SELECT id, created_at FROM made
"""


@transaction.atomic
def submit(clip: Clip, user: User, submission: Submission, *, now: datetime | None = None) -> Label:
    """Stores the answer and fills the slot. Late answers are kept; where the slot was refilled, as extra labels."""
    return _submit(clip, user, submission, now=now or timezone.now())[0]


@transaction.atomic
def submit_and_claim(clip: Clip, user: User, submission: Submission) -> Label:
    """Stores an answer and claims the next clip, together or not at all."""
    now = timezone.now()
    label, is_new = _submit(clip, user, submission, now=now)
    if is_new and not label.gold and newcomers.is_check_due(clip.study, user, label.uuid):
        newcomers.serve_check(clip.study, user, now=now)
    top_up(clip.study, user, now=now)
    return label


def _submit(clip: Clip, user: User, submission: Submission, *, now: datetime) -> tuple[Label, bool]:
    """The stored answer, and whether it was new."""
    queueing.lock_annotator(clip.study, user)
    facts = _facts(clip, user, submission)
    clip.study.scheme = facts.scheme  # the caller may have read the study before it was changed
    if facts.is_known:
        return _known(clip, user, submission), False
    check_answer(clip.study, submission)
    if facts.lease is None:
        raise NotFound(gettext("This clip was not given to you, so your answer can't be taken."), "not_served")
    place = _place_of_answer(clip, user, facts, now=now)
    given = traces.split(clip, user, clip.study.dimensions, submission.values)
    label = _store(clip, user, replace(submission, values=given.values), lease=facts.lease, place=place, now=now)
    traces.save(label, given.recordings)
    if not label.gold:
        live.answers_changed(clip.study)
    return label, True


@dataclass(frozen=True, slots=True)
class _LastLease:
    slot_number: int
    entry_id: int | None
    served: JsonObject
    outcome: str


@dataclass(frozen=True, slots=True)
class _Held:
    pk: int
    number: int
    pass_number: int
    expires_at: datetime


@dataclass(frozen=True, slots=True)
class _Facts:
    lease: _LastLease | None
    held: _Held | None
    answered: frozenset[int]
    is_known: bool
    scheme: list[JsonObject]


def _facts(clip: Clip, user: User, submission: Submission) -> _Facts:
    row = fetch_one(_FACTS, {"clip": clip.pk, "study": clip.study_id, "user": user.pk, "uuid": submission.uuid})
    assert row is not None
    return _Facts(
        lease=None if row[0] is None else _LastLease(row[0], row[1], json.loads(row[2]), row[3]),
        held=None if row[4] is None else _Held(*row[4:8]),
        answered=frozenset(row[8]),
        is_known=row[9],
        scheme=json.loads(row[10]),
    )


@dataclass(frozen=True, slots=True)
class _Place:
    """Where an answer belongs."""

    pass_number: int
    #: None: every slot is taken by others, the answer is an extra label
    slot: _Held | Slot | None
    is_late: bool


def _place_of_answer(clip: Clip, user: User, facts: _Facts, *, now: datetime) -> _Place:
    """The annotator's own slot, or one that is free after theirs was lost."""
    held = facts.held
    pass_number = held.pass_number if held is not None else _pass_after_loss(facts)
    if pass_number in facts.answered:
        raise Conflict(gettext("You have labelled this clip already: correct that answer instead."), "already_labelled")
    if held is not None:
        return _Place(pass_number, held, is_late=held.expires_at <= now)
    return _Place(pass_number, _free_slot(clip, user, pass_number, now=now), is_late=True)


def _pass_after_loss(facts: _Facts) -> int:
    """Which pass an answer after a lost lease is: the next, where a repeat was asked for that they have not given."""
    assert facts.lease is not None
    if facts.lease.slot_number < FIRST_REPEAT or facts.lease.outcome == LeaseOutcome.ANSWERED:
        return 0
    return max(facts.answered, default=-1) + 1


def _free_slot(clip: Clip, user: User, pass_number: int, *, now: datetime) -> Slot | None:
    queueing.expire_leases_of(clip, besides=user, now=now)
    free = Slot.objects.select_for_update(skip_locked=True).filter(  # a slot that others work on is not waited for
        clip=clip, state=SlotState.OPEN, pass_number=pass_number
    )
    return free.filter(Q(reserved_for=None) | Q(reserved_for=user)).order_by("number").first()


def _store(clip: Clip, user: User, submission: Submission, *, lease: _LastLease, place: _Place, now: datetime) -> Label:
    slot = place.slot
    label = Label(
        **_answer_fields(submission),
        study=clip.study,
        clip=clip,
        annotator=user,
        pass_number=place.pass_number,
        slot_number=slot.number if slot else None,
        is_late=place.is_late,
        is_extra=slot is None,
        gold=newcomers.kind_served(lease.served),
        entry_id=lease.entry_id,
        served=lease.served,
    )
    made = fetch_one(_STORE, _columns(label) | {"slot": slot.pk if slot else None, "now": now})
    if made is None:  # another annotator sent it at this very moment
        raise _reused()
    label.pk, label.created_at = made
    label._state.adding = False
    return label


def _columns(label: Label) -> JsonObject:
    detail = {"clip": label.clip_id, "late": label.is_late, "extra": label.is_extra}
    return {
        "uuid": label.uuid,
        "study": label.study_id,
        "clip": label.clip_id,
        "user": label.annotator_id,
        "pass": label.pass_number,
        "answer": str(label.answer),
        "values": Jsonb(label.values),
        "confidence": label.confidence,
        "comment": label.comment,
        "seconds": label.seconds_spent,
        "number": label.slot_number,
        "late": label.is_late,
        "extra": label.is_extra,
        "gold": label.gold,
        "entry": label.entry_id,
        "served": Jsonb(label.served),
        "detail": Jsonb(detail),
    }


def _known(clip: Clip, user: User, submission: Submission) -> Label:
    """The label that this submission made before; a uuid that means something else is refused."""
    label = Label.objects.get(uuid=submission.uuid)
    if label.clip_id != clip.pk or label.annotator_id != user.pk:
        raise _reused()
    given = traces.split(clip, user, clip.study.dimensions, submission.values)
    if not _says_the_same(label, replace(submission, values=given.values)):
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
    return Conflict(
        gettext("Another answer was already sent under this uuid: send this one under a new uuid."), "uuid_reused"
    )


def check_answer(study: Study, submission: Submission) -> None:
    """Every question of the scheme is answered, as it is asked now, or none where the annotator can't."""
    if submission.answer is AnswerKind.LABEL:
        _require_same_questions(study, submission)
        _check_values(study, submission.values)
    elif submission.values:
        raise DomainError(
            gettext("{answer} comes without values.").format(answer=submission.answer.label), "bad_answer"
        )
    if submission.confidence is not None and submission.confidence not in (1, 2, 3):
        raise DomainError(gettext("Confidence is 1 (a guess), 2 (fairly sure) or 3 (sure)."), "bad_answer")
    if not 0.0 <= submission.seconds_spent <= MAX_SECONDS:
        raise DomainError(gettext("Seconds spent must lie between 0 and a day."), "bad_answer")
    if len(submission.comment) > MAX_COMMENT:
        raise DomainError(
            gettext("The note is too long: at most {max_comment} characters.").format(max_comment=MAX_COMMENT),
            "bad_answer",
        )


def _require_same_questions(study: Study, submission: Submission) -> None:
    """Values name answers by their places: of another question the same value would say another thing."""
    if submission.scheme_version not in ("", study.scheme_version):
        raise Conflict(
            gettext(
                "The study's questions have changed since this form was opened: reload it and answer what it asks now."
            ),
            "scheme_changed",
        )


def _check_values(study: Study, values: Mapping[str, Any]) -> None:
    dimensions = {dimension.key: dimension for dimension in study.dimensions}
    missing = [dimension.title for key, dimension in dimensions.items() if key not in values]
    if missing:
        raise DomainError(gettext("Not answered yet: {missing}.").format(missing=", ".join(missing)), "incomplete")
    if unknown := sorted(set(values) - set(dimensions)):
        raise DomainError(
            gettext("This study does not ask for {unknown}.").format(unknown=", ".join(unknown)), "bad_answer"
        )
    for key, value in values.items():
        try:
            dimensions[key].check(value)
        except ValueError as error:
            raise DomainError(f"{error}.", "bad_answer") from error


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
    _require_no_answer_told(label)
    _require_last(label, now=end)
    LabelWithdrawal.objects.create(label=label, by=user)
    Label.objects.filter(pk=label.pk).update(state=LabelState.WITHDRAWN)
    slot = _slot_again(label, now=end)
    _restore_draft(label, now=end)
    audit.record(user, label.study, "undo", label, {"clip": label.clip_id})
    live.answers_changed(label.study)
    return slot


def _own(uuid: uuids.UUID, user: User) -> Label:
    label = Label.objects.select_related("study", "clip").filter(uuid=uuid, annotator=user).first()
    if label is None:
        raise NotFound(gettext("You have no such answer."))
    return label


def _require_no_answer_told(label: Label) -> None:
    """Who was told something about their answer can't take it back unseen."""
    if label.gold == TeachingKind.PRACTICE:
        raise Conflict(gettext("A practice answer stands as you first gave it."), "practice")
    if label.seen_opinion_at is not None or SeenOpinion.objects.filter(label=label).exists():
        raise Conflict(
            gettext("You have looked at the model's opinion since: correct the answer instead, and both are kept."),
            "opinion_seen",
        )


def _require_last(label: Label, *, now: datetime) -> None:
    if label.state != LabelState.CURRENT:
        raise Conflict(
            gettext("That answer is {state} already.").format(state=label.get_state_display().lower()),
            "not_current",
        )
    if now - label.created_at > UNDO_WINDOW:
        raise Conflict(gettext("That answer is too old to be undone: open its clip and correct it."), "too_old")
    later = Label.objects.filter(study=label.study, annotator=label.annotator, state=LabelState.CURRENT)
    if later.filter(Q(created_at__gt=label.created_at) | Q(created_at=label.created_at, pk__gt=label.pk)).exists():
        raise Conflict(
            gettext("Only your last answer can be undone: open the clip to correct an older one."), "not_last"
        )


def _slot_again(label: Label, *, now: datetime) -> Slot | None:
    """The slot that the label filled, leased again before all else that the annotator holds."""
    slots = Slot.objects.select_for_update().filter(clip=label.clip_id)
    slot = (
        slots.filter(state=SlotState.OPEN, pass_number=label.pass_number, reserved_for=None).order_by("number").first()
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
    """A new answer in place of one's own: the old one stays, superseded.

    One that comes after a look at the model's opinion says when that was; a round learns the answer before it.
    """
    queueing.lock_annotator(label.study, user)
    label = _own(label.uuid, user)
    if Label.objects.filter(uuid=submission.uuid).exists():
        return _known(label.clip, user, submission)
    check_answer(label.study, submission)
    if label.state != LabelState.CURRENT:
        raise Conflict(
            gettext("That answer is {state} already.").format(state=label.get_state_display().lower()),
            "not_current",
        )
    if label.gold == TeachingKind.PRACTICE:
        raise Conflict(gettext("A practice answer stands as you first gave it."), "practice")
    seen_at = SeenOpinion.objects.filter(label=label).values_list("created_at", flat=True).first()
    given = traces.split(label.clip, user, label.study.dimensions, submission.values)
    Label.objects.filter(pk=label.pk).update(state=LabelState.SUPERSEDED)
    made = _insert(
        _answer_fields(replace(submission, values=given.values)),
        study=label.study,
        clip=label.clip,
        annotator=user,
        pass_number=label.pass_number,
        supersedes=label,
        slot_number=label.slot_number,
        is_late=label.is_late,
        is_extra=label.is_extra,
        gold=label.gold,
        seen_opinion_at=label.seen_opinion_at or seen_at,
        entry_id=label.entry_id,
        served=label.served,
    )
    traces.save(made, given.recordings)
    detail = {"clip": label.clip_id, "supersedes": str(label.uuid), "seen_opinion": made.seen_opinion_at is not None}
    audit.record(user, label.study, "correct", made, detail)
    live.answers_changed(label.study)
    return made


@transaction.atomic
def save_draft(clip: Clip, user: User, content: JsonObject) -> None:
    """Keeps an unfinished answer; only for a clip that this annotator was given and has not answered."""
    if not queueing.was_served(clip, user):
        raise NotFound
    n_traces = sum(dimension.kind.is_trace for dimension in clip.study.dimensions)
    most = MAX_DRAFT_CHARACTERS + n_traces * MAX_TRACE_CHARACTERS
    if len(content) > MAX_DRAFT_KEYS or len(str(content)) > most:
        raise DomainError(gettext("That draft is too large."), "bad_draft")
    queueing.lock_annotator(clip.study, user)
    pass_number = queueing.pass_held(clip, user)
    if clip.labels.filter(annotator=user, pass_number=pass_number, state=LabelState.CURRENT).exists():
        return  # it was under way when the answer overtook it
    Draft.objects.update_or_create(clip=clip, annotator=user, defaults={"content": content})
