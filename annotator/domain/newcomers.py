"""A newcomer's way to the queue: instructions, examples, practice clips; and the checks that come up in it later.

Whoever is given a clip with a known answer gets a slot of their own, leased at once and numbered from FIRST_GOLD, so
that leases, late answers and repeated submits are what they are for any clip. Nobody is led who has answered clips of
the study before, or administers it.
"""

from __future__ import annotations

import hashlib
import uuid as uuids
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext

from annotator.domain import audit, said
from annotator.domain.accepted import missed
from annotator.domain.slots import FIRST_GOLD
from annotator.domain.statements import fetch_one
from annotator.enums import AnswerKind, LabelState, Role, SlotState, Stage, TeachingKind
from annotator.exceptions import Conflict
from annotator.models import Label, Lease, Membership, Newcomer, Onboarding, Slot, Study, TeachingClip, User
from mlcore.types import JsonObject

#: where a served record keeps which time through the practice clips it was, and what a check is said to be
ATTEMPT, SAID = "attempt", "said"
_TOLERANCE = 1e-9

_IS_THROUGH = """
SELECT EXISTS (SELECT 1 FROM annotator_newcomer WHERE study_id = %(study)s AND user_id = %(user)s
               AND passed_at IS NOT NULL)
    OR EXISTS (SELECT 1 FROM annotator_label WHERE study_id = %(study)s AND annotator_id = %(user)s AND gold = '')
    OR EXISTS (SELECT 1 FROM annotator_membership WHERE study_id = %(study)s AND user_id = %(user)s
               AND ended_at IS NULL AND role = 'admin')
"""
_OWN_SLOT = """
INSERT INTO annotator_slot
    (clip_id, study_id, number, pass_number, reserved_for_id, state, holder_id, leased_at, expires_at)
SELECT %(clip)s, %(study)s, greatest(%(first)s, 1 + coalesce(max(number), 0)),
       (SELECT 1 + coalesce(max(pass_number), -1) FROM annotator_label
        WHERE clip_id = %(clip)s AND annotator_id = %(user)s AND state = 'current'),
       %(user)s, 'leased', %(user)s, %(now)s, %(expires)s
FROM annotator_slot WHERE clip_id = %(clip)s
ON CONFLICT (clip_id, number) DO NOTHING
RETURNING number
"""


# --- where somebody stands -------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Standing:
    stage: Stage
    attempt: int = 0
    n_examples: int = 0
    n_practice: int = 0
    #: of this attempt
    n_answered: int = 0
    n_within: int = 0
    #: so many of the practice clips must be answered as accepted
    n_needed: int = 0


THROUGH = Standing(Stage.DONE)


def is_through(study: Study, user: User) -> bool:
    """Whether the queue is open to them."""
    if not study.leads_newcomers:
        return True
    return fetch_one(_IS_THROUGH, {"study": study.pk, "user": user.pk}) == (True,)


def standing_of(study: Study, user: User) -> Standing:
    """Where they are, a constant number of queries."""
    if is_through(study, user):
        return THROUGH
    row = Newcomer.objects.filter(study=study, user=user).first() or Newcomer(study=study, user=user)
    clips = list(teaching_clips(study))
    examples, practice = ([one for one in clips if one.kind == kind] for kind in TeachingKind.values[:2])
    answers = practice_answers(study, user, row.attempt)
    done = [(one, answers[one.clip_id]) for one in practice if one.clip_id in answers]
    onboarding = Onboarding.objects.filter(study=study).first() or Onboarding(study=study)
    return Standing(
        stage=_stage(row, has_examples=bool(examples), n_left=len(practice) - len(done)),
        attempt=row.attempt,
        n_examples=len(examples),
        n_practice=len(practice),
        n_answered=len(done),
        n_within=sum(is_within(one, label) for one, label in done),
        n_needed=n_needed(onboarding.pass_share, len(practice)),
    )


def teaching_clips(study: Study) -> list[TeachingClip]:
    """Those that newcomers meet, in their order."""
    found = TeachingClip.objects.filter(study=study, retired_at=None, clip__superseded_at=None)
    return list(found.order_by("pk"))


def practice_answers(study: Study, user: User, attempt: int) -> dict[int, Label]:
    """Clip -> the answer given to it this time through."""
    given = Label.objects.filter(study=study, annotator=user, gold=TeachingKind.PRACTICE, state=LabelState.CURRENT)
    return {label.clip_id: label for label in given if label.served.get(ATTEMPT) == attempt}


def is_within(teaching: TeachingClip, label: Label) -> bool:
    if label.answer != AnswerKind.LABEL:
        return label.answer in teaching.accepted_answers
    return bool(teaching.accepted) and not missed(teaching.accepted, label.values)


def n_needed(pass_share: float, n_practice: int) -> int:
    return next(n for n in range(n_practice + 1) if n >= pass_share * n_practice - _TOLERANCE)


def _stage(row: Newcomer, *, has_examples: bool, n_left: int) -> Stage:
    if row.read_at is None:
        return Stage.READING
    if has_examples and row.examples_seen_at is None:
        return Stage.EXAMPLES
    return Stage.PRACTICE if n_left else Stage.REPEAT


# --- steps -----------------------------------------------------------------------------------------------------------


@transaction.atomic
def take_step(study: Study, user: User, step: Stage, *, now: datetime | None = None) -> Standing:
    """The instructions were read, the examples looked at, or the practice clips are to begin again."""
    row, _ = Newcomer.objects.select_for_update().get_or_create(study=study, user=user)
    at = now or timezone.now()
    if step is Stage.READING:
        row.read_at = row.read_at or at
    elif step is Stage.EXAMPLES and row.read_at is not None:
        row.examples_seen_at = row.examples_seen_at or at
    elif step is Stage.REPEAT:
        if standing_of(study, user).stage is not Stage.REPEAT:
            raise Conflict(
                gettext("There is nothing to repeat: the practice clips are not all answered."), "nothing_to_repeat"
            )
        row.attempt += 1
        audit.record(user, study, "repeat_practice", row, {"attempt": row.attempt})
    row.save()
    return advance(study, user, now=at)


def advance(study: Study, user: User, *, now: datetime) -> Standing:
    """Where they stand; whoever has answered enough as accepted is through from now on."""
    standing = standing_of(study, user)
    is_ready = standing.stage is Stage.REPEAT and standing.n_within >= standing.n_needed
    if not is_ready:
        return standing
    row, _ = Newcomer.objects.get_or_create(study=study, user=user)
    if Newcomer.objects.filter(pk=row.pk, passed_at=None).update(passed_at=now):
        detail = {"attempt": standing.attempt, "within": standing.n_within, "of": standing.n_practice}
        audit.record(user, study, "pass_onboarding", row, detail)
    return THROUGH


def contacts_of(study: Study) -> str:
    """Whom to talk to: as the admin wrote it, else the admins' names."""
    written = Onboarding.objects.filter(study=study).values_list("contact", flat=True).first()
    if written:
        return written
    admins = Membership.objects.filter(study=study, role=Role.ADMIN).order_by("pk")
    return ", ".join(admins.values_list("user__username", flat=True))


# --- serving ---------------------------------------------------------------------------------------------------------


def serve_practice(study: Study, user: User, *, now: datetime) -> None:
    """The next practice clip, one at a time. For a caller whose transaction has called `queueing.lock_annotator`."""
    if Slot.objects.filter(study=study, holder=user, state=SlotState.LEASED).exists():
        return
    attempt = Newcomer.objects.get(study=study, user=user).attempt
    answered = practice_answers(study, user, attempt)
    waiting = (one for one in teaching_clips(study) if one.kind == TeachingKind.PRACTICE)
    clip = next((one for one in waiting if one.clip_id not in answered), None)
    if clip is not None:
        _lease(study, user, clip, {"policy": TeachingKind.PRACTICE.value, ATTEMPT: attempt}, now=now)


def is_check_due(study: Study, user: User, after: uuids.UUID) -> bool:
    """Whether a check follows this answer: by seed and uuid, so that nobody can count on it."""
    if study.check_rate <= 0:
        return False
    digest = hashlib.sha256(f"{study.seed}\x1fcheck\x1f{user.pk}\x1f{after}".encode()).digest()
    return int.from_bytes(digest[:8], "big") / 2**64 < study.check_rate


def serve_check(study: Study, user: User, *, now: datetime) -> None:
    """A check that this annotator has not met, if there is room and any is left: it comes last, as any clip would."""
    if Slot.objects.filter(study=study, holder=user, state=SlotState.LEASED).count() >= study.reserve:
        return
    checks = TeachingClip.objects.filter(
        study=study, kind=TeachingKind.CHECK, retired_at=None, clip__superseded_at=None
    )
    met = Lease.objects.filter(annotator=user, clip__study=study, clip__is_kept_apart=True)
    unmet = checks.exclude(clip__in=met.values("clip")).order_by("pk").first()
    if unmet is not None:
        served = {"policy": TeachingKind.CHECK.value, SAID: said.as_any_other(study, unmet)}
        _lease(study, user, unmet, served, now=now)


def _lease(study: Study, user: User, teaching: TeachingClip, served: JsonObject, *, now: datetime) -> None:
    given = {"clip": teaching.clip_id, "study": study.pk, "user": user.pk, "first": FIRST_GOLD, "now": now}
    expires = now + timedelta(seconds=study.lease_s)
    made = None
    while made is None:  # somebody else was given the number at this very moment: the next one
        made = fetch_one(_OWN_SLOT, {**given, "expires": expires})
    Lease.objects.create(clip_id=teaching.clip_id, annotator=user, slot_number=made[0], served=served, leased_at=now)


def kind_served(served: Mapping[str, object]) -> str:
    """What sort of clip with a known answer a served record is of; empty: an ordinary clip."""
    policy = str(served.get("policy", ""))
    return policy if policy in (TeachingKind.PRACTICE, TeachingKind.CHECK) else ""


# --- what is said after a practice answer ----------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Feedback:
    is_within: bool
    #: titles of the questions that were answered otherwise
    missed: tuple[str, ...]
    #: "can't tell" or "bad signal", where nothing else was right
    wanted: tuple[str, ...]
    explanation: str


def feedback_on(label: Label) -> Feedback | None:
    """How a practice answer did, as often as the study says; the same however often the answer is sent."""
    if label.gold != TeachingKind.PRACTICE:
        return None
    teaching = TeachingClip.objects.select_related("study__onboarding").filter(clip=label.clip_id).first()
    if teaching is None or label.served.get(ATTEMPT, 0) >= _feedback_times(teaching.study):
        return None
    within = is_within(teaching, label)
    keys = missed(teaching.accepted, label.values)
    titles = tuple(one.title for one in teaching.study.dimensions if one.key in keys)
    wanted = () if within or teaching.accepted else tuple(teaching.accepted_answers)
    return Feedback(within, titles, wanted, teaching.explanation)


def _feedback_times(study: Study) -> int:
    return study.onboarding.feedback_times if hasattr(study, "onboarding") else Onboarding().feedback_times
